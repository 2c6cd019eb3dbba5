/* SPDX-License-Identifier: ISC */

/*
 * What a configuration comes to, and where its metadata lies.
 *
 * One block of memory holds the pool and all of its arrays, each aligned to 64.
 * leat_layout_plan() computes a pool's constants and the size of that block,
 * leat_layout_carve() cuts it; both walk the same list, so they cannot disagree.
 *
 *   L1  no array of the block lies in a page that is handed out
 *   L2  per page number: 4 bytes of state, 8 of desc, 3 bits, and 8 for a place
 *       in a magazine; 16 more with LEAT_POOL_TRACK
 *   L3  neither the pool's first line nor a magazine's lies at a page's start:
 *       those lines share one set of the cache with the first bytes of every
 *       page, and a program that touches those would push them out each time
 */

#include <string.h>

#include "internal.h"

#define KNOWN_FLAGS (LEAT_POOL_EXACT | LEAT_POOL_NATURAL | LEAT_POOL_TRACK)

#define MAGAZINE_MAX     256u /* more has hardly been faster                */
#define THREADS_MAX      64u
#define THREADS_PAGES    64u /* a default magazine per so many pages        */
#define MAGAZINE_PORTION 8u  /* of the limit, at most an eighth             */

/* Page numbers are 32 bits, and the first and the last unit stay unused. */
#define NUMBERS_MAX ((size_t)UINT32_MAX - 2 * UNIT_PAGES + 1)

static size_t units_for(size_t pages)
{
    return pages / UNIT_PAGES + (pages % UNIT_PAGES != 0);
}

static int check(const struct leat_pool_config *c)
{
    const struct leat_backend_ops *ops = c->backend.ops;

    if (!ops || !ops->slab_get || !ops->pages_max)
        return LEAT_E_INVALID;
    if (c->flags & ~KNOWN_FLAGS || (unsigned)c->zero > LEAT_ZERO_NEVER)
        return LEAT_E_INVALID;
    if (c->low_pages > c->high_pages || (!c->low_pages && c->high_pages))
        return LEAT_E_INVALID;
    if (c->low_pages && !c->on_water)
        return LEAT_E_INVALID;
    if (!c->meta && (!ops->meta_get || !ops->meta_put))
        return LEAT_E_NOMEM;
    if (c->flags & LEAT_POOL_TRACK && !leat_clock_present(c->port))
        return LEAT_E_UNSUPPORTED;
    return 0;
}

/* How many magazines, and of how many pages. */
static int plan_magazines(struct leat_pool *plan)
{
    const struct leat_pool_config *c = &plan->config;
    size_t rounds = c->magazine;
    size_t threads = c->threads;

    if (rounds > UINT16_MAX || threads > UINT16_MAX)
        return LEAT_E_OVERFLOW;
    if (!rounds) {
        rounds = plan->limit / MAGAZINE_PORTION;
        if (rounds > MAGAZINE_MAX)
            rounds = MAGAZINE_MAX;
    }
    if (!threads && c->backend.ops->meta_get) {
        threads = plan->limit / THREADS_PAGES + 1;
        if (threads > THREADS_MAX)
            threads = THREADS_MAX;
    }
    plan->threads = (uint32_t)threads;
    plan->rounds_max = plan->exact || !threads ? 0 : (uint32_t)rounds;
    if (plan->rounds_max) {
        size_t blocks = plan->limit / plan->rounds_max + 2 * threads + 1;

        plan->nblocks = (uint32_t)blocks;
        plan->block_bytes =
            sizeof(struct leat_rounds) + plan->rounds_max * sizeof(uint64_t);
        plan->block_bytes = (plan->block_bytes + 63) & ~(size_t)63;
    }
    return 0;
}

/*
 * How many page numbers: what the limit needs; where the backend can give more
 * than that, as much again, for a run may find the free pages scattered.
 */
static int plan_numbers(struct leat_pool *plan, size_t backend_pages)
{
    const struct leat_pool_config *c = &plan->config;
    const struct leat_backend_ops *ops = c->backend.ops;
    size_t slab = ops->slab_pages ? ops->slab_pages(c->backend.self) : 1;
    size_t pages = plan->limit;
    size_t numbers;

    if (ops->caps & LEAT_CAP_GROW) {
        if (pages > NUMBERS_MAX / 2 || slab > NUMBERS_MAX / 2)
            return LEAT_E_OVERFLOW;
        if (!backend_pages || backend_pages > 2 * pages)
            pages *= 2;
        pages += slab;
        /* A slab takes whole units of numbers, however few pages it has. */
        if (ops->slab_pages && slab % UNIT_PAGES) {
            size_t slabs = pages / slab + (pages % slab != 0);
            size_t each = units_for(slab) * UNIT_PAGES;

            if (slabs > NUMBERS_MAX / each)
                return LEAT_E_OVERFLOW;
            pages = slabs * each;
        }
    } else if (backend_pages > pages) {
        pages = backend_pages;
    }
    if (pages > NUMBERS_MAX || c->adopt_pages > NUMBERS_MAX - pages)
        return LEAT_E_OVERFLOW;
    plan->slab_units_max = (uint32_t)units_for(pages);
    plan->adopt_units_max = (uint32_t)units_for(c->adopt_pages);
    plan->nunits = plan->slab_units_max + plan->adopt_units_max;
    /* One arena and nothing else: numbers need not fill their last unit. */
    if (!(ops->caps & LEAT_CAP_GROW) && !c->adopt_pages)
        numbers = (pages + 63) & ~(size_t)63;
    else
        numbers = (size_t)plan->nunits * UNIT_PAGES;
    if (numbers > NUMBERS_MAX)
        return LEAT_E_OVERFLOW;
    plan->numbers = (uint32_t)numbers;
    return 0;
}

#define LINE LAYOUT_ALIGN /* bytes in a line of the cache */

/* Gives the next piece of the block, or counts it when there is no block. */
static void *piece(unsigned char *meta, size_t *at, size_t n, size_t size)
{
    size_t begin = (*at + LINE - 1) & ~(size_t)(LINE - 1);

    *at = begin + n * size;
    return meta ? meta + begin : NULL;
}

/* The list of what there is. The pool itself comes first. */
static size_t walk(struct leat_pool *p, unsigned char *meta)
{
    size_t at = LAYOUT_POOL_AT + sizeof(struct leat_pool);
    size_t numbers = p->numbers;

    p->head.units = piece(meta, &at, p->nunits, sizeof(*p->head.units));
    p->head.state = piece(meta, &at, numbers, sizeof(*p->head.state));
    p->head.desc = piece(meta, &at, numbers, sizeof(*p->head.desc));
    p->free_bits = piece(meta, &at, numbers / 64, sizeof(*p->free_bits));
    p->mark_bits = piece(meta, &at, numbers / 64, sizeof(*p->mark_bits));
    p->mixed_bits = piece(meta, &at, numbers / 64, sizeof(*p->mixed_bits));
    p->unit_slab = piece(meta, &at, p->nunits, sizeof(*p->unit_slab));
    p->slabs = piece(meta, &at, p->nunits, sizeof(*p->slabs));
    p->by_addr = piece(meta, &at, p->nunits, sizeof(*p->by_addr));
    /* L3: magazines are two lines each, and the first is always an odd one. */
    _Static_assert(sizeof(*p->magazines) == 2 * LINE, "L3");
    at = ((at + LINE - 1) & ~(size_t)(2 * LINE - 1)) + LINE;
    p->magazines = piece(meta, &at, p->threads, sizeof(*p->magazines));
    p->blocks = piece(meta, &at, p->nblocks, p->block_bytes);
    if (p->config.flags & LEAT_POOL_TRACK)
        p->track = piece(meta, &at, numbers, sizeof(*p->track));
    if (LEAT_DEBUG)
        p->events = piece(meta, &at, numbers, sizeof(*p->events));
    return at;
}

int leat_layout_plan(struct leat_pool *plan,
                     const struct leat_pool_config *config, size_t *bytes)
{
    size_t backend_pages;
    int err;

    if (!config)
        return LEAT_E_INVALID;
    err = check(config);
    if (err)
        return err;
    memset(plan, 0, sizeof(*plan));
    plan->config = *config;
    plan->exact = config->flags & LEAT_POOL_EXACT || config->low_pages;
    plan->slow_get = config->zero == LEAT_ZERO_ALWAYS ||
                     config->flags & LEAT_POOL_TRACK || LEAT_DEBUG;

    backend_pages = config->backend.ops->pages_max(config->backend.self);
    /* One slab and no more: such a backend knows what it has. */
    if (!backend_pages && !(config->backend.ops->caps & LEAT_CAP_GROW))
        return LEAT_E_NOMEM;
    plan->limit = config->limit_pages;
    plan->limit_err = LEAT_E_LIMIT;
    if (!plan->limit || (backend_pages && backend_pages < plan->limit)) {
        plan->limit = backend_pages;
        plan->limit_err = LEAT_E_NOMEM;
    }
    if (!plan->limit) /* it knows none and nobody says; or it has no page */
        return config->backend.ops->caps & LEAT_CAP_GROW ? LEAT_E_INVALID
                                                         : LEAT_E_NOMEM;
    if (config->high_pages > plan->limit)
        return LEAT_E_INVALID;

    err = plan_numbers(plan, backend_pages);
    if (!err)
        err = plan_magazines(plan);
    if (!err)
        *bytes = walk(plan, NULL);
    return err;
}

void leat_layout_carve(struct leat_pool *pool, unsigned char *meta)
{
    walk(pool, meta);
}

int leat_pool_meta_size(const struct leat_pool_config *config, size_t *bytes)
{
    struct leat_pool_config given;
    struct leat_pool plan;
    size_t size;
    int err;

    if (!bytes)
        return LEAT_E_INVALID;
    if (!config)
        return LEAT_E_INVALID;
    /* Asked before there is any: the answer is of a pool that is given some. */
    given = *config;
    given.meta = &plan;
    err = leat_layout_plan(&plan, &given, &size);
    if (!err)
        *bytes = size + LINE - 1; /* the caller's memory may begin anywhere */
    return err;
}
