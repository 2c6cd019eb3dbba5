/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_FRONT_ASKS_H
#define LEAT_TESTS_PV_FRONT_ASKS_H

/* Requests of front_world.h: of whole pages, in each of the three ways. */

#include "front_world.h"

enum {
    FA_PAGES = 64
};

struct ask {
    struct leat_blk blk;
    struct front_world *w;
    struct leat_view view;
    struct leat_chunk chunk;
    struct leat_blk_page page[FA_PAGES];
    struct leat_blk_part part[FA_PAGES];
    uint32_t pages;
    int err;
    uint32_t times;
};

static const enum leat_receive_mode ask_modes[] = {
    LEAT_RECEIVE_COPY, LEAT_RECEIVE_REVOKE, LEAT_RECEIVE_SHARED};

static inline void ask_done(void *arg, struct leat_blk *blk, int err)
{
    struct ask *a = arg;

    cr_assert_eq(blk, &a->blk);
    a->err = err;
    a->times++;
}

/* A request of (pages) whole pages, or of none. */
static inline void ask_make(struct front_world *w, struct ask *a,
                            enum leat_blk_op op, uint64_t sector,
                            uint32_t pages, int fill)
{
    memset(a, 0, sizeof(*a));
    a->w = w;
    a->pages = pages;
    a->blk = (struct leat_blk){
        .op = op, .sector = sector, .done = ask_done, .arg = a};
    if (!pages)
        return;
    if (w->config.mode == LEAT_RECEIVE_SHARED) {
        struct leat_copies scratch = {{0}, {0}};
        unsigned char bytes[PAGE];

        memset(bytes, fill, sizeof(bytes));
        MUST(leat_blkfront_pages(w->f, a->page, pages));
        for (uint32_t i = 0; i < pages; i++) {
            a->part[i] = (struct leat_blk_part){&a->page[i], 0, PAGE};
            MUST(leat_shared_copy_in(a->page[i].bytes, 0, bytes, PAGE,
                                     &scratch));
        }
        a->blk.parts = a->part;
        a->blk.n = pages;
    } else {
        a->chunk = get(w->g.a->pool, pages);
        a->view = leat_chunk_view(a->chunk);
        memset(a->view.data, fill, a->view.len);
        a->blk.views = &a->view;
        a->blk.n = 1;
    }
}

static inline int ask_submit(struct ask *a)
{
    a->err = 1;
    a->times = 0;
    return leat_blkfront_submit(a->w->f, &a->blk);
}

/* Made, submitted, and shown to the back. */
static inline void ask(struct front_world *w, struct ask *a,
                       enum leat_blk_op op, uint64_t sector, uint32_t pages,
                       int fill)
{
    ask_make(w, a, op, sector, pages, fill);
    MUST(ask_submit(a));
    fw_run(w);
}

/* It was done, once, so; its bytes. */
static inline void ask_over(struct ask *a, int err)
{
    cr_assert_eq(a->times, 1, "done %u times", a->times);
    cr_assert_eq(a->err, err, "%s, not %s", leat_strerror(a->err),
                 leat_strerror(err));
}

static inline void ask_bytes(struct ask *a, unsigned char *out)
{
    struct leat_copies scratch = {{0}, {0}};

    if (a->view.data)
        memcpy(out, a->view.data, a->view.len);
    else
        for (uint32_t i = 0; i < a->pages; i++)
            MUST(leat_shared_copy_out(a->page[i].bytes, 0, out + i * PAGE, PAGE,
                                      &scratch));
}

/* What was read is what the disk has. */
static inline void ask_is_disk(struct ask *a)
{
    static unsigned char bytes[FA_PAGES * PAGE];

    ask_bytes(a, bytes);
    for (uint64_t i = 0; i < a->pages * PAGE; i++)
        cr_assert_eq(bytes[i], fw_byte(a->blk.sector * 512 + i));
}

static inline void ask_end(struct ask *a)
{
    if (a->view.data)
        MUST(leat_pool_put(a->w->g.a->pool, a->chunk));
    else if (a->pages)
        MUST(leat_blkfront_pages_put(a->w->f, a->page, a->pages));
}

static inline struct leat_blkfront_config ask_config(enum leat_receive_mode m)
{
    return (struct leat_blkfront_config){.mode = m,
                                         .trusted = m == LEAT_RECEIVE_SHARED};
}

static inline struct leat_blkfront_stats ask_stats(struct front_world *w)
{
    struct leat_blkfront_stats s;

    MUST(leat_blkfront_stats(w->f, &s));
    return s;
}

#endif
