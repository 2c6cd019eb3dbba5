/* SPDX-License-Identifier: ISC */

/* Whether a request can be put to this disk: what submit refuses. */

#include "blkfront.h"

/* Bytes of the views; none is void. */
static int sum_views(const struct leat_blk *r, uint64_t *bytes)
{
    uint64_t sum = 0;
    size_t i;

    for (i = 0; i < r->n; i++) {
        if (!r->views[i].data)
            return LEAT_E_STALE;
        if (__builtin_add_overflow(sum, r->views[i].len, &sum))
            return LEAT_E_LENGTH;
    }
    *bytes = sum;
    return 0;
}

/* The same of parts, each of which is whole sectors of a page that is out. */
static int sum_parts(const struct leat_blkfront *f, const struct leat_blk *r,
                     uint64_t *bytes)
{
    const uint32_t sector = f->info.sector_bytes;
    uint64_t sum = 0;
    size_t i;

    if (r->n > f->segs_max)
        return LEAT_E_SEGMENTS;
    for (i = 0; i < r->n; i++) {
        const struct leat_blk_part *p = &r->parts[i];

        if (!p->page)
            return LEAT_E_INVALID;
        if (!(p->page->life % 2) || p->page->number >= f->nown ||
            f->own[p->page->number].life != p->page->life)
            return LEAT_E_STALE;
        if (p->off > LEAT_PAGE_SIZE || p->len > LEAT_PAGE_SIZE - p->off)
            return LEAT_E_RANGE;
        if (!p->len || p->off % sector || p->len % sector)
            return LEAT_E_ALIGN;
        sum += p->len;
    }
    *bytes = sum;
    return 0;
}

static int judge_range(const struct leat_blkfront *f, uint64_t sector,
                       uint64_t sectors)
{
    if (sector % (f->info.sector_bytes / BLKIF_SECTOR))
        return LEAT_E_ALIGN;
    if (sectors > f->info.sectors || sector > f->info.sectors - sectors)
        return LEAT_E_RANGE;
    return 0;
}

static int judge_move(const struct leat_blkfront *f, const struct leat_blk *r,
                      uint64_t *bytes)
{
    int err;

    if (r->n && !(f->mode == LEAT_RECEIVE_SHARED ? (const void *)r->parts
                                                 : (const void *)r->views))
        return LEAT_E_INVALID;
    err = f->mode == LEAT_RECEIVE_SHARED ? sum_parts(f, r, bytes)
                                         : sum_views(r, bytes);
    if (err)
        return err;
    if (!*bytes || *bytes % f->info.sector_bytes || *bytes > f->info.bytes_max)
        return LEAT_E_LENGTH;
    return judge_range(f, r->sector, *bytes / BLKIF_SECTOR);
}

int leat_front_judge(const struct leat_blkfront *f, const struct leat_blk *r,
                     uint64_t *bytes)
{
    const struct leat_blkfront_info *i = &f->info;

    *bytes = 0;
    if (r->flags & ~LEAT_BLK_SECURE || (r->flags && r->op != LEAT_BLK_DISCARD))
        return LEAT_E_INVALID;
    switch (r->op) {
    case LEAT_BLK_READ:
        return judge_move(f, r, bytes);
    case LEAT_BLK_WRITE:
        return i->read_only ? LEAT_E_ACCESS : judge_move(f, r, bytes);
    case LEAT_BLK_BARRIER:
        return i->read_only  ? LEAT_E_ACCESS
               : !i->barrier ? LEAT_E_UNSUPPORTED
                             : judge_move(f, r, bytes);
    case LEAT_BLK_FLUSH:
        return i->flush ? 0 : LEAT_E_UNSUPPORTED;
    case LEAT_BLK_DISCARD:
        if (i->read_only)
            return LEAT_E_ACCESS;
        if (!i->discard || (r->flags & LEAT_BLK_SECURE && !i->secure))
            return LEAT_E_UNSUPPORTED;
        if (!r->sectors || r->sectors % (i->sector_bytes / BLKIF_SECTOR))
            return LEAT_E_LENGTH;
        return judge_range(f, r->sector, r->sectors);
    default:
        return LEAT_E_INVALID;
    }
}
