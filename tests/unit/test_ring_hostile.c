/* SPDX-License-Identifier: ISC */

/* Attacks on a ring by who shares its pages; each is named by its advisory. */

#include "pool_fixture.h"
#include "pv/rings.h"

static void broken(struct leat_ring *r, const char *text)
{
    unsigned char m[112];
    const char *said;
    bool yes = true;

    FAILS(LEAT_E_PROTO, leat_ring_state(r, &said));
    cr_assert_str_eq(said, text);
    FAILS(LEAT_E_PROTO, leat_ring_take(r, m, 8));
    FAILS(LEAT_E_PROTO, leat_ring_put(r, m, 8));
    FAILS(LEAT_E_PROTO, leat_ring_push(r, &yes));
    FAILS(LEAT_E_PROTO, leat_ring_sleep(r, &yes));
    FAILS(LEAT_E_PROTO, leat_ring_break(r, "later", 1, 2));
    FAILS(LEAT_E_PROTO, leat_ring_state(r, &said));
    cr_assert_str_eq(said, text);
    cr_assert(yes && leat_ring_room(r) == 0 && !leat_ring_check(r));
}

/* req_prod ahead of what can be, at 0 and where the indexes wrap. */
Test(ring_hostile, xsa_39_a_front_far_ahead)
{
    static const uint32_t starts[] = {0, 0xffffffe0u, 0xffffffffu, 0x7ffffff0u};
    static const uint32_t ahead[] = {33, 34, 64, 0x7fffffff, 0x80000000u};
    unsigned char m[112] = {0};

    for (size_t i = 0; i < COUNT(starts); i++) {
        for (size_t k = 0; k < COUNT(ahead) + 2; k++) {
            /* Then 2^32 - 1, as it is and as a distance. */
            uint32_t to = k < COUNT(ahead)    ? starts[i] + ahead[k]
                          : k == COUNT(ahead) ? 0xffffffffu
                                              : starts[i] - 1;
            struct rings w;
            char text[160];

            if (to - starts[i] <= 32)
                continue;
            rings_open(&w, 112, 0, starts[i]);
            rings_write(&w, REQ_PROD, to);
            FAILS(LEAT_E_PROTO, leat_ring_take(&w.back, m, 112));
            snprintf(text, sizeof(text),
                     "ring back: req_prod is ahead by %u, against 32",
                     to - starts[i]);
            broken(&w.back, text);
            rings_close(&w);
        }
    }
}

/* cons + size + 1, where the back has taken and answered some. */
Test(ring_hostile, xsa_39_a_front_one_too_many)
{
    unsigned char m[112] = {0};

    for (uint32_t answered = 0; answered < 40; answered++) {
        struct rings w;
        bool yes;

        rings_open(&w, 112, 0, 0xfffffff0u);
        for (uint32_t i = 0; i < answered; i++) {
            MUST(leat_ring_put(&w.front, m, 112));
            MUST(leat_ring_push(&w.front, &yes));
            MUST(leat_ring_take(&w.back, m, 112));
            MUST(leat_ring_put(&w.back, m, 16));
            MUST(leat_ring_push(&w.back, &yes));
            MUST(leat_ring_take(&w.front, m, 16));
        }
        rings_write(&w, REQ_PROD, 0xfffffff0u + answered + 32);
        for (int i = 0; i < 32; i++)
            MUST(leat_ring_take(&w.back, m, 112));
        rings_write(&w, REQ_PROD, 0xfffffff0u + answered + 33);
        FAILS(LEAT_E_PROTO, leat_ring_take(&w.back, m, 112));
        broken(&w.back, "ring back: req_prod is ahead by 33, against 32");
        rings_close(&w);
    }
}

/* A response that has no request is one too many. */
Test(ring_hostile, xsa_39_a_back_far_ahead)
{
    static const uint32_t ahead[] = {4, 5, 32, 33, 0x80000000u, 0xffffffffu};
    unsigned char m[112] = {0};

    for (size_t k = 0; k < COUNT(ahead); k++) {
        struct rings w;
        char text[160];
        bool yes;

        rings_open(&w, 112, 0, 0xfffffffeu);
        for (int i = 0; i < 5; i++) {
            if (i == 3)
                MUST(leat_ring_push(&w.front, &yes));
            MUST(leat_ring_put(&w.front, m, 112)); /* two are not pushed */
        }
        rings_write(&w, RSP_PROD, 0xfffffffeu + ahead[k]);
        if (k % 2)
            FAILS(LEAT_E_PROTO, leat_ring_sleep(&w.front, &yes));
        else
            FAILS(LEAT_E_PROTO, leat_ring_take(&w.front, m, 16));
        snprintf(text, sizeof(text),
                 "ring front: rsp_prod is ahead by %u, against 3", ahead[k]);
        broken(&w.front, text);
        rings_close(&w);
    }
}

/* A producer that takes back what was read already. */
Test(ring_hostile, a_front_that_goes_back)
{
    unsigned char m[112] = {0};
    struct rings w;
    bool yes;

    rings_open(&w, 112, 0, 0);
    for (int i = 0; i < 5; i++)
        MUST(leat_ring_put(&w.front, m, 112));
    MUST(leat_ring_push(&w.front, &yes));
    for (int i = 0; i < 5; i++)
        MUST(leat_ring_take(&w.back, m, 112));
    rings_write(&w, REQ_PROD, 3);
    FAILS(LEAT_E_PROTO, leat_ring_take(&w.back, m, 112));
    broken(&w.back, "ring back: req_prod went back to 3, against 5");
    rings_close(&w);
}

/* All words of the head are noise: no end ever does more than there are slots,
 * nor leaves an invariant, and our own words are never believed. */
Test(ring_hostile, xsa_86_noise_in_the_index_page)
{
    uint64_t x = 88172645463325252u;
    unsigned char m[112] = {0};
    unsigned broke = 0;

    for (int run = 0; run < 4000; run++) {
        struct rings w;
        bool yes;

        rings_open(&w, 112, 0, (uint32_t)x);
        for (int step = 0; step < 60; step++) {
            struct leat_ring *r = step & 1 ? &w.front : &w.back;
            uint32_t taken = 0;

            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            /* Often near what is there, or it breaks at once. */
            w.page[x % 4] = x & 64 ? w.page[x >> 8 & 3] + (uint32_t)(x >> 60)
                                   : (uint32_t)(x >> 32);
            while (!leat_ring_take(r, m, 8))
                cr_assert(++taken <= 32);
            if (!leat_ring_put(r, m, 8) && !leat_ring_push(r, &yes))
                cr_assert_eq(w.page[step & 1 ? REQ_PROD : RSP_PROD], r->put);
            (void)leat_ring_sleep(r, &yes);
            cr_assert(!leat_ring_check(&w.front) && !leat_ring_check(&w.back));
        }
        broke += w.front.error != 0;
        rings_close(&w);
    }
    cr_assert(broke > 1000);
}

/* The peer looks at each byte of the pages for what was never meant for it. */
Test(ring_hostile, xsa_216_nothing_leaks_past_a_message)
{
    unsigned char m[112], got[112], *bytes;
    struct rings w;
    bool yes;

    rings_open(&w, 112, 0, 0);
    bytes = (unsigned char *)w.page;
    memset(m, 0xaa, sizeof(m));
    for (int i = 0; i < 32; i++)
        MUST(leat_ring_put(&w.front, m, 112));
    MUST(leat_ring_push(&w.front, &yes));
    for (size_t len = 1; len <= 32; len++) {
        MUST(leat_ring_take(&w.back, got, 112));
        memset(m, 0xbb, sizeof(m)); /* more than is meant to be shown */
        MUST(leat_ring_put(&w.back, m, len));
        for (size_t i = 0; i < 112; i++)
            cr_assert_eq(bytes[64 + (len - 1) * 112 + i], i < len ? 0xbb : 0);
    }
    for (size_t i = 64 + 32 * 112; i < LEAT_PAGE_SIZE; i++)
        cr_assert_eq(bytes[i], 0);
    rings_close(&w);
}

Test(ring_hostile, who_finds_a_lie_breaks_the_ring)
{
    struct rings w;

    rings_open(&w, 112, 0, 0);
    FAILS(LEAT_E_PROTO,
          leat_ring_break(&w.front, "id", UINT64_MAX, 18446744073709551614u));
    broken(&w.front, "ring front: id 18446744073709551615, against "
                     "18446744073709551614");
    rings_close(&w);
}

Test(ring_hostile, a_text_is_cut_where_it_ends)
{
    char what[400];
    const char *said;
    struct rings w;

    memset(what, 'x', sizeof(what));
    what[sizeof(what) - 1] = '\0';
    rings_open(&w, 112, 0, 0);
    FAILS(LEAT_E_PROTO, leat_ring_break(&w.front, what, 1, 2));
    FAILS(LEAT_E_PROTO, leat_ring_state(&w.front, &said));
    cr_assert_eq(strlen(said), LEAT_RING_TEXT - 1);
    rings_close(&w);
}
