/* SPDX-License-Identifier: ISC */

/*
 * The two layouts of blkif, byte by byte.
 *
 *   W1  each field lies where xen/io/blkif.h has it: the tables below
 *   W2  what lies between the fields is written as zeros, and never read
 *   W3  nothing here depends on what a peer wrote, but how many of the segments
 *       of a request are copied, which is bounded by the room for them
 *
 *     direct    operation 0, segments 1, handle 2, ID, sector ID+8, segments ID+16
 *     discard   operation 0, flags 1, handle 2, ID, sector ID+8, sectors ID+16
 *     indirect  operation 0, inner 1, segments 2, ID, sector ID+8, handle ID+16,
 *               pages ID+20
 *     response  id 0, operation 8, status 10
 *
 * ID is 8 in the layout of x86-64, whose words of 64 bits are aligned, and 4 in
 * that of x86-32. Numbers are in the machine's own order, as the ring's are.
 *
 * These are moves of fields of at most eight bytes, and of segments, which are as
 * wide: words through a register, which are no copies of payload (leat/copies.h).
 */

#include <string.h>

#include "blkif.h"

struct shape {
    uint8_t id;
    uint8_t slot;
    uint8_t response;
};

static const struct shape shapes[] = {
    [LEAT_BLKIF_64] = {.id = 8, .slot = 112, .response = 16},
    [LEAT_BLKIF_32] = {.id = 4, .slot = 108, .response = 12},
};

_Static_assert(sizeof(struct leat_blkif_segment) == 8, "W1");
_Static_assert(LEAT_PAGE_SIZE / sizeof(struct leat_blkif_segment) ==
                   BLKIF_INDIRECT_PER_PAGE,
               "W1");

size_t leat_blkif_slot(enum leat_blkif_layout layout)
{
    return shapes[layout].slot;
}

size_t leat_blkif_response_bytes(enum leat_blkif_layout layout)
{
    return shapes[layout].response;
}

static bool same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

int leat_blkif_layout_of(const char *protocol, enum leat_blkif_layout *out)
{
#if defined(__i386__)
    enum leat_blkif_layout own = LEAT_BLKIF_32;
#else
    enum leat_blkif_layout own = LEAT_BLKIF_64;
#endif

    if (!protocol || !protocol[0])
        *out = own;
    else if (same(protocol, BLKIF_PROTOCOL_64))
        *out = LEAT_BLKIF_64;
    else if (same(protocol, BLKIF_PROTOCOL_32))
        *out = LEAT_BLKIF_32;
    else
        return LEAT_E_UNSUPPORTED;
    return 0;
}

const char *leat_blkif_protocol(enum leat_blkif_layout layout)
{
    return layout == LEAT_BLKIF_32 ? BLKIF_PROTOCOL_32 : BLKIF_PROTOCOL_64;
}

/* How many of (n) there is room for: W3. */
static uint32_t most(uint32_t n, uint32_t room)
{
    return n < room ? n : room;
}

size_t leat_blkif_request_out(enum leat_blkif_layout layout,
                              const struct leat_blkif_request *r, void *bytes)
{
    unsigned char *to = bytes, *id = to + shapes[layout].id;
    size_t n;

    memset(to, 0, shapes[layout].id + (size_t)20); /* W2: up to what follows */
    to[0] = r->operation;
    memcpy(id, &r->id, 8);
    memcpy(id + 8, &r->sector, 8);
    switch (r->operation) {
    case BLKIF_INDIRECT:
        to[1] = r->inner;
        memcpy(to + 2, &r->segments, 2);
        memcpy(id + 16, &r->handle, 2);
        n = most(leat_blkif_pages(r->segments), BLKIF_INDIRECT_PAGES);
        memcpy(id + 20, r->u.pages, 4 * n);
        return shapes[layout].id + 20 + 4 * n;
    case BLKIF_DISCARD:
        to[1] = r->flags;
        memcpy(to + 2, &r->handle, 2);
        memcpy(id + 16, &r->sectors, 8);
        return shapes[layout].id + (size_t)24;
    default:
        to[1] = (unsigned char)r->segments;
        memcpy(to + 2, &r->handle, 2);
        n = most(r->segments, BLKIF_SEGMENTS);
        memcpy(id + 16, r->u.seg, sizeof(r->u.seg[0]) * n);
        return shapes[layout].id + 16 + sizeof(r->u.seg[0]) * n;
    }
}

void leat_blkif_request_in(enum leat_blkif_layout layout, const void *bytes,
                           struct leat_blkif_request *r)
{
    const unsigned char *from = bytes, *id = from + shapes[layout].id;
    size_t n;

    r->operation = from[0];
    r->inner = r->flags = 0;
    r->segments = 0;
    r->sectors = 0;
    memcpy(&r->id, id, 8);
    memcpy(&r->sector, id + 8, 8);
    switch (r->operation) {
    case BLKIF_INDIRECT:
        r->inner = from[1];
        memcpy(&r->segments, from + 2, 2);
        memcpy(&r->handle, id + 16, 2);
        n = most(leat_blkif_pages(r->segments), BLKIF_INDIRECT_PAGES);
        memcpy(r->u.pages, id + 20, 4 * n);
        break;
    case BLKIF_DISCARD:
        r->flags = from[1];
        memcpy(&r->handle, from + 2, 2);
        memcpy(&r->sectors, id + 16, 8);
        break;
    default:
        r->segments = from[1];
        memcpy(&r->handle, from + 2, 2);
        n = most(r->segments, BLKIF_SEGMENTS);
        memcpy(r->u.seg, id + 16, sizeof(r->u.seg[0]) * n);
    }
}

size_t leat_blkif_response_out(enum leat_blkif_layout layout,
                               const struct leat_blkif_response *r, void *bytes)
{
    unsigned char *to = bytes;

    memset(to, 0, shapes[layout].response);
    memcpy(to, &r->id, 8);
    to[8] = r->operation;
    memcpy(to + 10, &r->status, 2);
    return shapes[layout].response;
}

void leat_blkif_response_in(enum leat_blkif_layout layout, const void *bytes,
                            struct leat_blkif_response *r)
{
    const unsigned char *from = bytes;

    (void)layout; /* the fields lie alike; only what follows them does not */
    memcpy(&r->id, from, 8);
    r->operation = from[8];
    memcpy(&r->status, from + 10, 2);
}
