/* SPDX-License-Identifier: ISC */

#include "pool_fixture.h"
#include "pv/rings.h"

struct msg {
    uint64_t id;
    uint32_t what, more;
};

#define WHOLE(w)                                    \
    do {                                            \
        const char *f_ = leat_ring_check(&w.front); \
        const char *b_ = leat_ring_check(&w.back);  \
        cr_assert(!f_, "front: %s", f_);            \
        cr_assert(!b_, "back: %s", b_);             \
    } while (0)

Test(ring, slots_are_a_power_of_two_that_fits)
{
    cr_assert_eq(leat_ring_slots(112, 0), 32);
    cr_assert_eq(leat_ring_slots(112, 4), 512);
    cr_assert_eq(leat_ring_slots(12, 0), 256);
    cr_assert_eq(leat_ring_slots(8, 0), 256);
    cr_assert_eq(leat_ring_slots(4032, 0), 1);
    cr_assert_eq(leat_ring_slots(4033, 0), 0);
    cr_assert_eq(leat_ring_slots(0, 0), 0);
    cr_assert_eq(leat_ring_slots(112, 5), 0);
    cr_assert_eq(leat_ring_slots(SIZE_MAX, 4), 0);
}

Test(ring, init_refuses_what_is_no_ring)
{
    static _Alignas(4096) unsigned char pages[32 * 4096];
    struct leat_copies copies = {0};
    const struct leat_ring_config good = {
        .pages = {pages, 4096}, .slot = 16, .copies = &copies};
    struct leat_ring_config c = good;
    struct leat_ring r;

    memset(&r, 0x55, sizeof(r));
    FAILS(LEAT_E_INVALID, leat_ring_init(NULL, &c));
    FAILS(LEAT_E_INVALID, leat_ring_init(&r, NULL));
    c.copies = NULL;
    FAILS(LEAT_E_INVALID, leat_ring_init(&r, &c));
    c = good;
    c.pages.peer_bytes = NULL;
    FAILS(LEAT_E_INVALID, leat_ring_init(&r, &c));
    c = good;
    c.end = (enum leat_ring_end)2;
    FAILS(LEAT_E_INVALID, leat_ring_init(&r, &c));
    c = good;
    c.end = LEAT_RING_BACK;
    c.start = 1;
    FAILS(LEAT_E_INVALID, leat_ring_init(&r, &c));
    c = good;
    c.pages.peer_bytes += 64;
    FAILS(LEAT_E_ALIGN, leat_ring_init(&r, &c));
    for (size_t len = 0; len <= sizeof(pages); len += 2048) {
        bool is = len == 4096 || len == 8192 || len == 16384 || len == 32768 ||
                  len == 65536;

        c = good;
        c.pages.len = len;
        if (!is)
            FAILS(LEAT_E_LENGTH, leat_ring_init(&r, &c));
    }
    c = good;
    c.slot = 4033;
    FAILS(LEAT_E_LENGTH, leat_ring_init(&r, &c));
    for (size_t i = 0; i < sizeof(r); i++)
        cr_assert_eq(((unsigned char *)&r)[i], 0x55);
    MUST(leat_ring_init(&r, &good));
    MUST(leat_ring_state(&r, NULL));
}

Test(ring, front_writes_the_head_of_the_protocol)
{
    struct rings w;

    rings_open(&w, 16, 0, 0);
    cr_assert(w.page[REQ_PROD] == 0 && w.page[RSP_PROD] == 0);
    cr_assert(w.page[REQ_EVENT] == 1 && w.page[RSP_EVENT] == 1);
    for (size_t i = 4; i < 1024; i++)
        cr_assert_eq(w.page[i], 0);
    rings_close(&w);
}

/* Every order, slots of odd sizes, rounds over the wrap of the indexes. */
Test(ring, carries_both_ways_across_the_wrap)
{
    static const size_t sizes[] = {1, 3, 8, 12, 20, 112, 509};

    for (unsigned order = 0; order <= LEAT_RING_ORDER_MAX; order++) {
        for (size_t k = 0; k < COUNT(sizes); k++) {
            size_t size = sizes[k];
            unsigned char out[512], in[512];
            struct rings w;
            uint32_t slots;
            bool yes;

            rings_open(&w, size, order, 0u - leat_ring_slots(size, order) - 7);
            slots = w.front.slots;
            for (uint32_t round = 0; round < 3 * slots; round++) {
                memset(out, (int)(round % 251), size);
                MUST(leat_ring_put(&w.front, out, size));
                FAILS(LEAT_E_AGAIN, leat_ring_take(&w.back, in, size));
                MUST(leat_ring_push(&w.front, &yes));
                MUST(leat_ring_take(&w.back, in, size));
                cr_assert_eq(memcmp(in, out, size), 0);
                memset(out, (int)(round % 249), size);
                MUST(leat_ring_put(&w.back, out, size));
                MUST(leat_ring_push(&w.back, &yes));
                MUST(leat_ring_take(&w.front, in, size));
                cr_assert_eq(memcmp(in, out, size), 0);
                WHOLE(w);
            }
            rings_close(&w);
        }
    }
}

Test(ring, is_full_until_responses_are_taken)
{
    struct msg m = {.id = 1}, got;
    struct rings w;
    bool yes;

    rings_open(&w, sizeof(m), 0, 0xffffff80u);
    cr_assert_eq(leat_ring_room(&w.front), 128);
    cr_assert_eq(leat_ring_room(&w.back), 0);
    FAILS(LEAT_E_AGAIN, leat_ring_put(&w.back, &m, sizeof(m)));
    for (m.id = 0; m.id < 128; m.id++)
        MUST(leat_ring_put(&w.front, &m, sizeof(m)));
    FAILS(LEAT_E_AGAIN, leat_ring_put(&w.front, &m, sizeof(m)));
    MUST(leat_ring_push(&w.front, &yes));
    for (uint64_t i = 0; i < 128; i++) {
        MUST(leat_ring_take(&w.back, &got, sizeof(got)));
        cr_assert_eq(got.id, i);
    }
    FAILS(LEAT_E_AGAIN, leat_ring_take(&w.back, &got, sizeof(got)));
    cr_assert_eq(leat_ring_room(&w.back), 128);
    cr_assert_eq(leat_ring_room(&w.front), 0);
    MUST(leat_ring_put(&w.back, &m, sizeof(m)));
    MUST(leat_ring_push(&w.back, &yes));
    FAILS(LEAT_E_AGAIN, leat_ring_put(&w.front, &m, sizeof(m)));
    MUST(leat_ring_take(&w.front, &got, sizeof(got)));
    MUST(leat_ring_put(&w.front, &m, sizeof(m)));
    WHOLE(w);
    rings_close(&w);
}

Test(ring, refuses_lengths_and_null)
{
    struct msg m = {0};
    struct rings w;
    bool yes = true;

    rings_open(&w, sizeof(m), 0, 0);
    FAILS(LEAT_E_LENGTH, leat_ring_put(&w.front, &m, sizeof(m) + 1));
    FAILS(LEAT_E_LENGTH, leat_ring_put(&w.front, &m, 0));
    FAILS(LEAT_E_LENGTH, leat_ring_take(&w.front, &m, sizeof(m) + 1));
    FAILS(LEAT_E_LENGTH, leat_ring_take(&w.front, &m, 0));
    FAILS(LEAT_E_INVALID, leat_ring_put(NULL, &m, 1));
    FAILS(LEAT_E_INVALID, leat_ring_put(&w.front, NULL, 1));
    FAILS(LEAT_E_INVALID, leat_ring_take(NULL, &m, 1));
    FAILS(LEAT_E_INVALID, leat_ring_take(&w.front, NULL, 1));
    FAILS(LEAT_E_INVALID, leat_ring_push(NULL, &yes));
    FAILS(LEAT_E_INVALID, leat_ring_push(&w.front, NULL));
    FAILS(LEAT_E_INVALID, leat_ring_sleep(NULL, &yes));
    FAILS(LEAT_E_INVALID, leat_ring_sleep(&w.front, NULL));
    FAILS(LEAT_E_INVALID, leat_ring_poll(&w.front, NULL, &yes));
    FAILS(LEAT_E_INVALID, leat_ring_break(&w.front, NULL, 0, 0));
    FAILS(LEAT_E_INVALID, leat_ring_state(NULL, NULL));
    cr_assert(yes && leat_ring_check(NULL) && leat_ring_room(NULL) == 0);
    MUST(leat_ring_push(&w.front, &yes));
    cr_assert(!yes && w.page[REQ_PROD] == 0); /* nothing was put */
    rings_close(&w);
}

/* The front notifies for the first of a burst, and not while the back is awake. */
Test(ring, notifies_only_who_sleeps)
{
    struct msg m = {0};
    struct rings w;
    bool yes, more;

    rings_open(&w, sizeof(m), 0, 0xfffffffeu);
    MUST(leat_ring_put(&w.front, &m, sizeof(m)));
    MUST(leat_ring_push(&w.front, &yes));
    cr_assert(yes);
    for (int i = 0; i < 5; i++) {
        MUST(leat_ring_put(&w.front, &m, sizeof(m)));
        MUST(leat_ring_push(&w.front, &yes));
        cr_assert(!yes);
    }
    MUST(leat_ring_sleep(&w.back, &more));
    cr_assert(more && w.page[REQ_EVENT] == 0xffffffffu);
    for (int i = 0; i < 6; i++)
        MUST(leat_ring_take(&w.back, &m, sizeof(m)));
    MUST(leat_ring_put(&w.front, &m, sizeof(m)));
    MUST(leat_ring_push(&w.front, &yes));
    cr_assert(!yes); /* it had not said that it sleeps */
    MUST(leat_ring_sleep(&w.back, &more));
    cr_assert(more);
    MUST(leat_ring_take(&w.back, &m, sizeof(m)));
    MUST(leat_ring_sleep(&w.back, &more));
    cr_assert(!more && w.page[REQ_EVENT] == 6); /* -2 + 7 + 1 */
    MUST(leat_ring_put(&w.front, &m, sizeof(m)));
    MUST(leat_ring_put(&w.front, &m, sizeof(m)));
    MUST(leat_ring_push(&w.front, &yes));
    cr_assert(yes);
    /* And the other way. */
    MUST(leat_ring_sleep(&w.front, &more));
    cr_assert(!more);
    MUST(leat_ring_put(&w.back, &m, sizeof(m)));
    MUST(leat_ring_push(&w.back, &yes));
    cr_assert(yes);
    MUST(leat_ring_put(&w.back, &m, sizeof(m)));
    MUST(leat_ring_push(&w.back, &yes));
    cr_assert(!yes);
    WHOLE(w);
    rings_close(&w);
}

/* A back that died is followed by one that is given what was not answered. */
Test(ring, back_attaches_where_responses_stand)
{
    struct msg m = {0}, got;
    struct rings w;
    bool yes;

    rings_open(&w, sizeof(m), 0, 0xfffffffdu);
    for (m.id = 0; m.id < 10; m.id++)
        MUST(leat_ring_put(&w.front, &m, sizeof(m)));
    MUST(leat_ring_push(&w.front, &yes));
    for (int i = 0; i < 7; i++)
        MUST(leat_ring_take(&w.back, &got, sizeof(got)));
    for (int i = 0; i < 4; i++)
        MUST(leat_ring_put(&w.back, &got, sizeof(got)));
    MUST(leat_ring_push(&w.back, &yes));
    memset(&w.back, 0xee, sizeof(w.back));
    MUST(rings_attach(&w, LEAT_RING_BACK, sizeof(m), 0));
    for (uint64_t i = 4; i < 10; i++) {
        MUST(leat_ring_take(&w.back, &got, sizeof(got)));
        cr_assert_eq(got.id, i);
    }
    FAILS(LEAT_E_AGAIN, leat_ring_take(&w.back, &got, sizeof(got)));
    cr_assert_eq(leat_ring_room(&w.back), 6);
    WHOLE(w);
    rings_write(&w, REQ_PROD, 1 + 129);
    FAILS(LEAT_E_PROTO, rings_attach(&w, LEAT_RING_BACK, sizeof(m), 0));
    rings_close(&w);
}

struct seen {
    struct rings *w;
    uint32_t n, refuse_at;
};

/* A peer that puts as fast as it is read. */
static int answer_and_flood(void *arg, void *message)
{
    struct seen *s = arg;
    struct msg m = {.id = s->n}, got;
    bool yes;

    if (++s->n == s->refuse_at)
        return LEAT_E_LIMIT;
    MUST(leat_ring_put(&s->w->back, message, sizeof(struct msg)));
    MUST(leat_ring_push(&s->w->back, &yes));
    MUST(leat_ring_take(&s->w->front, &got, sizeof(got)));
    MUST(leat_ring_put(&s->w->front, &m, sizeof(m)));
    MUST(leat_ring_push(&s->w->front, &yes));
    return 0;
}

Test(ring, poll_keeps_to_its_budget)
{
    struct rings w;
    struct seen s = {.w = &w};
    struct msg m = {0};
    struct leat_ring_poll p = {&m, sizeof(m), answer_and_flood,
                               &s, 1000,      false};
    bool more = false, yes;

    rings_open(&w, sizeof(m), 0, 0);
    MUST(leat_ring_poll(&w.back, &p, &more));
    cr_assert(!more && s.n == 0);
    MUST(leat_ring_put(&w.front, &m, sizeof(m)));
    MUST(leat_ring_push(&w.front, &yes));
    MUST(leat_ring_poll(&w.back, &p, &more));
    cr_assert(more && s.n == 1000);
    s.refuse_at = 1003;
    FAILS(LEAT_E_LIMIT, leat_ring_poll(&w.back, &p, &more));
    cr_assert_eq(s.n, 1003);
    p.budget = 0;
    FAILS(LEAT_E_INVALID, leat_ring_poll(&w.back, &p, &more));
    p.budget = 1;
    p.len = sizeof(m) + 1;
    FAILS(LEAT_E_LENGTH, leat_ring_poll(&w.back, &p, &more));
    WHOLE(w);
    rings_close(&w);
}

Test(ring, counts_what_it_copies)
{
    struct msg m = {0};
    struct rings w;
    bool yes;

    rings_open(&w, 112, 0, 0);
    MUST(leat_ring_put(&w.front, &m, sizeof(m)));
    MUST(leat_ring_push(&w.front, &yes));
    MUST(leat_ring_take(&w.back, &m, 8));
    cr_assert_eq(leat_copies_bytes(&w.copies[0]), sizeof(m));
    cr_assert_eq(w.copies[0].count[LEAT_WHY_SHARED], 1);
    cr_assert_eq(leat_copies_bytes(&w.copies[1]), 0);
    FAILS(LEAT_E_AGAIN, leat_ring_take(&w.back, &m, 8));
    cr_assert_eq(leat_copies_bytes(&w.copies[1]), 8);
    /* Several together, and none twice. */
    MUST(leat_ring_put(&w.back, &m, 5));
    MUST(leat_ring_put(&w.front, &m, 5));
    cr_assert_eq(leat_copies_bytes(&w.copies[1]), 8);
    MUST(leat_ring_sleep(&w.back, &yes));
    cr_assert_eq(leat_copies_bytes(&w.copies[1]), 13);
    cr_assert_eq(w.copies[1].count[LEAT_WHY_SHARED], 2);
    MUST(leat_ring_push(&w.back, &yes));
    cr_assert_eq(leat_copies_bytes(&w.copies[1]), 13);
    rings_close(&w);
}
