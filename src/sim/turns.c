/* SPDX-License-Identifier: ISC */

/*
 * Turns.
 *
 *     READY <--fd readable, time come-- WAITING
 *       |                                  ^
 *       +--its turn, sim_turns_wait()----------+
 *       +--sim_turns_leave()--> DONE
 *
 *   B1  running  =>  exactly one thread is not in a pthread wait of this file:
 *       the one whose turn it is
 *   B2  who is next depends on the states, the descriptors and the generator
 *       alone
 *
 * When nobody is ready, the clock goes to the next time for which somebody
 * waits; when there is none, all waits end in vain.
 */

#include <poll.h>

#include "turns.h"

static uint64_t draw(struct turns *t)
{
    uint64_t x = t->random += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

void sim_turns_init(struct turns *t, uint64_t seed, uint64_t step_ns)
{
    uint32_t i;

    pthread_mutex_init(&t->lock, NULL);
    for (i = 0; i < TURNS_MAX; i++)
        pthread_cond_init(&t->turn[i].cond, NULL);
    t->random = seed;
    t->step_ns = step_ns;
    t->trace = seed;
}

void sim_turns_fini(struct turns *t)
{
    uint32_t i;

    for (i = 0; i < TURNS_MAX; i++)
        pthread_cond_destroy(&t->turn[i].cond);
    pthread_mutex_destroy(&t->lock);
}

uint32_t sim_turns_me(const struct turns *t)
{
    uint32_t i;

    for (i = 0; i < t->n; i++) {
        if (t->running && t->turn[i].state != TURN_DONE &&
            pthread_equal(t->turn[i].thread, pthread_self()))
            return i;
    }
    return TURNS_MAX;
}

static bool readable(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    return fd >= 0 && poll(&p, 1, 0) > 0;
}

static bool can_run(const struct turns *t, const struct turn *turn)
{
    return turn->state == TURN_READY ||
           (turn->state == TURN_WAITING &&
            (turn->wake_ns <= t->clock_ns || readable(turn->fd)));
}

/* Those who can run; (*first) is when the next of the others may. */
static uint32_t runnable(const struct turns *t, uint32_t who[TURNS_MAX],
                         uint64_t *first)
{
    uint32_t i, n = 0;

    *first = UINT64_MAX;
    for (i = 0; i < t->n; i++) {
        if (can_run(t, &t->turn[i]))
            who[n++] = i;
        else if (t->turn[i].state == TURN_WAITING &&
                 t->turn[i].wake_ns < *first)
            *first = t->turn[i].wake_ns;
    }
    return n;
}

/* Chooses who is next; false: nobody is left. The lock is held. */
static bool choose(struct turns *t)
{
    uint32_t who[TURNS_MAX], n, i;
    uint64_t first;

    t->clock_ns += t->step_ns;
    n = runnable(t, who, &first);
    if (!n && first != UINT64_MAX) {
        t->clock_ns = first;
        n = runnable(t, who, &first);
    }
    for (i = 0; i < t->n && !n; i++) {
        if (t->turn[i].state == TURN_WAITING) {
            t->stuck = true;
            who[0] = i;
            n = 1;
        }
    }
    if (!n)
        return false;
    t->now = who[draw(t) % n]; /* B2 */
    t->count++;
    t->trace = (t->trace ^ t->now) * 0x100000001b3u;
    t->trace ^= t->trace >> 29;
    return true;
}

static void hand_over(struct turns *t, uint32_t me)
{
    if (choose(t) && t->now != me)
        pthread_cond_signal(&t->turn[t->now].cond);
    while (t->turn[me].state != TURN_DONE && t->now != me)
        pthread_cond_wait(&t->turn[me].cond, &t->lock); /* B1 */
}

void sim_turns_pass(struct turns *t)
{
    uint32_t me = sim_turns_me(t);

    if (me == TURNS_MAX)
        return;
    pthread_mutex_lock(&t->lock);
    hand_over(t, me);
    pthread_mutex_unlock(&t->lock);
}

bool sim_turns_wait(struct turns *t, int fd, uint64_t wake_ns)
{
    uint32_t me = sim_turns_me(t);
    struct turn *mine = &t->turn[me % TURNS_MAX];
    bool good;

    if (me == TURNS_MAX)
        return readable(fd);
    pthread_mutex_lock(&t->lock);
    mine->state = TURN_WAITING;
    mine->fd = fd;
    mine->wake_ns = wake_ns;
    hand_over(t, me);
    good = can_run(t, mine);
    mine->state = TURN_READY;
    pthread_mutex_unlock(&t->lock);
    return good;
}

void sim_turns_enter(struct turns *t, uint32_t i)
{
    pthread_mutex_lock(&t->lock);
    while (!t->running || t->now != i)
        pthread_cond_wait(&t->turn[i].cond, &t->lock);
    pthread_mutex_unlock(&t->lock);
}

void sim_turns_leave(struct turns *t)
{
    uint32_t me = sim_turns_me(t);

    pthread_mutex_lock(&t->lock);
    t->turn[me].state = TURN_DONE;
    hand_over(t, me);
    pthread_mutex_unlock(&t->lock);
}

void sim_turns_begin(struct turns *t)
{
    pthread_mutex_lock(&t->lock);
    t->running = true;
    if (choose(t))
        pthread_cond_signal(&t->turn[t->now].cond);
    pthread_mutex_unlock(&t->lock);
}
