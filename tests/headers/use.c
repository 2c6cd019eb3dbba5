/* SPDX-License-Identifier: ISC */

/*
 * A program against the installed headers, in C and in C++: it takes a page,
 * writes to it at an odd offset, reads it back, and gives it back. Built with
 * -DUSE_CORE it includes the core's headers alone.
 */

#include <stdio.h>
#include <string.h>

#ifdef USE_CORE
#include <leat/core.h>
#else
#include <leat/leat.h>
#endif

static unsigned char memory[64 * 4096];

int main(void)
{
    struct leat_static_arena arena;
    struct leat_pool_config config;
    struct leat_pool *pool;
    struct leat_chunk chunk;
    struct leat_view payload;
    char back[6];
    int err;

    memset(&arena, 0, sizeof arena);
    arena.base = memory;
    arena.bytes = sizeof memory;
    memset(&config, 0, sizeof config);
    config.backend = leat_static(&arena);

    err = leat_pool_create(&pool, &config);
    if (!err)
        err = leat_pool_get(pool, 1, &chunk);
    if (!err)
        err = leat_view_slice(leat_chunk_view(chunk), 13, 6, &payload);
    if (!err)
        err =
            leat_view_copy_in(payload, 0, "mortar", 6, leat_pool_copies(pool));
    if (!err)
        err = leat_cview_copy_out(leat_view_const(payload), 0, back, 6,
                                  leat_pool_copies(pool));
    if (!err)
        err = leat_pool_put(pool, chunk);
    if (!err)
        err = leat_pool_destroy(pool);
    if (err) {
        fprintf(stderr, "%s\n", leat_strerror(err));
        return 1;
    }
    return memcmp(back, "mortar", 6) != 0;
}
