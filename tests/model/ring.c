/* SPDX-License-Identifier: ISC */

/*
 * Random operations of both ends of a ring, by seed, against two lists of
 * numbers: what was put and pushed comes out, in order, at the other end, and
 * nothing else; room is what the lists say; and an end that sleeps while there
 * is something for it was woken.
 */

#include "pv/rings.h"
#include "stress/stress.h"

enum {
    SEEDS = 40,
    STEPS = 20000
};

static long failed;

#define IS(cond)                                                        \
    do {                                                                \
        if (!(cond) && !failed++)                                       \
            printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
    } while (0)

/* One way: what an end put, how far it was pushed, how far it was taken. */
struct way {
    uint64_t put, pushed, taken;
    uint64_t wake; /* when as many are pushed, who takes is woken */
};

static uint64_t message(unsigned seed, int way, uint64_t n)
{
    return (n * 2 + (uint64_t)way) * 0x9e3779b97f4a7c15u + seed;
}

static void run(unsigned seed)
{
    static const size_t sizes[] = {8, 12, 112, 1000, 4032};
    uint64_t random = seed * 2654435761u + 1, m[504];
    struct way ways[2];
    struct rings w;
    size_t size = sizes[seed % COUNT(sizes)];
    uint32_t slots;

    memset(ways, 0, sizeof(ways));
    ways[0].wake = ways[1].wake = 1;
    rings_open(&w, size, seed % 5,
               0u - (uint32_t)(stress_random(&random) % 99));
    slots = w.front.slots;
    for (int step = 0; step < STEPS; step++) {
        int end = (int)(stress_random(&random) % 2);
        struct leat_ring *r = end ? &w.back : &w.front;
        struct way *out = &ways[end], *in = &ways[!end];
        uint64_t n = stress_random(&random) % 8, room;
        bool yes = false;
        int err;

        room = end ? in->taken - out->put : slots - (out->put - in->taken);
        IS(leat_ring_room(r) == room);
        switch (stress_random(&random) % 4) {
        case 0:
            while (n--) {
                m[0] = message(seed, end, out->put);
                err = leat_ring_put(r, m, 8);
                IS(err == (room ? 0 : LEAT_E_AGAIN));
                out->put += !err;
                room -= !err;
            }
            break;
        case 1:
            IS(leat_ring_push(r, &yes) == 0);
            /* Whoever sleeps is woken by the first that comes. */
            IS(yes == (out->pushed < out->wake && out->wake <= out->put));
            out->pushed = out->put;
            break;
        case 2:
            while (n--) {
                err = leat_ring_take(r, m, 8);
                IS(err == (in->taken == in->pushed ? LEAT_E_AGAIN : 0));
                IS(err || m[0] == message(seed, !end, in->taken));
                in->taken += !err;
            }
            break;
        default:
            IS(leat_ring_sleep(r, &yes) == 0);
            IS(yes == (in->pushed != in->taken));
            if (!yes)
                in->wake = in->taken + 1;
        }
        IS(!leat_ring_check(&w.front) && !leat_ring_check(&w.back));
    }
    IS(ways[0].taken > 0 && ways[1].taken > 0);
    rings_close(&w);
}

int main(void)
{
    alarm(100);
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        failed = 0;
        run(seed);
        printf("%sok %u - seed %u\n", failed ? "not " : "", seed + 1, seed);
        fflush(stdout);
    }
    printf("1..%d\n", SEEDS);
    return 0;
}
