/* SPDX-License-Identifier: ISC */

/*
 * The questions, and what the samples answer at each size and offset.
 *
 * A kernel may take more than it says that it asks for. What is not asked for
 * may be refused tomorrow: as it lies such a view does not count, whatever time
 * it took.
 */

#include <stdlib.h>
#include <string.h>

#include "bench-align.h"

/* clang-format off */
const struct align_question align_questions[] = {
    {"read-direct", "read-direct", "read-direct-bounced", NULL,
     "Reading by O_DIRECT", "straight into the buffer", true, true},
    {"write-direct", "write-direct", "write-direct-bounced", NULL,
     "Writing by O_DIRECT", "straight from the buffer", true, true},
    {"read-cached", "read-cached", "read-cached-bounced", NULL,
     "Reading from the page cache", "straight into the buffer", true, false},
    {"write-cached", "write-cached", "write-cached-bounced", NULL,
     "Writing to the page cache", "straight from the buffer", true, false},
    {"checksum", "checksum", "bounce", "checksum",
     "Summing up (an Internet checksum)", "where it lies", false, false},
};
/* clang-format on */

const int align_nquestions = sizeof align_questions / sizeof *align_questions;

/* What is absent has no figure, and was not refused either. */
static struct align_figure figure_of(const struct align_case *c)
{
    struct align_figure f = {.n = 0};

    if (c && (c->state == ALIGN_GOOD || c->state == ALIGN_REFUSED))
        f = c->figure;
    return f;
}

static void answer(struct align *a, int question, size_t size, size_t off)
{
    const struct align_question *q = &align_questions[question];
    const struct align_case *zero = align_find(a, q->zero, size, off, 0);
    const struct align_case *bounce = align_find(a, q->bounce, size, off, 0);
    struct align_answer *ans = &a->answers[a->nanswers];
    const struct align_fit *fit = align_fit_find(a, size, off);
    struct align_figure copy, then, lies;

    if (!zero || !bounce)
        return;
    *ans = (struct align_answer){
        .question = question,
        .size = size,
        .off = off,
        .class = align_class_of(off, q->file ? a->need.align : 0),
        .zero = figure_of(zero),
        .bounce = figure_of(bounce),
    };
    if (q->then) {
        copy = ans->bounce;
        then = figure_of(align_find(a, q->then, size, 0, 0));
        align_add(&copy, &then, &ans->bounce);
    }
    lies = ans->zero;
    if (q->direct && fit && fit->refuse && lies.n) {
        ans->forbidden = fit->refuse;
        lies = (struct align_figure){.error = "not as asked"};
    }
    ans->verdict = align_decide(&lies, &ans->bounce, &ans->ratio);
    a->nanswers++;
}

/* Offsets of a class come together, so that they can be told of together. */
static int by_class(const void *x, const void *y)
{
    const struct align_answer *a = x, *b = y;

    if (a->question != b->question)
        return a->question < b->question ? -1 : 1;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    if (a->class != b->class)
        return a->class < b->class ? -1 : 1;
    return (a->off > b->off) - (a->off < b->off);
}

bool align_answer(struct align *a)
{
    size_t max = (size_t)align_nquestions * ALIGN_SIZES_MAX * ALIGN_OFFSETS_MAX;
    size_t sizes[ALIGN_SIZES_MAX], offs[ALIGN_OFFSETS_MAX];
    int i, s, o;

    a->answers = calloc(max, sizeof *a->answers);
    if (!a->answers)
        return tool_fail("out of memory");
    for (i = 0; i < align_nquestions; i++) {
        const struct align_question *q = &align_questions[i];
        enum align_group g = align_ways[align_way_find(q->zero)].group;
        int nsizes = align_sizes(a, g, sizes);
        int noffs = align_offsets(a, g, offs);

        /* Nothing follows from a file system in memory. */
        if (q->file && a->in_memory)
            continue;
        for (s = 0; s < nsizes; s++) {
            for (o = 0; o < noffs; o++)
                answer(a, i, sizes[s], offs[o]);
        }
    }
    qsort(a->answers, (size_t)a->nanswers, sizeof *a->answers, by_class);
    return true;
}
