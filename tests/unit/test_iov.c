/* SPDX-License-Identifier: ISC */

#include "pool_fixture.h"

static const struct leat_view nothing = {NULL, 0};
static unsigned char mem[64];

static struct leat_view at(size_t off, size_t len)
{
    return (struct leat_view){mem + off, len};
}

/* An iov of the views of these lengths, one after the other in (mem). */
static void fill_in(struct leat_iov *iov, struct leat_view *views, size_t max,
                    const size_t *lens, size_t n)
{
    size_t off = 0;

    for (size_t i = 0; i < sizeof(mem); i++)
        mem[i] = (unsigned char)i;
    MUST(leat_iov_init(iov, views, max));
    for (size_t i = 0; i < n; off += lens[i++])
        MUST(leat_iov_append(iov, at(off, lens[i])));
}

static void assert_view(const struct leat_iov *iov, size_t i, size_t off,
                        size_t len)
{
    cr_assert_lt(i, iov->n);
    cr_assert_eq(iov->views[i].data, mem + off, "view %zu", i);
    cr_assert_eq(iov->views[i].len, len, "view %zu", i);
}

static size_t total_of(const struct leat_iov *iov)
{
    size_t total = 77;

    MUST(leat_iov_total(iov, &total));
    return total;
}

Test(iov, init)
{
    struct leat_view views[3];
    struct leat_iov iov;

    MUST(leat_iov_init(&iov, views, 3));
    cr_assert(iov.views == views && iov.n == 0 && iov.max == 3);
    cr_assert_eq(total_of(&iov), 0);
    MUST(leat_iov_init(&iov, NULL, 0));
    FAILS(LEAT_E_LIMIT, leat_iov_append(&iov, at(0, 1)));
    FAILS(LEAT_E_INVALID, leat_iov_init(&iov, NULL, 1));
    FAILS(LEAT_E_INVALID, leat_iov_init(NULL, views, 3));
}

Test(iov, append_until_it_is_full)
{
    struct leat_view views[3];
    struct leat_iov iov;

    MUST(leat_iov_init(&iov, views, 3));
    MUST(leat_iov_append(&iov, at(5, 7)));
    MUST(leat_iov_append(&iov, at(3, 0)));
    MUST(leat_iov_append(&iov, at(5, 7)));
    FAILS(LEAT_E_LIMIT, leat_iov_append(&iov, at(0, 1)));
    FAILS(LEAT_E_LIMIT, leat_iov_append(&iov, at(0, 0)));
    cr_assert_eq(iov.n, 3);
    assert_view(&iov, 0, 5, 7);
    assert_view(&iov, 1, 3, 0);
    assert_view(&iov, 2, 5, 7);
    cr_assert_eq(total_of(&iov), 14);
}

Test(iov, append_refuses)
{
    struct leat_view views[3], huge = {mem, SIZE_MAX};
    struct leat_iov iov;

    MUST(leat_iov_init(&iov, views, 3));
    FAILS(LEAT_E_STALE, leat_iov_append(&iov, nothing));
    FAILS(LEAT_E_INVALID, leat_iov_append(NULL, at(0, 1)));
    cr_assert_eq(iov.n, 0);
    MUST(leat_iov_append(&iov, huge));
    FAILS(LEAT_E_OVERFLOW, leat_iov_append(&iov, at(0, 1)));
    MUST(leat_iov_append(&iov, at(0, 0)));
    cr_assert_eq(iov.n, 2);
    cr_assert_eq(total_of(&iov), SIZE_MAX);
}

Test(iov, total_refuses)
{
    struct leat_view views[2] = {{mem, SIZE_MAX}, {mem, 1}};
    struct leat_iov iov = {views, 2, 2};
    size_t total = 77;

    FAILS(LEAT_E_OVERFLOW, leat_iov_total(&iov, &total));
    FAILS(LEAT_E_INVALID, leat_iov_total(NULL, &total));
    FAILS(LEAT_E_INVALID, leat_iov_total(&iov, NULL));
    cr_assert_eq(total, 77);
    FAILS(LEAT_E_OVERFLOW, leat_iov_append(&iov, at(0, 1)));
}

Test(iov, shift_drops_bytes_and_empty_views)
{
    static const size_t lens[] = {0, 3, 0, 4, 0, 5};
    struct leat_view views[6];
    struct leat_iov iov;

    fill_in(&iov, views, 6, lens, 6);
    MUST(leat_iov_shift(&iov, 0)); /* the empty one at the front */
    cr_assert_eq(iov.n, 5);
    assert_view(&iov, 0, 0, 3);
    MUST(leat_iov_shift(&iov, 2));
    cr_assert_eq(iov.n, 5);
    assert_view(&iov, 0, 2, 1);
    MUST(leat_iov_shift(&iov, 1)); /* and those behind what became empty */
    cr_assert_eq(iov.n, 3);
    assert_view(&iov, 0, 3, 4);
    assert_view(&iov, 1, 7, 0);
    assert_view(&iov, 2, 7, 5);
    MUST(leat_iov_shift(&iov, 6));
    cr_assert_eq(iov.n, 1);
    assert_view(&iov, 0, 9, 3);
    MUST(leat_iov_shift(&iov, 3));
    cr_assert_eq(iov.n, 0);
    MUST(leat_iov_shift(&iov, 0));
}

Test(iov, shift_refuses_more_than_there_is)
{
    static const size_t lens[] = {3, 0};
    struct leat_view views[2];
    struct leat_iov iov;

    fill_in(&iov, views, 2, lens, 2);
    FAILS(LEAT_E_RANGE, leat_iov_shift(&iov, 4));
    FAILS(LEAT_E_RANGE, leat_iov_shift(&iov, SIZE_MAX));
    FAILS(LEAT_E_INVALID, leat_iov_shift(NULL, 0));
    cr_assert_eq(iov.n, 2);
    assert_view(&iov, 0, 0, 3);
}

Test(iov, split_at_every_byte)
{
    static const size_t lens[] = {3, 0, 4, 5};

    for (size_t cut = 0; cut <= 12; cut++) {
        struct leat_view views[4], rest[4];
        struct leat_iov iov, tail;
        size_t pos = 0;

        fill_in(&iov, views, 4, lens, 4);
        MUST(leat_iov_init(&tail, rest, 4));
        MUST(leat_iov_split(&iov, cut, &tail));
        cr_assert_eq(total_of(&iov), cut);
        cr_assert_eq(total_of(&tail), 12 - cut);
        for (size_t i = 0; i < iov.n; pos += iov.views[i++].len)
            cr_assert_eq(iov.views[i].data, mem + pos);
        for (size_t i = 0; i < tail.n; pos += tail.views[i++].len)
            cr_assert_eq(tail.views[i].data, mem + pos);
        cr_assert_eq(pos, 12);
        cr_assert_eq(iov.n + tail.n,
                     cut == 0 || cut == 3 || cut == 7 || cut == 12 ? 4 : 5);
    }
}

Test(iov, split_gives_empty_views_at_the_cut_to_the_tail)
{
    static const size_t lens[] = {3, 0, 4, 0};
    struct leat_view views[4], rest[4];
    struct leat_iov iov, tail;

    fill_in(&iov, views, 4, lens, 4);
    MUST(leat_iov_init(&tail, rest, 4));
    MUST(leat_iov_split(&iov, 7, &tail));
    cr_assert(iov.n == 3 && tail.n == 1);
    tail.n = 0;
    MUST(leat_iov_split(&iov, 3, &tail));
    cr_assert(iov.n == 1 && tail.n == 2);
    assert_view(&tail, 0, 3, 0);
    assert_view(&tail, 1, 3, 4);
}

Test(iov, split_refuses)
{
    static const size_t lens[] = {3, 4, 5};
    struct leat_view views[3], rest[2];
    struct leat_iov iov, tail;

    fill_in(&iov, views, 3, lens, 3);
    MUST(leat_iov_init(&tail, rest, 2));
    FAILS(LEAT_E_RANGE, leat_iov_split(&iov, 13, &tail));
    FAILS(LEAT_E_RANGE, leat_iov_split(&iov, SIZE_MAX, &tail));
    FAILS(LEAT_E_LIMIT, leat_iov_split(&iov, 2, &tail));
    FAILS(LEAT_E_INVALID, leat_iov_split(&iov, 5, NULL));
    FAILS(LEAT_E_INVALID, leat_iov_split(NULL, 5, &tail));
    cr_assert_eq(tail.n, 0);
    MUST(leat_iov_append(&tail, at(0, 1)));
    FAILS(LEAT_E_STATE, leat_iov_split(&iov, 5, &tail));
    FAILS(LEAT_E_STATE, leat_iov_split(&iov, 5, &iov));
    cr_assert_eq(iov.n, 3);
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(iov.views[i].len, lens[i]);
}

Test(iov, fill_goes_as_far_as_either)
{
    static const size_t lens[] = {3, 0, 4, 5};
    unsigned char src[20];
    struct leat_view views[4];
    struct leat_iov iov;

    memset(src, 0xee, sizeof(src));
    for (size_t len = 0; len <= 20; len++) {
        struct leat_copies copies = {0};
        size_t copied = 77, rest = 77, n = len < 12 ? len : 12;

        fill_in(&iov, views, 4, lens, 4);
        MUST(leat_iov_fill(&iov, src, len, &copied, &rest, &copies));
        cr_assert(copied == n && rest == len - n);
        cr_assert(all_bytes(mem, n, 0xee));
        cr_assert_eq(mem[n], n);
        cr_assert_eq(copies.count[LEAT_WHY_IN],
                     (len > 0) + (len > 3) + (len > 7));
        cr_assert_eq(copies.bytes[LEAT_WHY_IN], n);
        cr_assert_eq(leat_copies_bytes(&copies), n);
    }
}

Test(iov, fill_outputs_are_optional)
{
    static const size_t lens[] = {3};
    struct leat_copies copies = {0};
    struct leat_view views[1];
    struct leat_iov iov;

    fill_in(&iov, views, 1, lens, 1);
    MUST(leat_iov_fill(&iov, "abc", 3, NULL, NULL, &copies));
    MUST(leat_iov_fill(&iov, NULL, 0, NULL, NULL, &copies));
    cr_assert_eq(copies.count[LEAT_WHY_IN], 1);
}

Test(iov, fill_refuses)
{
    static const size_t lens[] = {3};
    struct leat_copies copies = {0}, zero = {0};
    struct leat_view views[1];
    struct leat_iov iov;
    size_t copied = 77, rest = 77;

    fill_in(&iov, views, 1, lens, 1);
    FAILS(LEAT_E_INVALID, leat_iov_fill(&iov, "a", 1, &copied, &rest, NULL));
    FAILS(LEAT_E_INVALID,
          leat_iov_fill(&iov, NULL, 1, &copied, &rest, &copies));
    FAILS(LEAT_E_INVALID, leat_iov_fill(NULL, "a", 1, &copied, &rest, &copies));
    cr_assert(copied == 77 && rest == 77 && mem[0] == 0);
    cr_assert_eq(memcmp(&copies, &zero, sizeof(copies)), 0);
}

Test(iov, coalesce_gathers)
{
    struct leat_copies copies = {0};
    unsigned char out[16] = {0};
    struct leat_view views[4], into = {out, 16}, v;
    struct leat_iov iov;

    fill_in(&iov, views, 4, NULL, 0);
    MUST(leat_iov_append(&iov, at(40, 3)));
    MUST(leat_iov_append(&iov, at(9, 0)));
    MUST(leat_iov_append(&iov, at(5, 2)));
    MUST(leat_iov_append(&iov, at(5, 4)));
    MUST(leat_iov_coalesce(&iov, into, &v, &copies));
    cr_assert(v.data == out && v.len == 9);
    cr_assert_eq(memcmp(out, "\50\51\52\5\6\5\6\7\10\0", 10), 0);
    cr_assert_eq(copies.count[LEAT_WHY_COALESCE], 3);
    cr_assert_eq(copies.bytes[LEAT_WHY_COALESCE], 9);
    cr_assert_eq(leat_copies_bytes(&copies), 9);

    into.len = 9; /* exactly */
    MUST(leat_iov_coalesce(&iov, into, &v, &copies));
}

Test(iov, coalesce_of_one_view_is_a_copy_too)
{
    static const size_t lens[] = {7};
    struct leat_copies copies = {0};
    unsigned char out[7];
    struct leat_view views[1], into = {out, 7}, v;
    struct leat_iov iov;

    fill_in(&iov, views, 1, lens, 1);
    MUST(leat_iov_coalesce(&iov, into, &v, &copies));
    cr_assert_eq(v.data, out);
    cr_assert_eq(copies.count[LEAT_WHY_COALESCE], 1);
}

Test(iov, coalesce_refuses)
{
    static const size_t lens[] = {3, 4};
    struct leat_copies copies = {0}, zero = {0};
    unsigned char out[16] = {0};
    struct leat_view views[2], into = {out, 6}, v = {mem, 77};
    struct leat_iov iov;

    fill_in(&iov, views, 2, lens, 2);
    FAILS(LEAT_E_RANGE, leat_iov_coalesce(&iov, into, &v, &copies));
    FAILS(LEAT_E_STALE, leat_iov_coalesce(&iov, nothing, &v, &copies));
    into.len = 7;
    FAILS(LEAT_E_INVALID, leat_iov_coalesce(&iov, into, &v, NULL));
    FAILS(LEAT_E_INVALID, leat_iov_coalesce(&iov, into, NULL, &copies));
    FAILS(LEAT_E_INVALID, leat_iov_coalesce(NULL, into, &v, &copies));
    views[0].len = SIZE_MAX;
    FAILS(LEAT_E_OVERFLOW, leat_iov_coalesce(&iov, into, &v, &copies));
    cr_assert(v.data == mem && v.len == 77 && all_bytes(out, 16, 0));
    cr_assert_eq(memcmp(&copies, &zero, sizeof(copies)), 0);

    iov.n = 0;
    MUST(leat_iov_coalesce(&iov, nothing, &v, &copies));
    cr_assert_eq(v.len, 0);
}

Test(iov, unshare_gives_memory_of_its_own)
{
    static const size_t lens[] = {3, 0, 5000, 1};
    static unsigned char big[5004];
    struct pool_fixture f;
    struct leat_copies *copies;
    struct leat_view views[4], all;
    struct leat_iov iov;
    struct leat_chunk c;
    size_t off = 0;

    open_static(&f, 8, (struct leat_pool_config){0});
    copies = leat_pool_copies(f.pool);
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (unsigned char)(i * 7);
    MUST(leat_iov_init(&iov, views, 4));
    for (size_t i = 0; i < 4; off += lens[i++])
        MUST(leat_iov_append(&iov, (struct leat_view){big + off, lens[i]}));
    MUST(leat_iov_unshare(&iov, f.pool, &c));
    all = leat_chunk_view(c);
    cr_assert_eq(all.len, 2 * PAGE);
    cr_assert_eq(memcmp(all.data, big, sizeof(big)), 0);
    off = 0;
    for (size_t i = 0; i < 4; off += lens[i++])
        cr_assert(views[i].data == all.data + off && views[i].len == lens[i]);
    cr_assert_eq(copies->count[LEAT_WHY_UNSHARE], 3);
    cr_assert_eq(copies->bytes[LEAT_WHY_UNSHARE], 5004);
    cr_assert_eq(leat_copies_bytes(copies), 5004);
    cr_assert_eq(stats_of(f.pool).pages_out, 2);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(iov, unshare_of_no_bytes_takes_nothing)
{
    static const size_t lens[] = {0, 0};
    struct pool_fixture f;
    struct leat_view views[2];
    struct leat_iov iov;
    struct leat_chunk c = {NULL, 5};

    open_static(&f, 8, (struct leat_pool_config){0});
    c.pool = f.pool;
    fill_in(&iov, views, 2, lens, 2);
    MUST(leat_iov_unshare(&iov, f.pool, &c));
    cr_assert_null(c.pool);
    assert_view(&iov, 0, 0, 0);
    cr_assert_eq(stats_of(f.pool).gets, 0);
    close_pool(&f);
}

Test(iov, unshare_failing_leaves_all_as_it_was)
{
    struct pool_fixture f;
    struct leat_view views[2] = {{mem, 3}, {mem, 8 * PAGE}};
    struct leat_iov iov = {views, 2, 2};
    struct leat_chunk c = {NULL, 77};

    open_static(&f, 8, (struct leat_pool_config){0});
    FAILS(leat_pool_get(f.pool, 9, &c), leat_iov_unshare(&iov, f.pool, &c));
    FAILS(LEAT_E_INVALID, leat_iov_unshare(&iov, NULL, &c));
    FAILS(LEAT_E_INVALID, leat_iov_unshare(&iov, f.pool, NULL));
    FAILS(LEAT_E_INVALID, leat_iov_unshare(NULL, f.pool, &c));
    views[1].len = SIZE_MAX;
    FAILS(LEAT_E_OVERFLOW, leat_iov_unshare(&iov, f.pool, &c));
    cr_assert(!c.pool && c.id == 77);
    cr_assert(views[0].data == mem && views[1].data == mem);
    cr_assert_eq(leat_copies_bytes(leat_pool_copies(f.pool)), 0);
    close_pool(&f);
}

Test(iov, unshare_shows_a_peer_nothing_else)
{
    static const enum leat_zero zeros[] = {
        LEAT_ZERO_ALWAYS, LEAT_ZERO_ON_REQUEST, LEAT_ZERO_NEVER};

    for (size_t i = 0; i < COUNT(zeros); i++) {
        struct pool_fixture f;
        struct leat_view views[1] = {{mem, 10}};
        struct leat_iov iov = {views, 1, 1};
        struct leat_chunk c;

        memset(mem, 0xee, sizeof(mem));
        open_static(&f, 8,
                    (struct leat_pool_config){.zero = zeros[i], .peer = 1});
        MUST(leat_iov_unshare(&iov, f.pool, &c));
        cr_assert(all_bytes(bytes_of(c), 10, 0xee));
        cr_assert(all_bytes(bytes_of(c) + 10, PAGE - 10, 0));
        MUST(leat_pool_put(f.pool, c));
        views[0].data = mem;
        close_pool(&f);
    }
}
