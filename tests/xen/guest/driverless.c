/* SPDX-License-Identifier: ISC */

/*
 * A guest without devices: it gets pages, and neither grants nor maps any. It is
 * linked with libleat-core.a and the files beside it, and with nothing else.
 */

#include <leat/core.h>

#include "tap.h"

static unsigned char memory[64 * 4096 + 123];

void guest_main(void)
{
    struct leat_static_arena arena = {.base = memory, .bytes = sizeof(memory)};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_pool *pool = NULL;
    struct leat_chunk c[64];
    struct leat_view v, part = {0};
    struct leat_stats stats;
    size_t n = 0;

    guest_print("# %s, %zu pages, at %zu ns\n", guest_start_info->magic,
                (size_t)guest_start_info->nr_pages, (size_t)guest_now_ns());
    GIVES(leat_pool_create(&pool, &config), 0, "a pool over an arena");
    MUST(pool);
    while (n < COUNT(c) && !leat_pool_get(pool, 1, &c[n]))
        n++;
    OK(n > 32 && n < 64, "%zu pages of it, and no more", n);
    v = leat_chunk_view(c[0]);
    OK(v.len == PAGE && (uintptr_t)v.data % PAGE == 0, "each is a page");
    GIVES(leat_view_slice(v, 14, 1500, &part), 0, "bytes 14 to 1514 of one");
    OK(part.data == v.data + 14 && part.len == 1500, "without a copy");
    OK(guest_frame(v.data) != 0, "it has a frame");
    while (n)
        MUST(!leat_pool_put(pool, c[--n]));
    GIVES(leat_pool_put(pool, c[0]), LEAT_E_STALE, "a page that was put");
    OK(leat_pool_check(pool) == NULL, "the pool is well");
    MUST(!leat_pool_stats(pool, &stats));
    OK(stats.pages_out == 0, "all came back");
    GIVES(leat_pool_destroy(pool), 0, "and it goes");
    tap_end();
}
