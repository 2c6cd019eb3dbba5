/* SPDX-License-Identifier: ISC */

/*
 * The grant layer over libleat-xen: a pool whose pages are born granted, shares of
 * its chunks, mappings and copies of them; and what becomes of a revoke where it
 * is never known, or told, that the peer has let go.
 */

#include <leat/grant.h>
#include <leat/grant_map.h>

#include "grants.h"

struct layer {
    struct leat_xen_share *x;
    struct leat_xen_map *m;
    struct leat_pool *pool;
    struct leat_grants *table;
    struct leat_mmap meta;
};

static void open_layer(struct layer *l, uint32_t own, uint32_t flags)
{
    struct leat_xen_share_config xc = {
        .domain = own, .unit_pages = 8, .flags = flags};
    struct leat_pool_config pc = {.peer = own + 1, .zero = LEAT_ZERO_ALWAYS};
    struct leat_grants_config gc = {0};

    memset(l, 0, sizeof(*l));
    MUST(!leat_xen_share_open(&l->x, &xc, NULL));
    l->m = open_map();
    pc.backend = leat_xen_share_backend(l->x);
    MUST(!leat_pool_create(&l->pool, &pc));
    MUST(!leat_mmap_init(&l->meta));
    gc.share = leat_xen_share_ops(l->x);
    gc.map = leat_xen_map_ops(l->m);
    gc.backend = leat_mmap(&l->meta);
    GIVES(leat_grants_create(&l->table, &gc), 0, "a table over Xen");
}

/* Shares four pages and maps them by the layer, both ways. */
static void share_and_map(struct layer *l, uint32_t own, struct leat_chunk *c,
                          struct leat_grant *g)
{
    struct leat_gref grefs[4];
    uint32_t refs[4];
    struct leat_mapping mapping;
    struct leat_shared shared;
    unsigned char *page;
    static unsigned char copy[4 * PAGE];
    static struct leat_copies copies;

    MUST(!leat_pool_get(l->pool, 4, c));
    page = leat_chunk_view(*c).data;
    fill(page, 4, 91);
    GIVES(leat_grant_share(l->table, *c, own, LEAT_READ_WRITE, g), 0,
          "share four pages");
    MUST(!leat_grant_refs(*g, refs, 4));
    for (size_t i = 0; i < 4; i++)
        grefs[i] = (struct leat_gref){.domain = own, .ref = refs[i]};
    GIVES(leat_grant_map(l->table, grefs, 4, LEAT_READ_WRITE, NULL, &mapping),
          0, "map them");
    MUST(!leat_mapping_shared(mapping, LEAT_READ_WRITE, &shared));
    MUST(!leat_shared_copy_out(shared, 0, copy, sizeof(copy), &copies));
    OK(filled(copy, 4, 91), "the mapper reads what was written");
    fill(copy, 4, 92);
    MUST(!leat_shared_copy_in(shared, 0, copy, sizeof(copy), &copies));
    OK(filled(page, 4, 92), "and writes what is read");
    GIVES(leat_grant_unmap(mapping), 0, "unmap");
    OK(leat_grants_check(l->table) == NULL, "the table is well");
}

static void never(uint32_t own)
{
    struct leat_grants_stats stats;
    struct layer l;
    struct leat_chunk c;
    struct leat_grant g;

    open_layer(&l, own, 0);
    share_and_map(&l, own, &c, &g);
    GIVES(leat_grant_revoke(g), LEAT_E_UNSUPPORTED,
          "that the peer let go is never known");
    GIVES(leat_grant_told(g), LEAT_E_UNSUPPORTED, "nor told");
    MUST(!leat_pool_put(l.pool, c));
    MUST(!leat_grants_stats(l.table, &stats));
    OK(stats.quarantined == 1 && stats.pages_held == 4,
       "the share stays in quarantine");
    GIVES(leat_pool_destroy(l.pool), LEAT_E_BUSY, "and its pages out");
    OK(leat_grants_check(l.table) == NULL && !leat_xen_share_check(l.x),
       "all is well");
    /* It is for good: the process ends with it. */
}

static void told(uint32_t own)
{
    struct layer l;
    struct leat_chunk c;
    struct leat_grant g;
    size_t drained = 0;

    open_layer(&l, own, LEAT_XEN_TOLD);
    share_and_map(&l, own, &c, &g);
    GIVES(leat_grant_revoke(g), LEAT_E_BUSY, "the peer has not told");
    GIVES(leat_grant_told(g), 0, "it tells");
    leat_grant_poll(l.table, 100, &drained);
    MUST(!leat_pool_put(l.pool, c));
    OK(leat_grants_check(l.table) == NULL, "the table is well");
    GIVES(leat_grants_destroy(l.table), 0, "nothing is left in it");
    GIVES(leat_pool_destroy(l.pool), 0, "nor in the pool");
    MUST(!leat_xen_share_close(l.x) && !leat_xen_map_close(l.m));
}

int main(void)
{
    uint32_t own = own_domain();

    told(own);
    never(own);
    return tap_end();
}
