/* SPDX-License-Identifier: ISC */

/* A request is no whole sectors. */

#include "blk-errors.h"

int main(void)
{
    static unsigned char bytes[768];
    struct leat_view v = {bytes, sizeof(bytes)};
    struct leat_blk r = {.op = LEAT_BLK_WRITE, .views = &v, .n = 1};

    open_blk(LEAT_RECEIVE_COPY);
    FOUND("a sector and a half are written", leat_blkfront_submit(blk, &r),
          LEAT_E_LENGTH, unsent());
}
