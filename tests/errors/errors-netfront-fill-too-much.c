/* SPDX-License-Identifier: ISC */

/* Who fills a frame says that it wrote a byte more than it was given. */

#include "net-errors.h"

static int fill(void *arg, const struct leat_view *views, size_t n, size_t *len)
{
    (void)arg, (void)views, (void)n;
    *len += 1;
    return 0;
}

int main(void)
{
    const struct leat_netfront_fill frame = {.size = 1500, .fill = fill};

    open_net();
    FOUND("more was written than there is", leat_netfront_send(net, &frame),
          LEAT_E_RANGE, unsent());
}
