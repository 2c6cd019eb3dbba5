/* SPDX-License-Identifier: ISC */
#ifndef LEAT_PV_DISK_CHECK_H
#define LEAT_PV_DISK_CHECK_H

/*
 * What every disk refuses: for who submits what was not checked. Sums are
 * avoided, so that none overflows.
 */

#include <leat/disk.h>

/* Inline: libleat-io has disks, too, and this is no public call. */

static inline bool leat_disk_sector_ok(uint32_t bytes)
{
    return bytes >= LEAT_DISK_SECTOR && bytes <= LEAT_PAGE_SIZE &&
           !(bytes & (bytes - 1));
}

/* Whether [sector, sector + sectors) lies within (info)'s disk. */
static inline bool leat_disk_within(const struct leat_disk_info *info,
                                    uint64_t sector, uint64_t sectors)
{
    return sector <= info->sectors && sectors <= info->sectors - sector;
}

static inline int leat_disk_check_segs(const struct leat_disk_info *info,
                                       const struct leat_disk_request *req)
{
    uint64_t left;
    size_t i;

    if (!req->segs || !req->nsegs || req->flags)
        return LEAT_E_INVALID;
    if (req->nsegs > info->segments)
        return LEAT_E_SEGMENTS;
    left = req->sectors * LEAT_DISK_SECTOR; /* it is within the disk */
    for (i = 0; i < req->nsegs; i++) {
        if (!req->segs[i].len || req->segs[i].len > left)
            return LEAT_E_RANGE;
        if (req->segs[i].len % info->sector_bytes ||
            (uintptr_t)req->segs[i].peer_bytes % info->sector_bytes)
            return LEAT_E_ALIGN;
        left -= req->segs[i].len;
    }
    return left ? LEAT_E_RANGE : 0;
}

static inline int leat_disk_check(const struct leat_disk_info *info,
                                  const struct leat_disk_request *req)
{
    uint32_t each = info->sector_bytes / LEAT_DISK_SECTOR;

    if (!req)
        return LEAT_E_INVALID;
    if (req->op == LEAT_DISK_FLUSH)
        return info->flags & LEAT_DISK_CAN_FLUSH ? 0 : LEAT_E_UNSUPPORTED;
    if (req->op != LEAT_DISK_READ && req->op != LEAT_DISK_WRITE &&
        req->op != LEAT_DISK_DISCARD)
        return LEAT_E_INVALID;
    if (!req->sectors || !leat_disk_within(info, req->sector, req->sectors))
        return LEAT_E_RANGE;
    if (req->sector % each || req->sectors % each)
        return LEAT_E_ALIGN;
    if (req->op != LEAT_DISK_READ && info->flags & LEAT_DISK_IS_READ_ONLY)
        return LEAT_E_ACCESS;
    if (req->op != LEAT_DISK_DISCARD)
        return leat_disk_check_segs(info, req);
    if (req->flags & ~LEAT_DISK_SECURE)
        return LEAT_E_INVALID;
    return info->flags &
                   (req->flags ? LEAT_DISK_CAN_ERASE : LEAT_DISK_CAN_DISCARD)
               ? 0
               : LEAT_E_UNSUPPORTED;
}

#endif
