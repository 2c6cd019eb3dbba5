/* SPDX-License-Identifier: ISC */

/*
 * What of the memory of this domain a back can see and change, through blkfront,
 * and for how long: pages that it holds on to, bytes that it changes afterwards,
 * what lay in a page before, a resume, and failures at each step.
 */

#include "pv/front_asks.h"

static struct front_world w;
static struct ask a;
static struct fw_taken q;

static void use(uint32_t ref, bool hold)
{
    if (hold)
        MUST(plain_use(w.g.a, ref, 2, LEAT_READ_WRITE));
    else
        plain_unuse(w.g.a, ref, LEAT_READ_WRITE);
}

static uint32_t pages_out(void)
{
    return (uint32_t)stats_of(w.g.a->pool).pages_out;
}

/* Pages that the back may map at this moment. */
static uint32_t pages_shown(void)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < PLAIN_FRAMES * LEAT_GNTTAB_PER_FRAME; i++)
        n += w.g.a->entries[i].flags != 0;
    return n;
}

/* --------------------------------------------------------------- XSA-396 */

enum end {
    END_OKAY,
    END_ERROR,
    END_LIE,
    END_CLOSE,
    END_GONE,
    ENDS
};

/* The request comes to an end, while the back holds its second page. */
static void come_to_end(enum end how)
{
    switch (how) {
    case END_OKAY:
    case END_ERROR:
        fw_answer(&w, 0, q.wire.id, q.op,
                  how == END_OKAY ? BLKIF_OKAY : BLKIF_ERROR);
        break;
    case END_LIE:
        fw_answer(&w, 0, q.wire.id, q.op, 77);
        break;
    case END_GONE:
        fw_state(&w, LEAT_BUS_CLOSED);
        break;
    default:
        MUST(leat_blkfront_close(w.f, true));
    }
    fw_run(&w);
}

/* However it ends, the owner is told that the page is not his, and it does not
 * get out again before the back has let go. */
Test(blkfront_pages, a_page_that_the_back_holds_on_to)
{
    static const int told[ENDS] = {LEAT_E_BUSY, LEAT_E_SYSTEM, LEAT_E_PROTO,
                                   LEAT_E_CLOSED, LEAT_E_GONE};

    for (int how = 0; how < ENDS; how++) {
        struct leat_blkfront_config c = {.mode = LEAT_RECEIVE_REVOKE,
                                         .flags = LEAT_BLKFRONT_FAIL};
        struct leat_chunk chunk;
        struct ask again;
        uint32_t ref;

        fw_open(&w, c);
        ask(&w, &a, LEAT_BLK_READ, 0, 3, 0x44);
        cr_assert(fw_take(&w, 0, &q));
        ref = q.seg[1].ref;
        use(ref, true);
        come_to_end((enum end)how);
        ask_over(&a, told[how]);
        cr_assert_eq(a.blk.held, 3); /* its unit of revocation */
        cr_assert_eq(grants_stats(w.g.a->table).quarantined, 1);
        cr_assert_eq(ask_stats(&w).held, 1);

        /* It can still be written by the back; nobody gets it. */
        plain_page(w.g.a, ref)[0] = 0xee;
        ask_end(&a);
        cr_assert_geq(pages_out(), 3);
        (void)leat_grant_poll(w.g.a->table, 1000, NULL);
        for (int i = 0; i < 100; i++) {
            chunk = get(w.g.a->pool, 1);
            cr_assert_neq(leat_chunk_view(chunk).data, plain_page(w.g.a, ref));
            MUST(leat_pool_put(w.g.a->pool, chunk));
        }
        if (how == END_OKAY) { /* and others go on */
            ask(&w, &again, LEAT_BLK_READ, 8, 2, 0);
            cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
            fw_run(&w);
            ask_over(&again, 0);
            cr_assert_eq(again.blk.held, 0);
            ask_is_disk(&again);
            ask_end(&again);
        }
        use(ref, false);
        fw_close(&w); /* it drains: nothing is out */
    }
}

/* A bounce that it holds on to is the device's own loss, not the caller's. */
Test(blkfront_pages, a_bounce_that_the_back_holds_on_to)
{
    static unsigned char memory[PAGE] __attribute__((aligned(4096)));
    struct leat_view v = {memory, PAGE};
    uint32_t ref;

    fw_open(&w, ask_config(LEAT_RECEIVE_REVOKE));
    ask_make(&w, &a, LEAT_BLK_READ, 8, 0, 0);
    a.blk.views = &v;
    a.blk.n = 1;
    MUST(ask_submit(&a));
    fw_run(&w);
    cr_assert_eq(a.blk.bounced, PAGE);
    cr_assert(fw_take(&w, 0, &q));
    ref = q.seg[0].ref;
    fw_do(&w, &q, 0);
    use(ref, true);
    fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
    fw_run(&w);
    ask_over(&a, 0);
    cr_assert_eq(a.blk.held, 0);
    cr_assert_eq(memory[5], fw_byte(8 * 512 + 5));
    plain_page(w.g.a, ref)[5] = 0xee;
    cr_assert_eq(memory[5], fw_byte(8 * 512 + 5));
    cr_assert_eq(ask_stats(&w).held, 1);
    use(ref, false);
    fw_close(&w);
}

/* Rings and pages of the device's own are kept, too, and the device can go. */
Test(blkfront_pages, rings_that_the_back_holds_on_to)
{
    for (int m = 0; m < 2; m++) {
        struct fw_ring old;

        fw_open(&w, ask_config(ask_modes[m]));
        ask(&w, &a, LEAT_BLK_READ, 0, 3, 0);
        cr_assert(fw_take(&w, 0, &q));
        old = w.ring[0];
        fw_hold(&w, &old, true);
        fw_state(&w, LEAT_BUS_CLOSED); /* it says so, and is not */
        fw_run(&w);
        cr_assert_eq(fw_mine(&w), LEAT_BUS_INITIALISING);
        fw_state(&w, LEAT_BUS_INIT_WAIT);
        fw_run(&w);
        fw_meet(&w);
        cr_assert_neq(w.ring[0].base, old.base);
        fw_state(&w, LEAT_BUS_CONNECTED);
        fw_run(&w);
        for (uint32_t i = 0; i < 64; i++) /* noise, in what was its ring */
            old.words[i] = i * 77;
        cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
        fw_run(&w);
        ask_over(&a, 0);
        ask_is_disk(&a);
        ask_end(&a);
        fw_hold(&w, &old, false);
        fw_close(&w);
    }
}

/* ------------------------------------------------- what changes afterwards */

/* COPY: what the back does to its pages afterwards changes nothing that was told.
 * REVOKE: it cannot. */
Test(blkfront_pages, bytes_that_change_after_completion)
{
    for (int m = 0; m < 2; m++) {
        fw_open(&w, ask_config(ask_modes[m]));
        ask(&w, &a, LEAT_BLK_READ, 24, 3, 0);
        cr_assert(fw_take(&w, 0, &q));
        fw_do(&w, &q, 0);
        fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
        fw_run(&w);
        ask_over(&a, 0);
        for (uint32_t i = 0; i < q.n; i++) {
            if (m == LEAT_RECEIVE_REVOKE)
                FAILS(LEAT_E_REFERENCE,
                      plain_use(w.g.a, q.seg[i].ref, 2, LEAT_READ_ONLY));
            else
                memset(fw_page(&w, q.seg[i].ref, LEAT_READ_WRITE), 0xee, PAGE);
        }
        ask_is_disk(&a);
        ask_end(&a);
        fw_close(&w);
    }
}

/* COPY: what is written is what was given when it was submitted. */
Test(blkfront_pages, bytes_that_the_caller_changes_meanwhile)
{
    fw_open(&w, ask_config(LEAT_RECEIVE_COPY));
    ask(&w, &a, LEAT_BLK_WRITE, 24, 20, 0x31);
    memset(a.view.data, 0xee, a.view.len);
    cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0x31), 1);
    fw_run(&w);
    ask_over(&a, 0);
    ask_end(&a);
    fw_close(&w);
}

/* A failed read changes nothing but the pages that were shown for it. */
Test(blkfront_pages, a_failed_read_copies_nothing)
{
    static const int16_t failures[] = {BLKIF_ERROR, BLKIF_UNSUPPORTED};

    for (size_t i = 0; i < COUNT(failures); i++) {
        fw_open(&w, ask_config(LEAT_RECEIVE_COPY));
        ask(&w, &a, LEAT_BLK_READ, 24, 3, 0x77);
        cr_assert(fw_take(&w, 0, &q));
        fw_do(&w, &q, 0);
        fw_answer(&w, 0, q.wire.id, q.op, failures[i]);
        fw_run(&w);
        cr_assert_eq(a.times, 1);
        cr_assert(all_bytes(a.view.data, a.view.len, 0x77));
        cr_assert_eq(ask_stats(&w).copied_bytes, 0);
        ask_end(&a);
        fw_close(&w);
    }
}

/* What is read is shown for writing; what is written is not, where it is the
 * caller's own. */
Test(blkfront_pages, access)
{
    fw_open(&w, ask_config(LEAT_RECEIVE_REVOKE));
    ask(&w, &a, LEAT_BLK_WRITE, 0, 2, 0x10);
    cr_assert(fw_take(&w, 0, &q));
    for (uint32_t i = 0; i < q.n; i++)
        FAILS(LEAT_E_ACCESS,
              plain_use(w.g.a, q.seg[i].ref, 2, LEAT_READ_WRITE));
    fw_answer(&w, 0, q.wire.id, q.op, BLKIF_OKAY);
    fw_run(&w);
    ask_over(&a, 0);
    ask_end(&a);
    fw_close(&w);
}

/* --------------------------------------------------------------- XSA-403 */

/* All memory has a canary. The back looks through every page that it may map, at
 * each moment: it finds what was written for it, and zeros. */
static void scan(unsigned char written)
{
    for (uint32_t i = 8; i < PLAIN_FRAMES * LEAT_GNTTAB_PER_FRAME; i++) {
        unsigned char *p;

        if (!w.g.a->entries[i].flags)
            continue;
        p = plain_page(w.g.a, i);
        for (size_t k = 0; k < PAGE; k++)
            cr_assert(p[k] != 0xca || p[k] == written, "ref %u, byte %zu", i,
                      k);
    }
}

Test(blkfront_pages, no_canary_is_shown)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        static unsigned char memory[2 * PAGE];
        struct leat_view v[2] = {{memory + 1, 2047}, {memory + 3000, 2049}};
        struct leat_blkfront_config c = ask_config(ask_modes[m]);

        fw_worlds(&w, c);
        memset(w.g.a->memory, 0xca, PLAIN_PAGES * PAGE);
        MUST(leat_blkfront_create(&w.f, &w.config));
        scan(0);
        fw_connect(&w);
        scan(0);
        memset(memory, 0xca, sizeof(memory));
        memset(v[0].data, 0x11, v[0].len);
        memset(v[1].data, 0x11, v[1].len);
        if (c.mode != LEAT_RECEIVE_SHARED) {
            ask_make(&w, &a, LEAT_BLK_WRITE, 0, 0, 0);
            a.blk.views = v;
            a.blk.n = 2;
            MUST(ask_submit(&a));
            fw_run(&w);
            scan(0);
            cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0x11), 1);
            fw_run(&w);
            ask_over(&a, 0);
        }
        ask(&w, &a, LEAT_BLK_WRITE, 0, 14, 0x12);
        scan(0);
        cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0x12), 1);
        fw_run(&w);
        ask_over(&a, 0);
        ask_end(&a);
        scan(0);
        fw_close(&w);
    }
}

/* In steady state REVOKE shows the ring alone, and COPY its own pages. */
Test(blkfront_pages, what_is_shown)
{
    for (size_t m = 0; m < COUNT(ask_modes); m++) {
        struct leat_blkfront_config c = ask_config(ask_modes[m]);
        uint32_t rings;

        fw_open(&w, c);
        rings = pages_shown();
        cr_assert_eq(rings, 16);
        ask(&w, &a, LEAT_BLK_READ, 0, 5, 0);
        cr_assert_geq(pages_shown(), rings + 5);
        if (c.mode == LEAT_RECEIVE_REVOKE)
            cr_assert_eq(pages_shown(), rings + 5);
        cr_assert_eq(fw_serve(&w, BLKIF_OKAY, 0), 1);
        fw_run(&w);
        ask_over(&a, 0);
        if (c.mode == LEAT_RECEIVE_REVOKE)
            cr_assert_eq(pages_shown(), rings);
        ask_end(&a);
        fw_close(&w);
    }
}
