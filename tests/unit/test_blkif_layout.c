/* SPDX-License-Identifier: ISC */

/*
 * The wire of block devices against Xen's public header, in both layouts: that of
 * x86-64 is this machine's own, that of x86-32 is the same text where no field is
 * aligned to more than four bytes.
 */

#include "pool_fixture.h"
#include "pv/blkif.h"

#include <stddef.h>

#include <leat/ring.h>

#include <xen/xen.h>
/* After it. */
#include <xen/grant_table.h>
#include <xen/io/ring.h>

#include <xen/io/blkif.h>

#undef __XEN_PUBLIC_IO_BLKIF_H__
#undef DEFINE_RING_TYPES
#define DEFINE_RING_TYPES(...)   struct nothing
#define blkif_request_segment    blkif32_segment
#define blkif_request            blkif32_request
#define blkif_request_t          blkif32_request_t
#define blkif_request_discard    blkif32_discard
#define blkif_request_discard_t  blkif32_discard_t
#define blkif_request_indirect   blkif32_indirect
#define blkif_request_indirect_t blkif32_indirect_t
#define blkif_response           blkif32_response
#define blkif_response_t         blkif32_response_t
#pragma pack(push, 4)
#include <xen/io/blkif.h>
#pragma pack(pop)
#undef blkif_request_segment
#undef blkif_request
#undef blkif_request_discard
#undef blkif_request_indirect
#undef blkif_response

#define VALUE(ours, theirs) _Static_assert((ours) == (theirs), #ours)

VALUE(BLKIF_READ, BLKIF_OP_READ);
VALUE(BLKIF_WRITE, BLKIF_OP_WRITE);
VALUE(BLKIF_BARRIER, BLKIF_OP_WRITE_BARRIER);
VALUE(BLKIF_FLUSH, BLKIF_OP_FLUSH_DISKCACHE);
VALUE(BLKIF_DISCARD, BLKIF_OP_DISCARD);
VALUE(BLKIF_INDIRECT, BLKIF_OP_INDIRECT);
VALUE(BLKIF_SECURE, BLKIF_DISCARD_SECURE);
VALUE(BLKIF_OKAY, BLKIF_RSP_OKAY);
VALUE(BLKIF_ERROR, BLKIF_RSP_ERROR);
VALUE(BLKIF_UNSUPPORTED, BLKIF_RSP_EOPNOTSUPP);
VALUE(BLKIF_INFO_CDROM, VDISK_CDROM);
VALUE(BLKIF_INFO_REMOVABLE, VDISK_REMOVABLE);
VALUE(BLKIF_INFO_READ_ONLY, VDISK_READONLY);
VALUE(BLKIF_SEGMENTS, BLKIF_MAX_SEGMENTS_PER_REQUEST);
VALUE(BLKIF_INDIRECT_PAGES, BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST);

/* What is all the same in both, and how much it takes. */
VALUE(sizeof(struct blkif_request_segment), 8);
VALUE(sizeof(struct blkif32_segment), 8);
VALUE(sizeof(struct leat_blkif_segment), 8);
VALUE(BLKIF_INDIRECT_PER_PAGE, 512);
VALUE(BLKIF_INDIRECT_PER_PAGE, 4096 / sizeof(struct blkif_request_segment));
VALUE(offsetof(struct leat_blkif_segment, ref),
      offsetof(struct blkif_request_segment, gref));
VALUE(offsetof(struct leat_blkif_segment, first),
      offsetof(struct blkif_request_segment, first_sect));
VALUE(offsetof(struct leat_blkif_segment, last),
      offsetof(struct blkif_request_segment, last_sect));

VALUE(offsetof(struct blkif32_request, seg), 20);
VALUE(offsetof(struct blkif32_request, id), 4);
VALUE(sizeof(struct blkif32_request), 108);
VALUE(sizeof(struct blkif32_response), 12);
VALUE(sizeof(struct blkif32_discard) <= 108, 1);
VALUE(offsetof(struct blkif32_indirect, indirect_grefs), 24);
#if defined(__x86_64__)
VALUE(offsetof(struct blkif_request, seg), 24);
VALUE(offsetof(struct blkif_request, id), 8);
VALUE(sizeof(struct blkif_request), 112);
VALUE(sizeof(struct blkif_request), BLKIF_REQUEST_MAX);
VALUE(sizeof(struct blkif_response), 16);
VALUE(sizeof(struct blkif_response), BLKIF_RESPONSE_MAX);
VALUE(sizeof(struct blkif_request_discard) <= 112, 1);
VALUE(offsetof(struct blkif_request_indirect, indirect_grefs), 28);
#endif

#if defined(__x86_64__)
#define OWN LEAT_BLKIF_64
#else
#define OWN LEAT_BLKIF_32
#endif

Test(blkif_layout, slots)
{
    cr_assert_eq(leat_blkif_slot(OWN), sizeof(union blkif_sring_entry));
    cr_assert_eq(leat_blkif_slot(LEAT_BLKIF_32),
                 sizeof(struct blkif32_request));
    cr_assert_eq(leat_blkif_response_bytes(OWN), sizeof(struct blkif_response));
    cr_assert_eq(leat_blkif_response_bytes(LEAT_BLKIF_32),
                 sizeof(struct blkif32_response));
    for (unsigned order = 0; order <= LEAT_RING_ORDER_MAX; order++)
        cr_assert_eq(leat_ring_slots((uint32_t)leat_blkif_slot(OWN), order),
                     __CONST_RING_SIZE(blkif, 4096u << order));
}

static const struct leat_blkif_request sample = {
    .id = 0x1122334455667788,
    .sector = 0x99aabbccddeeff00,
    .sectors = 0x0102030405060708,
    .handle = 0xcafe,
    .inner = BLKIF_WRITE,
    .flags = BLKIF_SECURE,
};

/* What is written here is read by the header's structures; and by us, again. */
#define DIRECT(layout, type)                                             \
    do {                                                                 \
        struct leat_blkif_request r = sample, back;                      \
        struct type w;                                                   \
                                                                         \
        r.operation = BLKIF_WRITE;                                       \
        r.segments = 11;                                                 \
        for (uint32_t i = 0; i < 11; i++)                                \
            r.u.seg[i] = (struct leat_blkif_segment){                    \
                .ref = 1000003 * (i + 1), .first = i % 8, .last = 7};    \
        cr_assert_eq(leat_blkif_request_out(layout, &r, &w), sizeof(w)); \
        cr_assert(w.operation == 1 && w.nr_segments == 11);              \
        cr_assert(w.handle == r.handle && w.id == r.id);                 \
        cr_assert_eq(w.sector_number, r.sector);                         \
        for (uint32_t i = 0; i < 11; i++)                                \
            cr_assert(w.seg[i].gref == r.u.seg[i].ref &&                 \
                      w.seg[i].first_sect == r.u.seg[i].first &&         \
                      w.seg[i].last_sect == r.u.seg[i].last);            \
        leat_blkif_request_in(layout, &w, &back);                        \
        cr_assert(back.id == w.id && back.sector == w.sector_number);    \
        cr_assert(!memcmp(back.u.seg, r.u.seg, sizeof(r.u.seg)));        \
    } while (0)

#define DISCARD(layout, type)                                    \
    do {                                                         \
        struct leat_blkif_request r = sample;                    \
        union {                                                  \
            struct type w;                                       \
            unsigned char slot[BLKIF_REQUEST_MAX];               \
        } u;                                                     \
                                                                 \
        r.operation = BLKIF_DISCARD;                             \
        cr_assert_eq(leat_blkif_request_out(layout, &r, u.slot), \
                     offsetof(struct type, nr_sectors) + 8);     \
        cr_assert(u.w.operation == 5 && u.w.flag == 1);          \
        cr_assert(u.w.handle == r.handle && u.w.id == r.id);     \
        cr_assert(u.w.sector_number == r.sector);                \
        cr_assert(u.w.nr_sectors == r.sectors);                  \
    } while (0)

#define INDIRECT(layout, type)                                    \
    do {                                                          \
        struct leat_blkif_request r = sample;                     \
        union {                                                   \
            struct type w;                                        \
            unsigned char slot[BLKIF_REQUEST_MAX];                \
        } u;                                                      \
                                                                  \
        r.operation = BLKIF_INDIRECT;                             \
        r.segments = BLKIF_INDIRECT_SEGMENTS;                     \
        for (uint32_t i = 0; i < BLKIF_INDIRECT_PAGES; i++)       \
            r.u.pages[i] = 1000003 * (i + 1);                     \
        cr_assert_eq(leat_blkif_request_out(layout, &r, u.slot),  \
                     offsetof(struct type, indirect_grefs) + 32); \
        cr_assert(u.w.operation == 6 && u.w.indirect_op == 1);    \
        cr_assert(u.w.nr_segments == 4096 && u.w.id == r.id);     \
        cr_assert(u.w.sector_number == r.sector);                 \
        cr_assert(u.w.handle == r.handle);                        \
        cr_assert(!memcmp(u.w.indirect_grefs, r.u.pages, 32));    \
    } while (0)

#define RESPONSE(layout, type)                                            \
    do {                                                                  \
        struct leat_blkif_response r = {sample.id, BLKIF_ERROR, 6};       \
        struct type w;                                                    \
                                                                          \
        memset(&w, 0xff, sizeof(w));                                      \
        cr_assert_eq(leat_blkif_response_out(layout, &r, &w), sizeof(w)); \
        cr_assert(w.id == r.id && w.operation == 6);                      \
        cr_assert_eq(w.status, BLKIF_RSP_ERROR);                          \
    } while (0)

Test(blkif_layout, requests)
{
    DIRECT(OWN, blkif_request);
    DIRECT(LEAT_BLKIF_32, blkif32_request);
    DISCARD(OWN, blkif_request_discard);
    DISCARD(LEAT_BLKIF_32, blkif32_discard);
    INDIRECT(OWN, blkif_request_indirect);
    INDIRECT(LEAT_BLKIF_32, blkif32_indirect);
}

Test(blkif_layout, responses)
{
    RESPONSE(OWN, blkif_response);
    RESPONSE(LEAT_BLKIF_32, blkif32_response);
}
