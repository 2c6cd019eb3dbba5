/* SPDX-License-Identifier: ISC */

/* Handles of eight bytes: they tell what chunks tell, and find what chunks find. */

#include "pool_fixture.h"

static struct leat_magazine *open_pages(struct pool_fixture *f, uint32_t flags)
{
    struct leat_magazine *m;

    open_static(
        f, 256,
        (struct leat_pool_config){.flags = flags, .threads = 2, .magazine = 8});
    MUST(leat_magazine_create(f->pool, &m));
    return m;
}

static void close_pages(struct pool_fixture *f, struct leat_magazine *m)
{
    MUST(leat_magazine_destroy(m));
    close_pool(f);
}

static void gets_and_puts(uint32_t flags)
{
    struct leat_page p[64];
    struct pool_fixture f;
    struct leat_magazine *m = open_pages(&f, flags);

    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 64; i++) {
            MUST(leat_page_get(m, &p[i]));
            MUST(leat_chunk_check(leat_page_chunk(f.pool, p[i])));
            cr_assert_eq(leat_page_addr(m, p[i]),
                         bytes_of(leat_page_chunk(f.pool, p[i])));
            cr_assert(all_bytes(leat_page_addr(m, p[i]), PAGE, 0));
        }
        assert_sound(f.pool);
        for (size_t i = 0; i < 64; i++) {
            MUST(leat_page_put(m, p[i]));
            FAILS(LEAT_E_STALE, leat_page_put(m, p[i]));
        }
        assert_sound(f.pool);
    }
    cr_assert_eq(stats_of(f.pool).gets, 192);
    close_pages(&f, m);
}

Test(page, gets_and_puts)
{
    gets_and_puts(0);
    gets_and_puts(LEAT_POOL_EXACT);
    gets_and_puts(LEAT_POOL_TRACK);
}

Test(page, bulks_of_every_size)
{
    struct leat_page p[200];
    struct pool_fixture f;
    struct leat_magazine *m = open_pages(&f, 0);
    size_t done;

    for (size_t n = 0; n <= COUNT(p); n++) {
        MUST(leat_page_get_bulk(m, p, n));
        cr_assert_eq(stats_of(f.pool).pages_out, n);
        for (size_t i = 0; i < n; i++) {
            *(size_t *)leat_page_addr(m, p[i]) = i;
            MUST(leat_chunk_check(leat_page_chunk(f.pool, p[i])));
        }
        for (size_t i = 0; i < n; i++)
            cr_assert_eq(*(size_t *)leat_page_addr(m, p[i]), i);
        if (n % 16 == 0)
            assert_sound(f.pool);
        MUST(leat_page_put_bulk(m, p, n, &done));
        cr_assert_eq(done, n);
    }
    close_pages(&f, m);
}

/* All or none, and the outputs stay on failure. */
Test(page, bulk_of_too_many)
{
    struct leat_page p[300], stays = {77};
    struct pool_fixture f;
    struct leat_magazine *m = open_pages(&f, 0);

    for (size_t i = 0; i < COUNT(p); i++)
        p[i] = stays;
    FAILS(LEAT_E_NOMEM, leat_page_get_bulk(m, p, 257));
    FAILS(LEAT_E_INVALID, leat_page_get_bulk(m, NULL, 1));
    FAILS(LEAT_E_INVALID, leat_page_get_bulk(NULL, p, 1));
    for (size_t i = 0; i < COUNT(p); i++)
        cr_assert_eq(p[i].id, 77);
    MUST(leat_page_get_bulk(m, p, 256));
    FAILS(LEAT_E_NOMEM, leat_page_get_bulk(m, p + 256, 1));
    MUST(leat_page_put_bulk(m, p, 256, NULL));
    close_pages(&f, m);
}

/* A bulk put stops at the first handle that is none, wherever it stands. */
Test(page, bulk_put_finds_the_wrong_one)
{
    struct leat_page p[40], bad[4], q[40];
    struct pool_fixture f, other;
    struct leat_magazine *m = open_pages(&f, 0);
    struct leat_magazine *n = open_pages(&other, 0);
    const int errors[4] = {LEAT_E_STALE, LEAT_E_FOREIGN, LEAT_E_FOREIGN,
                           LEAT_E_STALE};

    for (size_t at = 0; at < COUNT(p); at++) {
        for (size_t kind = 0; kind < 4; kind++) {
            size_t done = 99;

            MUST(leat_page_get(m, &bad[0]));
            MUST(leat_page_get_bulk(m, p, COUNT(p)));
            MUST(leat_page_put(m, bad[0]));          /* put before        */
            MUST(leat_page_get(n, &bad[1]));         /* another pool's    */
            bad[2].id = 0;                           /* no page           */
            bad[3].id = p[0].id ^ (uint64_t)1 << 60; /* no such generation */
            memcpy(q, p, sizeof(q));
            q[at] = bad[kind];
            FAILS(errors[kind], leat_page_put_bulk(m, q, COUNT(q), &done));
            cr_assert_eq(done, at);
            MUST(leat_page_put_bulk(m, p + at, COUNT(p) - at, &done));
            cr_assert_eq(done, COUNT(p) - at);
            MUST(leat_page_put(n, bad[1]));
        }
    }
    assert_sound(f.pool);
    close_pages(&other, n);
    close_pages(&f, m);
}

/* One page twice in one call is found the second time. */
Test(page, bulk_put_finds_a_double)
{
    struct leat_page p[9];
    struct pool_fixture f;
    struct leat_magazine *m = open_pages(&f, 0);

    for (size_t second = 1; second < 8; second++) {
        size_t done;

        MUST(leat_page_get_bulk(m, p, 8));
        p[8] = p[second];
        p[second] = p[0];
        FAILS(LEAT_E_STALE, leat_page_put_bulk(m, p, 9, &done));
        cr_assert_eq(done, second);
        MUST(leat_page_put_bulk(m, p + second + 1, 8 - second, NULL));
    }
    close_pages(&f, m);
}

/* No two pools have a number in common, and a pool that is gone keeps its own. */
Test(page, numbers_are_of_one_pool)
{
    struct pool_fixture f[20];
    struct leat_magazine *m[20];
    struct leat_page p[20], old;

    for (size_t i = 0; i < COUNT(f); i++) {
        m[i] = open_pages(&f[i], 0);
        MUST(leat_page_get(m[i], &p[i]));
        for (size_t k = 0; k < i; k++) {
            cr_assert_neq((uint32_t)p[i].id, (uint32_t)p[k].id);
            FAILS(LEAT_E_FOREIGN, leat_page_put(m[k], p[i]));
            FAILS(LEAT_E_FOREIGN, leat_page_put(m[i], p[k]));
        }
    }
    old = p[7];
    MUST(leat_page_put(m[7], old));
    close_pages(&f[7], m[7]);
    m[7] = open_pages(&f[7], 0);
    MUST(leat_page_get(m[7], &p[7]));
    FAILS(LEAT_E_FOREIGN, leat_page_put(m[7], old));
    for (size_t i = 0; i < COUNT(f); i++) {
        MUST(leat_page_put(m[i], p[i]));
        close_pages(&f[i], m[i]);
    }
}

/* Pools come and go for longer than there are numbers. */
Test(page, numbers_come_round)
{
    struct leat_page first, p;
    struct pool_fixture f, g;
    struct leat_magazine *m, *n;
    bool round = false;

    m = open_pages(&f, 0);
    MUST(leat_page_get(m, &first));
    for (size_t i = 0; i < 200 && !round; i++) {
        uint32_t number;

        /* Metadata is virtual memory until it is touched. */
        open_mmap(&g, 0,
                  (struct leat_pool_config){.limit_pages = (size_t)1 << 25,
                                            .magazine = 8,
                                            .threads = 1});
        MUST(leat_magazine_create(g.pool, &n));
        MUST(leat_page_get(n, &p));
        number = (uint32_t)p.id;
        FAILS(LEAT_E_FOREIGN, leat_page_put(m, p));
        FAILS(LEAT_E_FOREIGN, leat_page_put(n, first));
        MUST(leat_page_put(n, p));
        round = number < UINT32_MAX / 4 && i > 40;
        close_pages(&g, n);
    }
    cr_assert(round);
    MUST(leat_page_put(m, first));
    close_pages(&f, m);
}
