/* SPDX-License-Identifier: ISC */

/*
 * Stops between the steps of a revoke, until dom0 says go on: so that dom0 can map
 * between any two of them. A sharing backend over another stops around each try to
 * end a grant and around what conceals the pages; the linker has leat's calls of
 * memset come by here (--wrap=memset), which stops in the middle of zeroing, and
 * behind it. out[2] says where, of n pages:
 *
 *     2 i, 2 i + 1      before and after the end of page i's grant
 *     2 n, 2 n + 1      before and after they are concealed
 *     2 n + 2, 2 n + 3  half of their bytes are zero; all are
 */

#include <string.h>

#include "peer.h"

static struct leat_share_ops ops;
static struct leat_share lower;
static bool stopping;
static uint64_t point;

static void stop(void)
{
    if (!stopping)
        return;
    BOX_SET(out[2], point++);
    BOX_SET(out[3], point);
    guest_notify(guest.port);
    guest_box_await(4, point);
}

static int stops_end(void *self, uint32_t ref, void *page)
{
    int err;

    stop();
    err = lower.ops->end(self, ref, page);
    stop();
    return err;
}

static int stops_conceal(void *self, void *base, size_t n)
{
    int err;

    stop();
    err = lower.ops->conceal(self, base, n);
    stop();
    return err;
}

void *__real_memset(void *to, int byte, size_t n);
void *__wrap_memset(void *to, int byte, size_t n);

void *__wrap_memset(void *to, int byte, size_t n)
{
    if (!stopping || n < PAGE)
        return __real_memset(to, byte, n);
    __real_memset(to, byte, n / 2);
    stop();
    __real_memset((unsigned char *)to + n / 2, byte, n - n / 2);
    stop();
    return to;
}

void guest_stops_set(bool on)
{
    stopping = on;
    point = 0;
    if (on)
        BOX_SET(out[3], 0);
}

struct leat_share guest_stops(struct leat_share under)
{
    lower = under;
    ops = *under.ops;
    ops.end = stops_end;
    ops.conceal = stops_conceal;
    return (struct leat_share){.ops = &ops, .self = under.self};
}
