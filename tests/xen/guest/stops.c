/* SPDX-License-Identifier: ISC */

/*
 * A sharing backend over another, which stops before and after each try to end a
 * grant, until dom0 says go on: so that dom0 can map between any two steps of a
 * revoke. out[2] says where: 2 i before that of page i, 2 i + 1 after it.
 */

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
    return (struct leat_share){.ops = &ops, .self = under.self};
}
