/* SPDX-License-Identifier: ISC */

/* The static backend: any arena will do. */

#include "pool_fixture.h"

#define MEMORY_PAGES 64

static _Alignas(4096) unsigned char memory[MEMORY_PAGES * 4096];

/* Gets all single pages of (pool), verifies and puts them; gives how many. */
static size_t pages_of(struct leat_pool *pool, const unsigned char *base,
                       size_t bytes)
{
    struct leat_chunk c[MEMORY_PAGES];
    size_t n = 0;
    int err;

    while (!(err = leat_pool_get(pool, 1, &c[n]))) {
        unsigned char *page = bytes_of(c[n]);

        cr_assert_eq((uintptr_t)page % PAGE, 0);
        cr_assert(page >= base && page + PAGE <= base + bytes);
        memset(page, (int)n, PAGE);
        cr_assert_lt(++n, COUNT(c));
    }
    FAILS(LEAT_E_NOMEM, err);
    for (size_t i = 0; i < n; i++)
        cr_assert(all_bytes(bytes_of(c[i]), PAGE, (unsigned char)i));
    MUST(leat_pool_put_bulk(pool, c, n, NULL));
    return n;
}

/*
 * An arena of [first, first + bytes) of the memory: gives the pages that a pool
 * has of it, and holds that nothing outside was written.
 */
static size_t arena(size_t first, size_t bytes, bool own_meta)
{
    struct leat_static_arena arena = {.base = memory + first, .bytes = bytes};
    struct leat_pool_config config = {.backend = leat_static(&arena),
                                      .threads = 1};
    struct leat_pool *pool;
    size_t n;

    memset(memory, 0x99, sizeof(memory));
    if (own_meta) {
        MUST(leat_pool_meta_size(&config, &config.meta_bytes));
        config.meta = malloc(config.meta_bytes);
    }
    MUST(leat_pool_create(&pool, &config));
    n = pages_of(pool, memory + first, bytes);
    assert_sound(pool);
    MUST(leat_pool_destroy(pool));
    if (own_meta)
        free(config.meta);
    cr_assert(all_bytes(memory, first, 0x99));
    cr_assert(all_bytes(memory + first + bytes, sizeof(memory) - first - bytes,
                        0x99));
    return n;
}

Test(static, aligned_arena)
{
    size_t n = arena(0, 32 * PAGE, false);

    cr_assert_eq(arena(0, 32 * PAGE, true), 32);
    cr_assert(n < 32 && n > 20, "%zu pages beside the metadata", n);
}

Test(static, misaligned_by_one_byte)
{
    size_t n = arena(1, 32 * PAGE, false);

    cr_assert_eq(arena(1, 32 * PAGE, true), 31);
    cr_assert_eq(arena(PAGE - 1, 32 * PAGE, true), 31);
    cr_assert_eq(arena(1, 32 * PAGE - 1, true), 31);
    cr_assert_eq(arena(1, 32 * PAGE - 2, true), 30);
    cr_assert(n < 32 && n > 20);
}

Test(static, odd_length)
{
    cr_assert_eq(arena(0, 16 * PAGE + 1, true), 16);
    cr_assert_eq(arena(0, 16 * PAGE - 1, true), 15);
    cr_assert_eq(arena(3, 16 * PAGE + 77, true), 15);
    cr_assert_gt(arena(3, 16 * PAGE + 77, false), 4);
    cr_assert_gt(arena(4095, 16 * PAGE - 1, false), 4);
}

Test(static, one_page)
{
    cr_assert_eq(arena(0, PAGE, true), 1);
    cr_assert_eq(arena(PAGE / 2, 2 * PAGE, true), 1);
}

static void too_small(void *base, size_t bytes, bool own_meta)
{
    struct leat_static_arena arena = {.base = base, .bytes = bytes};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_pool *pool = NULL;
    static char meta[1 << 16];

    if (own_meta) {
        config.meta = meta;
        config.meta_bytes = sizeof(meta);
    }
    FAILS(LEAT_E_NOMEM, leat_pool_create(&pool, &config));
    cr_assert_null(pool);
}

Test(static, less_than_a_page)
{
    for (int own = 0; own <= 1; own++) {
        too_small(memory, 0, own);
        too_small(memory, 1, own);
        too_small(memory, PAGE - 1, own);
        too_small(memory + 1, 2 * PAGE - 2, own);
    }
    too_small(memory, PAGE, false); /* metadata takes the only one */
}

/* An arena serves one pool at a time, and any number one after another. */
Test(static, one_pool_at_a_time)
{
    struct leat_static_arena arena = {.base = memory, .bytes = 16 * PAGE};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_pool *pool, *second = NULL;
    struct leat_chunk c;
    int err;

    for (int i = 0; i < 3; i++) {
        MUST(leat_pool_create(&pool, &config));
        MUST(leat_pool_put(pool, get(pool, 1)));
        err = leat_pool_create(&second, &config);
        if (!err) { /* then it has no page to give */
            FAILS(LEAT_E_NOMEM, leat_pool_get(second, 1, &c));
            MUST(leat_pool_destroy(second));
        }
        MUST(leat_pool_put(pool, get(pool, 1)));
        MUST(leat_pool_destroy(pool));
    }
}

static void frames(uint64_t first, uint64_t step, size_t offset, bool own_meta)
{
    struct leat_static_arena arena = {.base = memory + offset,
                                      .bytes = 32 * PAGE,
                                      .frame = first,
                                      .frame_step = step,
                                      .has_frames = true};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    unsigned char *whole = memory + (offset + PAGE - 1) / PAGE * PAGE;
    static char meta[1 << 18];
    struct leat_pool *pool;
    struct leat_chunk c;
    uint64_t frame = 1;

    if (own_meta) {
        config.meta = meta;
        config.meta_bytes = sizeof(meta);
    }
    MUST(leat_pool_create(&pool, &config));
    for (size_t n = 1; n <= 4; n++) {
        c = get(pool, n);
        for (size_t i = 0; i < n; i++) {
            size_t page = (size_t)(bytes_of(c) - whole) / PAGE + i;

            MUST(leat_chunk_frame(c, i, &frame));
            cr_assert_eq(frame, first + page * step);
        }
        FAILS(LEAT_E_RANGE, leat_chunk_frame(c, n, &frame));
        FAILS(LEAT_E_RANGE, leat_chunk_frame(c, SIZE_MAX, &frame));
        MUST(leat_pool_put(pool, c));
        FAILS(LEAT_E_STALE, leat_chunk_frame(c, 0, &frame));
    }
    MUST(leat_pool_destroy(pool));
}

Test(static, frame_numbers)
{
    frames(1000, 1, 0, true);
    frames(1000, 1, 1, false);
}

Test(static, bus_addresses)
{
    frames(0x80000000u, 4096, 0, false);
    frames(0x80000000u, 4096, 4095, true);
}

Test(static, no_frames)
{
    struct pool_fixture f;
    struct leat_chunk c;
    uint64_t frame = 4;

    open_static(&f, 2, (struct leat_pool_config){0});
    c = get(f.pool, 1);
    FAILS(LEAT_E_UNSUPPORTED, leat_chunk_frame(c, 0, &frame));
    cr_assert_eq(frame, 4);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}
