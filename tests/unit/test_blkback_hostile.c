/* SPDX-License-Identifier: ISC */

/*
 * A front that breaks the protocol, in each way that SECURITY has a row for. The
 * disk holds each request against what a disk takes: nothing wrong reaches it.
 */

#include <pthread.h>

#include "pv/back_world.h"

static int status_of(struct back_world *w, struct leat_blkif_request r,
                     void (*change)(struct leat_blkif_request *r))
{
    change(&r);
    return back_status(w, &r);
}

/* After each attack an honest request is served. */
static void honest(struct back_world *w, uint32_t ref)
{
    struct leat_blkif_request r = front_move(BLKIF_READ, 0, &ref, 1);

    cr_assert_eq(back_status(w, &r), BLKIF_OKAY);
}

#define ATTACK(counter, change_)                                             \
    {                                                                        \
        .why = #counter, .at = offsetof(struct leat_blkback_stats, counter), \
        .change = change_                                                    \
    }

static void first_past_last(struct leat_blkif_request *r)
{
    r->u.seg[1].first = 5;
    r->u.seg[1].last = 4;
}
static void last_past_page(struct leat_blkif_request *r)
{
    r->u.seg[1].last = 8;
}
static void last_is_255(struct leat_blkif_request *r)
{
    r->u.seg[0].first = 0;
    r->u.seg[0].last = 255;
}
static void first_is_255(struct leat_blkif_request *r)
{
    r->u.seg[0].first = 255;
    r->u.seg[0].last = 255;
}
static void twelve(struct leat_blkif_request *r)
{
    r->segments = 12;
}
static void many(struct leat_blkif_request *r)
{
    r->segments = 255;
}
static void none(struct leat_blkif_request *r)
{
    r->segments = 0;
}
static void end_by_one(struct leat_blkif_request *r)
{
    r->sector = PLAY_SECTORS - 15;
}
static void at_the_end(struct leat_blkif_request *r)
{
    r->sector = PLAY_SECTORS;
}
static void overflow(struct leat_blkif_request *r)
{
    r->sector = UINT64_MAX - 7;
}
static void overflow_to_0(struct leat_blkif_request *r)
{
    r->sector = UINT64_MAX - 15; /* plus 16 it is 0 */
}
static void overflow_in_bytes(struct leat_blkif_request *r)
{
    r->sector = (uint64_t)1 << 55; /* times 512 it is 0 */
}
static void no_such_page(struct leat_blkif_request *r)
{
    r->u.seg[1].ref = 2000;
}
static void reference_0(struct leat_blkif_request *r)
{
    r->u.seg[1].ref = 0;
}
static void reference_max(struct leat_blkif_request *r)
{
    r->u.seg[0].ref = 2047;
}
static void discard_of_nothing(struct leat_blkif_request *r)
{
    r->operation = BLKIF_DISCARD;
    r->sectors = 0;
}
static void discard_of_all(struct leat_blkif_request *r)
{
    r->operation = BLKIF_DISCARD;
    r->sector = 1;
    r->sectors = UINT64_MAX;
}

static const struct attack {
    const char *why;
    size_t at;
    void (*change)(struct leat_blkif_request *r);
} attacks[] = {
    ATTACK(bad_segments, first_past_last),
    ATTACK(bad_segments, last_past_page),
    ATTACK(bad_segments, last_is_255),
    ATTACK(bad_segments, first_is_255),
    ATTACK(bad_segments, twelve),
    ATTACK(bad_segments, many),
    ATTACK(bad_segments, none),
    ATTACK(bad_range, end_by_one),
    ATTACK(bad_range, at_the_end),
    ATTACK(bad_range, overflow),
    ATTACK(bad_range, overflow_to_0),
    ATTACK(bad_range, overflow_in_bytes),
    ATTACK(bad_grant, no_such_page),
    ATTACK(bad_grant, reference_0),
    ATTACK(bad_grant, reference_max),
    ATTACK(bad_range, discard_of_nothing),
    ATTACK(bad_range, discard_of_all),
};

static uint64_t counter(struct back_world *w, size_t at)
{
    struct leat_blkback_stats s = back_stats(w);

    return *(uint64_t *)(void *)((char *)&s + at);
}

Test(blkback_hostile, each_lie_in_a_request_is_its_own_error)
{
    static struct back_world w;
    uint32_t refs[2];

    for (int kept = 0; kept < 2; kept++) {
        back_open(&w, (struct back_options){.persistent = kept});
        refs[0] = front_page(&w, LEAT_READ_WRITE, 1, NULL);
        refs[1] = front_page(&w, LEAT_READ_WRITE, 1, NULL);
        for (size_t i = 0; i < 2 * COUNT(attacks); i++) {
            const struct attack *a = &attacks[i / 2];
            struct leat_blkif_request r =
                front_move(i % 2 ? BLKIF_WRITE : BLKIF_READ, 0, refs, 2);
            uint64_t before = counter(&w, a->at);
            uint64_t errors = back_stats(&w).error;

            cr_assert_eq(status_of(&w, r, a->change), BLKIF_ERROR, "%zu", i);
            cr_assert_eq(counter(&w, a->at), before + 1, "%zu: %s", i, a->why);
            cr_assert_eq(back_stats(&w).error, errors + 1);
            honest(&w, refs[1]);
        }
        cr_assert_eq(w.disk.logged, 2 * COUNT(attacks));
        back_close(&w);
    }
}

Test(blkback_hostile, every_number_of_an_operation)
{
    static struct back_world w;
    struct leat_blkif_response rsp;
    uint32_t ref;

    back_open(&w, (struct back_options){0});
    ref = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    for (unsigned op = 0; op < 256; op++) {
        struct leat_blkif_request r = {.id = op, .operation = (uint8_t)op};

        if (op == BLKIF_INDIRECT || op == BLKIF_DISCARD || op <= BLKIF_FLUSH)
            continue;
        front_put(&w, &r);
        cr_assert_null(back_run(&w));
        cr_assert(front_take_on(&w, 0, &rsp));
        cr_assert(rsp.id == op && rsp.operation == op &&
                  rsp.status == BLKIF_UNSUPPORTED);
    }
    cr_assert_eq(back_stats(&w).unknown, 250);
    for (unsigned inner = 0; inner < 256; inner++) {
        struct leat_blkif_request r = {.operation = BLKIF_INDIRECT,
                                       .inner = (uint8_t)inner,
                                       .segments = 1};

        r.u.pages[0] = 2000;
        cr_assert_eq(back_status(&w, &r),
                     inner > BLKIF_WRITE ? BLKIF_UNSUPPORTED : BLKIF_ERROR);
    }
    honest(&w, ref);
    back_close(&w);
}

Test(blkback_hostile, indirect_counts_that_lie)
{
    static const uint16_t lies[] = {0, 65, 512, 513, 4095, 4096, 4097, 65535};
    static struct back_world w;
    struct leat_blkif_request r = {.operation = BLKIF_INDIRECT};
    struct leat_blkif_segment *s;
    unsigned char *page;
    uint32_t ref;

    back_open(&w, (struct back_options){0}); /* 64 were offered */
    ref = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    for (int i = 0; i < 8; i++)
        r.u.pages[i] = front_page(&w, LEAT_READ_ONLY, 0xff, &page);
    for (size_t i = 0; i < COUNT(lies); i++) {
        r.segments = lies[i];
        cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
        cr_assert_eq(back_stats(&w).bad_segments, i + 1);
    }
    /* Pages full of nonsense; then of one bad segment among good ones. */
    r.segments = 64;
    cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    s = (void *)page;
    r.u.pages[0] = r.u.pages[7];
    for (int bad = 0; bad < 64; bad++) {
        for (int i = 0; i < 64; i++)
            s[i] = (struct leat_blkif_segment){.ref = i == bad ? 2000 : ref,
                                               .last = 7};
        cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    }
    cr_assert_eq(back_stats(&w).bad_grant, 64);
    cr_assert_eq(w.g.a->uses[ref], 0);
    s[63].ref = ref;
    cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
    r.u.pages[0] = 2000;
    cr_assert_eq(back_status(&w, &r), BLKIF_ERROR);
    back_close(&w);
}

/* XSA-362, 365, 367, 371: the k-th operation below fails, for every k. */
Test(blkback_hostile, every_operation_fails_once)
{
    static struct back_world w;
    long total = 0;

    for (int kept = 0; kept < 2; kept++)
        for (long k = 0; k <= total; k++) {
            struct leat_blkif_request r = {.operation = BLKIF_INDIRECT,
                                           .inner = BLKIF_WRITE,
                                           .segments = 12};
            struct leat_blkif_segment *s;
            unsigned char *page;
            long before;
            int status;

            back_open(&w, (struct back_options){.persistent = kept,
                                                .config.persistent = 13});
            r.u.pages[0] = front_page(&w, LEAT_READ_WRITE, 0, &page);
            s = (void *)page;
            for (int i = 0; i < 12; i++)
                s[i] = (struct leat_blkif_segment){
                    .ref = front_page(&w, LEAT_READ_WRITE, i, NULL), .last = 7};
            before = w.g.world.operations;
            w.g.world.fail_with = LEAT_E_NOMEM;
            w.g.world.fail_at = k;
            status = back_status(&w, &r);
            w.g.world.fail_at = 0;
            if (!k) {
                total = w.g.world.operations - before;
                cr_assert_eq(status, BLKIF_OKAY);
                cr_assert_eq(total, kept ? 2 : 4);
            } else if (status == BLKIF_OKAY) { /* an unmap, which has no other
                                                  answer: it was counted */
                cr_assert_eq(back_stats(&w).unmap_failed, 1);
            } else {
                cr_assert_eq(
                    back_stats(&w).bad_grant + back_stats(&w).unmap_failed, 1);
            }
            cr_assert_eq(back_status(&w, &r), BLKIF_OKAY);
            back_close(&w); /* all counts are where they were */
        }
}

/* XSA-39: producers that cannot be. */
Test(blkback_hostile, producers_that_cannot_be)
{
    static const uint32_t lies[] = {
        33, 34, 1000, 0x7fffffff, 0x80000000, UINT32_MAX, UINT32_MAX - 31};
    static const uint32_t starts[] = {0, UINT32_MAX - 15};
    static struct back_world w;

    for (size_t k = 0; k < COUNT(starts); k++)
        for (size_t i = 0; i < COUNT(lies); i++) {
            const char *text;

            back_open(&w, (struct back_options){.start = starts[k]});
            w.ring[0].words[W_REQ_PROD] = starts[k] + lies[i];
            cr_assert_eq(back_run(&w), &w.b->queues[0]);
            FAILS(LEAT_E_PROTO, leat_ring_state(&w.b->queues[0].ring, &text));
            cr_assert(strstr(text, "req_prod"), "%s", text);
            cr_assert_eq(back_stats(&w).under_way, 0);
            back_close(&w);
        }
}

/* XSA-391: a full ring, refilled, takes no more of a round than the budget. */
Test(blkback_hostile, a_flood_takes_no_more_than_the_budget)
{
    static struct back_world w;
    struct leat_blkif_request r = {.operation = 77};
    struct leat_blkif_response rsp;
    struct back_queue *lied = NULL;
    bool more = false;

    back_open(&w, (struct back_options){0});
    for (int round = 0; round < 100; round++) {
        uint64_t before = back_stats(&w).unknown;

        while (w.ring[0].prod - w.ring[0].cons < 32)
            front_put(&w, &r);
        MUST(leat_back_serve(w.b, 5, false, &more, &lied));
        cr_assert_eq(back_stats(&w).unknown - before, 5);
        cr_assert(more && !lied);
        while (front_take_on(&w, 0, &rsp))
            ;
    }
    back_run(&w);
    back_close(&w);
}

/* A front that never takes a response stalls itself: nothing waits in here. */
Test(blkback_hostile, one_that_never_consumes_stalls_itself)
{
    static struct back_world w;
    struct leat_blkif_request r;
    uint32_t refs[2];

    back_open(&w, (struct back_options){.queues = 2});
    refs[0] = front_page(&w, LEAT_READ_WRITE, 1, NULL);
    r = front_move(BLKIF_READ, 0, refs, 1);
    for (int i = 0; i < 32; i++)
        front_put(&w, &r);
    cr_assert_null(back_run(&w));
    cr_assert_eq(w.ring[0].words[W_RSP_PROD], 32);
    cr_assert_eq(back_stats(&w).under_way, 0);
    for (int i = 0; i < 100; i++) {
        struct leat_blkif_response rsp;

        front_put_on(&w, 1, &r);
        cr_assert_null(back_run(&w));
        cr_assert(front_take_on(&w, 1, &rsp) && rsp.status == BLKIF_OKAY);
    }
    back_close(&w);
}

/* XSA-216: what a response does not say is zeros, to the end of its slot. */
Test(blkback_hostile, responses_leak_nothing)
{
    static struct back_world w;

    for (int l = 0; l < 2; l++) {
        size_t slot, n;
        unsigned char *at;
        struct leat_blkif_request r = {.id = UINT64_MAX, .operation = 200};

        back_open(&w, (struct back_options){.layout = l ? LEAT_BLKIF_32
                                                        : LEAT_BLKIF_64});
        slot = leat_blkif_slot(w.layout);
        at = front_slot(&w, 0, 0);
        memset(at, 0xa5, slot);
        front_put(&w, &r);
        cr_assert_null(back_run(&w));
        cr_assert(at[8] == 200 && at[9] == 0);
        for (n = 12; n < slot; n++)
            cr_assert_eq(at[n], 0, "byte %zu", n);
        back_close(&w);
    }
}

/*
 * XSA-155: a thread that changes all fields of all slots, and of a page of
 * segments, without pause. The disk judges each request that comes through.
 */
struct flipper {
    struct back_world *w;
    unsigned char *page;
    uint32_t good;
    bool stop;
};

static void *flip(void *arg)
{
    struct flipper *f = arg;
    uint32_t x = 7;

    while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
        volatile unsigned char *slot;

        x = x * 1664525 + 1013904223;
        slot = front_slot(f->w, 0, x >> 27);
        slot[x >> 8 & 15] = (unsigned char)(x >> 16); /* op, count, id */
        slot[16 + (x >> 8 & 7)] = (unsigned char)(x >> 20 & 7);
        slot[24 + (x >> 12) % 88] = (unsigned char)(x >> 16);
        f->page[x >> 20] = (unsigned char)(x >> 12);
    }
    return NULL;
}

Test(blkback_hostile, fields_that_change_while_they_are_read)
{
    static struct back_world w;
    struct flipper f = {.w = &w};
    struct leat_blkback_stats s;
    pthread_t thread;

    back_open(
        &w, (struct back_options){.persistent = true, .config.persistent = 4});
    f.good = front_page(&w, LEAT_READ_WRITE, 0, NULL);
    front_page(&w, LEAT_READ_WRITE, 0, &f.page);
    cr_assert_eq(pthread_create(&thread, NULL, flip, &f), 0);
    for (int i = 0; i < 20000; i++) {
        struct leat_blkif_request r =
            front_move((uint8_t)(i % 2), 0, &f.good, 1);

        if (i % 3 == 0) {
            r = (struct leat_blkif_request){.operation = BLKIF_INDIRECT,
                                            .inner = BLKIF_READ,
                                            .segments = 12};
            r.u.pages[0] = w.page[1].ref;
        }
        front_put(&w, &r);
        if (i % 16 == 15)
            cr_assert_null(back_run(&w));
        w.ring[0].cons = w.ring[0].words[W_RSP_PROD];
    }
    __atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    cr_assert_null(back_run(&w));
    s = back_stats(&w);
    cr_assert_eq(s.okay + s.error + s.unsupported, 20000);
    cr_assert(s.okay && s.error && s.unsupported, "%llu okay, %llu, %llu",
              (unsigned long long)s.okay, (unsigned long long)s.error,
              (unsigned long long)s.unsupported);
    back_close(&w);
}
