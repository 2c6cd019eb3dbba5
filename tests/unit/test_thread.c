/* SPDX-License-Identifier: ISC */

/* The plain calls' magazines come and go with their threads. */

#include "pool_fixture.h"

#include <pthread.h>
#include <semaphore.h>

/* Gets and puts a little, and gives the line that failed. */
static void *use(void *arg)
{
    struct leat_pool *pool = arg;
    static char line[64];
    struct leat_chunk c[24];

    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < COUNT(c); i++) {
            if (leat_pool_get(pool, 1, &c[i]))
                return line;
            memset(leat_chunk_view(c[i]).data, round, PAGE);
        }
        for (size_t i = 0; i < COUNT(c); i++)
            if (!all_bytes(leat_chunk_view(c[i]).data, PAGE,
                           (unsigned char)round) ||
                leat_pool_put(pool, c[i]))
                return line;
    }
    return NULL;
}

static void run(void *(*fn)(void *arg), void *arg)
{
    void *failed = NULL;
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, fn, arg), 0);
    cr_assert_eq(pthread_join(thread, &failed), 0);
    cr_assert_null(failed);
}

Test(thread, exit_returns_the_magazine)
{
    struct pool_fixture f;
    struct leat_stats s;

    open_static(&f, 256,
                (struct leat_pool_config){.threads = 4, .magazine = 8});
    for (int i = 0; i < 20; i++) {
        run(use, f.pool);
        s = stats_of(f.pool);
        cr_assert_eq(s.magazines, 0);
        cr_assert_eq(s.pages_magazines, 0);
        cr_assert_eq(s.gets, (uint64_t)(i + 1) * 50 * 24);
        cr_assert_eq(s.puts, s.gets);
    }
    MUST(leat_pool_put(f.pool, get(f.pool, 256)));
    close_pool(&f);
}

/* What a thread leaves out when it exits is still out, and anyone may put it. */
static void *leave_out(void *arg)
{
    struct leat_chunk *c = arg;

    return leat_pool_get(c->pool, 1, c) ? arg : NULL;
}

Test(thread, exit_leaves_chunks_out)
{
    struct leat_chunk c[10];
    struct pool_fixture f;

    open_static(&f, 64, (struct leat_pool_config){.threads = 4});
    for (size_t i = 0; i < 10; i++) {
        c[i].pool = f.pool;
        run(leave_out, &c[i]);
        MUST(leat_chunk_check(c[i]));
    }
    cr_assert_eq(stats_of(f.pool).pages_out, 10);
    MUST(leat_pool_put_bulk(f.pool, c, 10, NULL));
    close_pool(&f);
}

/* More threads than magazines: the rest takes the lock, and all is well. */
Test(thread, more_threads_than_magazines)
{
    pthread_t thread[16];
    struct pool_fixture f;
    void *failed;

    open_static(&f, 1024,
                (struct leat_pool_config){.threads = 2, .magazine = 8});
    for (size_t i = 0; i < 16; i++)
        cr_assert_eq(pthread_create(&thread[i], NULL, use, f.pool), 0);
    for (size_t i = 0; i < 16; i++) {
        pthread_join(thread[i], &failed);
        cr_assert_null(failed);
    }
    cr_assert_eq(stats_of(f.pool).magazines, 0);
    cr_assert_eq(stats_of(f.pool).gets, 16 * 50 * 24);
    close_pool(&f);
}

Test(thread, many_pools_in_one_thread)
{
    enum {
        POOLS = 150
    };
    static struct pool_fixture f[POOLS];
    static struct leat_chunk c[POOLS];

    for (size_t i = 0; i < POOLS; i++)
        open_static(&f[i], 16,
                    (struct leat_pool_config){.threads = 2, .magazine = 2});
    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < POOLS; i++)
            c[i] = get(f[i].pool, 1);
        for (size_t i = 0; i < POOLS; i++) {
            size_t k = (i * 77 + 13) % POOLS;

            cr_assert(bytes_of(c[k]) >= f[k].base &&
                      bytes_of(c[k]) < f[k].base + 16 * PAGE);
            FAILS(LEAT_E_FOREIGN, leat_pool_put(f[i].pool, c[(i + 1) % POOLS]));
            MUST(leat_pool_put(f[k].pool, c[k]));
        }
    }
    for (size_t i = 0; i < POOLS; i++)
        close_pool(&f[(i * 7 + 3) % POOLS]);
}

/*
 * A pool is destroyed and another made at the same address, while a thread that
 * had a magazine of the first lives on.
 */
struct relay {
    sem_t go, done;
    struct leat_pool *pool;
    void *failed;
};

static void *use_when_told(void *arg)
{
    struct relay *r = arg;

    while (sem_wait(&r->go) == 0 && r->pool) {
        r->failed = use(r->pool);
        sem_post(&r->done);
    }
    return NULL;
}

Test(thread, another_pool_at_the_same_address)
{
    struct leat_pool_config config = {.threads = 4, .magazine = 8};
    struct leat_pool *pool, *first = NULL;
    struct leat_static_arena arena = {0};
    struct relay r = {.pool = NULL};
    void *memory = NULL;
    pthread_t thread;

    cr_assert_eq(posix_memalign(&memory, PAGE, 2 * 128 * PAGE), 0);
    config.backend = leat_static(&arena);
    config.meta_bytes = 1 << 20;
    config.meta = malloc(config.meta_bytes);
    sem_init(&r.go, 0, 0);
    sem_init(&r.done, 0, 0);
    cr_assert_eq(pthread_create(&thread, NULL, use_when_told, &r), 0);
    for (size_t i = 0; i < 30; i++) {
        struct leat_chunk c;

        arena = (struct leat_static_arena){.base = (unsigned char *)memory +
                                                   i % 2 * 128 * PAGE,
                                           .bytes = 128 * PAGE};
        config.magazine = 4 + i % 3;
        MUST(leat_pool_create(&pool, &config));
        cr_assert(!first || pool == first, "the test needs the same address");
        first = pool;
        r.pool = pool;
        sem_post(&r.go);
        sem_wait(&r.done);
        cr_assert_null(r.failed);
        c = get(pool, 1);
        cr_assert(bytes_of(c) >= (unsigned char *)arena.base &&
                  bytes_of(c) < (unsigned char *)arena.base + 128 * PAGE);
        MUST(leat_pool_put(pool, c));
        cr_assert_eq(stats_of(pool).gets, 50 * 24 + 1);
        assert_sound(pool);
        MUST(leat_pool_destroy(pool));
        memset(config.meta, 0x5f, config.meta_bytes);
    }
    r.pool = NULL;
    sem_post(&r.go);
    pthread_join(thread, NULL);
    free(config.meta);
    free(memory);
}

/* A thread outlives its pools, and exits when their metadata is gone. */
static void *use_and_outlive(void *arg)
{
    struct relay *r = arg;

    r->failed = use(r->pool);
    sem_post(&r->done);
    sem_wait(&r->go);
    return NULL;
}

Test(thread, outlives_its_pool)
{
    struct relay r = {.pool = NULL};
    struct pool_fixture f;
    pthread_t thread;

    open_static(&f, 256, (struct leat_pool_config){.threads = 4});
    sem_init(&r.go, 0, 0);
    sem_init(&r.done, 0, 0);
    r.pool = f.pool;
    cr_assert_eq(pthread_create(&thread, NULL, use_and_outlive, &r), 0);
    sem_wait(&r.done);
    cr_assert_null(r.failed);
    close_pool(&f); /* frees the metadata: it must not be touched again */
    sem_post(&r.go);
    pthread_join(thread, NULL);
}

/*
 * A backend with one slab left, which it is slow to give: whoever asks meanwhile
 * is refused, and shall have of that slab all the same.
 */
struct slow {
    struct leat_backend_ops ops;
    sem_t at_backend, refused;
    bool given;
};

static int slow_get(void *self, size_t pages, struct leat_slab *out)
{
    struct slow *b = self;
    void *base = NULL;

    if (__atomic_exchange_n(&b->given, true, __ATOMIC_ACQ_REL)) {
        sem_post(&b->refused);
        return LEAT_E_LIMIT;
    }
    sem_post(&b->at_backend);
    sem_wait(&b->refused);
    usleep(20000); /* the other goes on meanwhile */
    if (posix_memalign(&base, PAGE, 8 * PAGE))
        return LEAT_E_NOMEM;
    memset(base, 0, 8 * PAGE);
    *out = (struct leat_slab){base, pages > 8 ? pages : 8, base};
    return 0;
}

static void slow_put(void *self, const struct leat_slab *slab)
{
    (void)self;
    free(slab->cookie);
}

static size_t slow_pages_max(void *self)
{
    (void)self;
    return LEAT_UNIT_PAGES;
}

static void *get_one(void *arg)
{
    struct leat_pool *pool = arg;
    struct leat_chunk c;

    return leat_pool_get(pool, 1, &c) || leat_pool_put(pool, c) ? arg : NULL;
}

Test(thread, the_last_slab_is_under_way_to_another)
{
    struct slow b = {.ops = {.name = "slow",
                             .caps = LEAT_CAP_RETURN,
                             .slab_get = slow_get,
                             .slab_put = slow_put,
                             .pages_max = slow_pages_max}};
    struct leat_pool_config config = {.backend = {&b.ops, &b},
                                      .flags = LEAT_POOL_EXACT};
    struct leat_pool *pool;
    pthread_t thread;
    void *failed;

    sem_init(&b.at_backend, 0, 0);
    sem_init(&b.refused, 0, 0);
    MUST(leat_pool_meta_size(&config, &config.meta_bytes));
    config.meta = malloc(config.meta_bytes);
    MUST(leat_pool_create(&pool, &config));
    cr_assert_eq(pthread_create(&thread, NULL, get_one, pool), 0);
    sem_wait(&b.at_backend);
    cr_assert_null(get_one(pool));
    pthread_join(thread, &failed);
    cr_assert_null(failed);
    FAILS(LEAT_E_NOMEM, leat_pool_get(pool, 9, &(struct leat_chunk){0}));
    assert_sound(pool);
    MUST(leat_pool_destroy(pool));
    free(config.meta);
}
