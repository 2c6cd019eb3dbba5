/* SPDX-License-Identifier: ISC */

/* fork(): the parent stays sound; the child gets errors, not damage. */

#include "pool_fixture.h"

#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>

/* A pool with one of everything out, as the child finds it. */
struct before {
    struct leat_pool *pool;
    struct leat_magazine *m;
    struct leat_chunk c, adopted;
    struct leat_ref ref;
    struct leat_batch b;
    struct leat_waiter w;
    unsigned char *bytes;
};

static _Alignas(4096) unsigned char memory[4096];

static void ignore_release(void *arg, void *base, size_t pages)
{
    (void)arg;
    (void)base;
    (void)pages;
}

static void ignore_served(void *arg, struct leat_chunk c)
{
    (void)arg;
    (void)c;
}

static int stop_at_once(void *arg, const struct leat_out *out)
{
    (void)arg;
    (void)out;
    return 7;
}

#define FORKED(call) CHILD((call) == LEAT_E_FORKED)

static int everything_is_refused(void *arg)
{
    struct leat_chunk c = {NULL, 9}, pages[4];
    struct before *b = arg;
    struct leat_magazine *m;
    struct leat_ref ref = {0};
    struct leat_stats stats;
    struct leat_view v;
    size_t n = 0;

    FORKED(leat_pool_get(b->pool, 1, &c));
    FORKED(leat_pool_get(b->pool, 3, &c));
    FORKED(leat_pool_get_zeroed(b->pool, 1, &c));
    FORKED(leat_chunk_error(leat_pool_get_value(b->pool, 1)));
    FORKED(leat_pool_get_bulk(b->pool, pages, 2));
    FORKED(leat_pool_put(b->pool, b->c));
    FORKED(leat_pool_put_bulk(b->pool, &b->c, 1, &n));
    FORKED(leat_pool_adopt(b->pool, memory, 1, ignore_release, NULL, &c));
    FORKED(leat_pool_trim(b->pool, 0, NULL));
    FORKED(leat_pool_stats(b->pool, &stats));
    FORKED(leat_pool_destroy(b->pool));
    FORKED(leat_pool_each_out(b->pool, stop_at_once, NULL));
    FORKED(leat_chunk_check(b->c));
    FORKED(leat_chunk_pages(b->c, &n));
    FORKED(leat_chunk_owners(b->c, &n));
    FORKED(leat_chunk_split(b->c, pages, 4));
    FORKED(leat_chunk_view_coloured(b->c, 1, &v));
    FORKED(leat_chunk_find(b->pool, b->bytes, &c));
    FORKED(leat_ref_take(b->c, leat_chunk_view(b->c), &ref));
    FORKED(leat_ref_slice(&b->ref, 0, 1, &ref));
    FORKED(leat_ref_drop(&b->ref));
    FORKED(leat_magazine_create(b->pool, &m));
    CHILD(c.pool == NULL && c.id == 9);
    CHILD(leat_chunk_view(b->c).data == NULL);
    CHILD(leat_chunk_view(b->adopted).data == NULL);
    CHILD(!leat_pool_contains(b->pool, (struct leat_cview){b->bytes, 1}));
    if (b->b.pool) {
        CHILD(leat_batch_view(b->b, 0, &v) < 0);
        FORKED(leat_magazine_give(b->m, b->b));
        FORKED(leat_magazine_take(b->m, &b->b));
    }
    if (b->m) {
        FORKED(leat_magazine_get(b->m, &c));
        FORKED(leat_magazine_get_bulk(b->m, pages, 2));
        FORKED(leat_magazine_put(b->m, b->c));
        FORKED(leat_magazine_put_bulk(b->m, &b->c, 1, NULL));
        FORKED(leat_magazine_flush(b->m));
        FORKED(leat_magazine_destroy(b->m));
    } else {
        FORKED(leat_pool_wait(b->pool, &b->w, 1, ignore_served, NULL));
        CHILD(leat_pool_cancel(b->pool, &b->w) < 0);
    }
    return 0;
}

static void fork_with_everything_out(uint32_t flags, uint32_t mmap_flags)
{
    struct pool_fixture f;
    struct before b = {0};

    open_mmap(&f, mmap_flags,
              (struct leat_pool_config){.flags = flags,
                                        .zero = LEAT_ZERO_ON_REQUEST,
                                        .adopt_pages = 512,
                                        .threads = 3});
    b.pool = f.pool;
    b.c = get(f.pool, 4);
    b.bytes = bytes_of(b.c);
    memset(b.bytes, 0x58, 4 * PAGE);
    MUST(leat_pool_adopt(f.pool, memory, 1, ignore_release, NULL, &b.adopted));
    MUST(leat_ref_take(b.c, leat_chunk_view(b.c), &b.ref));
    if (!(flags & LEAT_POOL_EXACT)) {
        MUST(leat_magazine_create(f.pool, &b.m));
        if (!flags)
            MUST(leat_magazine_take(b.m, &b.b));
    }
    cr_assert_eq(line_in_child(everything_is_refused, &b), 0);

    /* Nothing of it has touched the parent. */
    cr_assert_null(leat_pool_check(f.pool));
    MUST(leat_chunk_check(b.c));
    cr_assert(all_bytes(b.bytes, 4 * PAGE, 0x58));
    if (b.b.pool)
        MUST(leat_magazine_give(b.m, b.b));
    if (b.m) {
        MUST(leat_magazine_destroy(b.m));
    }
    MUST(leat_pool_put(f.pool, b.adopted));
    MUST(leat_pool_put(f.pool, b.c));
    MUST(leat_ref_drop(&b.ref));
    close_pool(&f);
}

Test(fork, everything_is_refused_in_the_child)
{
    fork_with_everything_out(0, 0);
    fork_with_everything_out(LEAT_POOL_TRACK, 0);
}

Test(fork, everything_is_refused_in_the_child_exact)
{
    fork_with_everything_out(LEAT_POOL_EXACT, 0);
}

Test(fork, everything_is_refused_in_the_child_memfd)
{
    fork_with_everything_out(0, LEAT_MMAP_MEMFD);
}

/* Memory that is shared with the parent is not mapped in the child. */
static int is_not_mapped(void *arg)
{
    unsigned char resident;

    CHILD(mincore(arg, PAGE, &resident) == -1 && errno == ENOMEM);
    return 0;
}

static int is_mapped(void *arg)
{
    return is_not_mapped(arg) == 0 ? __LINE__ : 0;
}

Test(fork, memfd_is_not_mapped)
{
    struct leat_chunk c[2];
    struct pool_fixture f;
    struct leat_slab slab;

    open_mmap(&f, LEAT_MMAP_MEMFD, (struct leat_pool_config){0});
    c[0] = get(f.pool, 3);
    c[1] = get(f.pool, 600);
    cr_assert_eq(is_mapped(bytes_of(c[0])), 0);
    cr_assert_eq(line_in_child(is_not_mapped, bytes_of(c[0])), 0);
    cr_assert_eq(line_in_child(is_not_mapped, bytes_of(c[1]) + 599 * PAGE), 0);
    MUST(leat_pool_slab(f.pool, 0, &slab));
    cr_assert_eq(
        line_in_child(is_not_mapped, slab.base + (slab.pages - 1) * PAGE), 0);
    memset(bytes_of(c[0]), 1, 3 * PAGE);
    MUST(leat_pool_put_bulk(f.pool, c, 2, NULL));
    close_pool(&f);
}

/* A child opens pools of its own, and so does its child. */
static int own_pool(void *arg)
{
    struct leat_mmap mmap = {0};
    struct leat_pool_config config = {.limit_pages = 64};
    struct leat_pool *pool;
    struct leat_chunk c;
    int end[2], line = -1;
    pid_t child;

    CHILD(leat_mmap_init(&mmap) == 0);
    config.backend = leat_mmap(&mmap);
    CHILD(leat_pool_create(&pool, &config) == 0);
    CHILD(leat_pool_get(pool, 1, &c) == 0);
    CHILD(leat_chunk_view(c).len == PAGE);
    if (*(int *)arg > 0) {
        --*(int *)arg;
        CHILD(pipe(end) == 0);
        child = fork();
        if (!child) {
            line = own_pool(arg);
            if (!line && leat_pool_put(pool, c) != LEAT_E_FORKED)
                line = __LINE__;
            _exit(write(end[1], &line, sizeof(line)) != sizeof(line));
        }
        close(end[1]);
        CHILD(read(end[0], &line, sizeof(line)) == sizeof(line) && !line);
        close(end[0]);
        CHILD(waitpid(child, NULL, 0) == child);
    }
    CHILD(leat_pool_put(pool, c) == 0);
    CHILD(leat_pool_check(pool) == NULL);
    CHILD(leat_pool_destroy(pool) == 0);
    return 0;
}

Test(fork, own_pools_of_children)
{
    struct pool_fixture f;
    int depth = 3;

    open_mmap(&f, 0, (struct leat_pool_config){0});
    MUST(leat_pool_put(f.pool, get(f.pool, 1)));
    cr_assert_eq(line_in_child(own_pool, &depth), 0);
    close_pool(&f);
}

/* Whatever other threads hold at that moment. */
struct worker {
    struct leat_pool *pool;
    int stop;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct leat_chunk c[100];

    while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED))
        if (leat_pool_get_bulk(w->pool, c, 100) ||
            leat_pool_put_bulk(w->pool, c, 100, NULL))
            return w;
    return NULL;
}

static int beside_workers(void *arg)
{
    struct leat_pool *pool = arg;
    struct leat_chunk c;
    int depth = 0;

    CHILD(leat_pool_get(pool, 1, &c) == LEAT_E_FORKED);
    CHILD(leat_pool_trim(pool, 0, NULL) == LEAT_E_FORKED);
    return own_pool(&depth);
}

Test(fork, while_others_work)
{
    struct pool_fixture f, exact;
    struct worker w[2] = {{0}};
    pthread_t thread[4];
    void *failed;

    open_mmap(&f, 0, (struct leat_pool_config){.threads = 8, .magazine = 16});
    open_mmap(&exact, 0, (struct leat_pool_config){.flags = LEAT_POOL_EXACT});
    w[0].pool = f.pool;
    w[1].pool = exact.pool;
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, work, &w[i % 2]), 0);
    for (int i = 0; i < 100; i++)
        cr_assert_eq(line_in_child(beside_workers, w[i % 2].pool), 0);
    for (size_t i = 0; i < 2; i++)
        __atomic_store_n(&w[i].stop, 1, __ATOMIC_RELAXED);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(thread[i], &failed);
        cr_assert_null(failed);
    }
    close_pool(&f);
    close_pool(&exact);
}
