/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_BLKIF_H
#define LEAT_SRC_BLKIF_H

/*
 * The wire of block devices: what lies in a slot of the ring, in both layouts, and
 * the same as this library works with it.
 *
 *                    x86-64   x86-32
 *     a slot         112      108      bytes
 *     header         24       20       what comes before the segments
 *     response       16       12
 *
 * A slot is copied out of the ring, or into it, as bytes (leat/ring.h); what is
 * here turns private bytes into a struct and back, and checks nothing: whoever
 * takes a request judges what it says.
 *
 * All numbers of sectors are of 512 bytes, whatever the disk's sector is.
 *
 * Source: xen/io/blkif.h; tests/unit/test_blkif_layout.c holds it against that.
 */

#include <leat/error.h>
#include <leat/page.h>

/* Operations. */
#define BLKIF_READ     0u
#define BLKIF_WRITE    1u
#define BLKIF_BARRIER  2u /* a write, before and after all others             */
#define BLKIF_FLUSH    3u
#define BLKIF_DISCARD  5u
#define BLKIF_INDIRECT 6u /* a read or a write with its segments in pages     */

/* Flag of a discard. */
#define BLKIF_SECURE 1u

/* Statuses. */
#define BLKIF_OKAY        0
#define BLKIF_ERROR       (-1)
#define BLKIF_UNSUPPORTED (-2)

/* Bits of the key "info". */
#define BLKIF_INFO_CDROM     1u
#define BLKIF_INFO_REMOVABLE 2u
#define BLKIF_INFO_READ_ONLY 4u

#define BLKIF_SECTOR            512u
#define BLKIF_SHIFT             9u
#define BLKIF_PAGE_SECTORS      8u /* in a page: first and last are below it */
#define BLKIF_SEGMENTS          11u
#define BLKIF_INDIRECT_PAGES    8u
#define BLKIF_INDIRECT_PER_PAGE 512u
#define BLKIF_INDIRECT_SEGMENTS (BLKIF_INDIRECT_PAGES * BLKIF_INDIRECT_PER_PAGE)

/* The most bytes of a request, and of a response. */
#define BLKIF_REQUEST_MAX  112u
#define BLKIF_RESPONSE_MAX 16u

/* The values of the key "protocol". */
#define BLKIF_PROTOCOL_64 "x86_64-abi"
#define BLKIF_PROTOCOL_32 "x86_32-abi"

enum leat_blkif_layout {
    LEAT_BLKIF_64 = 0, /* also of ARM, and of all others but x86-32 */
    LEAT_BLKIF_32 = 1,
};

/* A segment: so in both layouts, in a request as in an indirect page. */
struct leat_blkif_segment {
    uint32_t ref;
    uint8_t first; /* sectors of the page, both included */
    uint8_t last;
    uint16_t pad;
};

/* A request, of any kind, in this host's own layout. */
struct leat_blkif_request {
    uint64_t id;
    uint64_t sector;   /* the first                                           */
    uint64_t sectors;  /* DISCARD: how many                                   */
    uint16_t handle;   /* of the virtual device; nobody looks at it           */
    uint16_t segments; /* READ, WRITE, BARRIER, INDIRECT, and FLUSH: as said,
                          not as may be                                       */
    uint8_t operation;
    uint8_t inner; /* INDIRECT: READ or WRITE                                 */
    uint8_t flags; /* DISCARD: BLKIF_SECURE                                   */
    union {
        struct leat_blkif_segment seg[BLKIF_SEGMENTS];
        uint32_t pages[BLKIF_INDIRECT_PAGES]; /* INDIRECT: references         */
    } u;
};

struct leat_blkif_response {
    uint64_t id;
    int16_t status;
    uint8_t operation; /* of the request */
};

/* Bytes of a slot of the ring, and of a response in it. */
size_t leat_blkif_slot(enum leat_blkif_layout layout);
size_t leat_blkif_response_bytes(enum leat_blkif_layout layout);

/* The layout by the key "protocol"; NULL and "" are this machine's own.
 * Errors: LEAT_E_UNSUPPORTED: another word */
int leat_blkif_layout_of(const char *protocol, enum leat_blkif_layout *out);
const char *leat_blkif_protocol(enum leat_blkif_layout layout);

/*
 * Writes (*r) to (bytes), of BLKIF_REQUEST_MAX, padding zeroed (XSA-216), and
 * gives how many it has: the rest of the slot is nothing. A request of more
 * segments than there is room for is cut.
 */
size_t leat_blkif_request_out(enum leat_blkif_layout layout,
                              const struct leat_blkif_request *r, void *bytes);

/*
 * Reads a request from the leat_blkif_slot() bytes of a slot. Of segments and
 * pages those come along that (r->segments) says, as far as there is room; the
 * rest of (r->u) is not written. Of an operation that is none of the above the
 * fields that all have are read.
 */
void leat_blkif_request_in(enum leat_blkif_layout layout, const void *bytes,
                           struct leat_blkif_request *r);

/* The same for responses, of leat_blkif_response_bytes(). */
size_t leat_blkif_response_out(enum leat_blkif_layout layout,
                               const struct leat_blkif_response *r,
                               void *bytes);
void leat_blkif_response_in(enum leat_blkif_layout layout, const void *bytes,
                            struct leat_blkif_response *r);

/* How many indirect pages (segments) take. */
static inline uint32_t leat_blkif_pages(uint32_t segments)
{
    return (segments + BLKIF_INDIRECT_PER_PAGE - 1) / BLKIF_INDIRECT_PER_PAGE;
}

#endif
