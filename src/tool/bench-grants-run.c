/* SPDX-License-Identifier: ISC */

/*
 * leat bench grants: what is measured. One process is both domains: of a
 * simulation it joins twice, and on Xen a domain is its own peer.
 *
 *   steps  get + share | map | grant copy of all | unmap | revoke + put
 *   uses   share, map, read all, unmap, revoke: each time anew
 *   kept   blocks got, read by a mapping that stays, and put
 *
 * Where pages are born granted, what was revoked goes back to the kernel, for
 * else it would stay granted in the pool. So the pool has no magazines.
 */

#include <stdlib.h>
#include <string.h>

#include "bench-grants.h"

#define PAGE LEAT_PAGE_SIZE

bool grants_open(struct grants_bench *g)
{
    struct leat_pool_config pool = {.name = "bench", .flags = LEAT_POOL_EXACT};
    struct leat_grants_config shares = {.share.ops = NULL};
    struct leat_grants_config maps = {.share.ops = NULL};
    int err;

    g->counted = g->sharer.ops == &site_sim;
    if (!site_open(&g->sharer, SITE_ANY) || !site_open(&g->mapper, SITE_ANY) ||
        !site_open(&g->looker, SITE_LOOKER) ||
        !g->sharer.ops->share(&g->sharer, g->mapper.domain, LEAT_READ_WRITE, 1,
                              0, &pool.backend, &shares.share) ||
        !g->mapper.ops->map(&g->mapper, &maps.map))
        return false;
    g->told = shares.share.ops->letgo == LEAT_LETGO_TOLD;
    pool.peer = g->mapper.domain + 1;
    err = leat_mmap_init(&g->memory);
    shares.backend = maps.backend = leat_mmap(&g->memory);
    if (!err)
        err = leat_pool_create(&g->pool, &pool);
    if (!err)
        err = leat_grants_create(&g->shares, &shares);
    if (!err)
        err = leat_grants_create(&g->maps, &maps);
    g->private = aligned_alloc(PAGE, GRANTS_BATCH_MAX * (size_t)PAGE);
    if (!g->private)
        err = LEAT_E_NOMEM;
    return !err || tool_fail("bench: grants: %s", leat_strerror(err));
}

void grants_close(struct grants_bench *g)
{
    if (g->maps)
        leat_grants_destroy(g->maps);
    if (g->shares)
        leat_grants_destroy(g->shares);
    if (g->pool)
        leat_pool_destroy(g->pool);
    site_close(&g->looker);
    site_close(&g->mapper);
    site_close(&g->sharer);
    free(g->private);
}

/* --------------------------------------------------------------- the clock */

/* Where the time goes to, or the operations. */
struct meter {
    struct grants_bench *g;
    int batch;
    double *ns;
    double at;
    struct grants_ops ops;
};

static void count(struct grants_bench *g, struct grants_ops *ops)
{
    struct leat_grants_stats s, m;
    uint64_t a = 0, b = 0;

    leat_grants_stats(g->shares, &s);
    leat_grants_stats(g->maps, &m);
    if (g->counted) {
        g->looker.ops->requests(&g->looker, g->sharer.domain, &a);
        g->looker.ops->requests(&g->looker, g->mapper.domain, &b);
    }
    ops->requests = a + b;
    ops->entries = s.grants + s.ends;
    ops->mapped = m.mapped + (m.mapped - m.pages_mapped);
    ops->segments = m.copy_segs;
}

static void start(struct meter *m)
{
    if (m->ns)
        m->at = tool_now();
    else
        count(m->g, &m->ops);
}

/* What was since the last is of the case (c). */
static void stop(struct meter *m, enum grants_case c)
{
    struct grants_ops now, *to = &m->g->cell[m->batch][c].ops;

    if (m->ns) {
        double at = tool_now();

        m->ns[c] += (at - m->at) * 1e9;
        m->at = tool_now();
        return;
    }
    count(m->g, &now);
    to->requests = now.requests - m->ops.requests;
    to->entries = now.entries - m->ops.entries;
    to->mapped = now.mapped - m->ops.mapped;
    to->segments = now.segments - m->ops.segments;
    m->ops = now;
}

/* ------------------------------------------------------------------ steps */

struct shared {
    struct leat_chunk chunk;
    struct leat_grant grant;
};

static int share(struct grants_bench *g, size_t n, struct shared *s)
{
    int err = leat_pool_get(g->pool, n, &s->chunk);

    if (err)
        return err;
    err = leat_grant_share(g->shares, s->chunk, g->mapper.domain,
                           LEAT_READ_WRITE, &s->grant);
    if (err)
        leat_pool_put(g->pool, s->chunk);
    return err;
}

static int end_share(struct grants_bench *g, struct shared *s)
{
    int err = 0;

    if (g->told)
        err = leat_grant_told(s->grant);
    if (!err)
        err = leat_grant_revoke(s->grant);
    leat_pool_put(g->pool, s->chunk);
    if (g->told)
        leat_pool_trim(g->pool, 0, NULL);
    return err;
}

static int names(struct grants_bench *g, size_t n, const struct shared *s)
{
    static uint32_t refs[GRANTS_BATCH_MAX];
    int err = leat_grant_refs(s->grant, refs, n);
    size_t i;

    for (i = 0; i < n && !err; i++)
        g->grefs[i] = (struct leat_gref){g->sharer.domain, refs[i]};
    return err;
}

static int map(struct grants_bench *g, size_t n, struct leat_mapping *m)
{
    return leat_grant_map(g->maps, g->grefs, n, LEAT_READ_WRITE, NULL, m);
}

static int read_all(struct grants_bench *g, size_t n, struct leat_mapping m)
{
    struct leat_copies copies = {0};
    struct leat_shared bytes;
    int err = leat_mapping_shared(m, LEAT_READ_ONLY, &bytes);

    return err ? err
               : leat_shared_copy_out(bytes, 0, g->private, n * PAGE, &copies);
}

/* By grant copy, from the peer's pages. */
static int copy_all(struct grants_bench *g, size_t n)
{
    struct leat_copies copies = {0};
    struct leat_copy_batch b;
    struct leat_view to;
    size_t seg;
    int err, status;

    leat_view_of(g->private, n * PAGE, &to);
    err = leat_copy_init(&b, g->maps, g->segs, n, &copies);
    if (!err)
        err = leat_copy_from(&b, g->grefs, n, 0, to);
    if (!err)
        err = leat_copy_run(&b);
    while (err && !leat_copy_failed(&b, &seg, &status))
        ;
    return err;
}

static int steps(struct meter *m, size_t n)
{
    struct grants_bench *g = m->g;
    struct leat_mapping mapping;
    struct shared s;
    int err, end;

    start(m);
    err = share(g, n, &s);
    if (err)
        return err;
    stop(m, GRANTS_SHARE);
    err = names(g, n, &s);
    start(m);
    if (!err)
        err = map(g, n, &mapping);
    if (!err) {
        stop(m, GRANTS_MAP);
        err = copy_all(g, n);
        stop(m, GRANTS_COPY);
        end = leat_grant_unmap(mapping);
        stop(m, GRANTS_UNMAP);
        if (!err)
            err = end;
    }
    end = end_share(g, &s);
    stop(m, GRANTS_REVOKE);
    return err ? err : end;
}

static int uses(struct meter *m, size_t n)
{
    struct grants_bench *g = m->g;
    struct leat_mapping mapping;
    struct shared s;
    int err, end;

    start(m);
    err = share(g, n, &s);
    if (err)
        return err;
    err = names(g, n, &s);
    if (!err)
        err = map(g, n, &mapping);
    if (!err) {
        err = read_all(g, n, mapping);
        end = leat_grant_unmap(mapping);
        if (!err)
            err = end;
    }
    end = end_share(g, &s);
    stop(m, GRANTS_PER_USE);
    return err ? err : end;
}

/* ------------------------------------------------------------- persistent */

struct kept {
    struct leat_persist *persist;
    void *meta;
    struct leat_block block[GRANTS_BATCH_MAX];
    struct leat_mapping mapping;
    bool mapped;
};

static int get_all(struct kept *k, size_t n, size_t *got)
{
    int err = 0;

    for (*got = 0; *got < n && !err; *got += !err)
        err = leat_persist_get(k->persist, &k->block[*got]);
    return err;
}

static void put_all(struct kept *k, size_t n)
{
    while (n--)
        leat_persist_put(k->block[n]);
}

static int keep(struct grants_bench *g, size_t n, struct kept *k)
{
    struct leat_persist_config config = {
        .grants = g->shares,
        .pool = g->pool,
        .domain = g->mapper.domain,
        .units_max = n,
    };
    size_t got = 0, i;
    uint32_t off;
    int err = leat_persist_meta_size(&config, &config.meta_bytes);

    memset(k, 0, sizeof *k);
    if (!err && !(config.meta = k->meta = malloc(config.meta_bytes)))
        err = LEAT_E_NOMEM;
    if (!err)
        err = leat_persist_create(&k->persist, &config);
    if (err)
        return err;
    err = get_all(k, n, &got);
    for (i = 0; i < n && !err; i++) {
        g->grefs[i].domain = g->sharer.domain;
        err = leat_block_ref(k->block[i], &g->grefs[i].ref, &off);
    }
    put_all(k, got);
    if (!err)
        err = map(g, n, &k->mapping);
    k->mapped = !err;
    return err;
}

static int tell(void *arg, const struct leat_grant_info *info)
{
    (void)arg;
    leat_grant_told(info->grant);
    return 0;
}

static void end_keep(struct grants_bench *g, struct kept *k)
{
    if (k->mapped)
        leat_grant_unmap(k->mapping);
    if (k->persist)
        leat_persist_close(k->persist, NULL, NULL);
    if (g->told) {
        leat_grants_each(g->shares, tell, NULL);
        leat_pool_trim(g->pool, 0, NULL);
    }
    free(k->meta);
}

static int use_kept(struct meter *m, size_t n, struct kept *k)
{
    size_t got;
    int err;

    start(m);
    err = get_all(k, n, &got);
    if (!err)
        err = read_all(m->g, n, k->mapping);
    put_all(k, got);
    stop(m, GRANTS_PERSISTENT);
    return err;
}

/* ----------------------------------------------------------------- samples */

int grants_sample(struct grants_bench *g, int batch, enum grants_way way,
                  double ns[GRANTS_CASES])
{
    static struct kept k;
    struct meter m = {.g = g, .batch = batch, .ns = ns};
    size_t n = g->batch[batch], turns = 0;
    double until;
    int err = 0, c;

    for (c = 0; ns && c < GRANTS_CASES; c++)
        ns[c] = 0;
    if (way == GRANTS_KEPT)
        err = keep(g, n, &k);
    until = tool_now() + (ns ? g->milliseconds / 1e3 : 0);
    while (!err && (!turns || tool_now() < until)) {
        err = way == GRANTS_STEPS  ? steps(&m, n)
              : way == GRANTS_USES ? uses(&m, n)
                                   : use_kept(&m, n, &k);
        turns++;
    }
    if (way == GRANTS_KEPT)
        end_keep(g, &k);
    for (c = 0; ns && c < GRANTS_CASES; c++)
        ns[c] /= (double)turns * (double)n;
    return err;
}
