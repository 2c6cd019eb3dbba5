/* SPDX-License-Identifier: ISC */

/* A put on one thread wakes the oldest waiter of another (rule R10). */

#include "waiter_fixture.h"

#include <pthread.h>
#include <semaphore.h>

/* A thread that stands in line and sleeps until it is served. */
struct sleeper {
    struct wish wish;
    pthread_t thread;
    sem_t standing, served;
    size_t pages, *turns;
    size_t turn;
    int err;
};

static void wake(void *arg, struct leat_chunk c)
{
    struct sleeper *s = arg;

    s->wish.chunk = c;
    s->turn = __atomic_add_fetch(s->turns, 1, __ATOMIC_SEQ_CST);
    sem_post(&s->served);
}

static void *sleep_until_served(void *arg)
{
    struct sleeper *s = arg;

    s->err = leat_pool_wait(s->wish.line->pool, &s->wish.w, s->pages, wake, s);
    sem_post(&s->standing);
    if (!s->err)
        sem_wait(&s->served);
    return NULL;
}

/* Starts a thread, and comes back when it stands in line. */
static void start(struct sleeper *s, struct line *line, size_t pages,
                  size_t *turns)
{
    memset(s, 0, sizeof(*s));
    s->wish.line = line;
    s->pages = pages;
    s->turns = turns;
    sem_init(&s->standing, 0, 0);
    sem_init(&s->served, 0, 0);
    cr_assert_eq(pthread_create(&s->thread, NULL, sleep_until_served, s), 0);
    sem_wait(&s->standing);
    MUST(s->err);
}

static void join(struct sleeper *s, size_t turn)
{
    cr_assert_eq(pthread_join(s->thread, NULL), 0);
    cr_assert_eq(s->turn, turn);
    sem_destroy(&s->standing);
    sem_destroy(&s->served);
}

Test(waiter_threads, put_wakes_the_oldest_of_another_thread)
{
    enum {
        SLEEPERS = 8
    };
    struct sleeper s[SLEEPERS];
    struct pool_fixture f;
    size_t turns = 0;
    struct line line;
    struct leat_chunk c;

    open_line(&f, &line, 1);
    c = get(f.pool, 1);
    for (size_t i = 0; i < SLEEPERS; i++)
        start(&s[i], &line, 1, &turns);
    for (size_t i = 0; i < SLEEPERS; i++) {
        cr_assert_eq(__atomic_load_n(&turns, __ATOMIC_SEQ_CST), i);
        MUST(leat_pool_put(f.pool, c));
        join(&s[i], i + 1);
        c = s[i].wish.chunk;
        memset(bytes_of(c), 1, PAGE);
    }
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

struct putter {
    struct leat_pool *pool;
    struct leat_chunk *c;
    size_t n;
    int err;
};

static void *put_all(void *arg)
{
    struct putter *p = arg;

    for (size_t i = 0; i < p->n && !p->err; i++)
        p->err = leat_pool_put(p->pool, p->c[i]);
    return NULL;
}

/* Neither the waiters' thread nor the main one puts: a third does. */
Test(waiter_threads, put_of_a_third_thread)
{
    enum {
        PAGES = 32
    };
    struct leat_chunk c[PAGES];
    struct sleeper big, small[4];
    struct pool_fixture f;
    struct putter p = {0};
    size_t turns = 0;
    pthread_t thread;
    struct line line;

    open_line(&f, &line, PAGES);
    MUST(leat_pool_get_bulk(f.pool, c, PAGES));
    start(&big, &line, PAGES / 2, &turns);
    for (size_t i = 0; i < 4; i++)
        start(&small[i], &line, 1, &turns);
    p = (struct putter){f.pool, c, PAGES, 0};
    cr_assert_eq(pthread_create(&thread, NULL, put_all, &p), 0);
    join(&big, 1);
    for (size_t i = 0; i < 4; i++)
        join(&small[i], i + 2);
    pthread_join(thread, NULL);
    MUST(p.err);
    MUST(leat_pool_put(f.pool, big.wish.chunk));
    for (size_t i = 0; i < 4; i++)
        MUST(leat_pool_put(f.pool, small[i].wish.chunk));
    close_pool(&f);
}

/*
 * One that leaves at the same moment as it is served: exactly one of the two
 * has happened.
 */
Test(waiter_threads, cancel_beside_put)
{
    struct pool_fixture f;
    struct line line;

    open_line(&f, &line, 1);
    for (int i = 0; i < 2000; i++) {
        struct leat_chunk c = get(f.pool, 1);
        struct putter p = {f.pool, &c, 1, 0};
        size_t turns = 0;
        struct sleeper s = {.turns = &turns};
        pthread_t thread;
        int err;

        sem_init(&s.served, 0, 0);
        MUST(leat_pool_wait(f.pool, &s.wish.w, 1, wake, &s));
        cr_assert_eq(pthread_create(&thread, NULL, put_all, &p), 0);
        err = leat_pool_cancel(f.pool, &s.wish.w);
        pthread_join(thread, NULL);
        MUST(p.err);
        if (err) {
            FAILS(LEAT_E_STATE, err);
            sem_wait(&s.served);
            MUST(leat_pool_put(f.pool, s.wish.chunk));
        }
        cr_assert_eq(turns, err ? 1 : 0);
        cr_assert_eq(stats_of(f.pool).waiting, 0);
        cr_assert_eq(stats_of(f.pool).pages_out, 0);
    }
    close_pool(&f);
}
