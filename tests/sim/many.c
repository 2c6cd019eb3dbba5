/* SPDX-License-Identifier: ISC */

/*
 * Sixty-four domains, each a program of its own, in a ring: each shares pages
 * with the next, maps those of the one before, and wakes it. All find each
 * other by the store alone. And a domain that may have few descriptors.
 */

#include <sys/resource.h>

#include "sim.h"

#define MANY 64

static void path_of(char *out, size_t size, uint32_t domain, const char *name)
{
    snprintf(out, size, "/local/domain/%u/%s", domain, name);
}

/* Reads a number that another will write, by a watch. */
static uint32_t await(struct leat_sim_domain *d, uint32_t domain,
                      const char *name)
{
    struct leat_store s = leat_sim_store(d);
    char path[64], token[64], value[32], event[LEAT_STORE_PATH_MAX + 1];

    path_of(path, sizeof(path), domain, name);
    snprintf(token, sizeof(token), "of-%u", domain);
    MUST(s.ops->watch(s.self, path, token));
    for (;;) {
        if (!s.ops->read(s.self, 0, path, value, sizeof(value), NULL))
            break;
        while (
            !s.ops->event(s.self, event, sizeof(event), value, sizeof(value)))
            ;
        /* It may have written before it let us read. */
        leat_sim_wait(d, s.ops->fd(s.self), 20000000);
        if (leat_sim_state(d))
            return 0;
    }
    MUST(s.ops->unwatch(s.self, path, token));
    return (uint32_t)atol(value);
}

static void publish(struct leat_sim_domain *d, const char *name, uint32_t value)
{
    struct leat_store s = leat_sim_store(d);
    char text[16];

    snprintf(text, sizeof(text), "%u", value);
    MUST(s.ops->write(s.self, 0, name, text, strlen(text)));
}

/* The program of one domain. */
static int one(const char *where, uint32_t id)
{
    uint32_t next = (id + 1) % MANY, before = (id + MANY - 1) % MANY, i;
    struct leat_store_perm open = {id, LEAT_STORE_READ};
    struct leat_gref g[4];
    struct leat_sim_domain *d;
    struct leat_events e;
    struct leat_map m;
    uint32_t mine = 0, bound = 0, port, got = 0;
    unsigned char *p = pages(4);
    void *at, *cookie;
    char home[64];
    int status[4];

    snprintf(dir, sizeof(dir), "%s", where);
    MUST(leat_sim_join(dir, id, &d));
    if (here)
        return 1;
    e = leat_sim_events(d);
    m = leat_sim_map(d);
    for (i = 0; i < 4; i++)
        p[i * PAGE] = (unsigned char)(id + i);
    MUST(leat_sim_expose(d, p, 4, LEAT_READ_WRITE));
    for (i = 0; i < 4; i++)
        grant_entry(d, 8 + i, next, p + i * PAGE, PERMIT);
    MUST(e.ops->alloc(e.self, next, &mine));
    snprintf(home, sizeof(home), "/local/domain/%u", id);
    MUST(leat_sim_store(d).ops->set_perms(d, 0, home, &open, 1));
    publish(d, "port", mine);
    port = await(d, before, "port");
    for (i = 0; i < 4; i++)
        g[i] = (struct leat_gref){before, 8 + i};
    MUST(m.ops->map(m.self, g, 4, LEAT_READ_WRITE, &at, &cookie, status));
    for (i = 0; i < 4 && !here; i++)
        CHECK(((unsigned char *)at)[i * PAGE] == (unsigned char)(before + i));
    MUST(e.ops->bind(e.self, before, port, &bound));
    if (!here)
        ((unsigned char *)at)[7] = 77;
    MUST(e.ops->notify(e.self, bound));
    /* Ours comes from the next one; the one that we bound is pending, too. */
    while (got != mine && !here) {
        if (!e.ops->pending(e.self, &got))
            continue;
        MUST(leat_sim_wait(d, e.ops->fd(e.self), 30 * (uint64_t)SECOND));
    }
    CHECK(p[7] == 77);
    MUST(m.ops->unmap(m.self, at, 4, cookie));
    publish(d, "done", 1);
    await(d, next, "done");
    publish(d, "left", 1);
    if (id)
        await(d, 0, "all");
    else {
        for (i = 1; i < MANY; i++)
            await(d, i, "left");
        publish(d, "all", 1);
        usleep(300000);
    }
    CHECK(entry_flags(d, 8) == PERMIT);
    MUST(leat_sim_leave(d));
    free(p);
    return here != 0;
}

static void many(const char *self)
{
    static const struct leat_sim_config c = {.flags = LEAT_SIM_UNTIL_EMPTY};
    pid_t child[MANY];
    char id[16];
    int i;

    MUST(leat_sim_start(dir, &c));
    for (i = 0; i < MANY; i++) {
        snprintf(id, sizeof(id), "%d", i);
        child[i] = fork();
        if (!child[i]) {
            execl(self, self, dir, id, (char *)NULL);
            _exit(9);
        }
    }
    for (i = 0; i < MANY; i++)
        reap(child[i]);
    CHECK(nothing_left());
    result("64 domains in a ring");
}

/* ------------------------------------------------------- few descriptors */

static int poor(void *arg)
{
    struct rlimit few = {24, 24};
    unsigned char *p = pages(64);
    struct leat_sim_domain *d;
    struct leat_map m;
    struct leat_gref g[64];
    int status[64], i, err;
    void *at, *cookie;
    uint32_t port;

    (void)arg;
    CHECK(!setrlimit(RLIMIT_NOFILE, &few));
    MUST(leat_sim_join(dir, 3, &d));
    m = leat_sim_map(d);
    /* Units are the hypervisor's: many of them need none here. */
    for (i = 0; i < 64; i++) {
        MUST(leat_sim_expose(d, p + i * PAGE, 1, LEAT_READ_WRITE));
        grant_entry(d, 8 + (uint32_t)i, 3, p + i * PAGE, PERMIT);
        g[i] = (struct leat_gref){3, 8 + (uint32_t)i};
    }
    MUST(m.ops->map(m.self, g, 4, LEAT_READ_WRITE, &at, &cookie, status));
    MUST(m.ops->unmap(m.self, at, 4, cookie));
    /* More at a time than it can hold. */
    err = m.ops->map(m.self, g, 64, LEAT_READ_WRITE, &at, &cookie, status);
    CHECK(err == LEAT_E_LIMIT || !err);
    if (!err)
        MUST(m.ops->unmap(m.self, at, 64, cookie));
    for (i = 0; i < 40; i++) {
        err = leat_sim_events(d).ops->alloc(d, 3, &port);
        if (err)
            break;
    }
    GIVES(LEAT_E_LIMIT, err);
    MUST(leat_sim_state(d));
    for (i = 0; i < 64; i++)
        CHECK(entry_flags(d, 8 + (uint32_t)i) == PERMIT);
    MUST(leat_sim_leave(d));
    free(p);
    return 0;
}

static void few(void)
{
    MUST(leat_sim_start(dir, NULL));
    reap(spawn(poor, NULL));
    MUST(leat_sim_stop(dir));
    CHECK(nothing_left());
    result("a domain with few descriptors");
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        alarm(90);
        return one(argv[1], (uint32_t)atoi(argv[2]));
    }
    begin();
    many(argv[0]);
    few();
    return done();
}
