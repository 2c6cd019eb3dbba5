/* SPDX-License-Identifier: ISC */

/*
 * What is measured: the ways, and the sizes and offsets of each.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench-align.h"

/* The names are those that bench/align-memory.c and bench/align-file.c know. */
/* clang-format off */
const struct align_way align_ways[] = {
    {"memcpy", ALIGN_COPIES, false, false, "memcpy() of the C library"},
    {"movsb", ALIGN_COPIES, false, false, "rep movsb (x86-64 with ERMS)"},
    {"view", ALIGN_COPIES, false, false, "leat_view_copy()"},
    {"bounce", ALIGN_TOUCHES, false, false,
     "leat_export() with a copy, for a device that takes pages"},
    {"checksum", ALIGN_TOUCHES, false, false, "the Internet checksum"},
    {"load", ALIGN_ACCESSES, false, false, "a load of 8 bytes"},
    {"store", ALIGN_ACCESSES, false, false, "a store of 8 bytes"},
    {"lock", ALIGN_ACCESSES, false, false, "a lock-prefixed add of 8 bytes"},
    {"read-direct", ALIGN_READS, false, false, "pread() by O_DIRECT"},
    {"read-direct-bounced", ALIGN_READS, false, false,
     "the same through leat_export(LEAT_BOUNCE)"},
    {"read-cached", ALIGN_READS, true, false, "pread() from the page cache"},
    {"read-cached-bounced", ALIGN_READS, true, false,
     "the same through a bounce"},
    {"read-uring-direct", ALIGN_READS, false, true, "io_uring, O_DIRECT"},
    {"read-uring-direct-fixed", ALIGN_READS, false, true,
     "the same, buffers registered"},
    {"read-uring-cached", ALIGN_READS, true, true, "io_uring, page cache"},
    {"read-uring-cached-fixed", ALIGN_READS, true, true,
     "the same, buffers registered"},
    {"write-direct", ALIGN_WRITES, false, false, "pwrite() by O_DIRECT"},
    {"write-direct-bounced", ALIGN_WRITES, false, false,
     "the same through leat_export(LEAT_BOUNCE)"},
    {"write-cached", ALIGN_WRITES, true, false, "pwrite() to the page cache"},
    {"write-cached-bounced", ALIGN_WRITES, true, false,
     "the same through a bounce"},
    {"write-uring-direct", ALIGN_WRITES, false, true, "io_uring, O_DIRECT"},
    {"write-uring-direct-fixed", ALIGN_WRITES, false, true,
     "the same, buffers registered"},
    {"write-uring-cached", ALIGN_WRITES, true, true, "io_uring, page cache"},
    {"write-uring-cached-fixed", ALIGN_WRITES, true, true,
     "the same, buffers registered"},
};
/* clang-format on */

const int align_nways = sizeof align_ways / sizeof *align_ways;

int align_way_find(const char *name)
{
    int i;

    for (i = 0; i < align_nways; i++) {
        if (!strcmp(align_ways[i].name, name))
            return i;
    }
    return -1;
}

static int list(size_t *out, const size_t *from, size_t n)
{
    memcpy(out, from, n * sizeof *out);
    return (int)n;
}

#define LIST(out, ...)                       \
    list(out, (const size_t[]){__VA_ARGS__}, \
         sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))

int align_sizes(const struct align *a, enum align_group g, size_t *out)
{
    bool file = g == ALIGN_READS || g == ALIGN_WRITES;

    if (g == ALIGN_ACCESSES)
        return LIST(out, 8);
    if (a->nsizes)
        return list(out, a->sizes, (size_t)a->nsizes);
    if (a->quick)
        return LIST(out, 4096, 65536);
    if (file)
        return LIST(out, 512, 4096, 16384, 65536);
    return LIST(out, 64, 512, 1500, 4096, 16384, 65536);
}

int align_offsets(const struct align *a, enum align_group g, size_t *out)
{
    bool file = g == ALIGN_READS || g == ALIGN_WRITES;

    /* Aligned; within a line; across a line; across a page. */
    if (g == ALIGN_ACCESSES)
        return LIST(out, 0, 4, 60, 4092);
    if (a->noffsets)
        return list(out, a->offsets, (size_t)a->noffsets);
    if (file && a->quick)
        return LIST(out, 0, 1, 64, 512, 4095);
    if (file)
        return LIST(out, 0, 1, 8, 31, 32, 64, 512, 2048, 4064, 4095);
    if (a->quick)
        return LIST(out, 0, 1, 31, 32, 64, 2048);
    return LIST(out, 0, 1, 2, 4, 8, 16, 31, 32, 48, 64, 128, 256, 512, 1024,
                2048, 4064, 4095);
}

/* A case that is there already is not made twice. */
static void make(struct align *a, int way, size_t size, size_t off,
                 size_t other)
{
    if (align_find(a, align_ways[way].name, size, off, other))
        return;
    a->cases[a->ncases++] = (struct align_case){
        .way = way, .size = size, .off = off, .other = other};
}

/* Of each offset: the destination there, the source there, and both. */
#define PER_OFFSET 3
/* What a position in a file is off by, for O_DIRECT. */
static const size_t astray[] = {1, 256};
#define ASTRAY (sizeof astray / sizeof *astray)

#define CASES_MAX_OF_WAY \
    (ALIGN_SIZES_MAX * (ALIGN_OFFSETS_MAX * PER_OFFSET + (int)ASTRAY))

static void plan_way(struct align *a, int way)
{
    const struct align_way *w = &align_ways[way];
    size_t sizes[ALIGN_SIZES_MAX], offs[ALIGN_OFFSETS_MAX];
    int nsizes = align_sizes(a, w->group, sizes);
    int noffs = align_offsets(a, w->group, offs), i, j;
    size_t k;

    for (i = 0; i < nsizes; i++) {
        /* What everything is held against. */
        make(a, way, sizes[i], 0, 0);
        for (j = 0; j < noffs; j++) {
            /* Registered or not is asked where it can be answered: no need
               of every offset for that. */
            if (a->quick && w->uring && offs[j] > 1)
                continue;
            make(a, way, sizes[i], offs[j], 0);
            if (w->group == ALIGN_COPIES) {
                make(a, way, sizes[i], 0, offs[j]);
                make(a, way, sizes[i], offs[j], offs[j]);
            }
        }
        for (k = 0; k < ASTRAY && !strcmp(w->name, "read-direct"); k++)
            make(a, way, sizes[i], 0, astray[k]);
    }
}

bool align_plan(struct align *a)
{
    size_t max = (size_t)align_nways * CASES_MAX_OF_WAY;
    int way, i;
    unsigned r;

    a->cases = calloc(max, sizeof *a->cases);
    if (!a->cases)
        return tool_fail("out of memory");
    for (way = 0; way < align_nways; way++) {
        const struct align_way *w = &align_ways[way];

        if (a->way_in && !a->way_in[way])
            continue;
        if ((w->group == ALIGN_READS && a->no_reads[0]) ||
            (w->group == ALIGN_WRITES && a->no_writes[0]))
            continue;
        plan_way(a, way);
    }
    for (i = 0; i < a->ncases; i++) {
        struct align_case *c = &a->cases[i];

        c->value = calloc(a->rounds, sizeof *c->value);
        c->order = calloc(a->rounds, sizeof *c->order);
        if (!c->value || !c->order)
            return tool_fail("out of memory");
        for (r = 0; r < a->rounds; r++)
            c->value[r] = NAN;
    }
    return true;
}

const struct align_case *align_find(const struct align *a, const char *way,
                                    size_t size, size_t off, size_t other)
{
    int i;

    for (i = 0; i < a->ncases; i++) {
        const struct align_case *c = &a->cases[i];

        if (c->size == size && c->off == off && c->other == other &&
            !strcmp(align_ways[c->way].name, way))
            return c;
    }
    return NULL;
}

void align_free(struct align *a)
{
    int i;

    for (i = 0; i < a->ncases; i++) {
        free(a->cases[i].value);
        free(a->cases[i].order);
    }
    free(a->cases);
    free(a->answers);
    free(a->fits);
    free(a->way_in);
    free(a->path);
}
