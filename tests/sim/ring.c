/* SPDX-License-Identifier: ISC */

/*
 * A ring of granted pages between two processes, woken by events: a million
 * requests and their responses, with a checksum; and backs that are killed in
 * their midst, after which the front begins the ring anew and sends again what was
 * not answered.
 */

#include <leat/grant_map.h>
#include <leat/ring.h>
#include <leat/slots.h>

#include "sim.h"

enum {
    REF = 8,
    ORDER = 2,
    PAGES = 1 << ORDER,
    SLOT = 112
};

struct request {
    uint64_t id, number, sum;
    unsigned char rest[SLOT - 24];
};

struct response {
    uint64_t id, sum;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 31) * 0x9e3779b97f4a7c15u;
    return x ^ x >> 29;
}

static void say(struct leat_sim_domain *d, const char *key, uint32_t value)
{
    struct leat_store s = leat_sim_store(d);
    char text[16];

    snprintf(text, sizeof(text), "%u", value);
    MUST(s.ops->write(s.self, LEAT_STORE_NOW, key, text, strlen(text)));
}

static uint32_t hear(struct leat_sim_domain *d, const char *key)
{
    struct leat_store s = leat_sim_store(d);
    const struct timespec pause = {.tv_nsec = 1000000};
    char text[16] = "";
    int i;

    for (i = 0; i < 20000; i++) {
        if (!s.ops->read(s.self, LEAT_STORE_NOW, key, text, sizeof(text), NULL))
            return (uint32_t)strtoul(text, NULL, 10);
        nanosleep(&pause, NULL);
    }
    CHECK(!"the other spoke");
    return 0;
}

/* Waits for the one port that there is. */
static void sleep_on(struct leat_sim_domain *d, struct leat_events *e)
{
    uint32_t port;

    if (leat_sim_wait(d, e->ops->fd(e->self), 20 * (uint64_t)SECOND)) {
        CHECK(!"woken");
        return;
    }
    while (!e->ops->pending(e->self, &port))
        MUST(e->ops->unmask(e->self, port));
}

static void push(struct leat_ring *r, struct leat_events *e, uint32_t port)
{
    bool yes;

    MUST(leat_ring_push(r, &yes));
    if (yes)
        MUST(e->ops->notify(e->self, port));
}

static uint64_t answered;

static int answer(void *arg, void *message)
{
    struct request *q = message;
    struct response a = {.id = q->id, .sum = mix(q->sum)};

    CHECK(q->sum == mix(q->number) && q->rest[0] == (unsigned char)q->number);
    CHECK(q->rest[sizeof(q->rest) - 1] == (unsigned char)q->number);
    answered++;
    return here ? LEAT_E_PROTO : leat_ring_put(arg, &a, sizeof(a));
}

static int back(void *arg)
{
    uint64_t stop = *(uint64_t *)arg;
    struct leat_sim_domain *d = join(1);
    struct leat_copies copies = {0};
    struct leat_gref g[PAGES];
    struct leat_map m;
    struct leat_events e;
    struct leat_ring r;
    struct request q;
    struct leat_ring_poll p = {&q, sizeof(q), answer, &r, 64, false};
    uint32_t i, port;
    void *base_, *cookie;
    int status[PAGES];
    bool more;

    if (here)
        return 1;
    m = leat_sim_map(d);
    e = leat_sim_events(d);
    port = hear(d, "/test/port");
    MUST(e.ops->bind(e.self, 0, port, &port));
    for (i = 0; i < PAGES; i++)
        g[i] = (struct leat_gref){0, REF + i};
    MUST(
        m.ops->map(m.self, g, PAGES, LEAT_READ_WRITE, &base_, &cookie, status));
    if (here)
        return 1;
    struct leat_ring_config c = {
        .name = "back",
        .end = LEAT_RING_BACK,
        .pages = {base_, PAGES * PAGE},
        .slot = SLOT,
        .copies = &copies,
    };
    MUST(leat_ring_init(&r, &c));
    while (!here) {
        MUST(leat_ring_poll(&r, &p, &more));
        if (stop && answered >= stop)
            raise(SIGKILL); /* taken, and put, and not pushed */
        push(&r, &e, port);
        if (!more) {
            struct leat_store s = leat_sim_store(d);
            char text[4];

            if (!s.ops->read(s.self, LEAT_STORE_NOW, "/test/end", text,
                             sizeof(text), NULL))
                break;
            sleep_on(d, &e);
        }
    }
    MUST(m.ops->unmap(m.self, base_, PAGES, cookie));
    MUST(leat_sim_leave(d));
    return here;
}

static struct leat_slots slots;
static uint64_t checksum, again[256], nagain;

static int judge(void *arg, void *message)
{
    struct response *a = message;
    uint64_t number = 0;

    (void)arg;
    MUST(leat_slots_put(&slots, a->id, &number));
    CHECK(a->sum == mix(mix(number)));
    checksum += a->sum;
    return here ? LEAT_E_PROTO : 0;
}

static void keep(void *arg, uint64_t number)
{
    (void)arg;
    again[nagain++] = number;
}

static void put(struct leat_ring *r, uint64_t number)
{
    struct request q;

    memset(&q, 0, sizeof(q));
    MUST(leat_slots_get(&slots, number, &q.id));
    q.number = number;
    q.sum = mix(number);
    q.rest[0] = q.rest[sizeof(q.rest) - 1] = (unsigned char)number;
    MUST(leat_ring_put(r, &q, sizeof(q)));
}

/* Sends (total) requests; backs die after so many answers as (dies) says, the
 * last of which is 0: that one does not. */
static void front(struct leat_sim_domain *d, uint64_t total,
                  const uint64_t *dies)
{
    static struct leat_slots_entry memory[256];
    unsigned char *ring = pages(PAGES);
    struct leat_copies copies = {0};
    struct leat_events e = leat_sim_events(d);
    struct leat_store s = leat_sim_store(d);
    struct leat_ring_config c = {
        .name = "front",
        .end = LEAT_RING_FRONT,
        .pages = {ring, PAGES * PAGE},
        .slot = SLOT,
        .start = 0xfffff000u,
        .copies = &copies,
    };
    struct response a;
    struct leat_ring_poll p = {&a, sizeof(a), judge, NULL, 64, false};
    uint64_t sent = 0, want = 0, wakes = 0, deaths = 0;
    struct leat_ring r;
    uint32_t i, port, taken;
    pid_t child;
    int status;
    bool more;

    checksum = nagain = 0;
    MUST(leat_ring_init(&r, &c));
    MUST(leat_slots_init(&slots, memory, r.slots, 64));
    MUST(leat_sim_expose(d, ring, PAGES, LEAT_READ_WRITE));
    for (i = 0; i < PAGES; i++)
        grant_entry(d, REF + i, 1, ring + i * PAGE, PERMIT);
    MUST(e.ops->alloc(e.self, 1, &port));
    say(d, "/test/port", port);
    child = spawn(back, (void *)(uintptr_t)dies);
    while ((sent < total || nagain || slots.out) && !here) {
        while (leat_ring_room(&r) && (nagain || sent < total))
            put(&r, nagain ? again[--nagain] : sent++);
        push(&r, &e, port);
        taken = r.taken;
        MUST(leat_ring_poll(&r, &p, &more));
        if (more || r.taken != taken)
            continue;
        wakes++;
        if (!leat_sim_wait(d, e.ops->fd(e.self), SECOND / 20)) {
            uint32_t at;

            while (!e.ops->pending(e.self, &at))
                MUST(e.ops->unmask(e.self, at));
        } else if (waitpid(child, &status, WNOHANG) == child) {
            CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
            CHECK(*dies);
            deaths++;
            /* What it held is unmapped: the pages are ours again. */
            while (entry_flags(d, REF) != PERMIT)
                usleep(1000);
            MUST(leat_slots_drain(&slots, keep, NULL));
            memset(ring, 0, PAGES * PAGE);
            MUST(leat_ring_init(&r, &c));
            child = spawn(back, (void *)(uintptr_t)++dies);
        }
    }
    CHECK(!leat_ring_check(&r) && !leat_slots_check(&slots));
    for (uint64_t n = 0; n < total; n++)
        want += mix(mix(n));
    CHECK(checksum == want);
    CHECK(!*dies);
    say(d, "/test/end", 1);
    MUST(e.ops->notify(e.self, port));
    reap(child);
    printf("# simulated: %llu requests, the front waited %llu times, %llu "
           "deaths\n",
           (unsigned long long)total, (unsigned long long)wakes,
           (unsigned long long)deaths);
    for (i = 0; i < PAGES; i++) {
        CHECK(entry_flags(d, REF + i) == PERMIT);
        entry_clear(d, REF + i);
    }
    MUST(leat_sim_conceal(d, ring, PAGES));
    MUST(e.ops->close(e.self, port));
    MUST(s.ops->remove(s.self, LEAT_STORE_NOW, "/test"));
    free(ring);
}

int main(void)
{
    static const uint64_t never[] = {0}, often[] = {1, 500, 77, 2000, 0};
    struct leat_sim_domain *d;

    begin();
    MUST(leat_sim_start(dir, NULL));
    MUST(leat_sim_join(dir, 0, &d));
    front(d, 1000000, never);
    result("a million requests, each with its response");
    front(d, 20000, often);
    result("backs that are killed: nothing is lost, or answered twice");
    MUST(leat_sim_leave(d));
    MUST(leat_sim_stop(dir));
    CHECK(nothing_left());
    result("nothing is left");
    return done();
}
