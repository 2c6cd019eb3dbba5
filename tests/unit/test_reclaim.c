/* SPDX-License-Identifier: ISC */

/* The reclaim hook: once before a get fails, and then one more try (R8). */

#include "pool_fixture.h"

#include <pthread.h>
#include <semaphore.h>

struct hook {
    struct leat_chunk held[16]; /* what the hook can give up   */
    size_t nheld, gives;        /* how many; how many at once  */
    size_t calls, pages;        /* how often; what was wanted  */
    bool gets;                  /* it tries a get of its own   */
    int nested;                 /* what that gave              */
};

static void reclaim(void *arg, struct leat_pool *pool, size_t pages)
{
    struct hook *h = arg;
    struct leat_chunk c;

    h->calls++;
    h->pages = pages;
    if (h->gets) {
        h->nested = leat_pool_get(pool, 1, &c);
        if (!h->nested)
            h->nested = leat_pool_put(pool, c);
    }
    for (size_t i = 0; i < h->gives && h->nheld; i++)
        MUST(leat_pool_put(pool, h->held[--h->nheld]));
}

/* A pool of 16 pages, all of which the hook holds. */
static void open_full(struct pool_fixture *f, struct hook *h, uint32_t flags,
                      size_t limit)
{
    memset(h, 0, sizeof(*h));
    open_static(f, limit ? 64 : 16,
                (struct leat_pool_config){.flags = flags,
                                          .limit_pages = limit,
                                          .threads = 2,
                                          .reclaim = reclaim,
                                          .arg = h});
    for (size_t i = 0; i < 16; i++)
        h->held[i] = get(f->pool, 1);
    h->nheld = 16;
    cr_assert_eq(h->calls, 0);
}

static void close_full(struct pool_fixture *f, struct hook *h)
{
    MUST(leat_pool_put_bulk(f->pool, h->held, h->nheld, NULL));
    close_pool(f);
}

/* (limit) 0: the backend runs dry; else the limit is reached. */
static void once_then_refused(uint32_t flags, size_t limit)
{
    int err = limit ? LEAT_E_LIMIT : LEAT_E_NOMEM;
    struct leat_chunk c = {NULL, 1};
    struct pool_fixture f;
    struct hook h;

    open_full(&f, &h, flags, limit);
    FAILS(err, leat_pool_get(f.pool, 1, &c));
    cr_assert_eq(h.calls, 1);
    cr_assert_eq(h.pages, 1);
    FAILS(err, leat_pool_get_bulk(f.pool, &c, 5));
    cr_assert_eq(h.calls, 2);
    cr_assert_eq(h.pages, 5);
    FAILS(err, leat_pool_get_zeroed(f.pool, 3, &c));
    cr_assert_eq(h.calls, 3);
    cr_assert_eq(h.pages, 3);
    cr_assert_eq(stats_of(f.pool).reclaims, 3);
    cr_assert_eq(stats_of(f.pool).refused, 3);
    cr_assert_eq(c.id, 1);
    close_full(&f, &h);
}

Test(reclaim, once_then_refused)
{
    once_then_refused(0, 0);
    once_then_refused(0, 16);
    once_then_refused(LEAT_POOL_EXACT, 0);
    once_then_refused(LEAT_POOL_EXACT, 16);
}

static void freed_enough(uint32_t flags, size_t limit)
{
    struct leat_chunk c[4];
    struct pool_fixture f;
    struct hook h;

    open_full(&f, &h, flags, limit);
    h.gives = 1;
    c[0] = get(f.pool, 1);
    cr_assert_eq(h.calls, 1);
    cr_assert(all_bytes(bytes_of(c[0]), PAGE, 0));
    h.gives = 3;
    MUST(leat_pool_get_bulk(f.pool, c + 1, 3));
    cr_assert_eq(h.calls, 2);
    cr_assert_eq(stats_of(f.pool).refused, 0);
    MUST(leat_pool_put_bulk(f.pool, c, 4, NULL));

    /* A run, of pages that lie together. */
    h.gives = 16;
    c[0] = get(f.pool, 16);
    cr_assert_eq(h.calls, 3);
    MUST(leat_pool_put(f.pool, c[0]));
    close_full(&f, &h);
}

Test(reclaim, success_if_it_freed_enough)
{
    freed_enough(0, 0);
    freed_enough(0, 16);
    freed_enough(LEAT_POOL_EXACT, 0);
    freed_enough(LEAT_POOL_EXACT, 16);
}

Test(reclaim, too_little_is_refused)
{
    struct leat_chunk c;
    struct pool_fixture f;
    struct hook h;

    open_full(&f, &h, LEAT_POOL_EXACT, 16);
    h.gives = 1;
    FAILS(LEAT_E_LIMIT, leat_pool_get(f.pool, 2, &c));
    cr_assert_eq(h.calls, 1);
    cr_assert_eq(stats_of(f.pool).pages_out, 15);
    close_full(&f, &h);
}

/* A get inside the hook does not call it again. */
Test(reclaim, does_not_nest)
{
    struct pool_fixture f;
    struct leat_chunk c;
    struct hook h;

    open_full(&f, &h, LEAT_POOL_EXACT, 16);
    h.gets = true;
    FAILS(LEAT_E_LIMIT, leat_pool_get(f.pool, 1, &c));
    FAILS(LEAT_E_LIMIT, h.nested);
    cr_assert_eq(h.calls, 1);
    close_full(&f, &h);
}

/* Also while another thread is in the hook. */
struct beside {
    sem_t inside, leave;
    pthread_t main;
    size_t calls; /* of the main thread's hook */
};

static void reclaim_beside(void *arg, struct leat_pool *pool, size_t pages)
{
    struct beside *b = arg;
    struct leat_chunk c;

    (void)pages;
    if (!pthread_equal(pthread_self(), b->main)) {
        sem_post(&b->inside);
        sem_wait(&b->leave);
    } else if (++b->calls < 10) {
        FAILS(LEAT_E_LIMIT, leat_pool_get(pool, 1, &c));
    }
}

static void *get_beside(void *arg)
{
    struct leat_chunk c;

    return leat_pool_get(arg, 1, &c) == LEAT_E_LIMIT ? NULL : arg;
}

Test(reclaim, does_not_nest_beside_another_thread)
{
    struct pool_fixture f;
    struct leat_chunk c, more;
    struct beside b = {.main = pthread_self()};
    pthread_t other;
    void *failed;

    sem_init(&b.inside, 0, 0);
    sem_init(&b.leave, 0, 0);
    open_static(&f, 4,
                (struct leat_pool_config){.limit_pages = 2,
                                          .flags = LEAT_POOL_EXACT,
                                          .reclaim = reclaim_beside,
                                          .arg = &b});
    c = get(f.pool, 2);
    cr_assert_eq(pthread_create(&other, NULL, get_beside, f.pool), 0);
    sem_wait(&b.inside);
    FAILS(LEAT_E_LIMIT, leat_pool_get(f.pool, 1, &more));
    cr_assert_eq(b.calls, 1);
    sem_post(&b.leave);
    pthread_join(other, &failed);
    cr_assert_null(failed);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(reclaim, explicit_magazine)
{
    struct leat_magazine *m;
    struct pool_fixture f;
    struct leat_chunk c;
    struct hook h;

    open_full(&f, &h, 0, 16);
    MUST(leat_magazine_create(f.pool, &m));
    FAILS(LEAT_E_LIMIT, leat_magazine_get(m, &c));
    cr_assert_eq(h.calls, 1);
    FAILS(LEAT_E_LIMIT, leat_magazine_get_bulk(m, &c, 2));
    cr_assert_eq(h.calls, 2);
    cr_assert_eq(h.pages, 2);
    MUST(leat_magazine_destroy(m));
    close_full(&f, &h);
}

/* Not for what is no want of memory. */
Test(reclaim, only_for_want_of_memory)
{
    struct pool_fixture f;
    struct leat_chunk c;
    struct hook h;

    open_full(&f, &h, 0, 0);
    FAILS(LEAT_E_INVALID, leat_pool_get(f.pool, 0, &c));
    MUST(leat_pool_put(f.pool, h.held[--h.nheld]));
    FAILS(LEAT_E_STALE, leat_pool_put(f.pool, h.held[h.nheld]));
    MUST(leat_pool_put(f.pool, get(f.pool, 1)));
    cr_assert_eq(h.calls, 0);
    close_full(&f, &h);
}
