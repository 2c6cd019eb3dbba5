/* SPDX-License-Identifier: ISC */

/*
 * Random operations on pools of several kinds against the reference in world.h.
 *
 *     model [--seed N] [--ops N]
 *
 * LEAT_SEED is a seed too. Every failure prints the seed that replays it.
 */

#include "handles.h"
#include "operations.h"
#include "world.h"

/* About five seconds; ThreadSanitizer takes twenty times as long. */
#if defined(__SANITIZE_THREAD__)
#define OPS 4000
#else
#define OPS 80000
#endif

static const struct kind kinds[] = {
    {.name = "an arena, exact",
     .arena = 96,
     .config = {.flags = LEAT_POOL_EXACT}},
    {.name = "an arena, exact, natural",
     .arena = 160,
     .config = {.flags = LEAT_POOL_EXACT | LEAT_POOL_NATURAL,
                .limit_pages = 100}},
    {.name = "an arena, exact, three pages",
     .arena = 16,
     .config = {.flags = LEAT_POOL_EXACT, .limit_pages = 3}},
    {.name = "an arena, with magazines",
     .arena = 256,
     .config = {.threads = 2, .magazine = 8}},
    {.name = "an arena, with magazines, limited, zero on request",
     .arena = 200,
     .config = {.limit_pages = 120,
                .threads = 2,
                .magazine = 5,
                .zero = LEAT_ZERO_ON_REQUEST}},
    {.name = "an arena, with magazines, tracked, natural",
     .arena = 300,
     .config = {.flags = LEAT_POOL_TRACK | LEAT_POOL_NATURAL,
                .threads = 2,
                .magazine = 12}},
    {.name = "an arena, without magazines",
     .arena = 64,
     .config = {.zero = LEAT_ZERO_NEVER}},
    {.name = "mmap, exact, tracked",
     .config = {.flags = LEAT_POOL_EXACT | LEAT_POOL_TRACK,
                .limit_pages = 1500}},
    {.name = "mmap, with magazines, never zeroed",
     .config = {.limit_pages = 1500,
                .threads = 2,
                .magazine = 16,
                .zero = LEAT_ZERO_NEVER}},
    {.name = "mmap, memfd, natural",
     .mmap_flags = LEAT_MMAP_MEMFD,
     .config = {.flags = LEAT_POOL_NATURAL, .limit_pages = 700, .threads = 3}},
};

static const struct {
    const char *name;
    unsigned weight;
    void (*run)(struct world *w);
} operations[] = {
    {"get", 24, op_get},
    {"get in bulk", 3, op_get_bulk},
    {"get from a magazine", 12, op_magazine_get},
    {"put", 30, op_put},
    {"put in bulk", 3, op_put_bulk},
    {"flush", 1, op_flush},
    {"take a ref", 8, op_ref},
    {"drop a ref", 12, op_unref},
    {"split", 3, op_split},
    {"adopt", 3, op_adopt},
    {"use a stale handle", 8, op_stale},
    {"use a wrong handle", 3, op_wrong},
    {"find", 3, op_find},
    {"trim", 1, op_trim},
    {"take a batch", 2, op_take},
    {"give a batch", 2, op_give},
    {"wait", 3, op_wait},
    {"cancel", 2, op_cancel},
    {"get the impossible", 1, op_impossible},
};

static void step(struct world *w)
{
    size_t sum = 0, at;

    for (size_t i = 0; i < COUNT(operations); i++)
        sum += operations[i].weight;
    at = world_below(w, sum);
    for (size_t i = 0; i < COUNT(operations); i++) {
        if (at < operations[i].weight) {
            w->doing = operations[i].name;
            operations[i].run(w);
            return;
        }
        at -= operations[i].weight;
    }
}

static void on_reclaim(void *arg, struct leat_pool *pool, size_t pages)
{
    struct world *w = arg;

    (void)pool;
    (void)pages;
    w->reclaims++;
}

static void create(struct world *w)
{
    struct leat_pool_config config = w->kind->config;
    struct leat_stats s;

    w->doing = "create";
    if (w->kind->arena) {
        w->arena.base = world_arena;
        w->arena.bytes = w->kind->arena * PAGE;
        config.backend = leat_static(&w->arena);
    } else {
        w->mmap.flags = w->kind->mmap_flags;
        GIVES(w, 0, leat_mmap_init(&w->mmap));
        config.backend = leat_mmap(&w->mmap);
    }
    config.adopt_pages = ADOPTABLE * LEAT_UNIT_PAGES;
    config.reclaim = on_reclaim;
    config.arg = w;
    GIVES(w, 0, leat_pool_meta_size(&config, &config.meta_bytes));
    config.meta = w->meta = malloc(config.meta_bytes);
    HOLDS(w, w->meta);
    GIVES(w, 0, leat_pool_create(&w->pool, &config));
    GIVES(w, 0, leat_pool_stats(w->pool, &s));
    w->limit = s.pages_limit;
    if (config.threads)
        GIVES(w, 0, leat_magazine_create(w->pool, &w->m));
}

/* Everybody goes home: what is out is put, and the pool destroyed. */
static void destroy(struct world *w)
{
    w->doing = "destroy";
    while (w->nline)
        op_cancel(w);
    while (w->nbatches)
        op_give(w);
    while (w->nheld) {
        GIVES(w, LEAT_E_BUSY, leat_pool_destroy(w->pool));
        while (w->nheld && w->held[0].nrefs)
            world_drop(w, &w->held[0]);
        if (w->nheld && w->held[0].handle)
            world_put(w, &w->held[0]);
    }
    world_check(w);
    HOLDS(w, w->out == 0);
    if (w->m)
        GIVES(w, 0, leat_magazine_destroy(w->m));
    GIVES(w, 0, leat_pool_destroy(w->pool));
}

static bool run(const struct kind *kind, uint64_t seed, uint64_t ops)
{
    static struct world w;
    bool passed;

    memset(&w, 0, sizeof(w));
    w.kind = kind;
    w.seed = w.random = seed;
    passed = !setjmp(w.failed);
    if (passed) {
        create(&w);
        for (w.op = 0; w.op < ops; w.op++) {
            step(&w);
            if (w.op % 16 == 0)
                world_check(&w);
        }
        destroy(&w);
        free(w.meta); /* after a failure the pool is still there */
    }
    return passed;
}

int main(int argc, char **argv)
{
    uint64_t seeds[] = {1, 20261124}, ops = OPS;
    size_t nseeds = COUNT(seeds), n = 0;
    const char *env = getenv("LEAT_SEED");

    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--seed"))
            env = argv[i + 1];
        else if (!strcmp(argv[i], "--ops"))
            ops = strtoull(argv[i + 1], NULL, 0);
    }
    if (env) {
        seeds[0] = strtoull(env, NULL, 0);
        nseeds = 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..%zu\n", COUNT(kinds) * nseeds);
    for (size_t s = 0; s < nseeds; s++)
        for (size_t k = 0; k < COUNT(kinds); k++) {
            bool passed = run(&kinds[k], seeds[s], ops);

            printf("%sok %zu - %s, seed %ju\n", passed ? "" : "not ", ++n,
                   kinds[k].name, (uintmax_t)seeds[s]);
        }
    return 0;
}
