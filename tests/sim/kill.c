/* SPDX-License-Identifier: ISC */

/*
 * kill -9 at every message: of a domain that shares, maps, binds and watches,
 * just after it has sent its k-th request; and of the hypervisor at the same
 * places. Marks are cleared, pages live until they are unmapped, others see it,
 * and no file is left.
 */

#include "raw.h"
#include "sim.h"

#define STEPS 23 /* messages of live() */

struct victim {
    int k;           /* which message is its last, or the hypervisor's */
    bool hypervisor; /* that one is killed, not we                     */
    uint32_t peer;   /* who grants it its reference 8, and a port      */
    uint32_t port;
    struct raw r;
    int at;
    bool over;
};

/* One request; the k-th is sent, and never answered. */
static int step(struct victim *v, uint32_t op, uint32_t n, const void *body,
                size_t len, int fd)
{
    struct sim_head head = {.op = op, .seq = ++v->r.seq, .n = n};
    unsigned char out[SIM_MESSAGE];
    int rc;

    if (v->over)
        return -1000;
    memcpy(out, &head, sizeof(head));
    memcpy(out + sizeof(head), body, len);
    if (v->at++ < v->k) {
        if (!raw_send(v->r.fd, out, sizeof(head) + len, &fd, fd >= 0) ||
            !raw_answer(&v->r))
            return -1000;
        return v->r.in->rc;
    }
    if (v->hypervisor)
        kill(hypervisor(), SIGSTOP);
    raw_send(v->r.fd, out, sizeof(head) + len, &fd, fd >= 0);
    if (!v->hypervisor)
        kill(getpid(), SIGKILL);
    kill(hypervisor(), SIGKILL);
    rc = raw_answer(&v->r);
    CHECK(!rc); /* it does not hang */
    v->over = true;
    return -1000;
}

static int store(struct victim *v, uint32_t op, uint32_t tx, const char *path,
                 const char *value)
{
    unsigned char body[256];
    struct sim_store s = {op, tx, op == SIM_STORE_END, (uint32_t)strlen(path),
                          (uint32_t)strlen(value)};

    memcpy(body, &s, sizeof(s));
    memcpy(body + sizeof(s), path, s.path);
    memcpy(body + sizeof(s) + s.path, value, s.value);
    return step(v, SIM_STORE, 1, body, sizeof(s) + s.path + s.value, -1);
}

/* All that a domain does, a message each. */
static int live(void *arg)
{
    struct victim *v = arg;
    struct sim_register reg = {1, 0};
    struct sim_conceal con = {1, 0, 1};
    struct sim_number peer = {v->peer}, handle = {0}, port = {1}, yes = {0};
    struct sim_gref bind = {v->peer, v->port};
    struct {
        struct sim_map m;
        struct sim_gref g;
    } map = {{0}, {v->peer, 8}};
    struct sim_seg seg = {{1, v->peer, 8, 0}, {0, 0, 0, 0}, 64};
    int fd = raw_memfd(1, RAW_SEALS), commit;
    unsigned char *at = MAP_FAILED;
    uint32_t tx = 0;

    CHECK(!raw_join(&v->r, dir, SIM_ANY));
    step(v, SIM_REGISTER, 1, &reg, sizeof(reg), fd);
    v->r.table[8].frame = SIM_FRAME(1, 0);
    __atomic_store_n(&v->r.table[8].word, v->peer << 16 | 1, __ATOMIC_RELEASE);
    step(v, SIM_MAP, 1, &map, sizeof(map), -1);
    if (v->r.nfds) {
        at = mmap(NULL, SIM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
                  v->r.fds[0], 0);
        CHECK(at[5] == 55);
    }
    step(v, SIM_COPY, 1, &seg, sizeof(seg), -1);
    step(v, SIM_PORT_BIND, 1, &bind, sizeof(bind), -1);
    step(v, SIM_PORT_ALLOC, 1, &peer, sizeof(peer), -1);
    store(v, SIM_STORE_WRITE, 0, "data/x", "y");
    store(v, SIM_STORE_MKDIR, 0, "data/d", "");
    store(v, SIM_STORE_WATCH, 0, "data", "token");
    store(v, SIM_STORE_READ, 0, "data/x", "");
    store(v, SIM_STORE_LIST, 0, "data", "");
    store(v, SIM_STORE_GET_PERMS, 0, "data/x", "");
    for (commit = 0; commit < 2; commit++) {
        /* A number that nobody has is refused, and the step is one as well. */
        if (store(v, SIM_STORE_BEGIN, 0, "", "") >= 0)
            tx = *(const uint32_t *)(v->r.in + 1);
        store(v, SIM_STORE_WRITE, tx, "data/z", "y");
        if (commit)
            store(v, SIM_STORE_END, tx, "", "");
    }
    store(v, SIM_STORE_REMOVE, 0, "data/x", "");
    store(v, SIM_STORE_UNWATCH, 0, "data", "token");
    step(v, SIM_PORT_CLOSE, 1, &port, sizeof(port), -1);
    step(v, SIM_UNMAP, 1, &handle, sizeof(handle), -1);
    step(v, SIM_CONCEAL, 1, &con, sizeof(con), -1);
    step(v, SIM_PORT_STATUS, 1, &port, sizeof(port), -1);
    step(v, SIM_SUSPENDED, 1, &yes, sizeof(yes), -1); /* nobody asked */
    if (v->over && at != MAP_FAILED)
        CHECK(at[5] == 55); /* it stays readable */
    CHECK(v->over);
    return 0;
}

/* Waits until the store's event of a death, which comes once for the watch. */
static void await_release(struct leat_sim_domain *d)
{
    struct leat_store s = leat_sim_store(d);
    char path[64], token[64];
    int err;

    while ((err = s.ops->event(s.self, path, sizeof(path), token,
                               sizeof(token))) == LEAT_E_AGAIN)
        if (leat_sim_wait(d, s.ops->fd(s.self), 10 * (uint64_t)SECOND))
            break;
    MUST(err);
    CHECK(!err && !strcmp(path, "@releaseDomain") && !strcmp(token, "t"));
}

static int find_none(void *arg, const struct leat_sim_info *info)
{
    CHECK(info->domain == *(uint32_t *)arg);
    CHECK(!info->mapped && !info->mappings && info->ports <= 1);
    return 0;
}

/* Waits until the hypervisor has seen that the victim is dead. */
static void domains(void)
{
    struct leat_sim_domain *d, *t;
    struct leat_events e;
    struct leat_store s;
    unsigned char *p = pages(1);
    uint32_t port = 0, id;
    int k;

    MUST(leat_sim_start(dir, NULL));
    MUST(leat_sim_join(dir, LEAT_SIM_ANY, &d));
    MUST(leat_sim_open(dir, &t));
    id = leat_sim_id(d);
    e = leat_sim_events(d);
    s = leat_sim_store(d);
    MUST(s.ops->watch(s.self, "@releaseDomain", "t"));
    await_release(d);
    p[5] = 55;
    MUST(leat_sim_expose(d, p, 1, LEAT_READ_WRITE));
    for (k = 0; k < STEPS && !here; k++) {
        struct victim v = {.k = k, .peer = id};
        pid_t child;

        MUST(e.ops->alloc(e.self, id + 1 + (uint32_t)k, &port));
        v.port = port;
        grant_entry(d, 8, id + 1 + (uint32_t)k, p, PERMIT);
        child = spawn(live, &v);
        waitpid(child, NULL, 0);
        await_release(d);
        CHECK(entry_flags(d, 8) == PERMIT);
        MUST(leat_sim_each(t, find_none, &id));
        MUST(e.ops->notify(e.self, port));
        MUST(e.ops->close(e.self, port));
    }
    CHECK(p[5] == 55);
    MUST(leat_sim_leave(t));
    MUST(leat_sim_leave(d));
    MUST(leat_sim_stop(dir));
    CHECK(nothing_left());
    free(p);
    result("a domain is killed at each message");
}

static void hypervisors(void)
{
    int k;

    for (k = 0; k < STEPS && !here; k++) {
        struct victim v = {.k = k, .hypervisor = true};
        unsigned char *p = pages(1);
        struct leat_sim_domain *d;
        struct leat_events e;
        int tries;

        MUST(leat_sim_start(dir, NULL));
        MUST(leat_sim_join(dir, 0, &d));
        e = leat_sim_events(d);
        p[5] = 55;
        MUST(leat_sim_expose(d, p, 1, LEAT_READ_WRITE));
        grant_entry(d, 8, 1, p, PERMIT);
        MUST(e.ops->alloc(e.self, 1, &v.port));
        reap(spawn(live, &v));
        /* The end of a channel may be seen before that of the hypervisor. */
        for (tries = 0; tries < 5000 && !leat_sim_wait(d, -1, SECOND); tries++)
            usleep(1000);
        GIVES(LEAT_E_GONE, leat_sim_wait(d, -1, SECOND));
        GIVES(LEAT_E_GONE, leat_sim_state(d));
        GIVES(LEAT_E_GONE, leat_sim_store(d).ops->write(d, 0, "x", "y", 1));
        MUST(e.ops->notify(e.self, v.port));
        MUST(leat_sim_conceal(d, p, 1));
        CHECK(p[5] == 55);
        CHECK(nothing_left()); /* the first to notice has removed it */
        MUST(leat_sim_leave(d));
        free(p);
    }
    result("the hypervisor is killed at each message");
}

/* ------------------------------------------------------- a sharer is killed */

static int share_and_wait(void *arg)
{
    struct leat_sim_domain *d;
    unsigned char *p = pages(1);

    (void)arg;
    MUST(leat_sim_join(dir, 5, &d));
    memset(p, 's', PAGE);
    MUST(leat_sim_expose(d, p, 1, LEAT_READ_WRITE));
    grant_entry(d, 8, 1, p, PERMIT);
    MUST(leat_sim_store(d).ops->write(d, 0, "ready", "1", 1));
    pause();
    return 0;
}

static void sharer(void)
{
    struct leat_sim_domain *d, *t, *other;
    struct leat_gref g = {5, 8};
    struct leat_sim_info info;
    struct leat_map m;
    void *at, *cookie, *at2, *cookie2;
    int status, tries = 0;
    char value[8];
    pid_t child;

    MUST(leat_sim_start(dir, NULL));
    MUST(leat_sim_join(dir, 1, &d));
    MUST(leat_sim_open(dir, &t));
    m = leat_sim_map(d);
    child = spawn(share_and_wait, NULL);
    while (leat_sim_store(t).ops->read(t, 0, "/local/domain/5/ready", value,
                                       sizeof(value), NULL) &&
           tries++ < 5000)
        usleep(1000);
    MUST(m.ops->map(m.self, &g, 1, LEAT_READ_WRITE, &at, &cookie, &status));
    kill_it(child);
    while (!leat_sim_info(t, 5, &info) && info.life != LEAT_SIM_DYING)
        usleep(1000);
    CHECK(info.life == LEAT_SIM_DYING && info.mapped == 1);
    CHECK(((unsigned char *)at)[PAGE - 1] == 's');
    ((unsigned char *)at)[0] = 'm';
    GIVES(LEAT_E_DOMAIN,
          m.ops->map(m.self, &g, 1, LEAT_READ_WRITE, &at2, &cookie2, &status));
    GIVES(LEAT_E_BUSY, leat_sim_join(dir, 5, &other)); /* its id is not free */
    MUST(m.ops->unmap(m.self, at, 1, cookie));
    GIVES(LEAT_E_DOMAIN, leat_sim_info(t, 5, &info));
    MUST(leat_sim_join(dir, 5, &other));
    MUST(leat_sim_leave(other));
    MUST(leat_sim_leave(t));
    MUST(leat_sim_leave(d));
    MUST(leat_sim_stop(dir));
    CHECK(nothing_left());
    result("a sharer is killed while its page is mapped");
}

int main(void)
{
    begin();
    domains();
    hypervisors();
    sharer();
    return done();
}
