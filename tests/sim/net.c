/* SPDX-License-Identifier: ISC */

/*
 * netfront and netback, each in a process of its own. Behind the back is a mirror.
 * The front sends numbered frames of all sizes and looks at what comes back: each
 * is one that was sent, whole, and comes once, whoever died meanwhile. Frames may
 * be lost, where somebody died.
 */

#include <sys/mman.h>

#include <leat/netback.h>
#include <leat/netfront.h>

#include "device.h"
#include "pv/mirror.h"

#define FRONT    1u
#define BACK     2u
#define OF_FRONT "/local/domain/1/device/vif/0"
#define OF_BACK  "/local/domain/2/backend/vif/1/0"

enum {
    NUMBERS = 1 << 20,
    WINDOW = 48, /* frames on their way */
    HEAD = 24,   /* addresses, type, and a number and a length */
    LONGEST = 20000,
    TURNS = 200000 /* a busy one does not sleep: 2000 may be a few ms */
};

static const struct leat_bus_device device = {
    .type = "vif", .front = FRONT, .back = BACK, .number = 0};

/* Shared by all processes of the test, and by no domain. */
static struct ledger {
    uint32_t sent, came; /* frames, of all fronts                            */
    uint32_t stop, end;
    uint32_t connects;      /* of the front that runs                      */
    uint64_t front_grants;  /* grant operations for frames                 */
    uint64_t back_grants;   /* the same, of the back                       */
    uint64_t copied, bytes; /* of the front: copied, and received          */
    unsigned char seen[NUMBERS]; /* how often it came                        */
} * ledger;

/* ---------------------------------------------------------------- the back */

static void back_counts(struct leat_netback *b)
{
    struct leat_netback_stats s;

    MUST(leat_netback_stats(b, &s));
    __atomic_store_n(&ledger->back_grants, s.maps + s.unmaps + s.copies,
                     __ATOMIC_RELEASE);
}

static int back(void *arg)
{
    struct leat_netback_config c = {.path = OF_BACK,
                                    .queues_max = 2,
                                    .mtu = LONGEST,
                                    .way = arg ? LEAT_NETBACK_MAP
                                               : LEAT_NETBACK_COPY};
    struct leat_sim_domain *d = join(BACK);
    static struct mirror mirror;
    struct leat_netback *b = NULL;
    struct leat_bus bus;
    bool more = true, more2 = true;
    int err = LEAT_E_REFERENCE;

    if (here)
        return 1;
    open_bus(&bus, d, NULL);
    c.bus = &bus;
    c.grants = table_of(
        (struct leat_grants_config){.map = leat_sim_map(d), .maps_max = 4096});
    c.port = mirror_open(&mirror, LEAT_NET_OFFLOAD_ALL);
    MUST(leat_netback_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    for (int i = 0; err == LEAT_E_REFERENCE && i < 5000; i++) {
        err = leat_netback_create(&b, &c);
        usleep(err ? 1000 : 0);
    }
    MUST(err);
    while (!here && !__atomic_load_n(&ledger->end, __ATOMIC_ACQUIRE)) {
        MUST(leat_bus_poll(&bus, 16, &more));
        MUST(leat_netback_poll(b, 64, &more2));
        CHECK(!leat_netback_check(b));
        if (leat_netback_text(b)[0]) {
            printf("# %s\n", leat_netback_text(b));
            here++;
        }
        back_counts(b);
        if (!more && !more2 && !(mirror.n && leat_netback_room(b)))
            doze(d, SECOND / 100);
    }
    MUST(leat_netback_close(b, true));
    for (int i = 0; i < 5000 && leat_netback_destroy(b) == LEAT_E_BUSY; i++) {
        MUST(leat_netback_poll(b, 16, &more));
        usleep(more ? 0 : 1000);
    }
    MUST(leat_grants_destroy(c.grants));
    MUST(leat_bus_fini(&bus));
    MUST(leat_sim_leave(d));
    mirror_close(&mirror);
    return here;
}

/* --------------------------------------------------------------- the front */

struct front {
    struct leat_sim_domain *d;
    struct leat_lifecycle life;
    struct leat_bus bus;
    struct leat_mmap memory;
    struct leat_grants *table;
    struct leat_pool *pool, *to;
    struct leat_netfront *f;
    enum leat_receive_mode mode;
    uint32_t first; /* the number of its first frame                         */
    uint32_t next;
    uint32_t window; /* frames on their way                                   */
    uint32_t seed;
    struct leat_copies copies;
    bool paused, closed;
};

static uint32_t chance(struct front *f, uint32_t n)
{
    f->seed = f->seed * 1664525 + 1013904223;
    return (f->seed >> 8) % n;
}

static unsigned char byte_of(uint32_t number, size_t at)
{
    return (unsigned char)(number * 31 + at + at / 251);
}

/* Whether (data) is the frame that it says it is. */
static bool right(const unsigned char *data, size_t len, uint32_t *number)
{
    uint32_t said;

    if (len < HEAD)
        return false;
    memcpy(number, data + 14, 4);
    memcpy(&said, data + 18, 4);
    for (size_t i = HEAD; i < len; i++) {
        if (data[i] != byte_of(*number, i))
            return false;
    }
    return said == len;
}

static void receive(void *arg, struct leat_netfront *net,
                    struct leat_netfront_frame *frame)
{
    static unsigned char bytes[65536];
    struct front *f = arg;
    uint32_t number = 0;
    size_t at = 0;

    (void)net;
    for (uint32_t i = 0; i < frame->n; i++) {
        const struct leat_netfront_piece *p = &frame->pieces[i];

        if (p->view.data) {
            memcpy(bytes + at, p->view.data, p->view.len);
            at += p->view.len;
        } else {
            MUST(leat_shared_copy_out(p->shared, 0, bytes + at, p->shared.len,
                                      &f->copies));
            at += p->shared.len;
        }
    }
    ledger->came++;
    CHECK(at == frame->len);
    CHECK(right(bytes, at, &number));
    /* The mirror may have had one of a front before. */
    CHECK(number < f->next);
    f->window -= number >= f->first && f->window;
    if (number < NUMBERS)
        CHECK(!ledger->seen[number]++);
}

static int fill(void *arg, const struct leat_view *views, size_t n, size_t *len)
{
    const struct front *f = arg;
    unsigned char head[HEAD] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5};
    const uint32_t whole = (uint32_t)*len;
    size_t at = 0;

    memcpy(head + 14, &f->next, 4);
    memcpy(head + 18, &whole, 4);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < views[i].len; k++, at++)
            views[i].data[k] = at < HEAD ? head[at] : byte_of(f->next, at);
    }
    return 0;
}

static void send(struct front *f, uint32_t queues)
{
    while (f->window < WINDOW) {
        const struct leat_netfront_fill frame = {
            .queue = chance(f, queues),
            .size = HEAD + chance(f, chance(f, 4) ? 1600 : LONGEST - HEAD),
            .fill = fill,
            .arg = f};
        int err = leat_netfront_send(f->f, &frame);

        if (err == LEAT_E_AGAIN || err == LEAT_E_STATE)
            break;
        MUST(err);
        if (err)
            break;
        f->next++;
        f->window++;
        ledger->sent++;
    }
    MUST(leat_netfront_push(f->f));
}

static void event(void *arg, struct leat_netfront *net,
                  enum leat_netfront_event what)
{
    struct front *f = arg;

    ledger->connects += what == LEAT_NETFRONT_CONNECTED;
    f->paused |= what == LEAT_NETFRONT_PAUSED;
    f->closed |= what == LEAT_NETFRONT_CLOSED;
    if (what == LEAT_NETFRONT_CONNECTED)
        f->window = 0; /* what was on its way is lost */
    if (what == LEAT_NETFRONT_BROKEN) {
        printf("# %s\n", leat_netfront_text(net));
        here++;
    }
}

static void open_front(struct front *f)
{
    struct leat_netfront_config c = {.path = OF_FRONT,
                                     .queues = 2,
                                     .offload = LEAT_NET_OFFLOAD_ALL,
                                     .tx_pages = 200,
                                     .rx_pages = 300,
                                     .trusted = true};
    struct leat_pool_config pool = {.limit_pages = 2048, .peer = BACK + 1};
    struct leat_grants_config grants = {.lifecycle = &f->life};
    struct leat_gnttab *g = malloc(sizeof(*g));

    f->d = join(FRONT);
    if (here)
        return;
    MUST(leat_lifecycle_init(&f->life));
    pool.backend = leat_sim_backend(f->d);
    MUST(leat_pool_create(&f->pool, &pool));
    MUST(leat_mmap_init(&f->memory));
    MUST(leat_pool_create(
        &f->to, &(struct leat_pool_config){.backend = leat_mmap(&f->memory),
                                           .limit_pages = 1024,
                                           .zero = LEAT_ZERO_NEVER}));
    MUST(leat_sim_gnttab(f->d, g));
    grants.share = leat_gnttab(g);
    f->table = table_of(grants);
    open_bus(&f->bus, f->d, &f->life);
    c.bus = &f->bus;
    c.grants = f->table;
    c.pool = f->pool;
    c.to = f->to;
    c.mode = f->mode;
    c.receive = receive;
    c.event = event;
    c.arg = f;
    MUST(leat_netfront_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    for (int i = 0; i < 5000; i++) {
        int err = leat_netfront_create(&f->f, &c);

        if (err != LEAT_E_REFERENCE) {
            MUST(err);
            break;
        }
        usleep(1000);
    }
}

/* One round; sleeps where there is nothing to do. */
static void turn(struct front *f)
{
    struct leat_netfront_stats s;
    bool more = false, more2 = false;

    MUST(leat_bus_poll(&f->bus, 16, &more));
    MUST(leat_netfront_poll(f->f, 64, &more2));
    CHECK(!leat_netfront_check(f->f));
    MUST(leat_netfront_stats(f->f, &s));
    __atomic_store_n(&ledger->front_grants, s.shares + s.revokes,
                     __ATOMIC_RELEASE);
    __atomic_store_n(&ledger->copied,
                     leat_copies_bytes(leat_netfront_copies(f->f)),
                     __ATOMIC_RELEASE);
    __atomic_store_n(&ledger->bytes, s.rx_bytes, __ATOMIC_RELEASE);
    if (!more && !more2)
        doze(f->d, SECOND / 100);
}

static void suspend(struct front *f)
{
    f->paused = false;
    MUST(leat_netfront_pause(f->f));
    for (int i = 0; i < TURNS && !f->paused && !here; i++)
        turn(f);
    CHECK(f->paused);
    MUST(leat_sim_suspend(f->d, &f->life, NULL, NULL));
    MUST(leat_netfront_resume(f->f));
}

static void close_front(struct front *f)
{
    MUST(leat_netfront_close(f->f, false));
    for (int i = 0; i < TURNS && !f->closed; i++)
        turn(f);
    CHECK(f->closed);
    MUST(leat_netfront_destroy(f->f));
    MUST(leat_bus_fini(&f->bus));
    let_go(f->table);
    MUST(leat_grants_destroy(f->table));
    MUST(leat_pool_destroy(f->pool));
    MUST(leat_pool_destroy(f->to));
    MUST(leat_sim_leave(f->d));
}

static int front(void *arg)
{
    static struct front f;
    struct leat_netfront_info info;

    memset(&f, 0, sizeof(f));
    f.mode = mode_of(arg);
    f.seed = seed_of(arg);
    /* Of the one before, no frame is to come. */
    f.first = f.next = __atomic_load_n(&ledger->sent, __ATOMIC_ACQUIRE) + 1000;
    __atomic_store_n(&ledger->sent, f.next, __ATOMIC_RELEASE);
    open_front(&f);
    while (!here && !__atomic_load_n(&ledger->stop, __ATOMIC_ACQUIRE)) {
        if (leat_sim_suspend_asked(f.d))
            suspend(&f);
        if (!leat_netfront_info(f.f, &info))
            send(&f, info.queues);
        turn(&f);
    }
    if (!f.f)
        return 1;
    close_front(&f);
    return here;
}

/* ---------------------------------------------------------------- the cases */

static void end(pid_t f, pid_t b)
{
    __atomic_store_n(&ledger->stop, 1, __ATOMIC_RELEASE);
    reap(f);
    __atomic_store_n(&ledger->end, 1, __ATOMIC_RELEASE);
    reap(b);
    await_life(FRONT, false);
    await_life(BACK, false);
    printf("# simulated: %u frames came, %u connects\n", ledger->came,
           ledger->connects);
}

static void start(pid_t *f, pid_t *b, enum leat_receive_mode mode, void *way)
{
    memset(ledger, 0, sizeof(*ledger));
    *b = spawn(back, way);
    *f = spawn(front, args(mode, 1));
    await_life(FRONT, true);
    await_life(BACK, true);
    MUST(leat_bus_device_make(&store, &device));
    progress(&ledger->came, 200);
}

/* After a while no frame costs a grant operation, at either end. */
static void steady(enum leat_receive_mode mode)
{
    uint64_t front_grants, back_grants, copied, bytes;
    pid_t f, b;

    start(&f, &b, mode, NULL);
    progress(&ledger->came, 3000); /* all pages have been mapped, and used */
    front_grants = __atomic_load_n(&ledger->front_grants, __ATOMIC_ACQUIRE);
    back_grants = __atomic_load_n(&ledger->back_grants, __ATOMIC_ACQUIRE);
    progress(&ledger->came, 2000);
    front_grants =
        __atomic_load_n(&ledger->front_grants, __ATOMIC_ACQUIRE) - front_grants;
    back_grants =
        __atomic_load_n(&ledger->back_grants, __ATOMIC_ACQUIRE) - back_grants;
    end(f, b);
    copied = ledger->copied;
    bytes = ledger->bytes;
    printf("# simulated: %llu and %llu grant operations for 2000 frames\n",
           (unsigned long long)front_grants, (unsigned long long)back_grants);
    if (mode == LEAT_RECEIVE_REVOKE) {
        CHECK(front_grants >= 2 * 2000 && !copied);
    } else {
        CHECK(!front_grants && !back_grants);
        CHECK(copied == (mode == LEAT_RECEIVE_COPY ? bytes : 0));
    }
    result_of(mode, "frames come back, at the cost that was said");
}

static void deaths(enum leat_receive_mode mode)
{
    pid_t f, b;

    start(&f, &b, mode, NULL);
    for (int i = 0; i < 4; i++) {
        b = again(b, &device, BACK, back, i % 2 ? &f : NULL);
        progress(&ledger->came, 200);
    }
    end(f, b);
    CHECK(ledger->connects == 5);
    result_of(mode, "backs are killed, and frames go on");

    start(&f, &b, mode, NULL);
    for (uint32_t i = 0; i < 4; i++) {
        f = again(f, &device, FRONT, front, args(mode, i + 2));
        progress(&ledger->came, 200);
    }
    end(f, b);
    result_of(mode, "fronts are killed, and frames go on");

    start(&f, &b, mode, NULL);
    for (uint32_t i = 0; i < 2; i++) {
        MUST(leat_sim_suspend_domain(toolstack, FRONT, 5 * (uint64_t)SECOND));
        MUST(leat_sim_resume_domain(toolstack, FRONT,
                                    i ? LEAT_CANCELLED : LEAT_RESUMED));
        progress(&ledger->came, 200);
    }
    end(f, b);
    result_of(mode, "it is suspended and resumed");
}

int main(void)
{
    begin();
    ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    open_toolstack();
    for (int mode = 0; mode < 3; mode++) {
        steady((enum leat_receive_mode)mode);
        deaths((enum leat_receive_mode)mode);
    }
    close_toolstack();
    CHECK(nothing_left());
    result("nothing is left");
    return done();
}
