/* SPDX-License-Identifier: ISC */

/* A queue of blkback, with a front that keeps to the protocol. */

#include "pv/back_world.h"

static const enum leat_blkif_layout layouts[] = {LEAT_BLKIF_64, LEAT_BLKIF_32};

static bool is_disk(const unsigned char *bytes, size_t at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != play_byte(at + i))
            return false;
    return true;
}

static bool all(const unsigned char *bytes, int is, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != is)
            return false;
    return true;
}

Test(blkback, reads_and_writes_sectors_in_both_layouts)
{
    static struct back_world w;

    for (size_t l = 0; l < COUNT(layouts); l++) {
        struct leat_blkif_request r = {.id = 7, .sector = 10, .segments = 3};
        unsigned char *p[3];

        back_open(&w, (struct back_options){.layout = layouts[l]});
        for (int i = 0; i < 3; i++)
            r.u.seg[i].ref = front_page(&w, LEAT_READ_WRITE, 0xee, &p[i]);
        r.u.seg[0].first = 2;
        r.u.seg[0].last = 2;
        r.u.seg[1].last = 7;
        r.u.seg[2].first = 6;
        r.u.seg[2].last = 7;
        cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
        cr_assert(is_disk(p[0] + 1024, 10 * 512, 512));
        cr_assert(all(p[0], 0xee, 1024) && all(p[0] + 1536, 0xee, 2560));
        cr_assert(is_disk(p[1], 11 * 512, 4096));
        cr_assert(is_disk(p[2] + 3072, 19 * 512, 1024));
        cr_assert(all(p[2], 0xee, 3072));

        r.operation = BLKIF_WRITE;
        r.sector = PLAY_SECTORS - 11;
        cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
        cr_assert(is_disk(w.disk.bytes + (PLAY_SECTORS - 11) * 512, 10 * 512,
                          11 * 512));
        cr_assert_eq(back_stats(&w).read_bytes, 11 * 512);
        cr_assert_eq(back_stats(&w).write_bytes, 11 * 512);
        cr_assert_eq(back_stats(&w).okay, 2);
        /* What was copied is requests and responses: no payload. */
        cr_assert_eq(leat_copies_bytes(leat_blkback_copies(w.b)),
                     2 * (leat_blkif_slot(layouts[l]) +
                          leat_blkif_response_bytes(layouts[l])));
        back_close(&w);
    }
}

Test(blkback, a_read_needs_pages_to_write_and_a_write_to_read)
{
    static struct back_world w;
    struct leat_blkif_request r;
    uint32_t ref;

    back_open(&w, (struct back_options){0});
    ref = front_page(&w, LEAT_READ_ONLY, 0x44, NULL);
    r = front_move(BLKIF_READ, 0, &ref, 1);
    cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    cr_assert_eq(back_stats(&w).bad_grant, 1);
    r.operation = BLKIF_WRITE;
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert(all(w.disk.bytes, 0x44, 4096));
    back_close(&w);
}

/* An indirect request of (n) segments of a sector each. */
static struct leat_blkif_request indirect(struct back_world *w, uint8_t inner,
                                          uint16_t n, uint32_t data)
{
    struct leat_blkif_request r = {.operation = BLKIF_INDIRECT,
                                   .inner = inner,
                                   .id = 99,
                                   .sector = 64,
                                   .segments = n};

    for (uint32_t i = 0; i < leat_blkif_pages(n); i++) {
        struct leat_blkif_segment *s;
        unsigned char *bytes;

        r.u.pages[i] = front_page(w, LEAT_READ_ONLY, 0, &bytes);
        s = (void *)bytes;
        for (uint32_t k = 0; k < 512 && i * 512 + k < n; k++)
            s[k] = (struct leat_blkif_segment){
                .ref = data, .first = k % 8, .last = k % 8, .pad = 0xffff};
    }
    return r;
}

Test(blkback, indirect_requests_to_the_limit)
{
    static const uint16_t counts[] = {1, 11, 12, 511, 512, 513, 600};
    static struct back_world w;

    for (size_t i = 0; i < COUNT(counts); i++) {
        struct leat_blkif_request r;
        unsigned char *page;
        uint32_t data;
        uint16_t n = counts[i];

        back_open(&w, (struct back_options){.config.segments = 600,
                                            .layout = layouts[i % 2]});
        data = front_page(&w, LEAT_READ_WRITE, 0xee, &page);
        r = indirect(&w, BLKIF_READ, n, data);
        cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
        for (uint32_t k = 0; k < 8 && k < n; k++) {
            uint32_t last = (n - 1 - k) / 8 * 8 + k;

            cr_assert(is_disk(page + k * 512, (64 + last) * 512, 512));
        }
        cr_assert_eq(back_stats(&w).indirect, 1);
        cr_assert_eq(back_stats(&w).reads, 1);
        cr_assert_eq(leat_copies_bytes(leat_blkback_copies(w.b)),
                     leat_blkif_slot(w.layout) +
                         leat_blkif_response_bytes(w.layout) + 8u * n);
        back_close(&w);
    }
}

Test(blkback, flush_and_barrier_keep_their_order)
{
    static struct back_world w;
    struct leat_blkif_request r, flush = {.operation = BLKIF_FLUSH, .id = 3};
    struct leat_blkif_response rsp;
    uint32_t ref;

    back_open(&w, (struct back_options){0});
    ref = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    cr_assert_eq(back_status(&w, &flush), BLKIF_OKAY);
    cr_assert_str_eq(w.disk.log, "f");
    r = front_move(BLKIF_FLUSH, 8, &ref, 1); /* a flush, and then a write */
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert_str_eq(w.disk.log, "ffwf");

    /* Two writes, a barrier with a write, a read: done newest first, so only
     * the back keeps the order. */
    w.disk.logged = 0;
    memset(w.disk.log, 0, sizeof(w.disk.log));
    w.disk.newest_first = true;
    w.disk.hold = true;
    r = front_move(BLKIF_WRITE, 0, &ref, 1);
    front_put(&w, &r);
    r.sector = 16;
    front_put(&w, &r);
    r.operation = BLKIF_BARRIER;
    r.sector = 32;
    front_put(&w, &r);
    r.operation = BLKIF_READ;
    front_put(&w, &r);
    cr_assert_null(back_run(&w));
    cr_assert_eq(w.disk.n, 2);
    cr_assert_eq(back_stats(&w).under_way, 3);
    w.disk.hold = false;
    cr_assert_null(back_run(&w));
    cr_assert_str_eq(w.disk.log, "wwfwfr");
    for (int i = 0; i < 4; i++) {
        cr_assert(front_take_on(&w, 0, &rsp));
        cr_assert_eq(rsp.status, BLKIF_OKAY);
    }
    r = (struct leat_blkif_request){.operation = BLKIF_BARRIER, .id = 5};
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert_str_eq(w.disk.log, "wwfwfrf");
    cr_assert_eq(back_stats(&w).barriers, 2);
    back_close(&w);
}

Test(blkback, discards_and_erases)
{
    struct leat_blkif_request r = {
        .operation = BLKIF_DISCARD, .id = 1, .sector = 8, .sectors = 16};
    static struct back_world w;

    back_open(&w, (struct back_options){.layout = LEAT_BLKIF_32});
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert(w.disk.bytes[8 * 512 - 1] == play_byte(8 * 512 - 1) &&
              all(w.disk.bytes + 8 * 512, 0, 16 * 512) &&
              w.disk.bytes[24 * 512] == play_byte(24 * 512));
    r.flags = BLKIF_SECURE;
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert_str_eq(w.disk.log, "dS");
    /* Ignored where it was not offered. */
    w.disk.info.flags &= ~LEAT_DISK_CAN_ERASE;
    back_geometry(&w);
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert_str_eq(w.disk.log, "dSd");
    cr_assert_eq(back_stats(&w).discard_bytes, 3 * 16 * 512);
    w.disk.info.flags &= ~LEAT_DISK_CAN_DISCARD;
    back_geometry(&w);
    cr_assert_eq(back_status(&w, &r), BLKIF_UNSUPPORTED);
    back_close(&w);
}

Test(blkback, what_was_not_offered_is_unsupported)
{
    static struct back_world w;
    struct leat_blkif_request r = {.operation = BLKIF_FLUSH, .id = 1};

    back_open(&w,
              (struct back_options){.config.flags = LEAT_BLKBACK_NO_BARRIER |
                                                    LEAT_BLKBACK_NO_INDIRECT});
    w.b->offered = 0;
    r.operation = BLKIF_BARRIER;
    cr_assert_eq(back_status(&w, &r), BLKIF_UNSUPPORTED);
    r = indirect(&w, BLKIF_READ, 12, 8);
    cr_assert_eq(back_status(&w, &r), BLKIF_UNSUPPORTED);
    w.disk.info.flags = 0;
    back_geometry(&w);
    r = (struct leat_blkif_request){.operation = BLKIF_FLUSH, .id = 1};
    cr_assert_eq(back_status(&w, &r), BLKIF_UNSUPPORTED);
    cr_assert_eq(back_stats(&w).unsupported, 3);
    cr_assert_eq(back_stats(&w).error, 0);
    back_close(&w);
}

Test(blkback, a_read_only_disk_is_not_written)
{
    static struct back_world w;
    static const uint8_t ops[] = {BLKIF_WRITE, BLKIF_BARRIER, BLKIF_FLUSH,
                                  BLKIF_DISCARD};
    struct leat_blkif_request r;
    uint32_t ref;

    back_open(&w, (struct back_options){0});
    ref = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    w.disk.info.flags |= LEAT_DISK_IS_READ_ONLY;
    back_geometry(&w);
    for (size_t i = 0; i < COUNT(ops); i++) {
        r = front_move(ops[i], 0, &ref, 1);
        r.sectors = 1;
        cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    }
    cr_assert_eq(back_stats(&w).bad_access, COUNT(ops));
    r.operation = BLKIF_READ;
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    r = (struct leat_blkif_request){.operation = BLKIF_FLUSH};
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert(is_disk(w.disk.bytes, 0, sizeof(w.disk.bytes)));
    back_close(&w);
}

Test(blkback, sectors_of_4096_bytes_are_whole)
{
    static struct back_world w;
    struct leat_blkif_request r;
    uint32_t refs[2];

    back_open(&w, (struct back_options){0});
    refs[0] = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    refs[1] = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    w.disk.info.sector_bytes = 4096;
    back_geometry(&w);
    r = front_move(BLKIF_READ, 8, refs,
                   2); /* units are 512 bytes all the same */
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert(is_disk(w.page[0].bytes, 8 * 512, 4096));
    r.sector = 4;
    cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    r.sector = 8;
    r.u.seg[0].first = 4;
    r.u.seg[1].last = 3; /* a whole one in all, in two halves */
    cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    r.operation = BLKIF_DISCARD;
    r.sectors = 12;
    cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    cr_assert_eq(back_stats(&w).bad_alignment, 3);
    back_close(&w);
}

Test(blkback, indexes_wrap_and_events_are_held_off)
{
    static struct back_world w;
    struct leat_blkif_request r;
    uint32_t ref;

    back_open(&w, (struct back_options){.start = UINT32_MAX - 40, .order = 1});
    ref = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    r = front_move(BLKIF_READ, 0, &ref, 1);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert_eq(w.ring[0].words[W_RSP_PROD], 59);
    cr_assert_eq(w.ring[0].words[W_REQ_EVENT], 60);
    /* The front asked for its first response alone. */
    cr_assert_eq(back_stats(&w).notifies, 1);
    w.ring[0].words[W_RSP_EVENT] = 60;
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert_eq(back_stats(&w).notifies, 2);
    back_close(&w);
}

Test(blkback, a_full_disk_makes_requests_wait_in_order)
{
    static struct back_world w;
    struct leat_blkif_request r;
    struct leat_blkif_response rsp;
    uint32_t ref;

    back_open(&w, (struct back_options){.config.depth = 4});
    ref = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    w.disk.room = 1;
    w.disk.hold = true;
    for (uint64_t i = 0; i < 10; i++) {
        r = front_move(BLKIF_READ, 8 * i, &ref, 1);
        r.id = i;
        front_put(&w, &r);
    }
    cr_assert_null(back_run(&w));
    cr_assert_eq(w.disk.n, 1);
    cr_assert_eq(back_stats(&w).under_way, 4);
    cr_assert(back_stats(&w).waits > 0);
    w.disk.hold = false;
    cr_assert_null(back_run(&w));
    for (uint64_t i = 0; i < 10; i++) {
        cr_assert(front_take_on(&w, 0, &rsp));
        cr_assert_eq(rsp.id, i);
        cr_assert_eq(rsp.status, BLKIF_OKAY);
    }
    back_close(&w);
}

Test(blkback, an_error_of_the_disk_is_that_requests)
{
    static struct back_world w;
    struct leat_blkif_request r;
    struct leat_blkif_response rsp;
    bool more;
    struct back_queue *lied = NULL;
    uint32_t ref;

    back_open(&w, (struct back_options){0});
    ref = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    r = front_move(BLKIF_WRITE, 0, &ref, 1);
    w.disk.status = LEAT_E_SYSTEM;
    cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    w.disk.status = LEAT_E_UNSUPPORTED;
    cr_assert_eq(back_status(&w, &r), BLKIF_UNSUPPORTED);
    w.disk.status = 0;
    w.disk.refuse = LEAT_E_SYSTEM;
    cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    w.disk.refuse = 0;
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert_eq(back_stats(&w).bad_disk, 2);
    /* A barrier whose first step fails is over, and holds nobody up. */
    r.operation = BLKIF_BARRIER;
    w.disk.status = LEAT_E_SYSTEM;
    cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    w.disk.status = 0;
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    /* A disk that dies fails what it had. */
    w.disk.hold = true;
    r.operation = BLKIF_WRITE;
    front_put(&w, &r);
    cr_assert_null(back_run(&w));
    w.disk.dead = true;
    FAILS(LEAT_E_GONE, leat_back_serve(w.b, 8, false, &more, &lied));
    cr_assert(front_take_on(&w, 0, &rsp));
    cr_assert_eq(rsp.status, BLKIF_ERROR);
    back_close(&w);
}

Test(blkback, queues_are_apart)
{
    static struct back_world w;
    struct leat_blkif_request r;
    struct leat_blkif_response rsp;
    uint32_t refs[2];

    back_open(&w, (struct back_options){.queues = 2, .persistent = true});
    refs[0] = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    refs[1] = front_page(&w, LEAT_READ_WRITE, 2, NULL);
    r = front_move(BLKIF_READ, 0, &refs[0], 1);
    front_put_on(&w, 0, &r);
    r = front_move(BLKIF_READ, 8, &refs[1], 1);
    front_put_on(&w, 1, &r);
    cr_assert_null(back_run(&w));
    cr_assert(front_take_on(&w, 0, &rsp) && rsp.status == BLKIF_OKAY);
    cr_assert(front_take_on(&w, 1, &rsp) && rsp.status == BLKIF_OKAY);
    cr_assert(is_disk(w.page[0].bytes, 0, 4096));
    cr_assert(is_disk(w.page[1].bytes, 4096, 4096));
    /* One that lies is named, and the other was served. */
    w.ring[0].words[W_REQ_PROD] += 1000;
    front_put_on(&w, 1, &r);
    cr_assert_eq(back_run(&w), &w.b->queues[0]);
    cr_assert(front_take_on(&w, 1, &rsp) && rsp.status == BLKIF_OKAY);
    back_close(&w);
}
