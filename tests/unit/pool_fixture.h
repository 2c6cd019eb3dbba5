/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_POOL_FIXTURE_H
#define LEAT_TESTS_POOL_FIXTURE_H

/*
 * What the tests of pools open inside themselves: a pool over an arena of an
 * exact number of pages, or over mmap, and what must hold when it is closed.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <leat/leat.h>

#define PAGE     LEAT_PAGE_SIZE
#define SLAB     ((size_t)2 << 20)
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

#ifndef LEAT_DEBUG
#define LEAT_DEBUG 0
#endif

/* The call gives 0; the call gives the error (err). */
#define MUST(call)                                                   \
    do {                                                             \
        int got_ = (call);                                           \
        cr_assert_eq(got_, 0, "%s: %s", #call, leat_strerror(got_)); \
    } while (0)
#define FAILS(err, call)                                                      \
    do {                                                                      \
        int got_ = (call);                                                    \
        cr_assert_eq(got_, err, "%s: %s, not %s", #call, leat_strerror(got_), \
                     #err);                                                   \
    } while (0)

struct pool_fixture {
    struct leat_pool *pool;
    struct leat_static_arena arena;
    struct leat_mmap mmap;
    unsigned char *base; /* of the arena: aligned to a slab */
    void *meta;
};

/* A pool over an arena from which exactly (pages) pages can be got. */
static inline void open_static(struct pool_fixture *f, size_t pages,
                               struct leat_pool_config config)
{
    void *base = NULL;

    memset(f, 0, sizeof(*f));
    cr_assert_eq(posix_memalign(&base, SLAB, pages * PAGE), 0);
    memset(base, 0xa5, pages * PAGE);
    f->base = base;
    f->arena.base = base;
    f->arena.bytes = pages * PAGE;
    config.backend = leat_static(&f->arena);
    MUST(leat_pool_meta_size(&config, &config.meta_bytes));
    config.meta = f->meta = malloc(config.meta_bytes);
    cr_assert_not_null(config.meta);
    MUST(leat_pool_create(&f->pool, &config));
}

/* A pool over mmap, with (flags) of it. */
static inline void open_mmap(struct pool_fixture *f, uint32_t flags,
                             struct leat_pool_config config)
{
    memset(f, 0, sizeof(*f));
    f->mmap.flags = flags;
    MUST(leat_mmap_init(&f->mmap));
    config.backend = leat_mmap(&f->mmap);
    if (!config.limit_pages)
        config.limit_pages = 8 * LEAT_UNIT_PAGES;
    MUST(leat_pool_create(&f->pool, &config));
}

static inline struct leat_stats stats_of(struct leat_pool *pool)
{
    struct leat_stats s;

    MUST(leat_pool_stats(pool, &s));
    return s;
}

static inline int count_out(void *arg, const struct leat_out *out)
{
    (void)out;
    ++*(uint64_t *)arg;
    return 0;
}

/* The pool's invariants and the equations of stats.h; nobody works on it. */
static inline void assert_sound(struct leat_pool *pool)
{
    const char *broken = leat_pool_check(pool);
    struct leat_stats s = stats_of(pool);
    uint64_t out = 0;

    cr_assert_null(broken, "%s", broken);
    cr_assert_eq(s.pages_slabs, s.pages_free + s.pages_depot +
                                    s.pages_magazines + s.pages_out);
    MUST(leat_pool_each_out(pool, count_out, &out));
    cr_assert_eq(s.gets - s.puts, out, "%ju gets, %ju puts, %ju out",
                 (uintmax_t)s.gets, (uintmax_t)s.puts, (uintmax_t)out);
}

/* Ends a test in which everything was put. */
static inline void close_pool(struct pool_fixture *f)
{
    assert_sound(f->pool);
    cr_assert_eq(stats_of(f->pool).pages_out, 0);
    MUST(leat_pool_destroy(f->pool));
    free(f->base);
    free(f->meta);
}

static inline struct leat_chunk get(struct leat_pool *pool, size_t pages)
{
    struct leat_chunk c = leat_pool_get_value(pool, pages);

    MUST(leat_chunk_error(c));
    return c;
}

static inline unsigned char *bytes_of(struct leat_chunk c)
{
    struct leat_view v = leat_chunk_view(c);

    cr_assert_not_null(v.data);
    return v.data;
}

static inline bool all_bytes(const unsigned char *p, size_t n,
                             unsigned char byte)
{
    while (n && *p == byte)
        p++, n--;
    return n == 0;
}

/* Runs (fn) in a child; it gives the number of a line that failed, or 0. */
static inline int line_in_child(int (*fn)(void *arg), void *arg)
{
    int end[2], line = -1;
    pid_t child;

    cr_assert_eq(pipe(end), 0);
    child = fork();
    cr_assert_geq(child, 0);
    if (!child) {
        line = fn(arg);
        _exit(write(end[1], &line, sizeof(line)) != sizeof(line));
    }
    close(end[1]);
    if (read(end[0], &line, sizeof(line)) != sizeof(line))
        line = -1; /* it crashed */
    close(end[0]);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    return line;
}

/* For (fn): gives the line where something is not as it must be. */
#define CHILD(cond)          \
    do {                     \
        if (!(cond))         \
            return __LINE__; \
    } while (0)

#endif
