/* SPDX-License-Identifier: ISC */

/*
 * A program without devices: pages out of an array, through the freestanding
 * core alone. It builds a small frame in place, header last, and hands the
 * payload on without copying it.
 */

#include <stdio.h>
#include <string.h>

#include <leat/core.h>

/* Any memory will do; this begins where the compiler puts it. */
static unsigned char memory[16 * 4096];

static const char payload[] = "water for the mill";

int main(void)
{
    struct leat_static_arena arena = {.base = memory, .bytes = sizeof memory};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_pool *pool;
    struct leat_chunk chunk, again;
    struct leat_builder frame;
    struct leat_view part;
    int err;

    err = leat_pool_create(&pool, &config);
    if (err)
        goto out;
    err = leat_pool_get(pool, 1, &chunk);
    if (err)
        goto out_pool;

    /* 14 bytes are kept free for a header that is not known yet. */
    err = leat_builder_init(&frame, leat_chunk_view(chunk), 14);
    if (!err)
        err = leat_builder_append(&frame, sizeof payload, &part);
    if (!err)
        err = leat_view_copy_in(part, 0, payload, sizeof payload,
                                leat_pool_copies(pool));
    if (!err)
        err = leat_builder_prepend(&frame, 2, &part);
    if (!err)
        err = leat_view_write_be16(part, 0, sizeof payload);
    if (err)
        goto out_chunk;

    printf("a frame of %zu bytes, %llu of them copied: %s\n",
           leat_builder_len(&frame),
           (unsigned long long)leat_copies_bytes(leat_pool_copies(pool)),
           (const char *)leat_builder_view(&frame).data + 2);

    /* The handle is good for one put; a second is found. */
    again = chunk;
    err = leat_pool_put(pool, chunk);
    if (!err)
        printf("put again: %s\n", leat_strerror(leat_pool_put(pool, again)));
    goto out_pool;

out_chunk:
    leat_pool_put(pool, chunk);
out_pool:
    leat_pool_destroy(pool);
out:
    if (err)
        fprintf(stderr, "arena: %s\n", leat_strerror(err));
    return err != 0;
}
