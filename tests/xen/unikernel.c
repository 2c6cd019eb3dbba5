/* SPDX-License-Identifier: ISC */

/*
 * A guest of our own shares, and dom0 is its peer, by the grant suite's points:
 * here, unlike under Linux, real Xen meets a sharer that knows when its peer has
 * let go.
 */

#include "unikernel.h"

static void share_and_map(size_t n, enum leat_access access)
{
    char when[40];

    snprintf(when, sizeof(when), "%zu pages", n);
    unikernel_share(0, n, access);
    table_agrees(n, 0, when);
    peer_call(&p, PEER_FILL, 0, 21);
    if (access == LEAT_READ_ONLY)
        GIVES(map(p.map, &w, grefs, n, LEAT_READ_WRITE), LEAT_E_ACCESS,
              "%zu for reading are not mapped for writing", n);
    GIVES(map(p.map, &w, grefs, n, access), 0, "map %zu", n);
    OK(filled(w.base, n, 21), "dom0 reads what the guest wrote");
    table_agrees(n, n, "mapped");
    if (access == LEAT_READ_ONLY) {
        OK(fault(w.base, true) == SIGSEGV, "and cannot write");
    } else {
        fill(w.base, n, 22);
        peer_call(&p, PEER_FILLED, 0, 22);
        OK(p.box->out[0], "the guest reads what dom0 wrote");
    }
    GIVES(unmap(p.map, &w), 0, "unmap %zu", n);
    GIVES(peer_call(&p, PEER_REVOKE, 0), 0, "the guest revokes them");
    table_agrees(0, 0, "revoked");
    GIVES(map(p.map, &w, grefs, 1, LEAT_READ_ONLY), LEAT_E_REFERENCE,
          "they map no more");
    GIVES(peer_call(&p, PEER_STALE, 0), LEAT_E_STALE, "the handle is stale");
}

static void copies(void)
{
    static unsigned char local[8 * PAGE];
    static struct leat_copy_seg segs[8];
    struct leat_map ops = leat_xen_map_ops(p.map);
    size_t bad = 0;

    unikernel_share(0, 8, LEAT_READ_WRITE);
    peer_call(&p, PEER_FILL, 0, 31);
    for (size_t i = 0; i < 8; i++)
        segs[i] = (struct leat_copy_seg){.from = {.gref = grefs[i]},
                                         .to = {.local = local + i * PAGE},
                                         .len = PAGE};
    GIVES(ops.ops->copy(ops.self, segs, 8), 0, "copy 8 pages from the guest");
    for (size_t i = 0; i < 8; i++)
        bad += segs[i].status != 0;
    OK(!bad && filled(local, 8, 31), "they are as the guest wrote them");
    fill(local, 8, 32);
    for (size_t i = 0; i < 8; i++)
        segs[i] = (struct leat_copy_seg){.from = {.local = local + i * PAGE},
                                         .to = {.gref = grefs[i]},
                                         .len = PAGE};
    GIVES(ops.ops->copy(ops.self, segs, 8), 0, "and to it");
    peer_call(&p, PEER_FILLED, 0, 32);
    OK(p.box->out[0], "the guest has them");
    MUST(!peer_call(&p, PEER_REVOKE, 0));
    unikernel_share(0, 1, LEAT_READ_ONLY);
    segs[0].to.gref = grefs[0];
    ops.ops->copy(ops.self, segs, 1);
    OK(segs[0].status == LEAT_E_ACCESS, "not to what is for reading");
    MUST(!peer_call(&p, PEER_REVOKE, 0));
}

/* How many of the references in (grefs) are (ref). */
static size_t times(uint32_t ref, size_t n)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        found += grefs[i].ref == ref;
    return found;
}

/* Revoked while it is mapped: kept, until the peer lets go. */
static void held(bool dies)
{
    static struct mapped own;
    struct leat_gref gref;
    struct leat_grant_entry e;
    uint64_t frame;
    unsigned char byte = 0x5a;
    int pipes[2], status;
    void *base;
    pid_t pid = 0;

    unikernel_share(0, 1, LEAT_READ_WRITE);
    gref = grefs[0];
    MUST(!leat_xen_foreign_entry(f, gref.ref, &e));
    frame = e.frame;
    if (dies) {
        MUST(!pipe(pipes));
        pid = fork();
        if (!pid) {
            struct leat_xen_map *m = open_map();

            MUST(!map(m, &own, &gref, 1, LEAT_READ_WRITE));
            memset(own.base, 0x5a, PAGE);
            MUST(write(pipes[1], &byte, 1) == 1);
            for (;;)
                pause();
        }
        MUST(pid > 0 && read(pipes[0], &byte, 1) == 1);
    } else {
        MUST(!map(p.map, &own, &gref, 1, LEAT_READ_WRITE));
        memset(own.base, 0x5a, PAGE);
    }
    GIVES(peer_call(&p, PEER_REVOKE, 0), LEAT_E_BUSY,
          "a page that dom0 holds is not revoked");
    MUST(!peer_call(&p, PEER_POLL, 0));
    OK(p.box->out[1] == 1, "it is in quarantine");
    table_agrees(1, 1, "held");
    MUST(!peer_call(&p, PEER_AGAIN, 0));
    OK(!p.box->out[1], "no get of the guest gives it");
    unikernel_share(1, 900, LEAT_READ_WRITE);
    OK(times(gref.ref, 900) == 0, "nor is its reference used again");
    MUST(!peer_call(&p, PEER_REVOKE, 1));
    GIVES(peer_call(&p, PEER_REVOKE, 0), LEAT_E_BUSY, "nor by another try");
    if (dies) {
        MUST(!kill(pid, SIGKILL) && waitpid(pid, &status, 0) == pid);
        close(pipes[0]);
        close(pipes[1]);
    } else {
        MUST(!unmap(p.map, &own));
    }
    OK(COMES(!peer_call(&p, PEER_POLL, 0) && p.box->out[0] == 1, 5000),
       "when dom0 %s it drains", dies ? "has died" : "unmaps");
    OK(p.box->out[1] == 0, "and the quarantine is empty");
    MUST(!leat_xen_foreign_map(f, &frame, 1, LEAT_READ_ONLY, &status, &base));
    for (size_t i = 0; i < PAGE; i++)
        byte = i ? byte | ((unsigned char *)base)[i] : *(unsigned char *)base;
    OK(byte == 0, "its frame holds zeros");
    MUST(!leat_xen_foreign_unmap(f, base, 1));
    MUST(!peer_call(&p, PEER_AGAIN, 0));
    OK(p.box->out[0], "and it serves again, zero");
    table_agrees(0, 0, "drained");
}

/* Beyond those around each end: tests/xen/guest/stops.c has them. */
#define STOPS_BEYOND 4

/* Goes on at each stop but (at), where page (page) is mapped first. */
static void between(size_t n, uint64_t at, size_t page)
{
    uint64_t arg[5] = {2, 2}, stops = 0, seen;
    bool mapped = false, free_;
    int err = LEAT_E_STATE;

    unikernel_share(2, n, LEAT_READ_WRITE);
    p.box->out[3] = 0;
    p.box->arg[4] = 0;
    peer_ask(&p, PEER_REVOKE, arg);
    for (;;) {
        MUST(COMES(p.box->reply == p.box->request ||
                       (seen = *(volatile uint64_t *)&p.box->out[3]) > stops,
                   20000));
        if (p.box->reply == p.box->request)
            break;
        if (p.box->out[2] == at) {
            err = map(p.map, &w, grefs + page, 1, LEAT_READ_WRITE);
            mapped = !err;
        }
        stops = seen;
        __atomic_store_n(&p.box->arg[4], stops, __ATOMIC_RELEASE);
        MUST(!EVENT(p.events, notify, p.port));
    }
    /* Page i is ended between the stops 2 i and 2 i + 1. */
    free_ = at >= 2 * page + 1;
    OK(stops == 2 * n + (mapped ? 0 : STOPS_BEYOND) && mapped == !free_ &&
           p.box->result == (mapped ? LEAT_E_BUSY : 0) &&
           (mapped || err == LEAT_E_REFERENCE),
       "page %zu of %zu at step %ju: %s", page, n, (uintmax_t)at,
       mapped ? "mapped, and quarantined" : "not to be mapped, and revoked");
    if (mapped) {
        MUST(!unmap(p.map, &w));
        MUST(!peer_call(&p, PEER_POLL, 0) && p.box->out[0] == 1);
    }
    MUST(!peer_call(&p, PEER_UNSHARE, 2));
}

#define ROUNDS 10001

/* The guest goes on to a round beyond (i), or is through. No sleep: a round takes
 * less than one. */
static bool next_round(volatile struct peer_box *box, uint64_t i)
{
    uint64_t end = now_ns() + (uint64_t)20000000000;

    while (box->out[0] <= i && box->reply != box->request && now_ns() < end)
        ;
    return box->out[0] > i;
}

static void rounds(void)
{
    uint64_t arg[5] = {ROUNDS}, i = 0;
    volatile struct peer_box *box = p.box;
    struct leat_gref gref = {.domain = p.domain};
    int bad = 0;

    p.box->out[0] = 0;
    peer_ask(&p, PEER_ROUNDS, arg);
    while (i < ROUNDS && !bad && next_round(box, i)) {
        uint64_t *word;

        gref.ref = box->refs[0];
        bad = map(p.map, &w, &gref, 1, LEAT_READ_WRITE);
        if (bad)
            break;
        word = (uint64_t *)w.base;
        bad |= *word != ++i;
        *word = ~*word;
        bad |= unmap(p.map, &w);
        __atomic_store_n(&p.box->arg[1], i, __ATOMIC_RELEASE);
        EVENT(p.events, notify, p.port);
    }
    COMES(box->reply == box->request, 20000);
    OK(i == ROUNDS && !bad && p.box->result == 0,
       "%ju rounds: shared, mapped, written, unmapped, revoked", (uintmax_t)i);
    table_agrees(0, 0, "after the rounds");
}

int main(void)
{
    static const size_t counts[] = {1, 2, 64, 511, 1000};

    unikernel_open();
    table_agrees(0, 0, "at first");
    for (size_t i = 0; i < COUNT(counts); i++)
        share_and_map(counts[i], LEAT_READ_WRITE);
    share_and_map(3, LEAT_READ_ONLY);
    copies();
    held(false);
    held(true);
    for (uint64_t at = 0; at < 2 * 3 + STOPS_BEYOND; at++)
        for (size_t page = 0; page < 3; page++)
            between(3, at, page);
    GIVES(peer_call(&p, PEER_EXHAUST, 0), 0, "all references, and back");
    OK(p.box->out[0] == 8 * 512 - LEAT_GRANT_RESERVED - 1, "%ju of them",
       (uintmax_t)p.box->out[0]);
    rounds();
    unikernel_close();
    return tap_end();
}
