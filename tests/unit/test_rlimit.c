/* SPDX-License-Identifier: ISC */

/*
 * Where the machine gives no more address space (RLIMIT_AS): a typed error, the
 * reclaim hook called once, and success if it freed enough.
 */

#include "pool_fixture.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define ROOM (8 * SLAB)

struct hook {
    struct leat_chunk held[64];
    size_t nheld, calls;
    bool gives;
    void *ballast; /* memory of others, which the hook can unmap */
};

static void reclaim(void *arg, struct leat_pool *pool, size_t pages)
{
    struct hook *h = arg;

    (void)pages;
    h->calls++;
    if (h->gives && h->nheld)
        (void)leat_pool_put(pool, h->held[--h->nheld]);
    if (h->ballast)
        munmap(h->ballast, ROOM);
    h->ballast = NULL;
}

/* Lets this process grow by (bytes) and no more. */
static int limit_growth(size_t bytes)
{
    FILE *statm = fopen("/proc/self/statm", "r");
    unsigned long pages = 0;
    struct rlimit as;
    int err = 1;

    if (statm) {
        if (fscanf(statm, "%lu", &pages) == 1)
            err = getrlimit(RLIMIT_AS, &as);
        fclose(statm);
    }
    as.rlim_cur = pages * PAGE + bytes;
    return err ? err : setrlimit(RLIMIT_AS, &as);
}

static int out_of_address_space(void *arg)
{
    static struct hook h;
    struct leat_pool_config config = {.limit_pages = 64 * LEAT_UNIT_PAGES,
                                      .flags = *(uint32_t *)arg,
                                      .zero = LEAT_ZERO_NEVER,
                                      .reclaim = reclaim,
                                      .arg = &h};
    struct leat_mmap m = {0};
    struct leat_pool *pool;
    struct leat_chunk c;
    struct leat_stats s;
    void *ballast;
    int err;

    CHILD(leat_mmap_init(&m) == 0);
    config.backend = leat_mmap(&m);
    CHILD(leat_pool_create(&pool, &config) == 0);
    ballast = mmap(NULL, ROOM, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHILD(ballast != MAP_FAILED);
    CHILD(limit_growth(ROOM) == 0);

    while (!(err = leat_pool_get(pool, LEAT_UNIT_PAGES, &c)))
        h.held[h.nheld++] = c;
    CHILD(err == LEAT_E_NOMEM);
    CHILD(h.calls == 1);
    CHILD(h.nheld >= 2 && h.nheld <= ROOM / SLAB);
    CHILD(leat_pool_get(pool, LEAT_UNIT_PAGES, &c) == LEAT_E_NOMEM);
    CHILD(h.calls == 2);

    /* It frees a chunk of the pool's own. */
    h.gives = true;
    CHILD(leat_pool_get(pool, LEAT_UNIT_PAGES, &c) == 0);
    CHILD(h.calls == 3);
    h.held[h.nheld++] = c;

    /* It frees what is no page of the pool, and the backend can go on. */
    h.gives = false;
    h.ballast = ballast;
    CHILD(leat_pool_get(pool, LEAT_UNIT_PAGES, &c) == 0);
    CHILD(h.calls == 4);
    h.held[h.nheld++] = c;

    CHILD(leat_pool_stats(pool, &s) == 0);
    CHILD(s.reclaims == 4 && s.refused == 2);
    CHILD(leat_pool_put_bulk(pool, h.held, h.nheld, NULL) == 0);
    CHILD(leat_pool_check(pool) == NULL);
    CHILD(leat_pool_destroy(pool) == 0);
    return 0;
}

Test(rlimit, out_of_address_space)
{
    uint32_t flags = 0;

    cr_assert_eq(line_in_child(out_of_address_space, &flags), 0);
}

Test(rlimit, out_of_address_space_exact)
{
    uint32_t flags = LEAT_POOL_EXACT;

    cr_assert_eq(line_in_child(out_of_address_space, &flags), 0);
}

/* No room for the metadata: the pool is not made, and nothing is left behind. */
static int no_room_for_metadata(void *arg)
{
    struct leat_mmap m = {0};
    struct leat_pool_config config = {.limit_pages = (size_t)1 << 22};
    struct leat_pool *pool = NULL;

    (void)arg;
    CHILD(leat_mmap_init(&m) == 0);
    config.backend = leat_mmap(&m);
    CHILD(limit_growth(SLAB) == 0);
    CHILD(leat_pool_create(&pool, &config) == LEAT_E_NOMEM);
    CHILD(pool == NULL);
    config.limit_pages = 64;
    CHILD(leat_pool_create(&pool, &config) == 0);
    CHILD(leat_pool_destroy(pool) == 0);
    return 0;
}

Test(rlimit, no_room_for_metadata)
{
    cr_assert_eq(line_in_child(no_room_for_metadata, NULL), 0);
}

/* Without a limit of its own the backend promises no more than RLIMIT_AS. */
static int promises_no_more(void *arg)
{
    struct rlimit as = {(rlim_t)1 << 30, (rlim_t)1 << 30};
    struct leat_mmap m = {0};
    struct leat_backend backend;

    (void)arg;
    CHILD(setrlimit(RLIMIT_AS, &as) == 0);
    CHILD(leat_mmap_init(&m) == 0);
    backend = leat_mmap(&m);
    CHILD(backend.ops->pages_max(backend.self) <= as.rlim_cur / PAGE);
    return 0;
}

Test(rlimit, promises_no_more)
{
    cr_assert_eq(line_in_child(promises_no_more, NULL), 0);
}
