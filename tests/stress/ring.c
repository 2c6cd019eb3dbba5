/* SPDX-License-Identifier: ISC */

/*
 * Both ends of a ring, a thread each, that sleep as the protocol says: a wake-up
 * that is missing hangs. Then a peer that flips the bytes of its messages, and of
 * the head, without pause (XSA-155): what was taken is private, and stays.
 */

#include <leat/slots.h>
#include <semaphore.h>

#include "pv/rings.h"
#include "stress.h"

enum {
    MESSAGES = 200000,
    SIZE = 24
};

static struct stress s;
static struct rings w;
static sem_t wake[2];
static uint64_t woken[2];

static uint64_t sum(uint64_t id)
{
    return id * 0x9e3779b97f4a7c15u ^ 0x5555;
}

static void push(struct leat_ring *r, int other)
{
    bool yes = false;

    HOLDS(&s, leat_ring_push(r, &yes) == 0);
    if (yes) {
        woken[other]++; /* by one thread only */
        sem_post(&wake[other]);
    }
}

static int answer(void *arg, void *message)
{
    uint64_t *m = message;

    (void)arg;
    HOLDS(&s, m[1] == sum(m[0]) && m[2] == ~m[0]);
    m[1] = sum(~m[0]);
    HOLDS(&s, leat_ring_put(&w.back, m, 16) == 0);
    return 0;
}

static void *back(void *arg)
{
    uint64_t m[3], n = 0;
    struct leat_ring_poll p = {m, SIZE, answer, NULL, 16, false};
    bool more = true;

    (void)arg;
    while (n < MESSAGES && !s.failed) {
        uint32_t before = w.back.taken;

        HOLDS(&s, leat_ring_poll(&w.back, &p, &more) == 0);
        n += w.back.taken - before;
        push(&w.back, 0);
        if (!more && n < MESSAGES)
            sem_wait(&wake[1]);
    }
    return NULL;
}

static int judge(void *arg, void *message)
{
    struct leat_slots *slots = arg;
    uint64_t *m = message, item = 0;

    HOLDS(&s, leat_slots_put(slots, m[0], &item) == 0);
    HOLDS(&s, m[1] == sum(~m[0]));
    return 0;
}

static void front(void)
{
    static struct leat_slots_entry memory[256];
    struct leat_slots slots;
    uint64_t m[3], sent = 0, got = 0;
    struct leat_ring_poll p = {m, 16, judge, &slots, 16, false};
    bool more;

    HOLDS(&s, leat_slots_init(&slots, memory, w.front.slots, 64) == 0);
    while (got < MESSAGES && !s.failed) {
        uint32_t before = w.front.taken;

        while (sent < MESSAGES && leat_ring_room(&w.front)) {
            HOLDS(&s, leat_slots_get(&slots, sent, &m[0]) == 0);
            m[1] = sum(m[0]);
            m[2] = ~m[0];
            HOLDS(&s, leat_ring_put(&w.front, m, SIZE) == 0);
            sent++;
        }
        push(&w.front, 1);
        HOLDS(&s, leat_ring_poll(&w.front, &p, &more) == 0);
        got += w.front.taken - before;
        if (!more && got < MESSAGES &&
            !(sent < MESSAGES && leat_ring_room(&w.front)))
            sem_wait(&wake[0]);
    }
    HOLDS(&s, got == MESSAGES && slots.out == 0 && !leat_slots_check(&slots));
}

static void both(void)
{
    pthread_t t;

    rings_open(&w, SIZE, 0, 0xffffff00u);
    sem_init(&wake[0], 0, 0);
    sem_init(&wake[1], 0, 0);
    HOLDS(&s, pthread_create(&t, NULL, back, NULL) == 0);
    front();
    pthread_join(t, NULL);
    printf(
        "# %d messages each way, the back woken %llu times, the front %llu\n",
        MESSAGES, (unsigned long long)woken[1], (unsigned long long)woken[0]);
    HOLDS(&s, woken[0] < MESSAGES && woken[1] < MESSAGES);
    rings_close(&w);
}

static bool flips_end;

/* Each message is one of two, by its words; never anything else. */
static void *flips(void *arg)
{
    uint64_t x = 0;

    (void)arg;
    while (!__atomic_load_n(&flips_end, __ATOMIC_RELAXED)) {
        for (size_t i = 16; i < 1024; i += 2)
            __atomic_store_n((uint64_t *)(void *)(w.page + i), x,
                             __ATOMIC_RELAXED);
        x = ~x;
    }
    return NULL;
}

static void flipped(void)
{
    uint64_t kinds[2] = {0, 0};
    pthread_t t;

    rings_open(&w, 16, 0, 0);
    HOLDS(&s, pthread_create(&t, NULL, flips, NULL) == 0);
    for (uint32_t round = 0; round < 20000; round++) {
        uint64_t m[2], twice[2];
        bool yes;

        rings_write(&w, REQ_PROD, round + 1);
        HOLDS(&s, leat_ring_take(&w.back, m, sizeof(m)) == 0);
        memcpy(twice, m, sizeof(m));
        for (int i = 0; i < 2; i++)
            HOLDS(&s, m[i] == 0 || m[i] == UINT64_MAX);
        kinds[m[0] & 1]++;
        sched_yield();
        HOLDS(&s, memcmp(twice, m, sizeof(m)) == 0);
        HOLDS(&s, leat_ring_put(&w.back, m, sizeof(m)) == 0);
        HOLDS(&s, leat_ring_push(&w.back, &yes) == 0);
        HOLDS(&s, !leat_ring_check(&w.back));
    }
    __atomic_store_n(&flips_end, true, __ATOMIC_RELAXED);
    pthread_join(t, NULL);
    HOLDS(&s, kinds[0] && kinds[1]);
    rings_close(&w);
}

int main(void)
{
    alarm(60);
    both();
    printf("%sok 1 - both ends, asleep and woken\n", s.failed ? "not " : "");
    s.failed = 0;
    flipped();
    printf("%sok 2 - XSA-155: messages that change under the reader\n",
           s.failed ? "not " : "");
    printf("1..2\n");
    return 0;
}
