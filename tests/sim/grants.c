/* SPDX-License-Identifier: ISC */

/*
 * The grant layer over the simulation, by a seed: a pool of the simulated
 * domain's pages, shared, mapped and taken back, and a page of canaries that a
 * peer never sees.
 */

#include <leat/grant.h>
#include <leat/grant_map.h>
#include <leat/sim_fault.h>
#include <leat/sim_thread.h>

#include "sim.h"

#define CANARY 0xca

struct world {
    struct leat_sim_threads *t;
    uint32_t refs[3];
    bool keeps; /* the mapper's unmap says that it is done, and is not */
    int stage;  /* the turn's, so that no two threads touch it at a time */
    struct leat_sim_domain *d[2];
};

static void until(struct world *w, int me, int stage)
{
    while (w->stage < stage)
        leat_sim_point(w->d[me]);
}

static void sharer(void *arg)
{
    struct world *w = arg;
    struct leat_grants_config gc = {0};
    struct leat_pool_config pc = {.limit_pages = 512, .zero = LEAT_ZERO_ALWAYS};
    struct leat_sim_domain *d;
    struct leat_grants_stats stats;
    struct leat_grants *table;
    struct leat_pool *pool;
    struct leat_gnttab gnttab;
    struct leat_chunk c, secret;
    struct leat_grant g;
    unsigned char *p;

    MUST(leat_sim_threads_join(w->t, 0, &d));
    w->d[0] = d;
    pc.backend = leat_sim_backend(d);
    MUST(leat_pool_create(&pool, &pc));
    MUST(leat_sim_gnttab(d, &gnttab));
    gc.share = leat_gnttab(&gnttab);
    gc.backend = leat_sim_backend(d);
    MUST(leat_grants_create(&table, &gc));
    MUST(leat_pool_get(pool, 1, &secret));
    memset(leat_chunk_view(secret).data, CANARY, PAGE);
    MUST(leat_pool_put(pool, secret));
    MUST(leat_pool_get(pool, 3, &c));
    p = leat_chunk_view(c).data;
    p[0] = 1;
    MUST(leat_grant_share(table, c, 1, LEAT_READ_WRITE, &g));
    MUST(leat_grant_refs(g, w->refs, 3));
    CHECK(w->refs[0] >= LEAT_GRANT_RESERVED);
    w->stage = 1;
    until(w, 0, 2); /* it is mapped */
    CHECK(p[1] == 2);
    GIVES(LEAT_E_BUSY, leat_grant_revoke(g));
    MUST(leat_grants_stats(table, &stats));
    CHECK(stats.quarantined == 1);
    p[2] = 3; /* still the same memory */
    w->stage = 3;
    until(w, 0, 4); /* it is unmapped */
    if (w->keeps) {
        size_t drained = 7;
        int i;

        for (i = 0; i < 3; i++)
            MUST(leat_grant_poll(table, 8, &drained));
        CHECK(drained == 0);
        GIVES(LEAT_E_BUSY, leat_grant_revoke(g));
        MUST(leat_grants_stats(table, &stats));
        CHECK(stats.quarantined == 1 && stats.pages_held == 3);
        CHECK(!leat_grants_check(table));
        w->stage = 5; /* until it is no more */
        for (i = 0; i < 100000 && !drained; i++) {
            MUST(leat_grant_poll(table, 8, &drained));
            leat_sim_point(d);
        }
        CHECK(drained == 1);
        GIVES(LEAT_E_STALE, leat_grant_revoke(g));
        MUST(leat_grants_stats(table, &stats));
        CHECK(stats.quarantined == 0 && stats.pages_held == 0);
    } else {
        MUST(leat_grant_revoke(g));
    }
    CHECK(p[0] == 0 && p[1] == 0);
    memset(p, CANARY, 3 * PAGE); /* nobody sees this */
    if (!w->keeps) {
        w->stage = 5;
        until(w, 0, 6);
    }
    CHECK(!leat_grants_check(table));
    MUST(leat_pool_put(pool, c));
    MUST(leat_grants_destroy(table));
    MUST(leat_pool_destroy(pool));
    MUST(leat_sim_leave(d));
}

static void mapper(void *arg)
{
    struct world *w = arg;
    struct leat_grants_config gc = {0};
    struct leat_sim_domain *d;
    struct leat_grants *table;
    struct leat_gref grefs[3];
    struct leat_mapping m;
    struct leat_shared s;
    struct leat_copies copies = {0};
    unsigned char bytes[3 * PAGE];
    int status[3];
    uint8_t byte = 0;
    size_t i;

    MUST(leat_sim_threads_join(w->t, 1, &d));
    w->d[1] = d;
    gc.map = leat_sim_map(d);
    gc.backend = leat_sim_backend(d);
    MUST(leat_grants_create(&table, &gc));
    until(w, 1, 1);
    for (i = 0; i < 3; i++)
        grefs[i] = (struct leat_gref){0, w->refs[i]};
    MUST(leat_grant_map(table, grefs, 3, LEAT_READ_WRITE, status, &m));
    MUST(leat_mapping_shared(m, LEAT_READ_WRITE, &s));
    MUST(leat_shared_copy_out(s, 0, bytes, sizeof(bytes), &copies));
    CHECK(bytes[0] == 1);
    for (i = 1; i < sizeof(bytes); i++)
        if (bytes[i])
            break;
    CHECK(i == sizeof(bytes)); /* zeros, and no canary */
    MUST(leat_shared_write_u8(s, 1, 2));
    w->stage = 2;
    until(w, 1, 3);
    MUST(leat_shared_read_u8(s, 2, &byte));
    CHECK(byte == 3);
    if (w->keeps)
        MUST(leat_sim_fault_add(
            d, &(struct leat_sim_fault){.domain = 1,
                                        .op = LEAT_SIM_OP_UNMAP,
                                        .action = LEAT_SIM_KEEP}));
    MUST(leat_grant_unmap(m));
    w->stage = 4;
    until(w, 1, 5);
    if (!w->keeps)
        GIVES(LEAT_E_REFERENCE,
              leat_grant_map(table, grefs, 3, LEAT_READ_WRITE, status, &m));
    CHECK(!leat_grants_check(table));
    MUST(leat_grants_destroy(table));
    w->stage = 6;
    MUST(leat_sim_leave(d));
}

static void by_seeds(bool keeps)
{
    uint64_t seed;

    for (seed = 1; seed <= 10 && !here; seed++) {
        struct leat_sim_threads_config c = {.seed = seed};
        struct world w = {.keeps = keeps};

        MUST(leat_sim_threads_create(&c, &w.t));
        MUST(leat_sim_threads_add(w.t, sharer, &w));
        MUST(leat_sim_threads_add(w.t, mapper, &w));
        MUST(leat_sim_threads_run(w.t));
        CHECK(!leat_sim_threads_check(w.t));
        MUST(leat_sim_threads_destroy(w.t));
    }
}

int main(void)
{
    begin();
    by_seeds(false);
    result("the grant layer shares, maps, quarantines and takes back");
    by_seeds(true);
    result("a peer that never unmaps is held in quarantine until it dies");
    return done();
}
