/* SPDX-License-Identifier: ISC */

/*
 * Both ends of a device over one store, each looking now and then, in an order
 * that a seed decides: they die without a word and come back, their domains die
 * and the toolstack makes the device anew, they are resumed, they close. None
 * takes the other's state for a lie, none connects to what is no more, and when
 * nobody dies any longer they are connected, by the same ring, or closed.
 */

#include <unistd.h>

#include "../pv/events.h"
#include "../pv/peers.h"
#include "../stress/stress.h"

enum {
    SEEDS = 40,
    STEPS = 3000,
};

static const char *const path[] = {"/local/domain/1/device/vbd/7",
                                   "/local/domain/2/backend/vbd/1/7"};
static const struct leat_bus_device device = {
    .type = "vbd", .front = 1, .back = 2, .number = 7};
static struct table t;
static struct leat_bus bus[2];
static struct leat_lifecycle life[2];
static struct peer peer[2];
static unsigned failed;
static uint32_t connects, deaths;

#define IS(cond)                                                          \
    do {                                                                  \
        if (!(cond) && !failed++)                                         \
            printf("# %s:%d: not so: %s; %s at %d, %s at %d\n", __FILE__, \
                   __LINE__, #cond, "front", leat_bus_mine(&peer[0].end), \
                   "back", leat_bus_mine(&peer[1].end));                  \
    } while (0)

static void be_born(uint32_t i)
{
    struct leat_bus_config c = {
        .store = table_store(&t, i + 1),
        .events = table_events(&t, i + 1),
        .lifecycle = &life[i],
        .fd = -1,
    };

    IS(leat_lifecycle_init(&life[i]) == 0);
    IS(leat_bus_init(&bus[i], &c) == 0);
    memset(&peer[i].end, 0, sizeof(peer[i].end));
    IS(peer_attach(&peer[i], &bus[i], (enum leat_bus_side)i, path[i]) == 0);
}

static void make(void)
{
    struct leat_store s = table_store(&t, 0);

    IS(leat_bus_device_make(&s, &device) == 0);
}

/* The process dies: its directory stays as it is. */
static void die(uint32_t i)
{
    deaths++;
    connects += peer[i].connects;
    peer[i].connects = 0;
    table_die(&t, i + 1);
    be_born(i);
}

/* The domain dies: what is below /local/domain/N goes, and is made again. */
static void die_whole(uint32_t i)
{
    static const char *const home[] = {"/local/domain/1", "/local/domain/2"};
    char value[300];
    char key[300];

    deaths++;
    table_die(&t, i + 1);
    table_drop(&t, home[i]);
    if (stress_random(&(uint64_t){deaths}) % 2) {
        bool more;

        IS(leat_bus_poll(&bus[!i], 8, &more) == 0);
    }
    snprintf(key, sizeof(key), "%s/%s", path[i], i ? "frontend" : "backend");
    snprintf(value, sizeof(value), "%s", path[!i]);
    table_set(&t, key, value);
    snprintf(key, sizeof(key), "%s/%s-id", path[i], i ? "frontend" : "backend");
    table_set(&t, key, i ? "1" : "2");
    snprintf(key, sizeof(key), "%s/state", path[i]);
    table_set(&t, key, "1");
    be_born(i);
}

static void look(uint32_t i, uint32_t budget)
{
    bool more;

    IS(leat_bus_poll(&bus[i], budget, &more) == 0);
    IS(leat_bus_check(&bus[i]) == NULL);
    IS(peer[i].error == 0);
    IS(leat_bus_error(&peer[i].end, NULL) == 0);
}

static void rest(void)
{
    for (uint32_t n = 0; n < 60; n++)
        look(n % 2, 4);
}

static void run(uint64_t seed)
{
    uint64_t random = seed * 0x9e3779b97f4a7c15u + 1;
    static const char *const keys[] = {"/sectors", "/online", "/x/y"};
    char key[300];

    table_open(&t);
    memset(peer, 0, sizeof(peer));
    peer[0].net = seed % 4 == 3;
    make();
    be_born(0);
    be_born(1);
    for (uint32_t n = 0; n < STEPS && !failed; n++) {
        uint32_t i = stress_random(&random) % 2;

        switch (stress_random(&random) % 40) {
        case 0:
            die(i);
            break;
        case 1:
            die_whole(i);
            break;
        case 2:
            IS(leat_lifecycle_suspend(&life[i], NULL) == 0);
            table_die(&t, i + 1);
            IS(leat_lifecycle_resume(&life[i], LEAT_RESUMED) == 0);
            break;
        case 3:
            snprintf(key, sizeof(key), "%s%s", path[i],
                     keys[stress_random(&random) % 3]);
            table_set(&t, key, "1");
            break;
        case 4:
            rest();
            IS(peer_connected(&peer[0]) && peer_connected(&peer[1]));
            IS(peer[0].ring == peer[1].ring);
            break;
        default:
            look(i, 1 + stress_random(&random) % 3);
        }
        /* Both say that they are connected, and neither is to let go. */
        if (peer_connected(&peer[0]) && peer_connected(&peer[1]) &&
            !t.client[1].events && !t.client[2].events)
            IS(peer[0].ring == peer[1].ring);
    }
    rest();
    IS(peer_connected(&peer[0]) && peer_connected(&peer[1]));
    IS(peer[0].ring == peer[1].ring);
    snprintf(key, sizeof(key), "%s/online", path[1]);
    table_set(&t, key, "0");
    IS(leat_bus_close(&peer[seed % 2].end) == 0);
    peer_go(&peer[seed % 2]);
    rest();
    IS(peer[0].done && peer[1].done);
    IS(leat_bus_mine(&peer[0].end) == LEAT_BUS_CLOSED);
    IS(leat_bus_mine(&peer[1].end) == LEAT_BUS_CLOSED);
    for (uint32_t i = 0; i < 2; i++) {
        IS(leat_bus_detach(&peer[i].end) == 0);
        IS(leat_bus_fini(&bus[i]) == 0);
    }
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
    printf("1..%d\n# %u deaths, %u connections\n", SEEDS, deaths, connects);
    return 0;
}
