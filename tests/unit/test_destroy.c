/* SPDX-License-Identifier: ISC */

/* Destruction is refused while something is out, and says what it is. */

#include "pool_fixture.h"

struct seen {
    struct leat_out out[8];
    size_t n;
    size_t stop_after;
};

static int see(void *arg, const struct leat_out *out)
{
    struct seen *seen = arg;

    if (seen->n < COUNT(seen->out))
        seen->out[seen->n] = *out;
    return ++seen->n == seen->stop_after ? 123 : 0;
}

Test(destroy, empty_pool)
{
    struct pool_fixture f;

    open_static(&f, 1, (struct leat_pool_config){0});
    close_pool(&f);
}

static void chunks_out(uint32_t flags)
{
    struct pool_fixture f;
    struct leat_chunk c[3];
    struct seen seen = {0};

    open_static(&f, 32,
                (struct leat_pool_config){.flags = flags, .threads = 2});
    c[0] = get(f.pool, 1);
    c[1] = get(f.pool, 4);
    c[2] = get(f.pool, 2);
    MUST(leat_pool_put(f.pool, get(f.pool, 1)));
    for (size_t left = 3; left; left--) {
        FAILS(LEAT_E_BUSY, leat_pool_destroy(f.pool));
        assert_sound(f.pool);
        memset(&seen, 0, sizeof(seen));
        MUST(leat_pool_each_out(f.pool, see, &seen));
        cr_assert_eq(seen.n, left);
        for (size_t i = 0; i < left; i++) {
            bool mine = false;

            cr_assert_eq(seen.out[i].owners, 1);
            cr_assert_not(seen.out[i].adopted);
            if (i)
                cr_assert_gt(seen.out[i].bytes.data,
                             seen.out[i - 1].bytes.data);
            for (size_t k = 0; k < left; k++) {
                struct leat_view v = leat_chunk_view(c[k]);

                mine |= v.data == seen.out[i].bytes.data &&
                        v.len == seen.out[i].bytes.len;
            }
            cr_assert(mine);
        }
        MUST(leat_pool_put(f.pool, c[left - 1]));
    }
    close_pool(&f);
}

Test(destroy, names_the_chunks)
{
    chunks_out(0);
    chunks_out(LEAT_POOL_EXACT);
    chunks_out(LEAT_POOL_TRACK);
}

Test(destroy, refused_changes_nothing)
{
    struct pool_fixture f;
    struct leat_chunk c;

    open_static(&f, 4, (struct leat_pool_config){0});
    c = get(f.pool, 2);
    memset(bytes_of(c), 0x42, 2 * PAGE);
    FAILS(LEAT_E_BUSY, leat_pool_destroy(f.pool));
    MUST(leat_chunk_check(c));
    cr_assert(all_bytes(bytes_of(c), 2 * PAGE, 0x42));
    MUST(leat_pool_put(f.pool, get(f.pool, 2)));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(destroy, each_out_stops_when_told)
{
    struct seen seen = {.stop_after = 2};
    struct pool_fixture f;
    struct leat_chunk c[4];

    open_static(&f, 4, (struct leat_pool_config){0});
    MUST(leat_pool_get_bulk(f.pool, c, 4));
    cr_assert_eq(leat_pool_each_out(f.pool, see, &seen), 123);
    cr_assert_eq(seen.n, 2);
    MUST(leat_pool_put_bulk(f.pool, c, 4, NULL));
    close_pool(&f);
}

/* A ref alone keeps the pool: its handle was put. */
Test(destroy, refs_out)
{
    struct seen seen = {0};
    struct pool_fixture f;
    struct leat_ref ref = {0}, other = {0};
    struct leat_chunk c;

    open_static(&f, 4, (struct leat_pool_config){0});
    c = get(f.pool, 3);
    MUST(leat_ref_take(c, leat_chunk_view(c), &ref));
    MUST(leat_ref_slice(&ref, 5, 6, &other));
    MUST(leat_pool_put(f.pool, c));
    FAILS(LEAT_E_BUSY, leat_pool_destroy(f.pool));
    MUST(leat_pool_each_out(f.pool, see, &seen));
    cr_assert_eq(seen.n, 1);
    cr_assert_eq(seen.out[0].owners, 2);
    cr_assert_eq(seen.out[0].bytes.len, 3 * PAGE);
    MUST(leat_ref_drop(&ref));
    FAILS(LEAT_E_BUSY, leat_pool_destroy(f.pool));
    MUST(leat_ref_drop(&other));
    close_pool(&f);
}

/* Magazines that still stand are taken back. */
Test(destroy, takes_magazines_back)
{
    struct leat_magazine *m[2];
    struct pool_fixture f;
    struct leat_chunk c[5];

    open_static(&f, 64, (struct leat_pool_config){.threads = 4});
    for (int i = 0; i < 2; i++) {
        MUST(leat_magazine_create(f.pool, &m[i]));
        MUST(leat_magazine_get_bulk(m[i], c, 5));
        MUST(leat_magazine_put_bulk(m[i], c, 5, NULL));
    }
    close_pool(&f);
}
