/* SPDX-License-Identifier: ISC */

/*
 * Three guests, each in a process of its own, whose back ends stand on one switch
 * in a fourth. They send numbered frames to each other and to all, and look at
 * what comes: each is whole, is for them, and comes once and in order, whoever
 * stands still, dies, or lies about its address meanwhile. Frames may be lost.
 */

#include <sys/mman.h>

#include <leat/netback.h>
#include <leat/netfront.h>
#include <leat/netswitch.h>

#include "device.h"

enum {
    GUESTS = 3, /* domains 1 to 3 */
    BACK = 8,
    HEAD = 23, /* addresses, type, who, number, length */
    LONGEST = 9000
};

/* Shared by all processes of the test, and by no domain. */
static struct ledger {
    uint32_t came[GUESTS + 1][GUESTS + 1]; /* from, to                       */
    uint32_t foreign[GUESTS + 1];          /* for others alone               */
    uint32_t next[GUESTS + 1];             /* the number of its next frame   */
    uint32_t made_up;                      /* this guest makes addresses up  */
    uint32_t stop, end;
    struct leat_switch_stats stats[GUESTS];
} * ledger;

#define LOOK(x) __atomic_load_n(&(x), __ATOMIC_ACQUIRE)

static struct leat_bus_device device_of(uint32_t guest)
{
    const struct leat_bus_device device = {
        .type = "vif", .front = guest, .back = BACK};

    return device;
}

/* ------------------------------------------------------ the switch's process */

static struct leat_netback *back_of(uint32_t guest, struct leat_switch *s,
                                    struct leat_bus *bus,
                                    struct leat_grants *grants)
{
    struct leat_netback_config c = {
        .bus = bus, .grants = grants, .mtu = LONGEST};
    struct leat_netback *b = NULL;
    int err = LEAT_E_REFERENCE;
    char path[80];

    snprintf(path, sizeof(path), "/local/domain/%d/backend/vif/%u/0", BACK,
             guest);
    c.path = path;
    MUST(leat_switch_port(s, guest - 1, &c.port));
    MUST(leat_netback_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    for (int i = 0; err == LEAT_E_REFERENCE && i < 5000; i++) {
        err = leat_netback_create(&b, &c);
        usleep(err ? 1000 : 0);
    }
    MUST(err);
    return b;
}

static int switching(void *arg)
{
    struct leat_switch_config c = {.ports = GUESTS, .addresses = 16};
    struct leat_sim_domain *d = join(BACK);
    struct leat_netback *b[GUESTS];
    struct leat_switch *s = NULL;
    struct leat_grants *grants;
    struct leat_bus bus;

    (void)arg;
    if (here)
        return 1;
    open_bus(&bus, d, NULL);
    grants = table_of(
        (struct leat_grants_config){.map = leat_sim_map(d), .maps_max = 8192});
    MUST(leat_switch_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    MUST(leat_switch_create(&s, &c));
    for (uint32_t i = 0; i < GUESTS; i++)
        b[i] = back_of(i + 1, s, &bus, grants);
    while (!here && !LOOK(ledger->end)) {
        bool more = false, one = false;

        MUST(leat_bus_poll(&bus, 16, &more));
        for (uint32_t i = 0; i < GUESTS; i++) {
            MUST(leat_netback_poll(b[i], 64, &one));
            more |= one;
            CHECK(!leat_netback_check(b[i]));
            CHECK(!leat_netback_text(b[i])[0]);
            MUST(leat_switch_stats(s, i, &ledger->stats[i]));
        }
        CHECK(!leat_switch_check(s));
        if (!more)
            doze(d, SECOND / 100);
    }
    for (uint32_t i = 0; i < GUESTS; i++) {
        MUST(leat_netback_close(b[i], true));
        MUST(leat_netback_destroy(b[i]));
    }
    MUST(leat_switch_destroy(s));
    MUST(leat_grants_destroy(grants));
    MUST(leat_bus_fini(&bus));
    MUST(leat_sim_leave(d));
    return here;
}

/* ------------------------------------------------------------------- a guest */

struct guest {
    struct leat_sim_domain *d;
    struct leat_bus bus;
    struct leat_mmap memory;
    struct leat_grants *table;
    struct leat_pool *pool, *to;
    struct leat_netfront *f;
    uint32_t id;
    uint32_t last[GUESTS + 1]; /* the number that came last, by who sent it  */
    uint32_t goes_to;          /* 0: to all */
    bool closed;
};

static unsigned char byte_of(uint32_t from, uint32_t number, size_t at)
{
    return (unsigned char)(from * 77 + number * 31 + at + at / 251);
}

static void address(unsigned char *to, uint32_t guest)
{
    memset(to, guest ? 0 : 0xff, 6);
    if (guest) {
        to[0] = 2;
        to[5] = (unsigned char)guest;
    }
}

static void receive(void *arg, struct leat_netfront *net,
                    struct leat_netfront_frame *frame)
{
    static unsigned char bytes[65536];
    unsigned char me[6], all[6];
    struct guest *g = arg;
    uint32_t from, number, said;
    size_t at = 0;

    (void)net;
    for (uint32_t i = 0; i < frame->n; i++) {
        memcpy(bytes + at, frame->pieces[i].view.data,
               frame->pieces[i].view.len);
        at += frame->pieces[i].view.len;
    }
    CHECK(at == frame->len && at >= HEAD);
    from = bytes[14];
    memcpy(&number, bytes + 15, 4);
    memcpy(&said, bytes + 19, 4);
    CHECK(said == at && from && from <= GUESTS && from != g->id);
    for (size_t i = HEAD; i < at && !here; i++)
        CHECK(bytes[i] == byte_of(from, number, i));
    if (here)
        return;
    CHECK(number > g->last[from]);
    g->last[from] = number;
    address(me, g->id);
    address(all, 0);
    if (memcmp(bytes, me, 6) && memcmp(bytes, all, 6))
        __atomic_add_fetch(&ledger->foreign[g->id], 1, __ATOMIC_RELEASE);
    else
        __atomic_add_fetch(&ledger->came[from][g->id], 1, __ATOMIC_RELEASE);
}

static int fill(void *arg, const struct leat_view *views, size_t n, size_t *len)
{
    const struct guest *g = arg;
    const uint32_t number = ledger->next[g->id], whole = (uint32_t)*len;
    unsigned char head[HEAD];
    size_t at = 0;

    address(head, g->goes_to);
    address(head + 6, g->id);
    if (LOOK(ledger->made_up) == g->id)
        memcpy(head + 7, &number, 4);
    head[12] = 0x88;
    head[13] = 0xb5;
    head[14] = (unsigned char)g->id;
    memcpy(head + 15, &number, 4);
    memcpy(head + 19, &whole, 4);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < views[i].len; k++, at++)
            views[i].data[k] =
                at < HEAD ? head[at] : byte_of(g->id, number, at);
    }
    return 0;
}

/* A few frames, to each of the others in turn, and to all. */
static void send(struct guest *g)
{
    for (uint32_t i = 0; i < 8; i++) {
        const uint32_t n = ledger->next[g->id];
        struct leat_netfront_fill frame = {
            .size = HEAD + n * 37 % (n % 8 ? 1400 : LONGEST - HEAD),
            .fill = fill,
            .arg = g};

        g->goes_to = n % 16 ? 1 + (g->id + n % 2) % GUESTS : 0;
        if (leat_netfront_send(g->f, &frame))
            break;
        __atomic_store_n(&ledger->next[g->id], n + 1, __ATOMIC_RELEASE);
    }
    MUST(leat_netfront_push(g->f));
}

static void event(void *arg, struct leat_netfront *net,
                  enum leat_netfront_event what)
{
    struct guest *g = arg;

    (void)net;
    g->closed |= what == LEAT_NETFRONT_CLOSED;
    CHECK(what != LEAT_NETFRONT_BROKEN);
}

static void open_guest(struct guest *g)
{
    struct leat_netfront_config c = {.offload = LEAT_NET_OFFLOAD_ALL,
                                     .tx_pages = 128,
                                     .rx_pages = 256,
                                     .receive = receive,
                                     .event = event,
                                     .arg = g};
    struct leat_pool_config pool = {.limit_pages = 1024, .peer = BACK + 1};
    struct leat_gnttab *gnttab = malloc(sizeof(*gnttab));
    int err = LEAT_E_REFERENCE;
    char path[80];

    g->d = join(g->id);
    if (here)
        return;
    pool.backend = leat_sim_backend(g->d);
    MUST(leat_pool_create(&g->pool, &pool));
    MUST(leat_mmap_init(&g->memory));
    MUST(leat_pool_create(
        &g->to, &(struct leat_pool_config){.backend = leat_mmap(&g->memory),
                                           .limit_pages = 512,
                                           .zero = LEAT_ZERO_NEVER}));
    MUST(leat_sim_gnttab(g->d, gnttab));
    g->table =
        table_of((struct leat_grants_config){.share = leat_gnttab(gnttab)});
    open_bus(&g->bus, g->d, NULL);
    snprintf(path, sizeof(path), "/local/domain/%u/device/vif/0", g->id);
    c.path = path;
    c.bus = &g->bus;
    c.grants = g->table;
    c.pool = g->pool;
    c.to = g->to;
    MUST(leat_netfront_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    for (int i = 0; err == LEAT_E_REFERENCE && i < 5000; i++) {
        err = leat_netfront_create(&g->f, &c);
        usleep(err ? 1000 : 0);
    }
    MUST(err);
}

static void turn(struct guest *g)
{
    bool more = false, more2 = false;

    MUST(leat_bus_poll(&g->bus, 16, &more));
    MUST(leat_netfront_poll(g->f, 64, &more2));
    if (!more && !more2)
        doze(g->d, SECOND / 1000);
}

static int guest(void *arg)
{
    static struct guest g;

    memset(&g, 0, sizeof(g));
    g.id = (uint32_t)(uintptr_t)arg;
    open_guest(&g);
    while (!here && !LOOK(ledger->stop)) {
        if (leat_netfront_connected(g.f))
            send(&g);
        turn(&g);
    }
    if (!g.f)
        return 1;
    MUST(leat_netfront_close(g.f, false));
    for (int i = 0; i < 5000 && !g.closed; i++)
        turn(&g);
    CHECK(g.closed);
    MUST(leat_netfront_destroy(g.f));
    MUST(leat_bus_fini(&g.bus));
    MUST(leat_grants_destroy(g.table));
    MUST(leat_pool_destroy(g.pool));
    MUST(leat_pool_destroy(g.to));
    MUST(leat_sim_leave(g.d));
    return here;
}

/* ----------------------------------------------------------------- the cases */

/* Waits for (n) more. */
static void await_frames(uint32_t from, uint32_t to, uint32_t n)
{
    const int before = here;

    progress(&ledger->came[from][to], n);
    if (here != before)
        printf("# from %u to %u\n", from, to);
}

static void await_all(uint32_t n)
{
    for (uint32_t from = 1; from <= GUESTS; from++) {
        for (uint32_t to = 1; to <= GUESTS; to++) {
            if (from != to)
                await_frames(from, to, n);
        }
    }
}

int main(void)
{
    struct leat_bus_device device;
    uint32_t foreign[GUESTS + 1];
    pid_t s, g[GUESTS + 1];
    uint64_t lost, learnt;

    begin();
    ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (uint32_t i = 1; i <= GUESTS; i++)
        ledger->next[i] = 1;
    open_toolstack();
    s = spawn(switching, NULL);
    await_life(BACK, true);
    for (uint32_t i = 1; i <= GUESTS; i++) {
        g[i] = spawn(guest, (void *)(uintptr_t)i);
        await_life(i, true);
        device = device_of(i);
        MUST(leat_bus_device_make(&store, &device));
    }
    await_all(300);
    result("three guests reach each other");

    memcpy(foreign, ledger->foreign, sizeof(foreign));
    await_all(300);
    for (uint32_t i = 1; i <= GUESTS; i++)
        CHECK(LOOK(ledger->foreign[i]) == foreign[i]);
    result("once they are known nobody sees what is for others");

    /* It stands still with a full ring; the others go on. */
    kill(g[3], SIGSTOP);
    lost = LOOK(ledger->stats[2].lost);
    await_frames(1, 2, 1000);
    await_frames(2, 1, 1000);
    CHECK(LOOK(ledger->stats[2].lost) > lost);
    kill(g[3], SIGCONT);
    await_all(200);
    result("who takes nothing loses its own, and nobody waits for it");

    kill_it(g[3]);
    await_life(3, false);
    await_frames(1, 2, 300);
    await_frames(2, 1, 300);
    CHECK(!LOOK(ledger->stats[2].addresses));
    g[3] = spawn(guest, (void *)(uintptr_t)3);
    await_life(3, true);
    device = device_of(3);
    MUST(leat_bus_device_make_end(&store, &device, LEAT_BUS_FRONT));
    await_all(200);
    result("one is killed, and comes again");

    memcpy(foreign, ledger->foreign, sizeof(foreign));
    learnt = LOOK(ledger->stats[2].learnt);
    __atomic_store_n(&ledger->made_up, 3, __ATOMIC_RELEASE);
    await_frames(3, 1, 500);
    await_frames(1, 2, 500);
    await_frames(2, 1, 500);
    CHECK(LOOK(ledger->stats[2].learnt) > learnt + 100);
    CHECK(LOOK(ledger->stats[2].addresses) <= 16);
    CHECK(LOOK(ledger->stats[0].addresses) == 1);
    CHECK(LOOK(ledger->foreign[3]) == foreign[3]);
    result("who makes addresses up sees nothing of others'");

    __atomic_store_n(&ledger->stop, 1, __ATOMIC_RELEASE);
    for (uint32_t i = 1; i <= GUESTS; i++)
        reap(g[i]);
    __atomic_store_n(&ledger->end, 1, __ATOMIC_RELEASE);
    reap(s);
    close_toolstack();
    CHECK(nothing_left());
    result("nothing is left");
    return done();
}
