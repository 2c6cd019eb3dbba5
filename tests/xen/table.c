/* SPDX-License-Identifier: ISC */

/*
 * The size of the grant table.
 *
 *     table fill N      shares N pages at once and maps them, N a multiple of 500:
 *                       with a larger table than the default one it takes 65,000
 *     table exhaust     shares by batches until there is no entry left; for the
 *                       kernel's limit is raised above the table's size. Run it
 *                       last: see below
 */

#include "grants.h"

#define LIMIT "/sys/module/xen_gntalloc/parameters/limit"
#define UNIT  512u

/* Of 32,768 entries 8 are reserved, and the backend leaves 256 to others. */
#define ENTRIES  32768u
#define RESERVED 8u
#define OTHERS   256u

static void set_limit(unsigned n)
{
    FILE *f = fopen(LIMIT, "w");

    MUST(f && fprintf(f, "%u", n) > 0 && !fclose(f));
}

static struct leat_xen_share *open_share(uint32_t own, uint32_t refs,
                                         size_t unit)
{
    struct leat_xen_share_config config = {
        .domain = own, .unit_pages = unit, .refs = refs};
    struct leat_xen_share *x = NULL;
    struct leat_xen_why why;

    if (leat_xen_share_open(&x, &config, &why))
        tap_note("%s", why.text);
    MUST(x);
    return x;
}

static void fill_table(uint32_t own, size_t n)
{
    struct leat_xen_share *x;
    struct leat_backend b;
    struct leat_share ops;
    struct leat_slab slab;
    struct leat_xen_map *m = open_map();
    struct leat_map map_ops = leat_xen_map_ops(m);
    struct leat_gref *grefs = calloc(n, sizeof(*grefs));
    int *status = calloc(n, sizeof(*status));
    uint32_t domain, most = 0;
    enum leat_access access;
    size_t pages, bad = 0, more;
    void *base, *cookie;
    uint64_t t[4];

    MUST(grefs && status && n && n % 500 == 0);
    set_limit((unsigned)n);
    x = open_share(own, 1u << 20, 500);
    b = leat_xen_share_backend(x);
    ops = leat_xen_share_ops(x);
    t[0] = now_ns();
    GIVES(b.ops->slab_get(b.self, n, &slab), 0, "%zu pages are shared", n);
    MUST(slab.pages == n);
    t[1] = now_ns();
    for (size_t i = 0; i < n; i++) {
        grefs[i].domain = own;
        MUST(!ops.ops->born(ops.self, slab.base + i * PAGE, &grefs[i].ref,
                            &domain, &access));
        most = grefs[i].ref > most ? grefs[i].ref : most;
        memcpy(slab.base + i * PAGE, &i, sizeof(i));
    }
    t[2] = now_ns();
    GIVES(map_ops.ops->map(map_ops.self, grefs, n, LEAT_READ_ONLY, &base,
                           &cookie, status),
          0, "%zu pages are mapped", n);
    t[3] = now_ns();
    for (size_t i = 0; i < n; i++) {
        memcpy(&more, (unsigned char *)base + i * PAGE, sizeof(more));
        bad += more != i;
    }
    OK(bad == 0, "each is where it should be; the last reference is %u", most);
    GIVES(map_ops.ops->unmap(map_ops.self, base, n, cookie), 0, "unmap");
    pages = leat_xen_share_pages(x, NULL);
    b.ops->slab_put(b.self, &slab);
    OK(pages == n && leat_xen_share_pages(x, NULL) == 0, "all are given back");
    MUST(!leat_xen_share_close(x) && !leat_xen_map_close(m));
    set_limit(1024);
    tap_note("emulated: %zu pages, us each: share %.1f, map %.1f", n,
             (double)(t[1] - t[0]) / 1e3 / (double)n,
             (double)(t[3] - t[2]) / 1e3 / (double)n);
    free(grefs);
    free(status);
}

/* Shares units until that fails: how many; (*err) is why. */
static size_t share_all(struct leat_backend b, struct leat_slab *slabs,
                        size_t max, int *err)
{
    size_t n = 0;

    *err = 0;
    while (n < max && !(*err = b.ops->slab_get(b.self, 1, &slabs[n])))
        n++;
    return n;
}

/* Then single pages, from (y), until that fails too: how many were shared. */
static size_t share_rest(struct leat_xen_share *y)
{
    static struct leat_slab slabs[UNIT];
    struct leat_backend b = leat_xen_share_backend(y);
    size_t n, process;
    int err;

    n = share_all(b, slabs, COUNT(slabs), &err);
    leat_xen_share_pages(y, &process);
    OK(err == LEAT_E_LIMIT, "of single pages %zu more", n);
    while (n)
        b.ops->slab_put(b.self, &slabs[--n]);
    return process;
}

/*
 * The backend holds back in time, though the kernel would not; unless it is told
 * of a larger table than there is. Then one batch finds the table full, and makes
 * gntalloc forget a page of those that it counts. While others are out that does
 * no harm; when all are given back, its count is below zero, and it refuses
 * everything until it is loaded anew.
 */
static void exhaust(uint32_t own)
{
    static struct leat_slab slabs[100];
    struct leat_xen_share *x, *y;
    struct leat_backend b;
    struct leat_xen_why why;
    size_t n, pages;
    int err;

    set_limit(40000);
    x = open_share(own, 0, UNIT);
    y = open_share(own, 0, 1);
    b = leat_xen_share_backend(x);
    n = share_all(b, slabs, COUNT(slabs), &err);
    pages = leat_xen_share_pages(x, NULL);
    leat_xen_share_why(x, &why);
    OK(err == LEAT_E_LIMIT && pages == 63 * UNIT,
       "%zu pages are shared, and no unit more", pages);
    pages = share_rest(y);
    OK(pages == ENTRIES - RESERVED - OTHERS, "%zu in all", pages);
    OK(!strcmp(why.name, "refs") && why.value == 32768 && !why.system_errno,
       "%s", why.text);
    while (n)
        b.ops->slab_put(b.self, &slabs[--n]);
    GIVES(b.ops->slab_get(b.self, 1, &slabs[0]), 0,
          "when all is given back it shares again");
    b.ops->slab_put(b.self, &slabs[0]);
    MUST(!leat_xen_share_close(x) && !leat_xen_share_close(y));

    x = open_share(own, 1u << 20, UNIT);
    y = open_share(own, 1u << 20, 1);
    b = leat_xen_share_backend(x);
    n = share_all(b, slabs, COUNT(slabs), &err);
    pages = leat_xen_share_pages(x, NULL);
    leat_xen_share_why(x, &why);
    OK(err == LEAT_E_LIMIT && pages == 63 * UNIT,
       "told of a larger table it shares %zu", pages);
    /* This domain has no device whose driver would have granted any. */
    pages = share_rest(y);
    OK(pages == ENTRIES - RESERVED,
       "and page by page each entry but the reserved ones: %zu", pages);
    OK(why.system_errno == ENOSPC && strstr(why.text, "grant table is full"),
       "%s", why.text);
    OK(!leat_xen_share_check(x), "the backend is well");
    fill(slabs[0].base, UNIT, 81);
    fill(slabs[n - 1].base, UNIT, 82);
    OK(filled(slabs[0].base, UNIT, 81) && filled(slabs[n - 1].base, UNIT, 82),
       "what there is can be used");
    b.ops->slab_put(b.self, &slabs[--n]);
    GIVES(b.ops->slab_get(b.self, 1, &slabs[n]), 0,
          "a slab given back can be got again");
    n++;
    while (n)
        b.ops->slab_put(b.self, &slabs[--n]);
    err = b.ops->slab_get(b.self, 1, &slabs[0]);
    tap_note("after all is given back: %s", leat_strerror(err));
    if (!err)
        b.ops->slab_put(b.self, &slabs[0]);
    OK(!leat_xen_share_check(x) && !leat_xen_share_close(x) &&
           !leat_xen_share_close(y),
       "close");
}

int main(int argc, char **argv)
{
    uint32_t own = own_domain();

    MUST(argc > 1);
    if (!strcmp(argv[1], "fill") && argc > 2)
        fill_table(own, strtoul(argv[2], NULL, 10));
    else
        exhaust(own);
    return tap_end();
}
