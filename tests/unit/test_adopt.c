/* SPDX-License-Identifier: ISC */

/* Memory of the caller's own enters as a chunk and is released once. */

#include "pool_fixture.h"

#define UNIT LEAT_UNIT_PAGES

static _Alignas(4096) unsigned char memory[16 * 4096];

struct release {
    size_t calls, pages;
    void *base;
    struct leat_pool *again; /* adopt it once more inside the callback */
};

static void release(void *arg, void *base, size_t pages)
{
    struct release *r = arg;
    struct leat_chunk c;

    r->calls++;
    r->base = base;
    r->pages = pages;
    if (r->again) {
        struct leat_pool *pool = r->again;

        r->again = NULL;
        MUST(leat_pool_adopt(pool, base, pages, release, r, &c));
        MUST(leat_pool_put(pool, c));
    }
}

static void open_adopting(struct pool_fixture *f, size_t adopt_pages)
{
    open_static(f, 8,
                (struct leat_pool_config){.limit_pages = 4,
                                          .adopt_pages = adopt_pages,
                                          .threads = 2});
}

Test(adopt, enters_and_leaves)
{
    struct release r = {0};
    struct leat_chunk c, found, mine;
    struct pool_fixture f;
    size_t pages;

    open_adopting(&f, UNIT);
    memset(memory, 0x31, sizeof(memory));
    for (size_t i = 1; i <= 3; i++) {
        MUST(leat_pool_adopt(f.pool, memory, 5, release, &r, &c));
        MUST(leat_chunk_pages(c, &pages));
        cr_assert_eq(pages, 5);
        cr_assert_eq(bytes_of(c), memory);
        cr_assert_eq(leat_chunk_addr(c), memory);
        cr_assert(all_bytes(memory, sizeof(memory), 0x31), "as it is");
        MUST(leat_chunk_find(f.pool, memory, &found));
        cr_assert_eq(found.id, c.id);
        FAILS(LEAT_E_INTERIOR, leat_chunk_find(f.pool, memory + PAGE, &found));
        cr_assert_eq(stats_of(f.pool).pages_adopted, 5);
        cr_assert_eq(stats_of(f.pool).pages_out, 0);
        assert_sound(f.pool);

        /* It does not count against the limit. */
        mine = get(f.pool, 4);
        cr_assert_neq(bytes_of(mine), memory);
        MUST(leat_pool_put(f.pool, mine));
        cr_assert_eq(r.calls, i - 1);
        MUST(leat_pool_put(f.pool, c));
        cr_assert_eq(r.calls, i);
        cr_assert_eq(r.base, memory);
        cr_assert_eq(r.pages, 5);
        FAILS(LEAT_E_STALE, leat_pool_put(f.pool, c));
        cr_assert_eq(r.calls, i);
        cr_assert_eq(stats_of(f.pool).pages_adopted, 0);
        FAILS(LEAT_E_FOREIGN, leat_chunk_find(f.pool, memory, &found));
    }
    cr_assert(all_bytes(memory, sizeof(memory), 0x31));
    close_pool(&f);
}

/* It is never handed out, whatever the pool lacks. */
Test(adopt, never_handed_out)
{
    struct leat_chunk c, d, more;
    struct release r = {0};
    struct pool_fixture f;

    open_static(&f, 4, (struct leat_pool_config){.adopt_pages = UNIT});
    MUST(leat_pool_adopt(f.pool, memory, 1, release, &r, &c));
    MUST(leat_pool_put(f.pool, c));
    MUST(leat_pool_adopt(f.pool, memory + PAGE, 1, release, &r, &c));
    d = get(f.pool, 4);
    FAILS(LEAT_E_NOMEM, leat_pool_get(f.pool, 1, &more));
    MUST(leat_pool_put(f.pool, c));
    FAILS(LEAT_E_NOMEM, leat_pool_get(f.pool, 1, &more));
    MUST(leat_pool_put(f.pool, d));
    cr_assert_eq(r.calls, 2);
    close_pool(&f);
}

Test(adopt, released_by_the_last_ref)
{
    struct leat_ref ref = {0}, part = {0};
    struct release r = {0};
    struct pool_fixture f;
    struct leat_chunk c;

    open_adopting(&f, UNIT);
    MUST(leat_pool_adopt(f.pool, memory, 2, release, &r, &c));
    MUST(leat_ref_take(c, leat_chunk_view(c), &ref));
    MUST(leat_ref_slice(&ref, 4000, 200, &part));
    MUST(leat_pool_put(f.pool, c));
    MUST(leat_ref_drop(&ref));
    cr_assert_eq(r.calls, 0);
    FAILS(LEAT_E_BUSY, leat_pool_destroy(f.pool));
    MUST(leat_ref_drop(&part));
    cr_assert_eq(r.calls, 1);
    close_pool(&f);
}

Test(adopt, released_by_the_last_page_of_a_split)
{
    struct leat_chunk c, pages[7];
    struct release r = {0};
    struct pool_fixture f;

    open_adopting(&f, UNIT);
    MUST(leat_pool_adopt(f.pool, memory, 7, release, &r, &c));
    MUST(leat_chunk_split(c, pages, 7));
    assert_sound(f.pool);
    for (size_t i = 0; i < 7; i++) {
        cr_assert_eq(r.calls, 0);
        MUST(leat_pool_put(f.pool, pages[i * 3 % 7]));
        FAILS(LEAT_E_STALE, leat_pool_put(f.pool, pages[i * 3 % 7]));
    }
    cr_assert_eq(r.calls, 1);
    cr_assert_eq(r.base, memory);
    cr_assert_eq(r.pages, 7);
    close_pool(&f);
}

Test(adopt, refused)
{
    unsigned char *top = (unsigned char *)(UINTPTR_MAX & ~(PAGE - 1));
    struct leat_chunk c = {NULL, 2}, mine;
    struct release r = {0};
    struct pool_fixture f;

    open_adopting(&f, 2 * UNIT);
    mine = get(f.pool, 2);
    FAILS(LEAT_E_ALIGN,
          leat_pool_adopt(f.pool, memory + 1, 1, release, &r, &c));
    FAILS(LEAT_E_ALIGN,
          leat_pool_adopt(f.pool, memory + 2048, 1, release, &r, &c));
    FAILS(LEAT_E_INVALID, leat_pool_adopt(f.pool, memory, 0, release, &r, &c));
    FAILS(LEAT_E_INVALID, leat_pool_adopt(f.pool, NULL, 1, release, &r, &c));
    FAILS(LEAT_E_OVERFLOW, leat_pool_adopt(f.pool, top, 2, release, &r, &c));
    FAILS(LEAT_E_OVERFLOW, leat_pool_adopt(f.pool, memory, SIZE_MAX / PAGE + 1,
                                           release, &r, &c));
    FAILS(LEAT_E_BUSY,
          leat_pool_adopt(f.pool, bytes_of(mine), 1, release, &r, &c));
    FAILS(LEAT_E_BUSY,
          leat_pool_adopt(f.pool, f.base + 7 * PAGE, 1, release, &r, &c));
    cr_assert_eq(c.id, 2);
    cr_assert_eq(r.calls, 0, "what did not enter is not released");
    MUST(leat_pool_put(f.pool, mine));
    close_pool(&f);
}

/* Twice the same, overlapping at either end, or around. */
Test(adopt, overlap)
{
    struct leat_chunk c, d;
    struct release r = {0};
    struct pool_fixture f;

    open_adopting(&f, 4 * UNIT);
    MUST(leat_pool_adopt(f.pool, memory + 4 * PAGE, 4, release, &r, &c));
    for (size_t first = 0; first < 9; first++)
        for (size_t n = 1; n <= 8; n++) {
            bool apart = first + n <= 4 || first >= 8;
            int err = leat_pool_adopt(f.pool, memory + first * PAGE, n, release,
                                      &r, &d);

            cr_assert_eq(err, apart ? 0 : LEAT_E_BUSY, "%zu pages at %zu", n,
                         first);
            if (!err)
                MUST(leat_pool_put(f.pool, d));
        }
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

/* Room is counted in units, a piece rounded up, and comes back. */
Test(adopt, room)
{
    struct leat_chunk c[3], more;
    struct release r = {0};
    struct pool_fixture f;

    open_adopting(&f, 0);
    FAILS(LEAT_E_LIMIT, leat_pool_adopt(f.pool, memory, 1, release, &r, &more));
    close_pool(&f);

    open_adopting(&f, 3 * UNIT);
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < 3; i++)
            MUST(leat_pool_adopt(f.pool, memory + i * PAGE, 1, release, &r,
                                 &c[i]));
        FAILS(LEAT_E_LIMIT, leat_pool_adopt(f.pool, memory + 3 * PAGE, 1,
                                            release, &r, &more));
        assert_sound(f.pool);
        for (size_t i = 0; i < 3; i++)
            MUST(leat_pool_put(f.pool, c[(i + (size_t)round) % 3]));
    }
    cr_assert_eq(r.calls, 15);
    close_pool(&f);
}

Test(adopt, from_its_own_release)
{
    struct release r = {0};
    struct pool_fixture f;
    struct leat_chunk c;

    open_adopting(&f, UNIT);
    r.again = f.pool;
    MUST(leat_pool_adopt(f.pool, memory, 2, release, &r, &c));
    MUST(leat_pool_put(f.pool, c));
    cr_assert_eq(r.calls, 2);
    close_pool(&f);
}

static int adopted_is_named(void *arg, const struct leat_out *out)
{
    cr_assert(out->adopted);
    cr_assert_eq(out->bytes.data, memory);
    cr_assert_eq(out->bytes.len, 3 * PAGE);
    ++*(size_t *)arg;
    return 0;
}

Test(adopt, is_named_while_out)
{
    struct release r = {0};
    struct pool_fixture f;
    struct leat_chunk c;
    size_t named = 0;

    open_adopting(&f, UNIT);
    MUST(leat_pool_adopt(f.pool, memory, 3, release, &r, &c));
    FAILS(LEAT_E_BUSY, leat_pool_destroy(f.pool));
    MUST(leat_pool_each_out(f.pool, adopted_is_named, &named));
    cr_assert_eq(named, 1);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}
