/* SPDX-License-Identifier: ISC */

/*
 * Between dom0 and a domU, each way: a kernel tells of the end of a mapping, or of
 * a share, by a byte and by an event, whether the process that had it ended it or
 * was killed.
 */

#include "peer.h"

static struct peer p;
static struct leat_xen_foreign *f;
static struct leat_gref grefs[PEER_REFS];
static struct mapped w;
static struct shared s;

/* Of domU's table, the entry of grefs[0]. */
static struct leat_grant_entry entry(void)
{
    struct leat_grant_entry e;

    MUST(!leat_xen_foreign_entry(f, grefs[0].ref, &e));
    return e;
}

/* ------------------------------------------------------------ from domU */

/* dom0 shares a page; domU maps it, and its kernel tells of the end of that. */
static void told_by_the_mapper(bool killed)
{
    struct leat_xen_share_config config = {
        .domain = p.domain, .flags = LEAT_XEN_TOLD | LEAT_XEN_TOLD_BYTE};
    struct leat_share ops;
    uint32_t here;
    bool told = true;

    MUST(!share(&s, config, 1, 0));
    ops = leat_xen_share_ops(s.x);
    OK(ops.ops->letgo == LEAT_LETGO_TOLD && s.slab.base[0] == 1,
       "the byte is set when the page is shared");
    MUST(!EVENT(p.events, alloc, p.domain, &here));
    MUST(!peer_call(&p, PEER_BIND, here));
    p.box->refs[0] = s.grefs[0].ref;
    GIVES(peer_call(&p, PEER_MAP, 0, 1, LEAT_READ_WRITE,
                    LEAT_XEN_CLEAR_BYTE | LEAT_XEN_SEND_EVENT, p.box->out[0]),
          0, "domU maps, and will tell");
    GIVES(leat_xen_share_told(s.x, s.slab.base, &told), 0, "asked");
    OK(!told, "it has not told yet");
    GIVES(ops.ops->end(ops.self, s.grefs[0].ref, s.slab.base), LEAT_E_BUSY,
          "so the page is not let go of");
    if (killed) {
        uint64_t none[5] = {0};

        peer_ask(&p, PEER_DIE, none);
    } else {
        MUST(!peer_call(&p, PEER_UNMAP, 0));
    }
    OK(COMES(!leat_xen_share_told(s.x, s.slab.base, &told) && told, 5000),
       "domU %s: the byte is cleared", killed ? "was killed" : "unmaps");
    OK(peer_told(&p, here, 5000), "and the event comes");
    GIVES(ops.ops->end(ops.self, s.grefs[0].ref, s.slab.base), 0,
          "the page is let go of");
    EVENT(p.events, close, here);
    unshare(&s);
    if (killed)
        MUST(peer_again(&p));
}

/* domU shares a page, and its kernel tells dom0 of the end of that. */
static void told_by_the_sharer(bool killed)
{
    uint32_t here;
    struct leat_gref first;

    MUST(!EVENT(p.events, alloc, p.domain, &here));
    MUST(!peer_call(&p, PEER_BIND, here));
    GIVES(peer_call(&p, PEER_SHARE, 0, 1, LEAT_READ_WRITE,
                    LEAT_XEN_NOTIFY_BYTE | LEAT_XEN_NOTIFY_PORT, p.box->out[0]),
          0, "domU shares, and will tell");
    peer_grefs(&p, grefs, 1);
    first = grefs[0];
    MUST(!map(p.map, &w, grefs, 1, LEAT_READ_WRITE));
    fill(w.base, 1, 51);
    w.base[0] = 1;
    if (killed) {
        uint64_t none[5] = {0};

        peer_ask(&p, PEER_DIE, none);
    } else {
        MUST(!peer_call(&p, PEER_UNSHARE, 0));
    }
    OK(COMES(__atomic_load_n(w.base, __ATOMIC_RELAXED) == 0, 5000),
       "domU %s: the byte is cleared", killed ? "was killed" : "unshares");
    OK(peer_told(&p, here, 5000), "and the event comes");
    if (killed)
        MUST(peer_again(&p));

    /* What was mapped stays: nobody can take it away. */
    fill(w.base, 1, 52);
    OK(filled(w.base, 1, 52), "dom0 goes on reading and writing");
    OK(entry().granted && entry().reading,
       "the grant is still in domU's table");
    {
        static struct mapped again;

        GIVES(map(p.map, &again, &first, 1, LEAT_READ_WRITE), 0,
              "and can be mapped once more");
        MUST(!unmap(p.map, &again));
    }
    MUST(!peer_call(&p, PEER_SHARE, 1, 50, LEAT_READ_WRITE));
    peer_grefs(&p, grefs, 50);
    for (size_t i = 0; i < 50; i++)
        if (grefs[i].ref == first.ref)
            OK(false, "its number was used again");
    MUST(!peer_call(&p, PEER_UNSHARE, 1));
    grefs[0] = first;
    OK(filled(w.base, 1, 52), "the page is as it was");
    MUST(!unmap(p.map, &w));
    OK(COMES(!entry().granted, 10000), "after the unmap it is revoked");
    EVENT(p.events, close, here);
}

/* ------------------------------------------------------------ from dom0 */

/* A process here that has what is to end, and what it says of it. */
struct child {
    pid_t pid;
    int to, from;
};

/* Of the child: it has what it was to have, and (ref); it waits for its orders. */
static void wait_for_orders(int to, int from, uint32_t ref)
{
    char order;

    MUST(write(to, &ref, sizeof(ref)) == sizeof(ref));
    MUST(read(from, &order, 1) == 1);
}

static void map_and_end(int to, int from, uint32_t remote)
{
    struct leat_xen_map *m = open_map();
    struct leat_xen_events *events;
    uint32_t port;

    MUST(!leat_xen_events_open(&events, NULL));
    MUST(!EVENT(events, bind, p.domain, remote, &port));
    MUST(!map(m, &w, grefs, 1, LEAT_READ_WRITE));
    MUST(!leat_xen_map_notify(
        m, w.base, LEAT_XEN_CLEAR_BYTE | LEAT_XEN_SEND_EVENT, 0, port));
    w.base[0] = 1;
    wait_for_orders(to, from, 0);
    MUST(!unmap(m, &w));
}

static void share_and_end(int to, int from, uint32_t remote)
{
    struct leat_xen_share_config config = {.domain = p.domain,
                                           .flags = LEAT_XEN_NOTIFY_BYTE |
                                                    LEAT_XEN_NOTIFY_PORT};
    struct leat_xen_events *events;

    MUST(!leat_xen_events_open(&events, NULL));
    MUST(!EVENT(events, bind, p.domain, remote, &config.notify_port));
    MUST(!share(&s, config, 1, 0));
    fill(s.slab.base, 1, 81);
    s.slab.base[0] = 1;
    wait_for_orders(to, from, s.grefs[0].ref);
    unshare(&s);
}

/* Starts one of the two, with the port that domU offers. Gives its reference. */
static uint32_t start(struct child *c, void (*body)(int, int, uint32_t),
                      uint32_t remote)
{
    int up[2], down[2];
    uint32_t ref;

    MUST(!pipe(up) && !pipe(down));
    c->pid = fork();
    if (c->pid == 0) {
        body(up[1], down[0], remote);
        for (;;)
            pause();
    }
    MUST(c->pid > 0 && read(up[0], &ref, sizeof(ref)) == sizeof(ref));
    close(up[1]);
    close(down[0]);
    c->from = up[0];
    c->to = down[1];
    return ref;
}

static void end(struct child *c, bool killed)
{
    int status;

    if (killed)
        MUST(!kill(c->pid, SIGKILL) && waitpid(c->pid, &status, 0) == c->pid);
    else
        MUST(write(c->to, "e", 1) == 1);
}

static void reap(struct child *c, bool killed)
{
    if (!killed)
        end(c, true);
    close(c->to);
    close(c->from);
}

/* domU shares a page; a process here maps it, and dom0's kernel tells domU. */
static void domu_is_told_by_the_mapper(bool killed)
{
    struct child c;
    uint32_t there;

    MUST(!peer_call(&p, PEER_OFFER, 0));
    there = (uint32_t)p.box->out[0];
    MUST(!peer_call(&p, PEER_SHARE, 0, 1, LEAT_READ_WRITE));
    peer_grefs(&p, grefs, 1);
    start(&c, map_and_end, there);
    MUST(!map(p.map, &w, grefs, 1, LEAT_READ_WRITE));
    peer_call(&p, PEER_TAKEN, there);
    OK(w.base[0] == 1 && !p.box->out[0], "domU shares, a process here maps");
    end(&c, killed);
    OK(COMES(__atomic_load_n(w.base, __ATOMIC_RELAXED) == 0, 5000),
       "which %s: the byte is cleared", killed ? "is killed" : "unmaps");
    peer_call(&p, PEER_TAKEN, there);
    OK(p.box->out[0], "and the event comes to domU");
    reap(&c, killed);
    MUST(!unmap(p.map, &w));
    MUST(!peer_call(&p, PEER_UNSHARE, 0));
}

/* A process here shares a page; domU maps it, and dom0's kernel tells domU. */
static void domu_is_told_by_the_sharer(bool killed)
{
    struct child c;
    uint32_t there;

    MUST(!peer_call(&p, PEER_OFFER, 0));
    there = (uint32_t)p.box->out[0];
    p.box->refs[0] = start(&c, share_and_end, there);
    MUST(!peer_call(&p, PEER_MAP, 0, 1, LEAT_READ_WRITE));
    peer_call(&p, PEER_FILLED, 0, 81, 1);
    OK(!p.box->out[0], "a process here shares, domU maps: the byte is set");
    peer_call(&p, PEER_TAKEN, there);
    OK(!p.box->out[0], "and no event has come");
    end(&c, killed);
    OK(COMES((peer_call(&p, PEER_FILLED, 0, 81, 1), p.box->out[0]), 5000),
       "which %s: the byte alone is cleared",
       killed ? "is killed" : "unshares");
    peer_call(&p, PEER_TAKEN, there);
    OK(p.box->out[0], "and the event comes to domU");
    reap(&c, killed);
    MUST(!peer_call(&p, PEER_UNMAP, 0));
}

int main(void)
{
    peer_open(&p, "LEAT_XEN_DOMU");
    MUST(!leat_xen_foreign_open(&f, p.domain, 0, NULL));
    for (int killed = 0; killed <= 1; killed++) {
        told_by_the_mapper(killed);
        told_by_the_sharer(killed);
        domu_is_told_by_the_mapper(killed);
        domu_is_told_by_the_sharer(killed);
    }
    MUST(!leat_xen_foreign_close(f));
    peer_close(&p);
    return tap_end();
}
