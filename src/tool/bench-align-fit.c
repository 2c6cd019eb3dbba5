/* SPDX-License-Identifier: ISC */

/*
 * What a constraint makes of a view, at each size and offset. It is not worked
 * out here: the view is made, and leat_export() is asked.
 */

#include <stdlib.h>

#include "bench-align.h"

#define SEGS_MAX 4096

/* The file's own demands, and those that were asked about. */
static bool constraint(const struct align *a, struct leat_constraint *need)
{
    int err;

    *need = a->has_need ? a->need : a->asked;
    if (!a->has_need && !a->has_asked)
        return false;
    if (!a->has_need || !a->has_asked)
        return true;
    err = leat_constraint_merge(&a->need, &a->asked, need);
    return !err || tool_fail("the constraint and the file exclude each other: "
                             "%s",
                             leat_strerror(err));
}

static void fit(struct align_fit *f, const struct leat_constraint *need,
                struct leat_pool *pool, struct leat_view all)
{
    static struct leat_view segs[SEGS_MAX];
    struct leat_export ex = {
        .segs = segs,
        .max_segs = SEGS_MAX,
        .dir = LEAT_TO_DEVICE,
        .pool = pool,
    };
    struct leat_view v;

    if (leat_view_slice(all, f->off, f->size, &v)) {
        f->refuse = f->bounce = LEAT_E_RANGE;
        return;
    }
    f->refuse = leat_export(&v, 1, need, LEAT_REFUSE, &ex);
    f->why = f->refuse ? ex.why : LEAT_WHY_NONE;
    if (!f->refuse)
        leat_export_end(&ex, 0);
    f->bounce = leat_export(&v, 1, need, LEAT_BOUNCE, &ex);
    if (!f->bounce) {
        f->segments = ex.nsegs;
        f->bounced_bytes = ex.bounced_bytes;
        leat_export_end(&ex, 0);
    }
}

static int memory(struct leat_mmap *m, struct leat_pool **pool,
                  struct leat_chunk *chunk, size_t bytes)
{
    struct leat_pool_config config = {.zero = LEAT_ZERO_NEVER,
                                      .limit_pages = 8 * LEAT_UNIT_PAGES,
                                      .name = "align"};
    int err = leat_mmap_init(m);

    config.backend = leat_mmap(m);
    if (!err)
        err = leat_pool_create(pool, &config);
    if (!err)
        err = leat_pool_get(*pool, bytes / LEAT_PAGE_SIZE, chunk);
    return err;
}

bool align_fits(struct align *a)
{
    size_t sizes[ALIGN_SIZES_MAX], offs[ALIGN_OFFSETS_MAX];
    int nsizes = align_sizes(a, ALIGN_READS, sizes), s, o;
    int noffs = align_offsets(a, ALIGN_READS, offs), err;
    struct leat_constraint need;
    struct leat_chunk chunk = {0};
    struct leat_pool *pool = NULL;
    struct leat_mmap m = {0};

    if (!constraint(a, &need))
        return !(a->has_need && a->has_asked);
    a->fits = calloc((size_t)(nsizes * noffs), sizeof *a->fits);
    if (!a->fits)
        return tool_fail("out of memory");
    err = memory(&m, &pool, &chunk, ALIGN_SIZE_MAX + 65536);
    for (s = 0; s < nsizes && !err; s++) {
        for (o = 0; o < noffs; o++) {
            struct align_fit *f = &a->fits[a->nfits++];

            *f = (struct align_fit){.size = sizes[s], .off = offs[o]};
            fit(f, &need, pool, leat_chunk_view(chunk));
        }
    }
    if (chunk.pool)
        leat_pool_put(pool, chunk);
    if (pool)
        leat_pool_destroy(pool);
    return !err || tool_fail("no memory: %s", leat_strerror(err));
}

const struct align_fit *align_fit_find(const struct align *a, size_t size,
                                       size_t off)
{
    int i;

    for (i = 0; i < a->nfits; i++) {
        if (a->fits[i].size == size && a->fits[i].off == off)
            return &a->fits[i];
    }
    return NULL;
}

/* Two that are told of together. */
static bool alike(const struct align_fit *x, const struct align_fit *y)
{
    return x->size == y->size && x->refuse == y->refuse &&
           x->bounce == y->bounce && x->why == y->why &&
           x->segments == y->segments && x->bounced_bytes == y->bounced_bytes;
}

static void say(const struct align *a, int i)
{
    const struct align_fit *f = &a->fits[i];
    int j;

    for (j = 0; j < i; j++) {
        if (alike(&a->fits[j], f))
            return;
    }
    fprintf(a->out, "  %zu bytes from", f->size);
    for (j = i; j < a->nfits; j++) {
        if (alike(&a->fits[j], f))
            fprintf(a->out, " +%zu", a->fits[j].off);
    }
    if (!f->refuse) {
        fprintf(a->out, ": pass, in %zu segment%s.\n", f->segments,
                f->segments == 1 ? "" : "s");
        return;
    }
    fprintf(a->out, ": refused because of the %s (%s); ",
            f->why ? leat_reason_name(f->why) : "rest",
            leat_error_name(f->refuse));
    if (f->bounce)
        fprintf(a->out, "a bounce does not mend it (%s).\n",
                leat_error_name(f->bounce));
    else
        fprintf(a->out, "bounced: %zu bytes copied, %zu segment%s.\n",
                f->bounced_bytes, f->segments, f->segments == 1 ? "" : "s");
}

static void say_demand(const struct align *a, const char *what, size_t n)
{
    fprintf(a->out, "%s %zu", what, n ? n : 1);
}

void align_say_fits(const struct align *a)
{
    struct leat_constraint need;
    int i;

    if (!a->nfits || !constraint(a, &need))
        return;
    fprintf(a->out, "\nWhat the constraint makes of a view (%s): ",
            !a->has_need   ? "as asked; the file says nothing"
            : a->has_asked ? "of the file and as asked"
                           : "of the file");
    say_demand(a, "address a multiple of", need.align);
    say_demand(a, ", length of", need.multiple);
    if (need.boundary)
        say_demand(a, ", no boundary crossed of", need.boundary);
    if (need.segments)
        say_demand(a, ", at most this many segments:", need.segments);
    if (need.segment_bytes)
        say_demand(a, ", each at most", need.segment_bytes);
    fprintf(a->out, ".\n");
    for (i = 0; i < a->nfits; i++)
        say(a, i);
}
