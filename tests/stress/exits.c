/* SPDX-License-Identifier: ISC */

/*
 * Threads exit while the pool that they had used is destroyed: none of them
 * makes a call any more, but their magazines go at that very moment.
 */

#include "stress.h"

#include <semaphore.h>

enum {
    THREADS = 6
};

struct user {
    struct stress *s;
    struct leat_pool *pool;
    sem_t *done;
};

static void *use_and_leave(void *arg)
{
    struct user *u = arg;
    struct leat_chunk c[12];

    HOLDS(u->s, leat_pool_get_bulk(u->pool, c, COUNT(c)) == 0);
    HOLDS(u->s, leat_pool_put_bulk(u->pool, c, COUNT(c), NULL) == 0);
    sem_post(u->done);
    return NULL;
}

int main(void)
{
    struct leat_pool_config config = {
        .limit_pages = 1024, .threads = THREADS, .magazine = 4};
    pthread_t thread[THREADS];
    struct user u;
    struct stress s;
    sem_t done;

    stress_open(&s, config, 1500);
    HOLDS(&s, leat_pool_put(s.pool, leat_pool_get_value(s.pool, 1)) == 0);
    sem_init(&done, 0, 0);
    config.backend = leat_mmap(&s.mmap);
    u = (struct user){&s, NULL, &done};
    while (stress_goes_on(&s)) {
        HOLDS(&s, leat_pool_create(&u.pool, &config) == 0);
        stress_start(thread, THREADS, use_and_leave, &u, 0);
        for (int i = 0; i < THREADS; i++)
            sem_wait(&done);
        HOLDS(&s, leat_pool_destroy(u.pool) == 0);
        stress_join(thread, THREADS);
    }
    stress_close(&s, "threads exit while their pool is destroyed");
    return 0;
}
