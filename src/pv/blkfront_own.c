/* SPDX-License-Identifier: ISC */

/*
 * Pages of the device's own: each is granted once, when it is first wanted, and
 * used again, the last one first. What a request needs of one is kept beside it,
 * so that nothing is asked of the grant layer in between.
 *
 *   F6  a page that was got is free, or out: of a request, of an indirect one, or
 *       the caller's
 */

#include "blkfront.h"

static int get(struct leat_blkfront *f)
{
    struct front_own *o = &f->own[f->nown];
    uint32_t off;
    int err;

    if (f->nown == f->own_max)
        return LEAT_E_LIMIT;
    err = leat_persist_get(f->persist, &o->block);
    if (err)
        return err;
    err = leat_block_ref(o->block, &o->ref, &off);
    if (!err)
        err = leat_block_shared(o->block, &o->bytes);
    if (err) {
        (void)leat_persist_put(o->block);
        return err;
    }
    o->life = 0;
    o->next = f->own_free;
    f->own_free = f->nown++;
    return 0;
}

int leat_front_own_take(struct leat_blkfront *f, uint32_t *number)
{
    struct front_own *o;
    int err = f->own_free == FRONT_NONE ? get(f) : 0;

    if (err)
        return err;
    o = &f->own[ *number = f->own_free];
    f->own_free = o->next;
    o->life++;
    return 0;
}

void leat_front_own_give(struct leat_blkfront *f, uint32_t number)
{
    struct front_own *o = &f->own[number];

    o->life++;
    o->next = f->own_free;
    f->own_free = number;
}

int leat_front_own_refresh(struct leat_blkfront *f)
{
    uint32_t i, off;
    int err = 0;

    for (i = 0; i < f->nown && !err; i++)
        err = leat_block_ref(f->own[i].block, &f->own[i].ref, &off);
    return err;
}

static void over(void *arg, size_t held)
{
    (void)arg; /* those that are held are in the table's quarantine */
    (void)held;
}

void leat_front_own_end(struct leat_blkfront *f)
{
    uint32_t i;

    for (i = 0; i < f->nown; i++)
        (void)leat_persist_put(f->own[i].block);
    f->nown = 0;
    f->own_free = FRONT_NONE;
    (void)leat_persist_close(f->persist, over, NULL);
}

const char *leat_front_own_check(const struct leat_blkfront *f)
{
    uint32_t i, free = 0, out = 0;

    for (i = f->own_free; i != FRONT_NONE && free <= f->nown;
         i = f->own[i].next, free++) {
        if (f->own[i].life % 2)
            return "F6";
    }
    for (i = 0; i < f->nown; i++)
        out += f->own[i].life % 2;
    return free + out == f->nown && f->own_out <= out ? NULL : "F6";
}

/* ------------------------------------------------------------ the caller's */

static bool is_out(const struct leat_blkfront *f,
                   const struct leat_blk_page *page)
{
    return page->number < f->nown && page->life % 2 &&
           f->own[page->number].life == page->life;
}

int leat_blkfront_pages_put(struct leat_blkfront *f,
                            struct leat_blk_page *pages, size_t n)
{
    size_t i;

    if (!f || (n && !pages))
        return LEAT_E_INVALID;
    for (i = 0; i < n; i++) {
        if (!is_out(f, &pages[i])) {
            while (i--) /* named twice, too: all or none */
                f->own[pages[i].number].life++;
            return LEAT_E_STALE;
        }
        f->own[pages[i].number].life--;
    }
    for (i = n; i--;) {
        f->own[pages[i].number].life++;
        leat_front_own_give(f, pages[i].number);
        pages[i] = (struct leat_blk_page){{NULL, 0}, 0, 0};
    }
    f->own_out -= (uint32_t)n;
    return 0;
}

int leat_blkfront_pages(struct leat_blkfront *f, struct leat_blk_page *pages,
                        size_t n)
{
    size_t i;
    int err;

    if (!f || (n && !pages))
        return LEAT_E_INVALID;
    if (f->mode != LEAT_RECEIVE_SHARED)
        return LEAT_E_STATE;
    if (!leat_grants_trusted(f->config.grants, leat_bus_peer(&f->end)))
        return LEAT_E_PEER;
    /* What is left is for indirect segments. */
    if (n > f->config.pages - f->own_out)
        return LEAT_E_LIMIT;
    for (i = 0; i < n; i++) {
        uint32_t number;

        err = leat_front_own_take(f, &number);
        if (err) {
            while (i--)
                leat_front_own_give(f, pages[i].number);
            return err;
        }
        pages[i].bytes = f->own[number].bytes;
        pages[i].number = number;
        pages[i].life = f->own[number].life;
    }
    f->own_out += (uint32_t)n;
    return 0;
}
