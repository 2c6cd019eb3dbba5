/* SPDX-License-Identifier: ISC */

/*
 * Two domains, each a process that joined by the directory: one shares, the
 * other maps, writes and copies, with every error of Xen's.
 */

#include "sim.h"

#define A 0
#define B 1

enum {
    WHOLE = 8,     /* 8..15: eight pages of one unit, writable        */
    READ = 16,     /* one page, for reading                           */
    OTHERS = 17,   /* meant for domain 7                              */
    BIG = 100,     /* 1000 pages of one unit                          */
    SINGLES = 2000 /* 300 pages, each a unit                          */
};

/* Waits until the other has written (value) to the key. */
static void await(struct leat_sim_domain *d, const char *key, const char *value)
{
    struct leat_store s = leat_sim_store(d);
    const struct timespec pause = {.tv_nsec = 2000000};
    char got[64];
    int i;

    for (i = 0; i < 5000; i++) {
        if (!s.ops->read(s.self, LEAT_STORE_NOW, key, got, sizeof(got), NULL) &&
            !strcmp(got, value))
            return;
        nanosleep(&pause, NULL);
    }
    CHECK(!"the other came");
}

static void say(struct leat_sim_domain *d, const char *key, const char *value)
{
    struct leat_store s = leat_sim_store(d);

    MUST(s.ops->write(s.self, LEAT_STORE_NOW, key, value, strlen(value)));
}

static int sharer(void *arg)
{
    unsigned char *whole = pages(8), *read = pages(1), *big = pages(1000);
    unsigned char *singles = pages(300);
    struct leat_sim_domain *d;
    uint32_t i;

    (void)arg;
    MUST(leat_sim_join(dir, A, &d));
    for (i = 0; i < 8; i++)
        memset(whole + i * PAGE, 'a' + (int)i, PAGE);
    MUST(leat_sim_expose(d, whole, 8, LEAT_READ_WRITE));
    CHECK(whole[0] == 'a' && whole[8 * PAGE - 1] == 'h');
    GIVES(LEAT_E_BUSY,
          leat_sim_expose(d, whole + 7 * PAGE, 1, LEAT_READ_WRITE));
    memset(read, 'r', PAGE);
    MUST(leat_sim_expose(d, read, 1, LEAT_READ_ONLY));
    MUST(leat_sim_expose(d, big, 1000, LEAT_READ_WRITE));
    for (i = 0; i < 300; i++)
        MUST(leat_sim_expose(d, singles + i * PAGE, 1, LEAT_READ_ONLY));
    for (i = 0; i < 8; i++)
        grant_entry(d, WHOLE + i, B, whole + i * PAGE, PERMIT);
    grant_entry(d, READ, B, read, PERMIT | RO);
    grant_entry(d, OTHERS, 7, read, PERMIT | RO);
    for (i = 0; i < 1000; i++)
        grant_entry(d, BIG + i, B, big + i * PAGE, PERMIT);
    for (i = 0; i < 300; i++) {
        singles[i * PAGE] = (unsigned char)i;
        grant_entry(d, SINGLES + i, B, singles + i * PAGE, PERMIT | RO);
    }
    say(d, "/test/a", "1");
    await(d, "/test/b", "1");
    CHECK(entry_flags(d, WHOLE) == (PERMIT | READING | WRITING));
    CHECK(entry_flags(d, READ) == (PERMIT | RO | READING));
    CHECK(whole[1] == 'B'); /* both ways */
    whole[2] = 'A';
    say(d, "/test/a", "2");
    await(d, "/test/b", "2");
    for (i = 0; i < 8; i++) {
        CHECK(entry_flags(d, WHOLE + i) == PERMIT);
        entry_clear(d, WHOLE + i);
    }
    CHECK(entry_flags(d, BIG + 999) == PERMIT);
    MUST(leat_sim_conceal(d, whole, 8));
    CHECK(whole[1] == 'B' && whole[2] == 'A' && whole[8 * PAGE - 1] == 'h');
    say(d, "/test/a", "3");
    await(d, "/test/b", "3");
    MUST(leat_sim_leave(d));
    CHECK(read[9] == 'r');
    return 0;
}

static int map1(struct leat_sim_domain *d, uint32_t domain, uint32_t ref,
                enum leat_access access, void **base, void **cookie)
{
    struct leat_map m = leat_sim_map(d);
    struct leat_gref g = {domain, ref};
    int status = 77,
        err = m.ops->map(m.self, &g, 1, access, base, cookie, &status);

    CHECK(status == err);
    return err;
}

static void errors(struct leat_sim_domain *d)
{
    struct leat_map m = leat_sim_map(d);
    struct leat_gref g[3] = {{A, WHOLE}, {A, WHOLE + 1}, {A, 9999}};
    void *base_ = (void *)1, *cookie = (void *)1;
    int status[3] = {77, 77, 77};

    GIVES(LEAT_E_REFERENCE, map1(d, A, 0, LEAT_READ_ONLY, &base_, &cookie));
    GIVES(LEAT_E_REFERENCE, map1(d, A, 5000, LEAT_READ_ONLY, &base_, &cookie));
    GIVES(LEAT_E_REFERENCE, map1(d, A, 32768, LEAT_READ_ONLY, &base_, &cookie));
    GIVES(LEAT_E_REFERENCE, map1(d, A, ~0u, LEAT_READ_ONLY, &base_, &cookie));
    GIVES(LEAT_E_REFERENCE,
          map1(d, A, OTHERS, LEAT_READ_ONLY, &base_, &cookie));
    GIVES(LEAT_E_ACCESS, map1(d, A, READ, LEAT_READ_WRITE, &base_, &cookie));
    GIVES(LEAT_E_DOMAIN, map1(d, 55, 8, LEAT_READ_ONLY, &base_, &cookie));
    GIVES(LEAT_E_DOMAIN, map1(d, ~0u, 8, LEAT_READ_ONLY, &base_, &cookie));
    GIVES(LEAT_E_REFERENCE,
          m.ops->map(m.self, g, 3, LEAT_READ_WRITE, &base_, &cookie, status));
    CHECK(!status[0] && !status[1] && status[2] == LEAT_E_REFERENCE);
    CHECK(base_ == (void *)1 && cookie == (void *)1);
    GIVES(LEAT_E_INVALID, m.ops->unmap(m.self, base_, 1, cookie));
}

static void many(struct leat_sim_domain *d, uint32_t first, uint32_t n,
                 enum leat_access access)
{
    struct leat_map m = leat_sim_map(d);
    struct leat_gref *g = calloc(n, sizeof(*g));
    int *status = calloc(n, sizeof(*status));
    unsigned char *at = NULL;
    void *b, *cookie;
    uint32_t i;

    for (i = 0; i < n; i++)
        g[i] = (struct leat_gref){A, first + i};
    MUST(m.ops->map(m.self, g, n, access, &b, &cookie, status));
    at = b;
    for (i = 0; i < n && first == SINGLES; i++)
        CHECK(at[i * PAGE] == (unsigned char)i);
    GIVES(LEAT_E_INVALID, m.ops->unmap(m.self, b, n - 1, cookie));
    MUST(m.ops->unmap(m.self, b, n, cookie));
    GIVES(LEAT_E_INVALID, m.ops->unmap(m.self, b, n, cookie));
    /* All or nothing, the bad one in the last message. */
    g[n - 1].ref = 9999;
    GIVES(LEAT_E_REFERENCE,
          m.ops->map(m.self, g, n, access, &b, &cookie, status));
    CHECK(status[n - 1] == LEAT_E_REFERENCE && !status[n - 2]);
    free(g);
    free(status);
}

static void copies(struct leat_sim_domain *d)
{
    struct leat_map m = leat_sim_map(d);
    char in[64] = "", *big = malloc(300 * 4096);
    struct leat_copy_seg s[4] = {
        {.from = {.gref = {A, WHOLE}, .off = 4090},
         .to = {.local = in},
         .len = 6},
        {.from = {.local = in, .off = 1}, .to = {.gref = {A, READ}}, .len = 3},
        {.from = {.gref = {A, 9999}}, .to = {.local = in}, .len = 3},
        {.from = {.gref = {A, READ}, .off = 9},
         .to = {.gref = {A, WHOLE + 1}, .off = 5},
         .len = 2},
    };
    struct leat_copy_seg *more = calloc(300, sizeof(*more));
    int i;

    for (i = 0; i < 4; i++)
        s[i].status = LEAT_E_STATE;
    MUST(m.ops->copy(m.self, s, 4));
    CHECK(!s[0].status && !memcmp(in, "aaaaaa", 6));
    CHECK(s[1].status == LEAT_E_ACCESS && s[2].status == LEAT_E_REFERENCE);
    CHECK(!s[3].status);
    s[0].from.gref.ref = WHOLE + 1;
    s[0].from.off = 4;
    s[2].from.gref.domain = 44;
    MUST(m.ops->copy(m.self, s, 3));
    CHECK(!memcmp(in, "brrbbb", 6) && s[2].status == LEAT_E_DOMAIN);
    s[0].from.off = 4091;
    s[0].status = LEAT_E_STATE;
    GIVES(LEAT_E_RANGE, m.ops->copy(m.self, s, 1));
    CHECK(s[0].status == LEAT_E_STATE);
    /* More than a window, and than a message. */
    for (i = 0; i < 300; i++)
        more[i] = (struct leat_copy_seg){
            .from = {.gref = {A, SINGLES + (uint32_t)i}},
            .to = {.local = big, .off = (uint32_t)i * 4096},
            .len = 4096,
        };
    MUST(m.ops->copy(m.self, more, 300));
    for (i = 0; i < 300; i++)
        CHECK(!more[i].status && big[i * 4096] == (char)i);
    free(more);
    free(big);
}

static int mapper(void *arg)
{
    struct leat_sim_domain *d;
    struct leat_map m;
    void *at, *cookie, *ro, *ro_cookie, *again, *again_cookie;
    unsigned char *p;

    (void)arg;
    MUST(leat_sim_join(dir, B, &d));
    m = leat_sim_map(d);
    await(d, "/test/a", "1");
    errors(d);
    MUST(map1(d, A, WHOLE, LEAT_READ_WRITE, &at, &cookie));
    MUST(map1(d, A, WHOLE, LEAT_READ_ONLY, &again, &again_cookie));
    MUST(map1(d, A, READ, LEAT_READ_ONLY, &ro, &ro_cookie));
    p = at;
    CHECK(p[0] == 'a' && ((unsigned char *)ro)[5] == 'r');
    p[1] = 'B';
    CHECK(((unsigned char *)again)[1] == 'B');
    many(d, BIG, 1000, LEAT_READ_WRITE);
    many(d, SINGLES, 300, LEAT_READ_ONLY);
    copies(d);
    say(d, "/test/b", "1");
    await(d, "/test/a", "2");
    CHECK(p[2] == 'A');
    MUST(m.ops->unmap(m.self, at, 1, cookie));
    MUST(m.ops->unmap(m.self, again, 1, again_cookie));
    MUST(m.ops->unmap(m.self, ro, 1, ro_cookie));
    say(d, "/test/b", "2");
    await(d, "/test/a", "3");
    GIVES(LEAT_E_REFERENCE, map1(d, A, WHOLE, LEAT_READ_WRITE, &at, &cookie));
    say(d, "/test/b", "3");
    MUST(leat_sim_leave(d));
    return 0;
}

int main(void)
{
    static const struct leat_sim_config until_empty = {
        .flags = LEAT_SIM_UNTIL_EMPTY,
    };
    struct leat_sim_domain *t, *other;
    struct leat_store s;
    struct leat_store_perm all = {0, LEAT_STORE_READ | LEAT_STORE_WRITE};
    pid_t a, b;

    begin();
    MUST(leat_sim_start(dir, &until_empty));
    GIVES(LEAT_E_BUSY, leat_sim_start(dir, NULL));
    MUST(leat_sim_open(dir, &t));
    s = leat_sim_store(t);
    MUST(s.ops->mkdir(s.self, 0, "/test/a"));
    MUST(s.ops->mkdir(s.self, 0, "/test/b"));
    MUST(s.ops->set_perms(s.self, 0, "/test/a", &all, 1));
    MUST(s.ops->set_perms(s.self, 0, "/test/b", &all, 1));
    a = spawn(sharer, NULL);
    b = spawn(mapper, NULL);
    reap(a);
    reap(b);
    MUST(leat_sim_leave(t));
    CHECK(nothing_left());
    GIVES(LEAT_E_GONE, leat_sim_join(dir, LEAT_SIM_ANY, &other));
    result("share, map and copy between two processes");
    return done();
}
