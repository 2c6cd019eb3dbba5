/* SPDX-License-Identifier: ISC */

/*
 * leat's own ends, over a simulation, by two processes:
 *
 *     net-leat WAY,SPIN CASE
 *
 *   WAY    how frames come over: copy, revoke or shared
 *   SPIN   microseconds that both ends look before they sleep; 0: events alone
 *
 * Frames that one end sends are written where the other reads them: into pages of
 * the front's, which the back has mapped for good. With revoke no page is: each
 * is granted, and mapped or written by a grant copy, for its frame.
 *
 * Operations of grants, and copies, are counted in steady state: of the frames
 * that are measured, at both ends.
 */

#include <string.h>

#include "net-leat.h"

void leat_count(struct leat_counts *c, const struct leat_counts *now,
                bool begins)
{
    const uint64_t sign = begins ? (uint64_t)-1 : 1;

    c->frames += sign * now->frames;
    c->bytes += sign * now->bytes;
    c->copied += sign * now->copied;
    c->grants += sign * now->grants;
}

void leat_fill_piece(void *data, size_t len, bool first, unsigned nth)
{
    if (first) {
        net_fill(data, len, nth);
        return;
    }
    memset(data, (int)(nth & 0x7f), len);
    DEVICE_USE(data);
}

void leat_take_piece(const void *data, size_t len, bool first, bool last)
{
    static unsigned char value;
    const unsigned char *p = data, *end = p + len;

    if (first) {
        if (len <= NET_HEADER)
            net_torn();
        p += NET_HEADER;
        value = *p;
    }
    if (memchr(p, 0xff, (size_t)(end - p)) || (last && end[-1] != value))
        net_torn();
}

void device_run(struct device *d)
{
    struct leat_bench b = {.d = d, .c = net_find(d->name)};
    struct leat_sim_config sim = {.flags = LEAT_SIM_UNTIL_EMPTY};
    int err;

    if (!b.c || !leat_parse(d->variant, &b.mode, &b.spin_ns))
        device_none("no such case");
    b.dir = device_tmp();
    err = leat_sim_start(b.dir, &sim);
    if (err)
        leat_die(b.dir, err);
    pair_fork(&d->pair);
    if (d->pair.second)
        bench_back_run(&b);
    else
        bench_front_run(&b);
    pair_end(&d->pair);
    (void)leat_sim_stop(b.dir);
}
