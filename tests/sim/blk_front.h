/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_BLK_FRONT_H
#define LEAT_TESTS_BLK_FRONT_H

/*
 * A front end of a block device that is no part of the library: it writes the
 * ring, its grants and the store by itself, at DEPTH places of SEGMENTS pages.
 */

#include <leat/ring.h>

#include "pv/blkif.h"
#include "sim.h"

enum {
    FRONT = 1,
    BACK = 2,
    REF = 8,
    DEPTH = 8,
    SEGMENTS = 8, /* of a request: 32 KiB */
    PAGES = 1 + DEPTH * SEGMENTS,
    BYTES = 2 << 20,
    SECTORS = BYTES / 512
};

#define OF_FRONT "/local/domain/1/device/vbd/768"
#define OF_BACK  "/local/domain/2/backend/leat/1/768"

static inline void set(struct leat_sim_domain *d, const char *key,
                       uint32_t value)
{
    struct leat_store s = leat_sim_store(d);
    char path[300], text[16];

    snprintf(path, sizeof(path), OF_FRONT "/%s", key);
    snprintf(text, sizeof(text), "%u", value);
    MUST(s.ops->write(s.self, LEAT_STORE_NOW, path, text, strlen(text)));
}

static inline uint32_t number(struct leat_sim_domain *d, const char *path)
{
    struct leat_store s = leat_sim_store(d);
    char text[64] = "0";

    (void)s.ops->read(s.self, LEAT_STORE_NOW, path, text, sizeof(text), NULL);
    return (uint32_t)strtoul(text, NULL, 10);
}

/* Waits for the back to be in (state). */
static inline bool back_is(struct leat_sim_domain *d, uint32_t state)
{
    int i;

    for (i = 0; i < 10000 && number(d, OF_BACK "/state") != state; i++)
        usleep(500);
    CHECK(i < 10000);
    return i < 10000;
}

struct front {
    struct leat_sim_domain *d;
    unsigned char *pages;
    volatile uint32_t *words;
    struct leat_events e;
    uint32_t port, prod, cons, slots;
};

static inline bool front_open(struct front *f, bool persistent)
{
    memset(f, 0, sizeof(*f));
    f->d = join(FRONT);
    if (!f->d || !back_is(f->d, 2))
        return false;
    f->pages = pages(PAGES);
    f->words = (volatile uint32_t *)(void *)f->pages;
    f->words[1] = f->words[3] = 1;
    f->slots = leat_ring_slots(BLKIF_REQUEST_MAX, 0);
    f->e = leat_sim_events(f->d);
    MUST(leat_sim_expose(f->d, f->pages, PAGES, LEAT_READ_WRITE));
    for (uint32_t k = 0; k < PAGES; k++)
        grant_entry(f->d, REF + k, BACK, f->pages + k * PAGE, PERMIT);
    MUST(f->e.ops->alloc(f->e.self, BACK, &f->port));
    set(f->d, "ring-ref", REF);
    set(f->d, "event-channel", f->port);
    set(f->d, "feature-persistent", persistent);
    set(f->d, "state", 3);
    if (!back_is(f->d, 4))
        return false;
    set(f->d, "state", 4);
    return !here;
}

static inline unsigned char *slot(struct front *f, uint32_t at)
{
    return f->pages + 64 + (at & (f->slots - 1)) * BLKIF_REQUEST_MAX;
}

static inline void put(struct front *f, const struct leat_blkif_request *r)
{
    unsigned char bytes[BLKIF_REQUEST_MAX];
    size_t n = leat_blkif_request_out(LEAT_BLKIF_64, r, bytes);

    memcpy(slot(f, f->prod++), bytes, n);
    __atomic_store_n(&f->words[0], f->prod, __ATOMIC_SEQ_CST);
    MUST(f->e.ops->notify(f->e.self, f->port));
}

/* Waits for the next response. */
static inline bool take(struct front *f, struct leat_blkif_response *out)
{
    uint32_t port;

    for (int i = 0; i < 200; i++) {
        __atomic_store_n(&f->words[3], f->cons + 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&f->words[2], __ATOMIC_SEQ_CST) != f->cons) {
            leat_blkif_response_in(LEAT_BLKIF_64, slot(f, f->cons++), out);
            return true;
        }
        (void)leat_sim_wait(f->d, f->e.ops->fd(f->e.self), SECOND / 20);
        while (!f->e.ops->pending(f->e.self, &port))
            MUST(f->e.ops->unmask(f->e.self, port));
    }
    CHECK(!"a response came");
    return false;
}

/* Request (n): 32 KiB, by the pages of its place. */
static inline void ask(struct front *f, uint8_t op, uint32_t n)
{
    struct leat_blkif_request r = {.id = n,
                                   .operation = op,
                                   .sector = (uint64_t)n * SEGMENTS * 8,
                                   .segments = SEGMENTS};

    for (uint32_t i = 0; i < SEGMENTS; i++)
        r.u.seg[i] = (struct leat_blkif_segment){
            .ref = REF + 1 + n % DEPTH * SEGMENTS + i, .last = 7};
    put(f, &r);
}

static inline unsigned char *memory(struct front *f, uint64_t n)
{
    return f->pages + (1 + n % DEPTH * SEGMENTS) * PAGE;
}

static inline unsigned char byte_of(uint32_t seed, size_t at)
{
    return (unsigned char)((at >> 9) * 31 + at + seed);
}

static inline void fill(unsigned char *to, uint32_t seed, uint64_t n)
{
    for (size_t i = 0; i < SEGMENTS * PAGE; i++)
        to[i] = byte_of(seed, n * SEGMENTS * PAGE + i);
}

/* One pass over the disk, (op), DEPTH at a time: each place in turn. */
static inline void pass(struct front *f, uint8_t op, uint32_t seed)
{
    const uint32_t all = SECTORS / (SEGMENTS * 8);
    uint32_t sent = 0, got = 0;
    bool busy[DEPTH] = {false};

    while (got < all && !here) {
        struct leat_blkif_response rsp;

        for (; sent < all && sent < got + DEPTH && !busy[sent % DEPTH];
             sent++) {
            if (op == BLKIF_WRITE)
                fill(memory(f, sent), seed, sent);
            else
                memset(memory(f, sent), 0, SEGMENTS * PAGE);
            busy[sent % DEPTH] = true;
            ask(f, op, sent);
        }
        if (!take(f, &rsp))
            return;
        got++;
        busy[rsp.id % DEPTH] = false;
        CHECK(rsp.status == BLKIF_OKAY && rsp.operation == op);
        for (size_t i = 0; op == BLKIF_READ && i < SEGMENTS * PAGE; i += 61)
            CHECK(memory(f, rsp.id)[i] ==
                  byte_of(seed, rsp.id * SEGMENTS * PAGE + i));
    }
}

static inline void front_close(struct front *f)
{
    set(f->d, "state", 5);
    back_is(f->d, 5);
    set(f->d, "state", 6);
    back_is(f->d, 6);
    /* Nothing of it is in use: each grant can be ended. */
    for (uint32_t i = 0; i < PAGES; i++) {
        CHECK(entry_flags(f->d, REF + i) == PERMIT);
        entry_clear(f->d, REF + i);
    }
    MUST(leat_sim_conceal(f->d, f->pages, PAGES));
    set(f->d, "state", 1);
    MUST(leat_sim_leave(f->d));
    free(f->pages);
}

#endif
