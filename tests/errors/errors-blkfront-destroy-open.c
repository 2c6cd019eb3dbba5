/* SPDX-License-Identifier: ISC */

/* A device is destroyed that was not closed. */

#include "blk-errors.h"

int main(void)
{
    open_blk(LEAT_RECEIVE_COPY);
    FOUND("a device that is not closed is destroyed",
          leat_blkfront_destroy(blk), LEAT_E_BUSY, unsent());
}
