/* SPDX-License-Identifier: ISC */

/* The front's pages: mapped for one request, or kept. */

#include "pv/back_world.h"

static unsigned uses(struct back_world *w, uint32_t ref)
{
    return w->g.a->uses[ref];
}

/* At each unmapping: the response is not shown yet. */
struct watch {
    struct back_world *w;
    uint32_t unmaps, shown;
};

static void before_unmap(void *arg, struct plain_domain *d, const char *what)
{
    struct watch *watch = arg;

    if (d->id != 2 || strcmp(what, "unmap"))
        return;
    watch->unmaps++;
    watch->shown += watch->w->ring[0].words[W_RSP_PROD];
}

Test(blkback_pages, are_let_go_of_before_the_response_is_shown)
{
    static struct back_world w;
    struct watch watch = {.w = &w};
    struct leat_blkif_request r;
    uint32_t refs[11];

    back_open(&w, (struct back_options){0});
    for (int i = 0; i < 11; i++)
        refs[i] = front_page(&w, LEAT_READ_WRITE, i, NULL);
    w.g.world.step = before_unmap;
    w.g.world.arg = &watch;
    r = front_move(BLKIF_READ, 0, refs, 11);
    w.disk.hold = true;
    front_put(&w, &r);
    cr_assert_null(back_run(&w));
    cr_assert_eq(uses(&w, refs[10]), 1);
    w.disk.hold = false;
    cr_assert_null(back_run(&w));
    cr_assert_eq(watch.unmaps, 1); /* 11 pages, one operation */
    cr_assert_eq(watch.shown, 0);
    cr_assert_eq(w.ring[0].words[W_RSP_PROD], 1);
    for (int i = 0; i < 11; i++)
        cr_assert_eq(uses(&w, refs[i]), 0);
    cr_assert_eq(back_stats(&w).maps, 2); /* and the ring */
    cr_assert_eq(back_stats(&w).mapped, 12);
    w.g.world.step = NULL;
    back_close(&w);
}

Test(blkback_pages, that_are_kept_cost_no_operation)
{
    static struct back_world w;
    struct leat_blkif_request r;
    struct leat_blkback_stats s;
    uint32_t refs[11];

    back_open(&w, (struct back_options){.persistent = true});
    for (int i = 0; i < 11; i++)
        refs[i] = front_page(&w, LEAT_READ_WRITE, i, NULL);
    for (int i = 0; i < 100; i++) {
        r = front_move(i % 2 ? BLKIF_READ : BLKIF_WRITE, 0, refs, 11);
        cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    }
    s = back_stats(&w);
    cr_assert_eq(s.maps, 2);
    cr_assert_eq(s.unmaps, 0);
    cr_assert_eq(s.hits, 99 * 11);
    cr_assert_eq(s.persistent, 11);
    cr_assert_eq(s.purged, 0);
    /* They may be written, whatever they were mapped for first. */
    cr_assert_eq(w.g.a->writes[refs[0]], 1);
    back_close(&w);
}

Test(blkback_pages, that_were_not_used_longest_go_first)
{
    static struct back_world w;
    struct leat_blkif_request r;
    uint32_t refs[4];

    back_open(
        &w, (struct back_options){.persistent = true, .config.persistent = 3});
    for (int i = 0; i < 4; i++)
        refs[i] = front_page(&w, LEAT_READ_WRITE, i, NULL);
    for (int i = 0; i < 3; i++) {
        r = front_move(BLKIF_READ, 0, &refs[i], 1);
        cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    }
    r = front_move(BLKIF_READ, 0, &refs[0], 1); /* so 1 is the oldest */
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    r = front_move(BLKIF_READ, 0, &refs[3], 1);
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert(uses(&w, refs[0]) && !uses(&w, refs[1]) && uses(&w, refs[2]) &&
              uses(&w, refs[3]));
    cr_assert_eq(back_stats(&w).purged, 1);
    cr_assert_eq(back_stats(&w).persistent, 3);
    back_close(&w);
}

Test(blkback_pages, that_are_in_use_are_not_purged)
{
    static struct back_world w;
    struct leat_blkif_request r;
    struct leat_blkif_response rsp;
    uint32_t refs[6];

    back_open(
        &w, (struct back_options){.persistent = true, .config.persistent = 3});
    for (int i = 0; i < 6; i++)
        refs[i] = front_page(&w, LEAT_READ_WRITE, i, NULL);
    w.disk.hold = true;
    r = front_move(BLKIF_READ, 0, refs, 3);
    front_put(&w, &r);
    r = front_move(BLKIF_READ, 64, refs + 3, 3); /* no room: for it alone */
    front_put(&w, &r);
    cr_assert_null(back_run(&w));
    cr_assert_eq(w.disk.n, 2);
    for (int i = 0; i < 6; i++)
        cr_assert_eq(uses(&w, refs[i]), 1);
    w.disk.hold = false;
    cr_assert_null(back_run(&w));
    while (front_take_on(&w, 0, &rsp))
        cr_assert_eq(rsp.status, BLKIF_OKAY);
    cr_assert_eq(w.page[5].bytes[0], play_byte((64 + 16) * 512));
    cr_assert(uses(&w, refs[0]) == 1 && uses(&w, refs[3]) == 0);
    /* More than all that may be kept. */
    r = front_move(BLKIF_READ, 0, refs, 6);
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert_eq(back_stats(&w).persistent, 3);
    back_close(&w);
}

Test(blkback_pages, one_reference_many_times)
{
    static struct back_world w;
    struct leat_blkif_request r;
    struct leat_blkif_response rsp;
    unsigned char *page;
    uint32_t refs[11];

    for (unsigned kept = 0; kept < 2; kept++) {
        back_open(&w, (struct back_options){.persistent = kept});
        refs[0] = front_page(&w, LEAT_READ_WRITE, 0x77, &page);
        for (int i = 1; i < 11; i++)
            refs[i] = refs[0];
        /* In one request: the last segment stays. */
        r = front_move(BLKIF_READ, 0, refs, 11);
        cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
        cr_assert_eq(page[0], play_byte(80 * 512));
        /* Read and written in one batch: both are done, and the disk has what
         * was in the page before or after the read, sector by sector. */
        memset(page, 0x77, PAGE);
        w.disk.hold = true;
        r = front_move(BLKIF_READ, 8, refs, 1);
        front_put(&w, &r);
        r = front_move(BLKIF_WRITE, 256, refs, 1);
        front_put(&w, &r);
        cr_assert_null(back_run(&w));
        cr_assert_eq(w.disk.n, 2);
        w.disk.hold = false;
        cr_assert_null(back_run(&w));
        while (front_take_on(&w, 0, &rsp))
            cr_assert_eq(rsp.status, BLKIF_OKAY);
        cr_assert_eq(page[0], play_byte(8 * 512));
        cr_assert(w.disk.bytes[256 * 512] == 0x77 ||
                  w.disk.bytes[256 * 512] == play_byte(8 * 512));
        cr_assert_eq(back_stats(&w).persistent, kept);
        back_close(&w);
    }
}

Test(blkback_pages, indirect_pages_are_kept_too)
{
    static struct back_world w;
    struct leat_blkif_request r = {
        .operation = BLKIF_INDIRECT, .inner = BLKIF_WRITE, .segments = 20};
    struct leat_blkif_segment *s;
    unsigned char *bytes;

    back_open(&w, (struct back_options){.persistent = true});
    r.u.pages[0] = front_page(&w, LEAT_READ_WRITE, 0, &bytes);
    s = (void *)bytes;
    for (int i = 0; i < 20; i++)
        s[i] = (struct leat_blkif_segment){
            .ref = front_page(&w, LEAT_READ_WRITE, i, NULL), .last = 7};
    for (int i = 0; i < 10; i++)
        cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    cr_assert_eq(w.disk.bytes[19 * 4096], 19);
    cr_assert_eq(back_stats(&w).maps, 3); /* ring, indirect page, data */
    cr_assert_eq(back_stats(&w).unmaps, 0);
    cr_assert_eq(back_stats(&w).persistent, 21);
    back_close(&w);
}

/* The table has no mappings left: what is kept gives way. */
Test(blkback_pages, a_short_table_of_mappings_gives_way)
{
    static struct back_world w;
    struct leat_blkif_request r;
    uint32_t refs[8];

    back_open(&w, (struct back_options){.persistent = true, .maps_max = 4});
    for (int i = 0; i < 8; i++)
        refs[i] = front_page(&w, LEAT_READ_WRITE, i, NULL);
    for (int i = 0; i < 24; i++) {
        r = front_move(BLKIF_READ, 0, &refs[i % 8], 1);
        cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    }
    cr_assert_leq(back_stats(&w).persistent, 3);
    back_close(&w);
}

/* All kinds of requests at once, in random sizes, against a table too small. */
Test(blkback_pages, survive_a_thousand_random_requests)
{
    static struct back_world w;
    struct leat_blkif_response rsp;
    uint32_t refs[32], x = 1;

    back_open(&w,
              (struct back_options){.persistent = true,
                                    .config = {.persistent = 13, .depth = 7}});
    for (int i = 0; i < 32; i++)
        refs[i] = front_page(&w, LEAT_READ_WRITE, i, NULL);
    for (int i = 0; i < 1000; i++) {
        struct leat_blkif_request r = {.id = (uint64_t)i};

        x = x * 1103515245 + 12345;
        r.operation = x >> 16 & 1;
        r.segments = (uint16_t)(1 + (x >> 17) % 11);
        r.sector = (x >> 8) % 1900;
        for (uint32_t k = 0; k < r.segments; k++)
            r.u.seg[k] = (struct leat_blkif_segment){
                .ref = refs[(x >> 20) * (k + 1) % 32], .last = 7};
        front_put(&w, &r);
        w.disk.hold = i % 5;
        w.disk.newest_first = i % 3;
        cr_assert_null(back_run(&w));
        while (front_take_on(&w, 0, &rsp))
            cr_assert_eq(rsp.status, BLKIF_OKAY);
    }
    w.disk.hold = false;
    cr_assert_null(back_run(&w));
    cr_assert_eq(back_stats(&w).okay, 1000);
    cr_assert(back_stats(&w).purged > 0);
    cr_assert_leq(back_stats(&w).persistent, 13);
    back_close(&w);
}
