/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_UNIKERNEL_H
#define LEAT_TESTS_XEN_UNIKERNEL_H

/*
 * dom0 as the peer of tests/xen/guest/sharer, whose grant table it also reads by
 * leat_xen_foreign: what Xen sees is held against what the guest says.
 */

#include "peer.h"

static struct peer p;
static struct leat_xen_foreign *f;
static struct leat_gref grefs[PEER_REFS];
static struct mapped w;

struct seen {
    uint64_t granted, used, sum;
};

/* All of the guest's table but what is reserved. */
static inline struct seen table_seen(void)
{
    struct seen seen = {0};
    struct leat_grant_entry e;

    for (uint32_t ref = LEAT_GRANT_RESERVED; ref < 8 * 512; ref++) {
        MUST(!leat_xen_foreign_entry(f, ref, &e));
        if (!e.granted)
            continue;
        seen.granted++;
        seen.used += e.reading || e.writing;
        seen.sum += box_sum(ref, e.frame, e.domain, e.access == LEAT_READ_ONLY);
    }
    return seen;
}

/* The table has what the guest says, and (used) of it in use; the box is. */
static inline void table_agrees(uint64_t n, uint64_t used, const char *when)
{
    struct seen seen;

    MUST(!peer_call(&p, PEER_TABLE, 0));
    seen = table_seen();
    OK(seen.granted == p.box->out[0] && seen.granted == n + 1,
       "%s: the table has %ju grants, as the guest says", when, (uintmax_t)n);
    OK(seen.sum == p.box->out[1], "%s: references, frames, access agree", when);
    OK(seen.used == used + 1, "%s: %ju in use", when, (uintmax_t)used);
}

static inline void unikernel_open(void)
{
    peer_open(&p, "LEAT_XEN_GUEST");
    GIVES(peer_call(&p, PEER_HELLO, 0), 0, "the guest answers");
    MUST(!leat_xen_foreign_open(&f, p.domain, 0, NULL));
}

static inline void unikernel_share(uint64_t slot, size_t n,
                                   enum leat_access access)
{
    MUST(!peer_call(&p, PEER_SHARE, slot, n, access));
    peer_grefs(&p, grefs, n);
}

/* The guest's side ends, and with it its test. */
static inline void unikernel_close(void)
{
    uint64_t none[5] = {0};

    MUST(!leat_xen_foreign_close(f));
    peer_ask(&p, PEER_OFF, none);
    COMES(p.box->reply == p.box->request, 5000);
    peer_close(&p);
}

#endif
