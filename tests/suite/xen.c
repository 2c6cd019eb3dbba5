/* SPDX-License-Identifier: ISC */

/*
 * The fixture "xen": real Xen, under Linux, in one domain that grants to itself:
 * the test and its peer are processes of it. Pages are born granted (gntalloc),
 * one to a unit, and a peer that has let go says so: LEAT_XEN_TOLD.
 *
 * What is not among its capabilities Linux lacks: tests/non-passes says what.
 */

#include <leat/store.h>
#include <leat/xen_map.h>
#include <leat/xen_share.h>
#include <leat/xen_store.h>

#include "suite.h"

#define STRANGER 99u

struct xen {
    char domain[16]; /* the number of this domain, as text */
    int socket[PEERS + 1], pid[PEERS + 1];
};

static struct xen xen;
static struct leat_xen_share *sharing;
static struct leat_xen_map *mapping;
static struct leat_mmap private;

static void begin(struct world *w)
{
    struct leat_xen_store *x;
    struct leat_store store;

    w->self = &xen;
    if (*xen.domain)
        return;
    SURE(leat_xen_store_open(&x, NULL) == 0);
    store = leat_xen_store_ops(x);
    SURE(store.ops->read(store.self, LEAT_STORE_NOW, "domid", xen.domain,
                         sizeof(xen.domain), NULL) == 0);
    leat_xen_store_close(x);
}

static void end(struct world *w)
{
    (void)w;
}

/* What cannot be opened says why. */
static void sure(int err, const struct leat_xen_why *why)
{
    if (err)
        printf("# %s: %s\n", leat_strerror(err), why->text);
    SURE(err == 0);
}

static void join(struct party *p)
{
    const char *domain = p->number ? p->where : xen.domain;
    struct leat_xen_share_config share = {.flags = LEAT_XEN_TOLD};
    struct leat_xen_map_config map = {.flags = 0};
    struct leat_xen_why why;

    p->id = (uint32_t)strtoul(domain, NULL, 10);
    p->with = p->stranger ? STRANGER : p->id;
    share.domain = p->with;
    share.access = p->access;
    sure(leat_xen_share_open(&sharing, &share, &why), &why);
    sure(leat_xen_map_open(&mapping, &map, &why), &why);
    p->share = leat_xen_share_ops(sharing);
    p->map = leat_xen_map_ops(mapping);
}

static void leave(struct party *p)
{
    (void)p;
    CHECK(!leat_xen_share_check(sharing) && !leat_xen_map_check(mapping));
    GIVES(0, leat_xen_share_close(sharing));
    GIVES(0, leat_xen_map_close(mapping));
}

static struct leat_backend memory(struct party *p, enum memory kind)
{
    struct leat_backend none = {0};

    (void)p;
    if (kind == MEMORY_PEER_1)
        return leat_xen_share_backend(sharing);
    if (kind != MEMORY_PRIVATE)
        return none;
    SURE(leat_mmap_init(&private) == 0);
    return leat_mmap(&private);
}

static void peer_start(struct world *w, unsigned i)
{
    w->peer_id[i] = w->own.id;
    process_start(w, i, xen.domain, &xen.socket[i], &xen.pid[i]);
}

static void peer_post(struct world *w, unsigned i, const struct ask *ask)
{
    (void)w;
    process_post(xen.socket[i], ask);
}

static void peer_await(struct world *w, unsigned i, struct answer *answer)
{
    (void)w;
    process_await(xen.socket[i], answer);
}

static void peer_end(struct world *w, unsigned i)
{
    (void)w;
    process_end(xen.socket[i], xen.pid[i]);
}

/* The kernel has unmapped all by the time that it can be waited for. */
static void peer_kill(struct world *w, unsigned i)
{
    (void)w;
    process_kill(xen.socket[i], xen.pid[i]);
}

const struct fixture the_fixture = {
    .name = "xen",
    .can = CAN_KILL,
    .rounds = 2001, /* it is emulated */
    .schedules = 4,
    .share_max = 1020, /* of gntalloc's limit of 1024, for the whole domain */
    .begin = begin,
    .end = end,
    .join = join,
    .leave = leave,
    .memory = memory,
    .peer_start = peer_start,
    .peer_post = peer_post,
    .peer_await = peer_await,
    .peer_end = peer_end,
    .peer_kill = peer_kill,
};
