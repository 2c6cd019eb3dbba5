/* SPDX-License-Identifier: ISC */

/*
 * What a request says, against the disk. All of it is private by now, so what is
 * judged here is what is done. No sum of the peer's numbers is made that could
 * overflow.
 *
 *   sector units are 512 bytes, whatever the disk's own sector is; each segment,
 *   and where it begins, is whole sectors of the disk
 */

#include "blkback.h"

#include "disk_check.h"

/* (sectors) of 512 bytes are whole sectors of the disk. */
static bool whole(const struct leat_blkback *b, uint64_t sectors)
{
    return sectors % (b->disk.sector_bytes / LEAT_DISK_SECTOR) == 0;
}

enum back_fault leat_back_judge_segments(const struct leat_blkback *b,
                                         const struct leat_blkif_segment *seg,
                                         uint32_t n, uint64_t *sectors)
{
    uint64_t sum = 0;
    uint32_t i;

    for (i = 0; i < n; i++) {
        uint32_t count;

        if (seg[i].first > seg[i].last || seg[i].last >= BLKIF_PAGE_SECTORS)
            return BACK_BAD_SEGMENTS;
        count = (uint32_t)seg[i].last - seg[i].first + 1;
        if (!whole(b, seg[i].first) || !whole(b, count))
            return BACK_BAD_ALIGNMENT;
        sum += count; /* at most 8 of each of 4096 */
    }
    *sectors = sum;
    return BACK_FINE;
}

enum back_fault leat_back_judge_range(const struct leat_blkback *b,
                                      uint64_t sector, uint64_t sectors)
{
    if (!sectors || !leat_disk_within(&b->disk, sector, sectors))
        return BACK_BAD_RANGE;
    return whole(b, sector) && whole(b, sectors) ? BACK_FINE
                                                 : BACK_BAD_ALIGNMENT;
}

static bool has(const struct leat_blkback *b, uint32_t flag)
{
    return b->flags & flag;
}

enum back_fault leat_back_judge_op(const struct leat_blkback *b,
                                   const struct leat_blkif_request *r)
{
    bool writes = r->operation == BLKIF_WRITE ||
                  (r->operation == BLKIF_INDIRECT && r->inner == BLKIF_WRITE) ||
                  (r->operation == BLKIF_FLUSH && r->segments);
    bool may_be_empty = false;
    uint32_t most = BLKIF_SEGMENTS;

    switch (r->operation) {
    case BLKIF_READ:
    case BLKIF_WRITE:
        break;
    case BLKIF_BARRIER:
        if (!has(b, LEAT_DISK_CAN_FLUSH) ||
            b->config.flags & LEAT_BLKBACK_NO_BARRIER)
            return BACK_UNSUPPORTED;
        writes = true;
        may_be_empty = true;
        break;
    case BLKIF_FLUSH:
        if (!has(b, LEAT_DISK_CAN_FLUSH))
            return BACK_UNSUPPORTED;
        may_be_empty = true;
        break;
    case BLKIF_DISCARD:
        if (has(b, LEAT_DISK_IS_READ_ONLY))
            return BACK_BAD_ACCESS;
        return has(b, LEAT_DISK_CAN_DISCARD) ? BACK_FINE : BACK_UNSUPPORTED;
    case BLKIF_INDIRECT:
        if (!b->offered || (r->inner != BLKIF_READ && r->inner != BLKIF_WRITE))
            return BACK_UNSUPPORTED;
        most = b->offered;
        break;
    default:
        return BACK_UNSUPPORTED;
    }
    if (writes && has(b, LEAT_DISK_IS_READ_ONLY))
        return BACK_BAD_ACCESS;
    if (r->segments > most || (!r->segments && !may_be_empty))
        return BACK_BAD_SEGMENTS;
    return BACK_FINE;
}
