/* SPDX-License-Identifier: ISC */

/*
 * A hostile domain: malformed messages, descriptors of other kinds, a table
 * that changes without pause, floods. The hypervisor lives, an honest pair goes
 * on working, and what was held is given back.
 */

#include <pthread.h>
#include <sys/eventfd.h>

#include "raw.h"
#include "sim.h"

static uint64_t seed = 1;
static int before; /* descriptors of the hypervisor when nobody is there */

static uint64_t draw(void)
{
    uint64_t x = seed += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* How many descriptors the hypervisor has. */
static int held(void)
{
    char path[64];
    DIR *at;
    int n = 0;

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)hypervisor());
    at = opendir(path);
    CHECK(at);
    while (at && readdir(at))
        n++;
    if (at)
        closedir(at);
    return n;
}

/* Waits until it has as many again. */
static void holds_again(void)
{
    int i, n = before, now = 0;

    for (i = 0; i < 1000 && (now = held()) != n; i++)
        usleep(2000);
    if (now != n)
        printf("# %d descriptors, %d before\n", now, n);
    CHECK(now == n);
}

/* Two honest domains share, map and leave; in less than 10 s. */
static void honest(void)
{
    struct leat_sim_domain *a, *b;
    struct leat_map m;
    struct leat_gref g;
    unsigned char *p = pages(2);
    void *at, *cookie;
    time_t from = time(NULL);
    int status;

    MUST(leat_sim_join(dir, LEAT_SIM_ANY, &a));
    MUST(leat_sim_join(dir, LEAT_SIM_ANY, &b));
    m = leat_sim_map(b);
    g = (struct leat_gref){leat_sim_id(a), 9};
    MUST(leat_sim_expose(a, p, 2, LEAT_READ_WRITE));
    grant_entry(a, 9, leat_sim_id(b), p + PAGE, PERMIT);
    MUST(m.ops->map(m.self, &g, 1, LEAT_READ_WRITE, &at, &cookie, &status));
    ((unsigned char *)at)[3] = 42;
    CHECK(p[PAGE + 3] == 42);
    MUST(m.ops->unmap(m.self, at, 1, cookie));
    CHECK(entry_flags(a, 9) == PERMIT);
    MUST(leat_sim_leave(b));
    MUST(leat_sim_leave(a));
    CHECK(time(NULL) - from < 10);
    free(p);
}

/*
 * How many it has when it has come to rest: it tells that it is there before it
 * has all of its own, and those of domains that left go a little later.
 */
static void look_before(void)
{
    int same, now;

    honest();
    for (same = 0, before = held(); same < 50; same++) {
        usleep(2000);
        now = held();
        if (now != before)
            same = 0;
        before = now;
    }
}

static void garbage(void)
{
    uint32_t body[200];
    struct raw r;
    int i, k, hung = 0;

    CHECK(!raw_join(&r, dir, SIM_ANY));
    for (i = 0; i < 20000 && !here; i++) {
        uint32_t op = (uint32_t)draw() % (SIM_OPS + 2);
        uint32_t n = draw() % 4 ? (uint32_t)draw() % 5 : (uint32_t)draw();
        size_t len = draw() % 8 ? 4 * (draw() % 20) : draw() % sizeof(body);
        int rc;

        if (op == SIM_FAULT)
            continue; /* what it does to itself is what it asked for */
        for (k = 0; k < 200; k++)
            body[k] = draw() % 3   ? (uint32_t)draw() % 10
                      : draw() % 2 ? ~0u - (uint32_t)draw() % 3
                                   : (uint32_t)draw();
        rc = raw_call(&r, op, n, body, len);
        if (rc == -1000) {
            raw_leave(&r);
            hung++;
            CHECK(!raw_join(&r, dir, SIM_ANY));
        }
        CHECK(rc <= 0 && rc != -1001);
    }
    CHECK(hung < 50);
    /* Too short, too long, not a request. */
    CHECK(raw_send(r.fd, "x", 1, NULL, 0));
    CHECK(!raw_answer(&r) || r.in->rc < 0);
    raw_leave(&r);
    CHECK(!raw_join(&r, dir, SIM_ANY));
    {
        static char big[SIM_MESSAGE + 100];

        CHECK(raw_send(r.fd, big, sizeof(big), NULL, 0));
        CHECK(!raw_answer(&r));
    }
    raw_leave(&r);
    holds_again();
    honest();
    result("20,000 malformed messages");
}

static int try_register(struct raw *r, int fd, uint32_t n, uint32_t read_only)
{
    struct sim_register reg = {n, read_only};

    return raw_call_fds(r, SIM_REGISTER, 1, &reg, sizeof(reg), &fd, 1);
}

static void descriptors(void)
{
    int fds[RAW_FDS], pair[2], fd, i;
    struct sim_register reg = {1, 0};
    char path[400];
    struct raw r;

    CHECK(!raw_join(&r, dir, SIM_ANY));
    CHECK(!pipe(pair));
    CHECK(try_register(&r, pair[0], 1, 0) == -EINVAL);
    close(pair[0]);
    close(pair[1]);
    CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    CHECK(try_register(&r, pair[0], 1, 0) == -EINVAL);
    close(pair[0]);
    close(pair[1]);
    CHECK(try_register(&r, r.fd, 1, 0) == -EINVAL);
    fd = eventfd(0, 0);
    CHECK(try_register(&r, fd, 1, 0) == -EINVAL);
    close(fd);
    fd = open("/dev/zero", O_RDWR);
    CHECK(try_register(&r, fd, 1, 0) == -EINVAL);
    close(fd);
    snprintf(path, sizeof(path), "%s/file", base);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    CHECK(!ftruncate(fd, 4096));
    CHECK(try_register(&r, fd, 1, 0) == -EINVAL);
    close(fd);
    unlink(path);
    fd = raw_memfd(1, 0);
    CHECK(try_register(&r, fd, 1, 0) == -EINVAL);
    close(fd);
    fd = raw_memfd(1, F_SEAL_SHRINK);
    CHECK(try_register(&r, fd, 1, 0) == -EINVAL);
    close(fd);
    fd = raw_memfd(2, RAW_SEALS);
    CHECK(try_register(&r, fd, 1, 0) == -EINVAL);
    CHECK(try_register(&r, fd, 3, 0) == -EINVAL);
    CHECK(try_register(&r, fd, 0, 0) == -EINVAL);
    CHECK(try_register(&r, fd, 2, 1) == -EINVAL); /* can still be written */
    CHECK(try_register(&r, fd, 2, 2) == -EINVAL);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    pair[0] = open(path, O_RDONLY);
    CHECK(try_register(&r, pair[0], 2, 0) == -EINVAL);
    close(pair[0]);
    CHECK(try_register(&r, fd, 2, 0) == 0);
    for (i = 0; i < RAW_FDS; i++)
        fds[i] = fd;
    CHECK(raw_call_fds(&r, SIM_REGISTER, 1, &reg, sizeof(reg), fds, 2) ==
          -EINVAL);
    CHECK(raw_call_fds(&r, SIM_REGISTER, 1, &reg, sizeof(reg), fds, RAW_FDS) ==
          -EINVAL);
    CHECK(raw_call_fds(&r, SIM_LIST, 1, &reg, 4, fds, RAW_FDS) == -EPERM);
    CHECK(raw_call_fds(&r, SIM_MAP, 1, &reg, 8, fds, 1) == -EINVAL);
    close(fd);
    raw_leave(&r);
    holds_again();
    honest();
    result("descriptors of other kinds, and too many");
}

/* ------------------------------------------------------------- the table */

struct scribbler {
    struct raw *r;
    uint32_t to, unit;
    bool stop;
};

static void *scribble(void *arg)
{
    struct scribbler *s = arg;
    uint64_t x = 7;

    while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
        uint32_t ref = 8 + x % 4;

        x = x * 6364136223846793005u + 1442695040888963407u;
        __atomic_store_n(&s->r->table[ref].frame,
                         x >> 40 & 1 ? SIM_FRAME(s->unit, x >> 50 & 1)
                                     : (uint32_t)(x >> 32),
                         __ATOMIC_RELAXED);
        __atomic_store_n(&s->r->table[ref].word,
                         x >> 41 & 3 ? s->to << 16 | (x >> 33 & 0x1f)
                                     : (uint32_t)(x >> 32),
                         __ATOMIC_RELAXED);
    }
    return NULL;
}

static void table(void)
{
    int i, status[4], fd = raw_memfd(2, RAW_SEALS), mapped = 0;
    struct leat_sim_domain *d, *t;
    struct leat_sim_info info;
    struct scribbler s;
    struct leat_map m;
    pthread_t thread;
    struct raw r;

    CHECK(!raw_join(&r, dir, SIM_ANY));
    MUST(leat_sim_join(dir, LEAT_SIM_ANY, &d));
    MUST(leat_sim_open(dir, &t));
    m = leat_sim_map(d);
    CHECK(!try_register(&r, fd, 2, 0));
    s = (struct scribbler){&r, leat_sim_id(d), 1, false};
    CHECK(!pthread_create(&thread, NULL, scribble, &s));
    /* At least one is granted when it is asked for, sooner or later. */
    for (i = 0; i < 3000 || (!mapped && i < 1000000); i++) {
        struct leat_gref g[4] = {{r.id, 8}, {r.id, 9}, {r.id, 10}, {r.id, 11}};
        size_t n = 1 + (size_t)i % 4;
        void *at, *cookie;

        if (!m.ops->map(m.self, g, n, i % 3 ? LEAT_READ_ONLY : LEAT_READ_WRITE,
                        &at, &cookie, status)) {
            mapped++;
            CHECK(((volatile unsigned char *)at)[PAGE * n - 1] == 0);
            MUST(m.ops->unmap(m.self, at, n, cookie));
        }
    }
    __atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    CHECK(mapped > 0);
    MUST(leat_sim_info(t, leat_sim_id(d), &info));
    CHECK(info.mappings == 0);
    MUST(leat_sim_info(t, r.id, &info));
    CHECK(info.mapped == 0);
    close(fd);
    MUST(leat_sim_leave(t));
    MUST(leat_sim_leave(d));
    raw_leave(&r);
    holds_again();
    honest();
    result("a table that changes without pause");
}

/* ---------------------------------------------------------------- floods */

static int flood(void *arg)
{
    struct raw r;
    struct sim_head head = {.op = SIM_PORT_STATUS};
    struct iovec iov = {&head, sizeof(head)};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

    (void)arg;
    CHECK(!raw_join(&r, dir, SIM_ANY));
    while (sendmsg(r.fd, &m, MSG_NOSIGNAL) > 0)
        ; /* and takes no answer */
    return 1;
}

/* Knocks, and says nothing. */
static int loiter(void *arg)
{
    int i;

    (void)arg;
    for (i = 0; i < 100; i++)
        raw_connect(dir);
    pause();
    return 0;
}

/* Sets watches, changes what they watch, and never looks. */
static int gossip(void *arg)
{
    struct raw r;
    unsigned char body[64];
    uint64_t i;

    (void)arg;
    CHECK(!raw_join(&r, dir, SIM_ANY));
    for (i = 0;; i++) {
        struct sim_store s = {.op = i < 100 ? SIM_STORE_WATCH : SIM_STORE_WRITE,
                              .path = 5,
                              .value = 8};

        memcpy(body, &s, sizeof(s));
        memcpy(body + sizeof(s), "a/b/c", 5);
        snprintf((char *)body + sizeof(s) + 5, 9, "%08u", (unsigned)i);
        if (raw_call(&r, SIM_STORE, 1, body, sizeof(s) + 13) == -1000)
            return 1;
    }
}

/* Asks for whatever there is a quota of, until there is no more. */
static void exhaustion(void)
{
    int fd = raw_memfd(1, RAW_SEALS), rc, n;
    struct sim_number to = {3};
    struct raw r;

    CHECK(!raw_join(&r, dir, SIM_ANY));
    for (n = 0; !(rc = raw_call(&r, SIM_PORT_ALLOC, 1, &to, sizeof(to))); n++)
        ;
    CHECK(rc == -ENOSPC && n == 1023);
    for (n = 0; !(rc = try_register(&r, fd, 1, 0)); n++)
        ;
    CHECK((rc == -ENOSPC || rc == -ENFILE) && n > 1000);
    honest();
    close(fd);
    raw_leave(&r);
    holds_again();
    result("one that takes all it can leaves enough for others");
}

static void floods(void)
{
    int i;
    pid_t child[4] = {
        spawn(flood, NULL),
        spawn(flood, NULL),
        spawn(loiter, NULL),
        spawn(gossip, NULL),
    };

    usleep(300000);
    for (i = 0; i < 10; i++)
        honest();
    for (i = 0; i < 4; i++)
        kill_it(child[i]);
    holds_again();
    result("floods harm nobody else");
}

/* ---------------------------------------------------------------- events */

static void wakes(void)
{
    struct leat_sim_domain *d;
    struct leat_events e;
    struct sim_gref g;
    uint32_t port = 0, which;
    unsigned char junk[512] = "";
    struct raw r;
    int i, end, flags, seen = 0;

    MUST(leat_sim_join(dir, LEAT_SIM_ANY, &d));
    e = leat_sim_events(d);
    CHECK(!raw_join(&r, dir, SIM_ANY));
    MUST(e.ops->alloc(e.self, r.id, &port));
    g = (struct sim_gref){leat_sim_id(d), port};
    CHECK(!raw_call(&r, SIM_PORT_BIND, 1, &g, sizeof(g)) && r.nfds == 1);
    end = dup(r.fds[0]);
    /* Whatever it does to the socket that they share: nobody blocks. */
    flags = fcntl(end, F_GETFL);
    fcntl(end, F_SETFL, flags & ~O_NONBLOCK);
    for (i = 0; i < 100000; i++)
        MUST(e.ops->notify(e.self, port)); /* it never takes one */
    for (i = 0; i < 2000; i++)
        send(end, junk, sizeof(junk), MSG_DONTWAIT | MSG_NOSIGNAL);
    for (i = 0; i < 10000 && !e.ops->pending(e.self, &which); i++) {
        CHECK(which == port);
        seen++;
        MUST(e.ops->unmask(e.self, port));
    }
    CHECK(seen > 0 && seen < 10000);
    GIVES(LEAT_E_AGAIN, e.ops->pending(e.self, &which));
    shutdown(end, SHUT_RDWR);
    MUST(e.ops->notify(e.self, port));
    e.ops->pending(e.self, &which);
    close(end);
    raw_leave(&r);
    MUST(e.ops->notify(e.self, port));
    MUST(e.ops->close(e.self, port));
    MUST(leat_sim_leave(d));
    honest();
    result("a hostile end of an event channel can wake, and no more");
}

int main(void)
{
    begin();
    MUST(leat_sim_start(dir, NULL));
    look_before();
    descriptors();
    garbage();
    table();
    exhaustion();
    wakes();
    floods();
    MUST(leat_sim_stop(dir));
    CHECK(nothing_left());
    result("the hypervisor lived through it");
    return done();
}
