/* SPDX-License-Identifier: ISC */

/*
 * Threads that share and revoke, and poll, while a peer maps, writes and unmaps
 * by atomic marks whatever it finds granted. What was revoked is private: zero,
 * and not written any more, however the peer hurried.
 */

#include "grant/plain.h"
#include "stress.h"

enum {
    SHARERS = 3,
    PEERS = 2,
    RUN = 3 /* pages in the largest share */
};

struct sharer {
    struct stress *s;
    struct plain_domain *d;
    uint64_t random, shared, kept, refused;
};

struct peer {
    struct stress *s;
    struct plain_domain *d;
    uint64_t random, maps;
    unsigned which;
    int *stop;
};

static struct {
    uint64_t drained;
} told;

static void on_event(void *arg, enum leat_grant_event what,
                     const struct leat_grant_info *info)
{
    (void)arg, (void)info;
    if (what == LEAT_GRANT_DRAINED)
        __atomic_add_fetch(&told.drained, 1, __ATOMIC_RELAXED);
}

static uint64_t word(struct leat_chunk c, size_t page, size_t i)
{
    uint64_t *at =
        (uint64_t *)(void *)(leat_chunk_view(c).data + page * LEAT_PAGE_SIZE);

    return __atomic_load_n(&at[i], __ATOMIC_RELAXED);
}

static void *share(void *arg)
{
    struct sharer *w = arg;

    while (stress_goes_on(w->s)) {
        size_t n = 1 + stress_random(&w->random) % RUN;
        struct leat_chunk c;
        struct leat_grant g;
        int err;

        if (leat_pool_get(w->d->pool, n, &c)) {
            HOLDS(w->s, leat_grant_poll(w->d->table, 64, NULL) == 0);
            continue;
        }
        err = leat_grant_share(w->d->table, c, 2, LEAT_READ_WRITE, &g);
        HOLDS(w->s, err == 0 || err == LEAT_E_LIMIT);
        if (!err) {
            for (unsigned i = stress_random(&w->random) % 64; i; i--)
                (void)word(c, 0, 1); /* the peer may come */
            err = leat_grant_revoke(g);
            HOLDS(w->s, err == 0 || err == LEAT_E_BUSY);
            w->shared++;
            w->kept += err != 0;
            for (size_t i = 0; !err && i < n * 2; i++)
                HOLDS(w->s, word(c, i / 2, 1 + i % 2) == 0);
        } else {
            w->refused++;
        }
        HOLDS(w->s, leat_pool_put(w->d->pool, c) == 0);
        if (stress_random(&w->random) % 4 == 0)
            HOLDS(w->s, leat_grant_poll(w->d->table, 8, NULL) == 0);
    }
    return NULL;
}

static void *map(void *arg)
{
    struct peer *w = arg;

    while (!__atomic_load_n(w->stop, __ATOMIC_RELAXED)) {
        uint32_t ref = 8 + (uint32_t)(stress_random(&w->random) % 64);
        uint64_t *at;

        if (ref % PEERS != w->which || plain_use(w->d, ref, 2, LEAT_READ_WRITE))
            continue;
        at = (uint64_t *)(void *)plain_page(w->d, ref);
        for (unsigned i = 0; i < 16; i++)
            __atomic_store_n(&at[1 + i % 2], ref, __ATOMIC_RELAXED);
        w->maps++;
        plain_unuse(w->d, ref, LEAT_READ_WRITE);
    }
    return NULL;
}

int main(void)
{
    static struct plain_world world;
    struct plain_domain *d = &world.domain[0];
    pthread_t sharing[SHARERS], mapping[PEERS];
    struct sharer sharer[SHARERS];
    struct peer peer[PEERS];
    struct leat_grants_stats stats;
    uint64_t shared = 0, kept = 0, maps = 0;
    const char *broken;
    struct stress s;
    int stop = 0;

    plain_world_open(&world);
    plain_open(
        d, (struct leat_grants_config){.refs_max = 8 + 64, .event = on_event},
        (struct leat_pool_config){.limit_pages = 80});
    memset(&s, 0, sizeof(s));
    alarm(60);
    s.end_ns = stress_ns() + 1200 * (uint64_t)1000000;
    for (size_t i = 0; i < SHARERS; i++)
        sharer[i] = (struct sharer){.s = &s, .d = d, .random = i};
    for (unsigned i = 0; i < PEERS; i++)
        peer[i] = (struct peer){
            .s = &s, .d = d, .random = 99 + i, .which = i, .stop = &stop};
    stress_start(mapping, PEERS, map, peer, sizeof(peer[0]));
    stress_start(sharing, SHARERS, share, sharer, sizeof(sharer[0]));
    stress_join(sharing, SHARERS);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    stress_join(mapping, PEERS);
    for (size_t i = 0; i < SHARERS; i++) {
        shared += sharer[i].shared;
        kept += sharer[i].kept;
    }
    for (size_t i = 0; i < PEERS; i++)
        maps += peer[i].maps;

    /* The peer has let go of all: what it kept drains, and nothing is missing. */
    HOLDS(&s, leat_grant_poll(d->table, 1000, NULL) == 0);
    HOLDS(&s, leat_grants_stats(d->table, &stats) == 0);
    HOLDS(&s, stats.shares == shared && stats.revokes == shared);
    HOLDS(&s, stats.quarantined == 0 && stats.refs_free == stats.refs);
    HOLDS(&s, told.drained == kept);
    HOLDS(&s, maps > 0 && shared > 0);
    printf("# %ju shares, %ju of them kept for a while, %ju maps\n",
           (uintmax_t)shared, (uintmax_t)kept, (uintmax_t)maps);
    broken = leat_grants_check(d->table);
    if (broken)
        printf("# %s\n", broken);
    HOLDS(&s, !broken);
    s.pool = d->pool;
    {
        struct leat_stats pool;

        HOLDS(&s, leat_pool_stats(d->pool, &pool) == 0 && pool.pages_out == 0);
    }
    plain_close(d);
    plain_world_close(&world);
    alarm(0);
    printf("1..1\n%sok 1 - shares beside a peer that maps\n",
           s.failed ? "not " : "");
    return 0;
}
