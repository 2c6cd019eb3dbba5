/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BLKBACK_H
#define LEAT_BLKBACK_H

/*
 * The back end of a block device: it serves a disk (leat/disk.h) to the front
 * end of one domain, over the protocol of xen/io/blkif.h.
 *
 *     rings --taken, copied once, checked--> requests --mapped--> the disk
 *       ^                                                           |
 *       +---- responses <---- unmapped, or given back <--- done ----+
 *
 * Requests of 11 segments, or more by indirect pages; both layouts, x86-64 and
 * x86-32; rings of several pages; several queues. Pages are mapped for one
 * request and unmapped before its response is shown; or kept, where the front
 * uses its grants again (feature-persistent): at most so many, those that were
 * not used longest go first. The disk works straight on these pages.
 *
 * No peer is trusted: what it wrote is copied once and then checked (XSA-155),
 * a lie in a request is that request's error, a lie in a ring's indexes breaks
 * the device: it closes, and a text says why (leat_blkback_text()).
 *
 * Owner:   the device is the library's, in memory of the caller's.
 * Errors:  LEAT_E_INVALID  a needed pointer is NULL, an unknown flag or value;
 *          in all calls
 * Threads: one at a time on a bus and all its devices.
 *
 * Source: xen/io/blkif.h; xen/io/xenbus.h.
 */

#include <leat/bus.h>
#include <leat/disk.h>
#include <leat/grant.h>

LEAT_BEGIN_DECLS

struct leat_blkback;

/* Flags. */
#define LEAT_BLKBACK_READ_ONLY     1u /* whatever the disk can               */
#define LEAT_BLKBACK_NO_PERSISTENT 2u /* every page is mapped for one request */
#define LEAT_BLKBACK_NO_INDIRECT   4u
#define LEAT_BLKBACK_NO_FLUSH      8u
#define LEAT_BLKBACK_NO_BARRIER    16u
#define LEAT_BLKBACK_NO_DISCARD    32u

enum leat_blkback_event {
    LEAT_BLKBACK_CONNECTED = 1, /* the front is served                       */
    LEAT_BLKBACK_DISCONNECTED = 2, /* no more; nothing is mapped. It may come
                                      again                                  */
    LEAT_BLKBACK_BROKEN = 3,       /* it broke the protocol, or a grant or a key
                                would not do: leat_blkback_text()            */
    LEAT_BLKBACK_CLOSED = 4, /* for good: destroy it                         */
};

/* Zero it; each field's zero is its default, here in brackets. */
struct leat_blkback_config {
    struct leat_bus *bus;       /* required                                  */
    const char *path;           /* required: its own directory in the store  */
    struct leat_grants *grants; /* required: it maps                         */
    struct leat_disk disk;      /* required                                  */
    uint32_t flags;             /* LEAT_BLKBACK_*                            */
    uint32_t queues;     /* offered at most [1], up to LEAT_BLKBACK_QUEUES   */
    uint32_t ring_order; /* offered at most, plus 1: 1 is one page [5: 16
                            pages]                                           */
    uint32_t segments;   /* of an indirect request [64], 12 to 4096          */
    uint32_t depth;      /* requests under way in a queue [32]               */
    uint32_t persistent; /* pages kept mapped in a queue [depth * 11]        */
    void (*event)(void *arg, struct leat_blkback *b,
                  enum leat_blkback_event what); /* may call anything but
                                                    destroy; or NULL         */
    void *arg;

    /* At least leat_blkback_meta_size() bytes that no peer can see.
     * Owner: the caller's, and in use until it is destroyed. */
    void *meta;
    size_t meta_bytes;
};

#define LEAT_BLKBACK_QUEUES 16u

/*
 * How much metadata it needs; creates it, publishes what it offers, and waits
 * for its front. A device that was served by another before (which died) waits
 * until the front has begun anew.
 *
 * Owner:   (path) is copied. The rest of (config) is borrowed until it is
 *          destroyed. The table (grants) needs mappings (maps_max) for each
 *          queue: its ring, one a request under way, and one a persistent page
 *          in the worst case; where there are fewer, it keeps fewer.
 * Errors:  LEAT_E_NOMEM  meta_bytes is too small
 *          LEAT_E_LENGTH  the path is too long
 *          those of the disk's info(), of leat_bus_attach() and of the store
 */
LEAT_API int leat_blkback_meta_size(const struct leat_blkback_config *config,
                                    size_t *bytes);
LEAT_API int leat_blkback_create(struct leat_blkback **out,
                                 const struct leat_blkback_config *config);

/*
 * Destroys it.
 * Errors:  LEAT_E_BUSY  requests are at the disk, or a front is served: close
 *                       it, and poll until LEAT_BLKBACK_CLOSED
 */
LEAT_API int leat_blkback_destroy(struct leat_blkback *b);

/*
 * Serves: takes up to (budget) requests of each queue, gives them to the disk,
 * and responds to what is done; whatever the peer does it ends (XSA-391). Of a
 * disk that is as fast as memory a few at a time (8) are best: the front goes on
 * with them while more are served.
 * (*more): there may be more, call again before sleeping. To be called when the
 * bus was polled, or the disk's descriptor is readable. Asks to be woken unless
 * there is more; leat_blkback_spin() does not, for who looks again anyway.
 */
LEAT_API int leat_blkback_poll(struct leat_blkback *b, uint32_t budget,
                               bool *more);
LEAT_API int leat_blkback_spin(struct leat_blkback *b, uint32_t budget,
                               bool *more);

/*
 * Closes it: takes no more requests, responds to those that it has, tells the
 * front, and waits for it to close. LEAT_BLKBACK_CLOSED follows. (now): it does
 * not wait for the front.
 */
LEAT_API int leat_blkback_close(struct leat_blkback *b, bool now);

/*
 * Asks the disk how large it is; if that changed, tells the front. (*changed),
 * unless NULL.
 * Errors:  those of the disk's info(), and of the store
 */
LEAT_API int leat_blkback_look(struct leat_blkback *b, bool *changed);

/* Whether a front is served. And why it broke: one line, "" if it did not; kept
 * until it is connected again. Owner: the text is borrowed from (b). */
LEAT_API bool leat_blkback_connected(const struct leat_blkback *b);
LEAT_API const char *leat_blkback_text(const struct leat_blkback *b);

struct leat_blkback_stats {
    /* Requests taken, by what they ask. An indirect one counts as what it is,
     * and in (indirect). */
    uint64_t reads, writes, flushes, barriers, discards, unknown;
    uint64_t indirect;
    uint64_t read_bytes, write_bytes, discard_bytes;

    /* Responses, by status. */
    uint64_t okay, error, unsupported;

    /* Of the errors: what was wrong. */
    uint64_t bad_segments;  /* how many, or first and last sector            */
    uint64_t bad_range;     /* not within the disk                           */
    uint64_t bad_alignment; /* not whole sectors of its size                 */
    uint64_t bad_access;    /* writes to a read-only disk                    */
    uint64_t bad_grant;     /* a page could not be mapped                    */
    uint64_t bad_disk;      /* the disk failed                               */

    /* Grants. */
    uint64_t maps, unmaps; /* operations, of many pages each                 */
    uint64_t mapped;       /* pages mapped                                   */
    uint64_t hits;         /* pages found among the persistent ones          */
    uint64_t purged;       /* persistent pages unmapped to make room         */
    uint64_t unmap_failed; /* operations that failed: the pages may stay     */

    uint64_t notifies; /* times the front was woken                          */
    uint64_t waits;    /* times the disk was full                            */
    uint64_t connects; /* times a front was connected                        */

    /* Gauges. */
    uint64_t persistent; /* pages kept mapped                                */
    uint64_t under_way;  /* requests taken, without response                 */
    uint32_t queues;     /* connected: how many, and pages of a ring         */
    uint32_t ring_pages;
};

LEAT_API int leat_blkback_stats(const struct leat_blkback *b,
                                struct leat_blkback_stats *out);

/* What was copied: requests, responses and indirect pages (LEAT_WHY_SHARED). No
 * payload is. Owner: borrowed from (b). */
LEAT_API const struct leat_copies *leat_blkback_copies(
    const struct leat_blkback *b);

/* Verifies the invariants: NULL, or which is broken. */
LEAT_API const char *leat_blkback_check(const struct leat_blkback *b);

LEAT_END_DECLS

#endif
