/* SPDX-License-Identifier: ISC */

/* A device is destroyed that was not closed. */

#include "net-errors.h"

int main(void)
{
    open_net();
    FOUND("a device that is not closed is destroyed",
          leat_netfront_destroy(net), LEAT_E_BUSY,
          unsent() && leat_netfront_connected(net));
}
