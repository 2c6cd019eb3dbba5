/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_RINGS_H
#define LEAT_TESTS_PV_RINGS_H

/* Two ends of one ring in plain pages, and its words as a peer writes them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <leat/leat.h>
#include <leat/ring.h>

enum {
    REQ_PROD,
    REQ_EVENT,
    RSP_PROD,
    RSP_EVENT
};

struct rings {
    uint32_t *page; /* the shared words */
    size_t bytes;
    struct leat_copies copies[2]; /* of front, of back */
    struct leat_ring front, back;
};

static inline int rings_attach(struct rings *w, enum leat_ring_end end,
                               size_t slot, uint32_t start)
{
    struct leat_ring_config c = {
        .name = end == LEAT_RING_FRONT ? "front" : "back",
        .end = end,
        .pages = {(unsigned char *)w->page, w->bytes},
        .slot = slot,
        .start = start,
        .copies = &w->copies[end],
    };

    return leat_ring_init(end == LEAT_RING_FRONT ? &w->front : &w->back, &c);
}

static inline void rings_open(struct rings *w, size_t slot, unsigned order,
                              uint32_t start)
{
    memset(w, 0, sizeof(*w));
    w->bytes = LEAT_PAGE_SIZE << order;
    w->page = aligned_alloc(LEAT_PAGE_SIZE, w->bytes);
    if (!w->page)
        abort();
    memset(w->page, 0, w->bytes);
    if (rings_attach(w, LEAT_RING_FRONT, slot, start) ||
        rings_attach(w, LEAT_RING_BACK, slot, 0))
        abort();
}

static inline void rings_close(struct rings *w)
{
    free(w->page);
}

static inline void rings_write(struct rings *w, unsigned word, uint32_t x)
{
    __atomic_store_n(&w->page[word], x, __ATOMIC_RELEASE);
}

#endif
