/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_NET_FRONT_H
#define LEAT_TESTS_PV_NET_FRONT_H

/*
 * netback in domain 2, and a front in domain 1 that is the test: raw keys, raw
 * slots and raw indexes. The port behind is that of net_pair.h.
 */

#include <leat/ring.h>

#include "net_pair.h"

#include "pv/netif.h"

enum {
    R_REQ_PROD,
    R_REQ_EVENT,
    R_RSP_PROD,
    R_RSP_EVENT,
    FRONT_PAGES = 400
};

struct front_page {
    struct leat_chunk chunk;
    struct leat_grant grant;
    uint32_t ref;
    unsigned char *bytes;
};

struct raw_ring {
    struct front_page page;
    volatile uint32_t *words;
    size_t slot;
    uint32_t slots, prod, cons;
};

struct net_front {
    struct net_pair p;
    struct raw_ring tx[2], rx[2], ctrl;
    struct front_page page[FRONT_PAGES];
    uint32_t npages;
};

/* What the front writes into the store. */
struct front_keys {
    bool no_sg, gso, ctrl, no_copy;
    uint32_t queues;
    uint32_t start; /* the index that its rings begin at */
};

static inline struct front_page front_share(struct net_front *f,
                                            enum leat_access access, int fill)
{
    struct front_page page;

    page.chunk = get(f->p.w.g.a->pool, 1);
    page.bytes = leat_chunk_view(page.chunk).data;
    memset(page.bytes, fill, PAGE);
    MUST(leat_grant_share(f->p.w.g.a->table, page.chunk, 2, access,
                          &page.grant));
    MUST(leat_grant_ref(page.grant, &page.ref));
    return page;
}

/* Fails where the back has it mapped still. */
static inline void front_unshare(struct net_front *f, struct front_page *page)
{
    MUST(leat_grant_revoke(page->grant));
    MUST(leat_pool_put(f->p.w.g.a->pool, page->chunk));
}

/* A page for frames. */
static inline struct front_page *front_new(struct net_front *f,
                                           enum leat_access access, int fill)
{
    cr_assert_lt(f->npages, FRONT_PAGES);
    f->page[f->npages] = front_share(f, access, fill);
    return &f->page[f->npages++];
}

static inline void front_set(struct net_front *f, const char *key,
                             unsigned long x)
{
    char path[300], text[24];

    snprintf(path, sizeof(path), PAIR_FRONT "/%s", key);
    snprintf(text, sizeof(text), "%lu", x);
    table_set(&f->p.w.t, path, text);
}

static inline const char *back_says(struct net_front *f, const char *key)
{
    char path[300];
    const char *value;

    snprintf(path, sizeof(path), PAIR_BACK "/%s", key);
    value = table_get(&f->p.w.t, path);
    return value ? value : "none";
}

static inline void raw_open(struct net_front *f, struct raw_ring *r,
                            size_t slot, uint32_t start)
{
    r->page = front_share(f, LEAT_READ_WRITE, 0);
    r->words = (volatile uint32_t *)(void *)r->page.bytes;
    r->slot = slot;
    r->slots = leat_ring_slots(slot, 0);
    r->prod = r->cons = start;
    r->words[R_REQ_PROD] = r->words[R_RSP_PROD] = start;
    r->words[R_REQ_EVENT] = r->words[R_RSP_EVENT] = start + 1;
}

static inline void *raw_slot(const struct raw_ring *r, uint32_t at)
{
    return r->page.bytes + 64 + (at & (r->slots - 1)) * r->slot;
}

static inline void raw_put(struct raw_ring *r, const void *message, size_t len)
{
    memcpy(raw_slot(r, r->prod++), message, len);
}

static inline void raw_push(struct raw_ring *r)
{
    __atomic_store_n(&r->words[R_REQ_PROD], r->prod, __ATOMIC_RELEASE);
}

static inline bool raw_take(struct raw_ring *r, void *message, size_t len)
{
    if (r->words[R_RSP_PROD] == r->cons)
        return false;
    memcpy(message, raw_slot(r, r->cons++), len);
    return true;
}

/* ------------------------------------------------------------------ the back */

/* Bus and back, until there is nothing to do. */
static inline void back_go(struct net_front *f)
{
    bool more = true, again = true;

    for (int i = 0; more || again; i++) {
        cr_assert_lt(i, 2000, "it does not end");
        MUST(leat_bus_poll(&f->p.w.back_bus, 64, &more));
        MUST(leat_netback_poll(f->p.b, 64, &again));
        pair_sound(&f->p);
    }
}

static inline void front_open(struct net_front *f,
                              struct leat_netback_config back)
{
    memset(f, 0, sizeof(*f));
    pair_worlds(&f->p);
    f->p.back = back;
}

static inline uint32_t front_port(struct net_front *f)
{
    struct leat_events e = table_events(&f->p.w.t, 1);
    uint32_t port = 0;

    MUST(e.ops->alloc(e.self, 2, &port));
    return port;
}

/* Rings and keys, but for the state. */
static inline void front_offer(struct net_front *f, struct front_keys k)
{
    uint32_t queues = k.queues ? k.queues : 1;
    char key[40];

    for (uint32_t i = 0; i < queues; i++) {
        const char *in = queues > 1 ? (i ? "queue-1/" : "queue-0/") : "";

        raw_open(f, &f->tx[i], sizeof(struct netif_tx_request), k.start);
        raw_open(f, &f->rx[i], sizeof(struct netif_rx_response), k.start);
        snprintf(key, sizeof(key), "%stx-ring-ref", in);
        front_set(f, key, f->tx[i].page.ref);
        snprintf(key, sizeof(key), "%srx-ring-ref", in);
        front_set(f, key, f->rx[i].page.ref);
        snprintf(key, sizeof(key), "%sevent-channel", in);
        front_set(f, key, front_port(f));
    }
    if (queues > 1)
        front_set(f, "multi-queue-num-queues", queues);
    if (k.ctrl) {
        raw_open(f, &f->ctrl, sizeof(struct netif_ctrl_request), k.start);
        front_set(f, "ctrl-ring-ref", f->ctrl.page.ref);
        front_set(f, "event-channel-ctrl", front_port(f));
    }
    front_set(f, "request-rx-copy", !k.no_copy);
    front_set(f, "feature-sg", !k.no_sg);
    front_set(f, "feature-gso-tcpv4", k.gso);
    front_set(f, "feature-gso-tcpv6", k.gso);
    front_set(f, "feature-ipv6-csum-offload", 1);
}

static inline void front_connect(struct net_front *f, struct front_keys k)
{
    if (!f->p.b)
        pair_open_back(&f->p);
    back_go(f);
    cr_assert_str_eq(back_says(f, "state"), "2");
    front_offer(f, k);
    front_set(f, "state", 4);
    back_go(f);
    cr_assert(leat_netback_connected(f->p.b), "%s", leat_netback_text(f->p.b));
}

/* Lets go of the rings, which no back has mapped any more. */
static inline void front_drop_rings(struct net_front *f)
{
    for (int i = 0; i < 2; i++) {
        if (f->tx[i].words)
            front_unshare(f, &f->tx[i].page);
        if (f->rx[i].words)
            front_unshare(f, &f->rx[i].page);
    }
    if (f->ctrl.words)
        front_unshare(f, &f->ctrl.page);
    memset(f->tx, 0, sizeof(f->tx));
    memset(f->rx, 0, sizeof(f->rx));
    memset(&f->ctrl, 0, sizeof(f->ctrl));
}

/* Ends the test: the back leaves nothing mapped, bound or shared. */
static inline void front_close(struct net_front *f)
{
    if (f->p.b)
        pair_close_back(&f->p, true);
    front_drop_rings(f);
    for (uint32_t i = 0; i < f->npages; i++)
        front_unshare(f, &f->page[i]);
    for (uint32_t i = 1; i < TABLE_PORTS; i++)
        cr_assert(!f->p.w.t.port[i].open || f->p.w.t.port[i].owner != 2,
                  "a port is left");
    pair_worlds_idle(&f->p.w);
    close_spare(&f->p.to);
    close_grants(&f->p.w.g);
    line_drop(&f->p.sent);
    line_drop(&f->p.waiting);
}

/* ------------------------------------------------------------ what it sends */

static inline void tx_slot(struct net_front *f, uint32_t ref, size_t off,
                           size_t size, uint16_t flags)
{
    const struct netif_tx_request r = {
        .gref = ref,
        .offset = (uint16_t)off,
        .flags = flags,
        .id = (uint16_t)(0x4000 | (f->tx->prod & 0xff)),
        .size = (uint16_t)size};

    raw_put(f->tx, &r, sizeof(r));
}

static inline void tx_extra(struct net_front *f, uint8_t type, uint8_t flags,
                            uint8_t gso, uint16_t size)
{
    struct netif_extra e = {.type = type, .flags = flags};

    e.u.gso.type = gso;
    e.u.gso.size = size;
    raw_put(f->tx, &e, sizeof(e));
}

/*
 * Runs, and takes the responses to all that was put: each to its own id, once;
 * extras by NULL. Gives how many have (status).
 */
static inline unsigned tx_done(struct net_front *f, int status)
{
    struct netif_tx_response rsp;
    unsigned n = 0, all = 0;
    bool seen[256] = {false};

    raw_push(f->tx);
    back_go(f);
    cr_assert(leat_netback_connected(f->p.b), "%s", leat_netback_text(f->p.b));
    while (raw_take(f->tx, &rsp, sizeof(rsp))) {
        n += rsp.status == status;
        all++;
        if (rsp.status == NETIF_RSP_NULL)
            continue;
        cr_assert_eq(rsp.id & 0xc000, 0x4000);
        cr_assert_not(seen[rsp.id & 0xff], "said twice");
        seen[rsp.id & 0xff] = true;
    }
    cr_assert_eq(f->tx->cons, f->tx->prod, "all are answered");
    return n;
}

/* Runs, after which the back has broken with the guest, and lets go of it. */
static inline void front_breaks(struct net_front *f, const char *text)
{
    raw_push(f->tx);
    back_go(f);
    cr_assert_not(leat_netback_connected(f->p.b));
    cr_assert(strstr(leat_netback_text(f->p.b), text), "\"%s\"",
              leat_netback_text(f->p.b));
    cr_assert_eq(f->p.back_events[LEAT_NETBACK_BROKEN], 1);
    cr_assert_eq(f->p.back_events[LEAT_NETBACK_DISCONNECTED], 1);
    cr_assert_eq(f->p.w.g.world.mapped, 0);
    cr_assert_str_eq(back_says(f, "state"), "5");
}

/* Posts a page to receive into. */
static inline void rx_post(struct net_front *f, uint32_t queue, uint32_t ref)
{
    const struct netif_rx_request r = {
        .id = (uint16_t)(f->rx[queue].prod & 0xff), .gref = ref};

    raw_put(&f->rx[queue], &r, sizeof(r));
}

/* Asks by the control ring. */
static inline struct netif_ctrl_response ctrl_ask(struct net_front *f,
                                                  uint16_t type, uint32_t a,
                                                  uint32_t b, uint32_t c)
{
    const struct netif_ctrl_request r = {
        .id = (uint16_t)(f->ctrl.prod * 7), .type = type, .data = {a, b, c}};
    struct netif_ctrl_response rsp = {0};

    raw_put(&f->ctrl, &r, sizeof(r));
    raw_push(&f->ctrl);
    back_go(f);
    cr_assert(raw_take(&f->ctrl, &rsp, sizeof(rsp)), "K1");
    cr_assert_eq(rsp.id, r.id);
    cr_assert_eq(rsp.type, type);
    return rsp;
}

/* Has a page mapped for good. */
static inline void ctrl_keep(struct net_front *f, const struct front_page *p,
                             bool read_only)
{
    struct front_page list = front_share(f, LEAT_READ_WRITE, 0);
    const struct netif_gref entry = {
        .ref = p->ref, .flags = read_only ? NETIF_GREF_READ_ONLY : 0};

    memcpy(list.bytes, &entry, sizeof(entry));
    cr_assert_eq(
        ctrl_ask(f, NETIF_CTRL_ADD_GREF_MAPPING, 0, list.ref, 1).status,
        NETIF_CTRL_SUCCESS);
    front_unshare(f, &list);
}

#endif
