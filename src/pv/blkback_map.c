/* SPDX-License-Identifier: ISC */

/*
 * The front's pages: those of a request are mapped by one operation, all or none;
 * or found among those that are kept, and the others mapped and kept, if there is
 * room for them.
 *
 *   K4  a failure leaves nothing mapped that was not, but kept pages that may have
 *       been purged (XSA-362, 365, 367, 371)
 */

#include "blkback.h"

int leat_back_map_raw(struct leat_blkback *b, const struct leat_gref *grefs,
                      uint32_t n, enum leat_access access,
                      struct leat_mapping *mapping, struct leat_shared *out)
{
    struct leat_mapping m;
    uint32_t i;
    int err = leat_grant_map(b->config.grants, grefs, n, access, NULL, &m);

    if (err == LEAT_E_LIMIT && b->persistent) {
        for (i = 0; i < b->nqueues; i++)
            leat_back_keep_purge(&b->queues[i]);
        err = leat_grant_map(b->config.grants, grefs, n, access, NULL, &m);
    }
    if (err)
        return err;
    b->stats.maps++;
    b->stats.mapped += n;
    err = leat_mapping_shared(m, access, out);
    if (err) {
        leat_back_unmap_raw(b, m);
        return err;
    }
    *mapping = m;
    return 0;
}

void leat_back_unmap_raw(struct leat_blkback *b, struct leat_mapping m)
{
    b->stats.unmaps++;
    if (leat_grant_unmap(m)) /* the handle is used up: nothing is left to do */
        b->stats.unmap_failed++;
}

static struct leat_shared page_at(volatile unsigned char *at)
{
    return (struct leat_shared){.peer_bytes = at, .len = LEAT_PAGE_SIZE};
}

/* Finds what is kept. Gives how many are not, which are in b->missing. */
static uint32_t look_up(struct back_queue *q, const struct leat_gref *grefs,
                        uint32_t n, struct leat_shared *pages, uint32_t *runs)
{
    struct leat_blkback *b = q->back;
    uint32_t i, page, missing = 0;

    for (i = 0; i < n; i++) {
        page = b->persistent ? leat_back_keep_find(&q->keep, grefs[i].ref)
                             : BACK_NONE;
        if (page == BACK_NONE) {
            runs[i] = BACK_NONE;
            b->missing[missing++] = grefs[i];
            continue;
        }
        runs[i] = q->keep.pages[page].run;
        pages[i] = page_at(leat_back_keep_use(&q->keep, page));
        b->stats.hits++;
    }
    return missing;
}

/* Those that were missing are kept now. */
static void use_kept(struct back_queue *q, const struct leat_gref *grefs,
                     uint32_t n, struct leat_shared *pages, uint32_t *runs)
{
    uint32_t i, page;

    for (i = 0; i < n; i++) {
        if (runs[i] != BACK_NONE)
            continue;
        page = leat_back_keep_find(&q->keep, grefs[i].ref);
        runs[i] = q->keep.pages[page].run;
        pages[i] = page_at(leat_back_keep_use(&q->keep, page));
    }
}

int leat_back_map(struct back_queue *q, const struct leat_gref *grefs,
                  uint32_t n, enum leat_access access,
                  struct leat_shared *pages, uint32_t *runs,
                  struct back_held *held)
{
    struct leat_blkback *b = q->back;
    uint32_t missing = look_up(q, grefs, n, pages, runs), i;
    struct leat_shared all;
    int err = 0;

    held->mapped = false;
    if (missing && b->persistent) {
        err = leat_back_keep_add(q, b->missing, missing);
        if (!err) {
            use_kept(q, grefs, n, pages, runs);
            return 0;
        }
    }
    /* There is no room to keep them, or nothing is kept. */
    if (missing && (!err || err == LEAT_E_AGAIN)) {
        err = leat_back_map_raw(b, b->missing, missing, access, &held->mapping,
                                &all);
        held->mapped = !err;
    }
    if (err) {
        leat_back_unmap(q, runs, n, held);
        return err;
    }
    for (i = 0; i < n; i++) {
        if (runs[i] != BACK_NONE)
            continue;
        pages[i] = page_at(all.peer_bytes);
        all.peer_bytes += LEAT_PAGE_SIZE;
    }
    return 0;
}

void leat_back_unmap(struct back_queue *q, const uint32_t *runs, uint32_t n,
                     struct back_held *held)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        if (runs[i] != BACK_NONE)
            leat_back_keep_drop(&q->keep, runs[i]);
    }
    if (held->mapped)
        leat_back_unmap_raw(q->back, held->mapping);
    held->mapped = false;
}
