/* SPDX-License-Identifier: ISC */

/*
 * Random operations on a table of grants, by seed, against what each of them must
 * do as a list of shares tells: two peers that map and unmap as they like,
 * revokes, polls, references got and put, suspends. After each step the invariants
 * of the table hold; what is in a peer's hands is in nobody else's; and at the end
 * all is as it was.
 */

#include "grant/plain.h"
#include "stress/stress.h"

enum {
    SHARES = 24,
    PAGES_MAX = 3,
    REFS = 40,
    STEPS = 50000,
    SEEDS = 12
};

struct entry {
    struct leat_grant g;
    struct leat_chunk c; /* void: it was put */
    uint32_t refs[PAGES_MAX];
    uint32_t n, domain;
    enum leat_access access;
    unsigned maps[PAGES_MAX]; /* by the peer, with (access)  */
    bool ended[PAGES_MAX];    /* it had let go of it when it was revoked */
    bool in, quarantined;
};

static struct plain_world world;
static struct plain_domain *d;
static struct leat_lifecycle life;
static struct entry entries[SHARES];
static uint32_t held[REFS];
static size_t nheld;
static uint64_t random_state;
static uint64_t counts[8];
static long failed;

#define IS(cond)                                                        \
    do {                                                                \
        if (!(cond) && !failed++)                                       \
            printf("# %s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
    } while (0)

static uint64_t below(uint64_t n)
{
    return stress_random(&random_state) % n;
}

static size_t refs_used(void)
{
    size_t n = nheld;

    for (size_t i = 0; i < SHARES; i++)
        n += entries[i].in ? entries[i].n : 0;
    return n;
}

static bool mapped(const struct entry *e)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < e->n; i++)
        n += e->maps[i];
    return n != 0;
}

/* It is no more: the page is private, or back in its pool. */
static void gone(struct entry *e)
{
    if (e->c.pool)
        IS(leat_pool_put(d->pool, e->c) == 0);
    memset(e, 0, sizeof(*e));
}

static void on_event(void *arg, enum leat_grant_event what,
                     const struct leat_grant_info *info)
{
    struct entry *e = &entries[info->tag];

    (void)arg;
    IS(e->in && e->g.id == info->grant.id && e->domain == info->domain);
    IS(!mapped(e));
    IS((what == LEAT_GRANT_DRAINED) == e->quarantined);
    counts[what]++;
    gone(e);
}

static void share(struct entry *e)
{
    size_t n = 1 + below(PAGES_MAX);
    struct leat_chunk c;
    int err;

    if (leat_pool_get(d->pool, n, &c))
        return;
    e->domain = 2 + (uint32_t)below(2);
    e->access = below(2) ? LEAT_READ_ONLY : LEAT_READ_WRITE;
    for (size_t i = 0; i < n * LEAT_PAGE_SIZE; i += 512)
        IS(leat_chunk_view(c).data[i] == 0);
    err = leat_grant_share(d->table, c, e->domain, e->access, &e->g);
    if (refs_used() + n > REFS) {
        IS(err == LEAT_E_LIMIT);
        IS(leat_pool_put(d->pool, c) == 0);
        return;
    }
    IS(err == 0);
    e->in = true;
    e->c = c;
    e->n = (uint32_t)n;
    IS(leat_grant_tag(e->g, (uint64_t)(e - entries)) == 0);
    IS(leat_grant_refs(e->g, e->refs, PAGES_MAX) == 0);
    counts[0]++;
}

/* The peer maps a page of it, or unmaps one; it may try what it must not. */
static void peer(struct entry *e)
{
    uint32_t i = (uint32_t)below(e->n);
    int err;

    if (e->maps[i] && below(4)) {
        plain_unuse(d, e->refs[i], e->access);
        e->maps[i]--;
        return;
    }
    IS(plain_use(d, e->refs[i], 5 - e->domain, LEAT_READ_ONLY) != 0);
    err = plain_use(d, e->refs[i], e->domain, e->access);
    /* What has ended cannot be mapped; what it held then can. */
    IS(err == 0 || e->quarantined);
    IS(err != 0 || !e->ended[i]);
    e->maps[i] += !err;
    if (!err && e->access == LEAT_READ_WRITE)
        plain_page(d, e->refs[i])[below(LEAT_PAGE_SIZE)] = 0x99;
}

static void take_back(struct entry *e)
{
    struct leat_grant g = e->g;
    int err = leat_grant_revoke(g);

    if (mapped(e)) {
        IS(err == LEAT_E_BUSY);
        e->quarantined = true;
        for (uint32_t i = 0; i < e->n; i++)
            e->ended[i] |= !e->maps[i];
        if (e->c.pool && below(2)) {
            IS(leat_pool_put(d->pool, e->c) == 0);
            e->c.pool = NULL;
        }
        return;
    }
    IS(err == 0);
    for (size_t i = 0; e->c.pool && i < e->n * LEAT_PAGE_SIZE; i += 8)
        IS(leat_chunk_view(e->c).data[i] == 0);
    gone(e);
    IS(leat_grant_revoke(g) == LEAT_E_STALE);
}

static void refs(void)
{
    size_t n = 1 + below(6);
    int err;

    if (nheld && below(2)) {
        n = 1 + below(nheld);
        IS(leat_grant_refs_put(d->table, held + nheld - n, n) == 0);
        nheld -= n;
        return;
    }
    err = leat_grant_refs_get(d->table, held + nheld, n);
    IS((err == 0) == (refs_used() + n <= REFS));
    nheld += err ? 0 : n;
}

/* The peers unmap all that they have. */
static void let_go(void)
{
    for (size_t i = 0; i < SHARES; i++) {
        struct entry *e = &entries[i];

        for (uint32_t j = 0; j < e->n; j++) {
            for (; e->maps[j]; e->maps[j]--)
                plain_unuse(d, e->refs[j], e->access);
        }
    }
}

static void suspend(void)
{
    bool way = false;
    int err;

    if (below(2))
        let_go();
    for (size_t i = 0; i < SHARES; i++)
        way |= entries[i].in && mapped(&entries[i]);
    err = leat_lifecycle_suspend(&life, NULL);
    IS(err == (way ? LEAT_E_BUSY : 0));
    if (!err)
        IS(leat_lifecycle_resume(&life, below(2) ? LEAT_RESUMED
                                                 : LEAT_CANCELLED) == 0);
}

static void step(void)
{
    struct entry *e = &entries[below(SHARES)];
    size_t drained;

    switch (below(16)) {
    case 0:
        refs();
        break;
    case 1:
        IS(leat_grant_poll(d->table, below(8), &drained) == 0);
        break;
    case 2:
        if (below(4) == 0)
            suspend();
        break;
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
        if (e->in)
            take_back(e);
        break;
    default:
        if (e->in)
            peer(e);
        else
            share(e);
    }
}

/* The peers let go of all, and it comes back. */
static void settle(void)
{
    struct leat_grants_stats s;

    let_go();
    for (size_t i = 0; i < SHARES; i++) {
        if (entries[i].in && !entries[i].quarantined)
            take_back(&entries[i]);
    }
    IS(leat_grant_poll(d->table, SHARES * PAGES_MAX, NULL) == 0);
    IS(leat_grant_refs_put(d->table, held, nheld) == 0);
    nheld = 0;
    IS(leat_grants_stats(d->table, &s) == 0);
    IS(s.refs_free == REFS && s.quarantined == 0 && s.pages_shared == 0);
}

int main(void)
{
    const char *broken;

    alarm(100);
    IS(leat_lifecycle_init(&life) == 0);
    plain_world_open(&world);
    d = &world.domain[0];
    d->units = true;
    plain_open(
        d,
        (struct leat_grants_config){.refs_max = LEAT_GRANT_RESERVED + REFS,
                                    .lifecycle = &life,
                                    .event = on_event},
        (struct leat_pool_config){.limit_pages = 64});
    for (uint64_t seed = 1; seed <= SEEDS && !failed; seed++) {
        random_state = seed;
        for (long i = 0; i < STEPS && !failed; i++) {
            step();
            broken = i % 8 ? NULL : leat_grants_check(d->table);
            if (broken)
                printf("# %s\n", broken);
            IS(!broken);
            if (failed)
                printf("# seed %ju, step %ld\n", (uintmax_t)seed, i);
        }
        settle();
        broken = leat_pool_check(d->pool);
        IS(!broken);
    }
    printf("# %ju shares, %ju drained, %ju lost to a resume\n",
           (uintmax_t)counts[0], (uintmax_t)counts[LEAT_GRANT_DRAINED],
           (uintmax_t)counts[LEAT_GRANT_LOST]);
    IS(counts[0] && counts[LEAT_GRANT_DRAINED] && counts[LEAT_GRANT_LOST]);
    if (!failed) {
        plain_close(d);
        plain_world_close(&world);
    }
    printf("1..1\n%sok 1 - grants as the model says\n", failed ? "not " : "");
    return 0;
}
