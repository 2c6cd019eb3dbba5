/* SPDX-License-Identifier: ISC */

/* The wire of block devices, byte by byte; its layouts by Xen's own header are
 * test_blkif_layout's. */

#include "pool_fixture.h"
#include "pv/blkif.h"

enum {
    FULL = 0xee
};

/* Where the fields lie, by the tables of xen/io/blkif.h. */
static const struct {
    enum leat_blkif_layout layout;
    size_t id, slot, response;
    const char *protocol;
} shapes[] = {
    {LEAT_BLKIF_64, 8, 112, 16, "x86_64-abi"},
    {LEAT_BLKIF_32, 4, 108, 12, "x86_32-abi"},
};

#define EACH_SHAPE(s) for (size_t s = 0; s < 2; s++)

static const struct leat_blkif_request sample = {
    .id = 0x1122334455667788,
    .sector = 0x99aabbccddeeff00,
    .sectors = 0x0102030405060708,
    .handle = 0xcafe,
    .inner = BLKIF_WRITE,
    .flags = BLKIF_SECURE,
};

static struct leat_blkif_request request(uint8_t op, uint16_t segments)
{
    struct leat_blkif_request r = sample;

    r.operation = op;
    r.segments = segments;
    if (op == BLKIF_INDIRECT)
        for (uint32_t i = 0; i < BLKIF_INDIRECT_PAGES; i++)
            r.u.pages[i] = 0x01010101 * (i + 1);
    else
        for (uint32_t i = 0; i < BLKIF_SEGMENTS; i++)
            r.u.seg[i] = (struct leat_blkif_segment){
                .ref = 0x02020202 * (i + 1), .first = i % 8, .last = 7};
    return r;
}

/* The bytes [at, at + n) are those of the number (v). */
static void lies(const unsigned char *bytes, size_t at, uint64_t v, size_t n)
{
    cr_assert(!memcmp(bytes + at, &v, n), "at %zu", at);
}

static void zeros(const unsigned char *bytes, size_t from, size_t to)
{
    for (; from < to; from++)
        cr_assert_eq(bytes[from], 0, "at %zu", from);
}

static void untouched(const unsigned char *bytes, size_t from, size_t to)
{
    for (; from < to; from++)
        cr_assert_eq(bytes[from], FULL, "at %zu", from);
}

Test(blkif, slots_and_protocols)
{
    enum leat_blkif_layout l;

    EACH_SHAPE(s)
    {
        cr_assert_eq(leat_blkif_slot(shapes[s].layout), shapes[s].slot);
        cr_assert_eq(leat_blkif_response_bytes(shapes[s].layout),
                     shapes[s].response);
        cr_assert_str_eq(leat_blkif_protocol(shapes[s].layout),
                         shapes[s].protocol);
        l = LEAT_BLKIF_32 - shapes[s].layout;
        cr_assert_eq(leat_blkif_layout_of(shapes[s].protocol, &l), 0);
        cr_assert_eq(l, shapes[s].layout);
        l = LEAT_BLKIF_32;
        cr_assert_eq(leat_blkif_layout_of(s ? NULL : "", &l), 0);
        cr_assert_eq(l, sizeof(void *) == 8 ? LEAT_BLKIF_64 : LEAT_BLKIF_32);
    }
    l = LEAT_BLKIF_32;
    for (size_t i = 0; i < 4; i++) {
        static const char *const others[] = {"arm-abi", "x86_64-ab",
                                             "x86_64-abi ", "x86_32"};

        cr_assert_eq(leat_blkif_layout_of(others[i], &l), LEAT_E_UNSUPPORTED,
                     "%s", others[i]);
        cr_assert_eq(l, LEAT_BLKIF_32);
    }
}

Test(blkif, pages_of_segments)
{
    static const uint32_t of[][2] = {
        {0, 0},    {1, 1},    {511, 1},  {512, 1},  {513, 2},
        {1024, 2}, {1025, 3}, {4096, 8}, {4097, 9}, {65535, 128}};

    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
        cr_assert_eq(leat_blkif_pages(of[i][0]), of[i][1], "%u", of[i][0]);
}

/* Reads, writes, barriers, flushes, and what nobody knows. */
Test(blkif, a_direct_request)
{
    static const uint8_t ops[] = {
        BLKIF_READ, BLKIF_WRITE, BLKIF_BARRIER, BLKIF_FLUSH, 4, 7, 255};

    EACH_SHAPE(s)
    {
        const size_t id = shapes[s].id;

        for (size_t i = 0; i < sizeof(ops); i++) {
            for (uint16_t n = 0; n <= BLKIF_SEGMENTS; n++) {
                struct leat_blkif_request r = request(ops[i], n), back;
                unsigned char b[BLKIF_REQUEST_MAX + 8];

                memset(b, FULL, sizeof(b));
                cr_assert_eq(leat_blkif_request_out(shapes[s].layout, &r, b),
                             id + 16 + 8 * n);
                cr_assert(b[0] == ops[i] && b[1] == n);
                lies(b, 2, r.handle, 2);
                zeros(b, 4, id);
                lies(b, id, r.id, 8);
                lies(b, id + 8, r.sector, 8);
                for (size_t k = 0; k < n; k++) {
                    size_t at = id + 16 + 8 * k;

                    lies(b, at, r.u.seg[k].ref, 4);
                    cr_assert(b[at + 4] == r.u.seg[k].first);
                    cr_assert(b[at + 5] == r.u.seg[k].last);
                    zeros(b, at + 6, at + 8);
                }
                untouched(b, id + (n ? 16 + 8 * n : 20), sizeof(b));

                memset(&back, FULL, sizeof(back));
                leat_blkif_request_in(shapes[s].layout, b, &back);
                cr_assert(back.operation == ops[i] && back.segments == n);
                cr_assert(back.id == r.id && back.sector == r.sector);
                cr_assert(back.handle == r.handle);
                cr_assert(!back.inner && !back.flags && !back.sectors);
                cr_assert(!memcmp(back.u.seg, r.u.seg, 8 * n));
                untouched((unsigned char *)back.u.seg, 8 * n,
                          sizeof(back.u.seg));
            }
        }
    }
}

/* What it says is read as it is said, and what there is no room for is not. */
Test(blkif, a_direct_request_of_too_many)
{
    EACH_SHAPE(s)
    {
        for (uint16_t n = BLKIF_SEGMENTS + 1; n <= 255; n++) {
            struct leat_blkif_request r = request(BLKIF_READ, n);
            unsigned char b[BLKIF_REQUEST_MAX + 8];
            struct {
                struct leat_blkif_request r;
                unsigned char after[16];
            } back;

            memset(b, FULL, sizeof(b));
            cr_assert_eq(leat_blkif_request_out(shapes[s].layout, &r, b),
                         shapes[s].id + 16 + 88);
            cr_assert_eq(b[1], n);
            untouched(b, shapes[s].slot, sizeof(b));
            memset(&back, FULL, sizeof(back));
            leat_blkif_request_in(shapes[s].layout, b, &back.r);
            cr_assert_eq(back.r.segments, n);
            cr_assert(!memcmp(back.r.u.seg, r.u.seg, sizeof(r.u.seg)));
            untouched(back.after, 0, sizeof(back.after));
        }
    }
}

Test(blkif, a_discard)
{
    EACH_SHAPE(s)
    {
        struct leat_blkif_request r = request(BLKIF_DISCARD, 0), back;
        const size_t id = shapes[s].id;
        unsigned char b[BLKIF_REQUEST_MAX];

        memset(b, FULL, sizeof(b));
        cr_assert_eq(leat_blkif_request_out(shapes[s].layout, &r, b), id + 24);
        cr_assert(b[0] == BLKIF_DISCARD && b[1] == BLKIF_SECURE);
        lies(b, 2, r.handle, 2);
        zeros(b, 4, id);
        lies(b, id, r.id, 8);
        lies(b, id + 8, r.sector, 8);
        lies(b, id + 16, r.sectors, 8);
        untouched(b, id + 24, sizeof(b));

        memset(&back, FULL, sizeof(back));
        leat_blkif_request_in(shapes[s].layout, b, &back);
        cr_assert(back.operation == BLKIF_DISCARD && back.id == r.id);
        cr_assert(back.flags == BLKIF_SECURE && back.sector == r.sector);
        cr_assert(back.sectors == r.sectors && back.handle == r.handle);
        cr_assert(!back.segments && !back.inner);
        untouched((unsigned char *)&back.u, 0, sizeof(back.u));
    }
}

Test(blkif, an_indirect_request)
{
    static const uint16_t sizes[] = {0,    1,    12,   512,  513,
                                     3584, 3585, 4096, 4097, 65535};

    EACH_SHAPE(s)
    {
        const size_t id = shapes[s].id;

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct leat_blkif_request r = request(BLKIF_INDIRECT, sizes[i]);
            uint32_t pages = leat_blkif_pages(sizes[i]);
            struct leat_blkif_request back;
            unsigned char b[BLKIF_REQUEST_MAX];

            if (pages > BLKIF_INDIRECT_PAGES)
                pages = BLKIF_INDIRECT_PAGES;
            memset(b, FULL, sizeof(b));
            cr_assert_eq(leat_blkif_request_out(shapes[s].layout, &r, b),
                         id + 20 + 4 * pages);
            cr_assert(b[0] == BLKIF_INDIRECT && b[1] == BLKIF_WRITE);
            lies(b, 2, sizes[i], 2);
            zeros(b, 4, id);
            lies(b, id, r.id, 8);
            lies(b, id + 8, r.sector, 8);
            lies(b, id + 16, r.handle, 2);
            zeros(b, id + 18, id + 20);
            for (uint32_t k = 0; k < pages; k++)
                lies(b, id + 20 + 4 * k, r.u.pages[k], 4);
            untouched(b, id + 20 + 4 * pages, sizeof(b));

            memset(&back, FULL, sizeof(back));
            leat_blkif_request_in(shapes[s].layout, b, &back);
            cr_assert(back.operation == BLKIF_INDIRECT);
            cr_assert(back.inner == BLKIF_WRITE && back.segments == sizes[i]);
            cr_assert(back.id == r.id && back.sector == r.sector);
            cr_assert(back.handle == r.handle);
            cr_assert(!back.flags && !back.sectors);
            cr_assert(!memcmp(back.u.pages, r.u.pages, 4 * pages));
            untouched((unsigned char *)back.u.pages, 4 * pages, sizeof(back.u));
        }
    }
}

/* XSA-216: nothing of the stack is in the padding. */
Test(blkif, a_response)
{
    static const int16_t statuses[] = {BLKIF_OKAY, BLKIF_ERROR,
                                       BLKIF_UNSUPPORTED, 77, INT16_MIN};

    EACH_SHAPE(s)
    {
        for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
            struct leat_blkif_response r = {.id = sample.id,
                                            .status = statuses[i],
                                            .operation = BLKIF_DISCARD},
                                       back;
            unsigned char b[BLKIF_RESPONSE_MAX + 8];

            memset(b, FULL, sizeof(b));
            cr_assert_eq(leat_blkif_response_out(shapes[s].layout, &r, b),
                         shapes[s].response);
            lies(b, 0, r.id, 8);
            cr_assert_eq(b[8], BLKIF_DISCARD);
            cr_assert_eq(b[9], 0);
            lies(b, 10, (uint16_t)r.status, 2);
            zeros(b, 12, shapes[s].response);
            untouched(b, shapes[s].response, sizeof(b));
            leat_blkif_response_in(shapes[s].layout, b, &back);
            cr_assert(back.id == r.id && back.status == r.status);
            cr_assert_eq(back.operation, BLKIF_DISCARD);
        }
    }
}

/* Any bytes at all are read within the slot, and give themselves again. */
Test(blkif, any_bytes)
{
    uint32_t x = 1;

    for (int round = 0; round < 20000; round++) {
        const size_t s = round & 1;
        unsigned char *b = malloc(shapes[s].slot);
        unsigned char again[BLKIF_REQUEST_MAX];
        struct leat_blkif_request r, r2;

        for (size_t i = 0; i < shapes[s].slot; i++)
            b[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
        b[0] %= 9;
        memset(&r, 0, sizeof(r));
        memset(&r2, 0, sizeof(r2));
        leat_blkif_request_in(shapes[s].layout, b, &r);
        cr_assert(leat_blkif_request_out(shapes[s].layout, &r, again) <=
                  shapes[s].slot);
        leat_blkif_request_in(shapes[s].layout, again, &r2);
        cr_assert(r.operation == r2.operation && r.segments == r2.segments);
        cr_assert(r.id == r2.id && r.sector == r2.sector);
        cr_assert(r.sectors == r2.sectors && r.handle == r2.handle);
        cr_assert(r.inner == r2.inner && r.flags == r2.flags);
        cr_assert(!memcmp(&r.u, &r2.u, sizeof(r.u)));
        free(b);
    }
}
