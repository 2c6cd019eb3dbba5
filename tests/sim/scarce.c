/* SPDX-License-Identifier: ISC */

/*
 * What Linux has too little of for a simulation of many one-page shares: the
 * hypervisor's descriptors, one a share, and a process's mappings
 * (vm.max_map_count). Both end a share with an error of its own, or keep a
 * revoke for later, and nothing is lost.
 */

#include <sys/mman.h>
#include <sys/resource.h>

#include <leat/grant.h>

#include "sim.h"

#define MOST 4096

static struct leat_sim_domain *d;
static struct leat_pool *pool;
static struct leat_grants *table;
static struct leat_gnttab gnttab;
static struct leat_chunk chunks[MOST];
static struct leat_grant grants[MOST];

static void enter(void)
{
    struct leat_pool_config pages = {.limit_pages = 2 * MOST,
                                     .zero = LEAT_ZERO_ALWAYS};
    struct leat_grants_config config = {0};

    MUST(leat_sim_start(dir, NULL));
    MUST(leat_sim_join(dir, LEAT_SIM_ANY, &d));
    pages.backend = leat_sim_backend(d);
    MUST(leat_pool_create(&pool, &pages));
    MUST(leat_sim_gnttab(d, &gnttab));
    config.share = leat_gnttab(&gnttab);
    config.backend = leat_sim_backend(d);
    MUST(leat_grants_create(&table, &config));
}

static void leave(void)
{
    struct leat_grants_stats stats;

    MUST(leat_grants_stats(table, &stats));
    CHECK(!stats.refs_granted && !stats.pages_shared && !stats.quarantined);
    CHECK(!leat_grants_check(table));
    MUST(leat_grants_destroy(table));
    MUST(leat_pool_destroy(pool));
    MUST(leat_sim_leave(d));
    MUST(leat_sim_stop(dir));
    CHECK(nothing_left());
}

/* Shares one page after the other, until (*err), or all. */
static int share_all(int *err)
{
    int n;

    for (n = 0; n < MOST; n++) {
        MUST(leat_pool_get(pool, 1, &chunks[n]));
        *err =
            leat_grant_share(table, chunks[n], 1, LEAT_READ_WRITE, &grants[n]);
        if (*err) {
            MUST(leat_pool_put(pool, chunks[n]));
            break;
        }
    }
    return n;
}

static void end_all(int n)
{
    while (n-- && !here) {
        MUST(leat_grant_revoke(grants[n]));
        MUST(leat_pool_put(pool, chunks[n]));
    }
}

/* The hypervisor has the limit of the process that started it. */
static int descriptors(void *arg)
{
    struct rlimit few = {1000, 1000};
    int n, err = 0;

    (void)arg;
    CHECK(!setrlimit(RLIMIT_NOFILE, &few));
    enter();
    n = share_all(&err);
    CHECK(n > 100 && n < 1000);
    GIVES(LEAT_E_LIMIT, err);
    end_all(n);
    CHECK(share_all(&err) == n); /* all came back */
    end_all(n);
    leave();
    return 0;
}

/* Takes all mappings that a process may have, but for some. */
static void *take_mappings(size_t *bytes)
{
    FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
    unsigned long most = 0, i;
    char *at;

    CHECK(f && fscanf(f, "%lu", &most) == 1);
    if (f)
        fclose(f);
    *bytes = (2 * most + 2) * PAGE;
    at = mmap(NULL, *bytes, PROT_NONE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(at != MAP_FAILED);
    for (i = 0; i <= most; i++) {
        if (mprotect(at + (2 * i + 1) * PAGE, PAGE, PROT_READ))
            break;
    }
    CHECK(i <= most && errno == ENOMEM);
    return at;
}

static int mappings(void *arg)
{
    int i, n, err = 0, revoked;
    size_t bytes, drained = 0;
    void *taken;

    (void)arg;
    enter();
    for (n = 0; n < 8; n++) {
        MUST(leat_pool_get(pool, 1, &chunks[n]));
        /* They lie apart, so that each is a mapping of its own. */
        MUST(
            leat_grant_share(table, chunks[n], 1, LEAT_READ_WRITE, &grants[n]));
    }
    MUST(leat_pool_get(pool, 1, &chunks[n]));
    taken = take_mappings(&bytes);
    err = leat_grant_share(table, chunks[n], 1, LEAT_READ_WRITE, &grants[n]);
    CHECK(err == LEAT_E_NOMEM || err == LEAT_E_LIMIT);
    for (i = 0; i < n; i++) {
        revoked = leat_grant_revoke(grants[i]);
        CHECK(!revoked || revoked == LEAT_E_NOMEM);
        CHECK(!leat_grants_check(table));
    }
    MUST(leat_sim_state(d));
    CHECK(!munmap(taken, bytes));
    MUST(leat_grant_poll(table, 100, &drained));
    MUST(leat_grant_share(table, chunks[n], 1, LEAT_READ_WRITE, &grants[n]));
    MUST(leat_grant_revoke(grants[n]));
    for (i = 0; i <= n; i++)
        MUST(leat_pool_put(pool, chunks[i]));
    leave();
    return 0;
}

int main(void)
{
    begin();
    reap(spawn(descriptors, NULL));
    result("the hypervisor's descriptors run out: a limit, and all come back");
    reap(spawn(mappings, NULL));
    result("a process's mappings run out: an error, and nothing is lost");
    return done();
}
