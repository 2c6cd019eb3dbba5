/* SPDX-License-Identifier: ISC */

/* What leat_pool_create() refuses, and the memory that a pool lives in. */

#include "pool_fixture.h"

static struct leat_static_arena arena_of(void *base, size_t bytes)
{
    return (struct leat_static_arena){.base = base, .bytes = bytes};
}

/* Both calls say the same of a configuration. */
static void refuses(int err, struct leat_pool_config config)
{
    static _Alignas(4096) unsigned char memory[64 * 4096];
    struct leat_static_arena arena = arena_of(memory, sizeof(memory));
    struct leat_pool *pool = (struct leat_pool *)memory;
    size_t bytes = 99;

    config.backend = leat_static(&arena);
    FAILS(err, leat_pool_meta_size(&config, &bytes));
    FAILS(err, leat_pool_create(&pool, &config));
    cr_assert_eq(bytes, 99, "outputs stay on failure");
    cr_assert_eq(pool, (struct leat_pool *)memory, "outputs stay on failure");
}

Test(config, invalid)
{
    refuses(LEAT_E_INVALID, (struct leat_pool_config){.flags = 8});
    refuses(LEAT_E_INVALID, (struct leat_pool_config){.flags = 1u << 31});
    refuses(LEAT_E_INVALID, (struct leat_pool_config){.zero = 3});
    refuses(LEAT_E_INVALID, (struct leat_pool_config){.high_pages = 4});
    refuses(LEAT_E_INVALID, (struct leat_pool_config){.low_pages = 4});
    refuses(LEAT_E_INVALID,
            (struct leat_pool_config){.low_pages = 5, .high_pages = 4});
    refuses(LEAT_E_INVALID, (struct leat_pool_config){.limit_pages = 8,
                                                      .low_pages = 5,
                                                      .high_pages = 9});
}

Test(config, overflow)
{
    refuses(LEAT_E_OVERFLOW, (struct leat_pool_config){.threads = SIZE_MAX});
    refuses(LEAT_E_OVERFLOW,
            (struct leat_pool_config){.threads = SIZE_MAX / 64});
    refuses(LEAT_E_OVERFLOW,
            (struct leat_pool_config){.adopt_pages = SIZE_MAX});
}

/* A magazine is never larger than the limit, so no size of it is too large. */
Test(config, enormous_magazine)
{
    struct leat_pool_config config = {.magazine = SIZE_MAX, .threads = 1};
    struct leat_mmap mmap = {0};
    size_t bytes;
    int err;

    MUST(leat_mmap_init(&mmap));
    config.backend = leat_mmap(&mmap);
    err = leat_pool_meta_size(&config, &bytes);
    cr_assert(err == 0 || err == LEAT_E_OVERFLOW || err == LEAT_E_INVALID);
    if (!err)
        cr_assert_leq(bytes,
                      mmap.limit_bytes ? mmap.limit_bytes : SIZE_MAX / 2);
}

Test(config, null)
{
    struct leat_pool_config config = {0};
    struct leat_pool *pool;
    size_t bytes;

    FAILS(LEAT_E_INVALID, leat_pool_create(&pool, NULL));
    FAILS(LEAT_E_INVALID, leat_pool_create(&pool, &config));
    FAILS(LEAT_E_INVALID, leat_pool_meta_size(&config, &bytes));
    FAILS(LEAT_E_INVALID, leat_pool_meta_size(NULL, &bytes));
}

Test(config, peer)
{
    struct pool_fixture f;

    open_static(&f, 2, (struct leat_pool_config){0});
    cr_assert_eq(leat_pool_peer(f.pool), LEAT_NO_PEER);
    close_pool(&f);
    open_static(&f, 2, (struct leat_pool_config){.peer = 1});
    cr_assert_eq(leat_pool_peer(f.pool), 0);
    close_pool(&f);
    open_static(&f, 2, (struct leat_pool_config){.peer = 7 + 1});
    cr_assert_eq(leat_pool_peer(f.pool), 7);
    close_pool(&f);
}

/* The caller's metadata: any alignment, the exact size, and not a byte more. */
static void meta_at(struct leat_pool_config config, size_t offset)
{
    struct leat_chunk c[32];
    unsigned char *memory;
    struct leat_pool *pool;
    size_t bytes;

    MUST(leat_pool_meta_size(&config, &bytes));
    memory = malloc(offset + bytes + 64);
    memset(memory, 0xcc, offset + bytes + 64);
    config.meta = memory + offset;
    config.meta_bytes = bytes - 1;
    FAILS(LEAT_E_NOMEM, leat_pool_create(&pool, &config));
    config.meta_bytes = bytes;
    MUST(leat_pool_create(&pool, &config));
    cr_assert_leq(stats_of(pool).meta_bytes, bytes);
    cr_assert_gt(stats_of(pool).meta_bytes, 0);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < 32; i++)
            c[i] = get(pool, 1);
        for (size_t i = 0; i < 32; i++)
            MUST(leat_pool_put(pool, c[i]));
    }
    assert_sound(pool);
    MUST(leat_pool_destroy(pool));
    cr_assert(all_bytes(memory, offset, 0xcc), "offset %zu", offset);
    cr_assert(all_bytes(memory + offset + bytes, 64, 0xcc), "%zu", offset);
    free(memory);
}

Test(config, meta_at_every_alignment)
{
    static _Alignas(4096) unsigned char memory[64 * 4096];

    for (size_t offset = 0; offset < 130; offset++) {
        struct leat_static_arena arena = arena_of(memory, sizeof(memory));
        struct leat_pool_config config = {.backend = leat_static(&arena)};

        config.threads = offset % 5;
        config.flags = offset % 3 ? LEAT_POOL_TRACK : LEAT_POOL_EXACT;
        config.adopt_pages = offset % 2 ? 512 : 0;
        meta_at(config, offset);
    }
}

/* The largest magazines and the most threads fit what the size function says. */
Test(config, meta_with_all_magazines_full)
{
    static _Alignas(4096) unsigned char memory[512 * 4096];
    struct leat_static_arena arena = arena_of(memory, sizeof(memory));
    struct leat_pool_config config = {.backend = leat_static(&arena)};

    config.threads = 9;
    config.magazine = 50;
    for (size_t offset = 1; offset < 64; offset += 21)
        meta_at(config, offset);
}

/* Rule R1: creating a pool and giving pages writes nothing into the pages. */
Test(config, no_state_in_pages)
{
    struct leat_chunk c[16];
    struct pool_fixture f;

    open_static(
        &f, 16,
        (struct leat_pool_config){.zero = LEAT_ZERO_NEVER, .threads = 2});
    MUST(leat_pool_get_bulk(f.pool, c, 16));
    cr_assert(all_bytes(f.base, 16 * PAGE, 0xa5));
    MUST(leat_pool_put_bulk(f.pool, c, 16, NULL));
    c[0] = get(f.pool, 16);
    cr_assert(all_bytes(f.base, 16 * PAGE, 0xa5) || LEAT_DEBUG);
    MUST(leat_pool_put(f.pool, c[0]));
    close_pool(&f);
}
