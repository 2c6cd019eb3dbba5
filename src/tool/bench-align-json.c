/* SPDX-License-Identifier: ISC */

/*
 * Every row with its samples, and every answer, as JSON. Times are in
 * nanoseconds.
 */

#include <math.h>
#include <string.h>

#include "bench-align.h"

static json_t *bytes(size_t n)
{
    return json_integer((json_int_t)n);
}

static json_t *constraint(const struct leat_constraint *need, bool there)
{
    if (!there)
        return json_null();
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "align", bytes(need->align),
                     "multiple", bytes(need->multiple), "boundary",
                     bytes(need->boundary), "segments", bytes(need->segments),
                     "segment_bytes", bytes(need->segment_bytes));
}

static json_t *text_or_null(const char *text)
{
    return text && *text ? json_string(text) : json_null();
}

static json_t *file(const struct align *a)
{
    return json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o}", "name", a->file,
                     "system", a->system, "in_memory", (int)a->in_memory,
                     "constraint", constraint(&a->need, a->has_need), "asked",
                     constraint(&a->asked, a->has_asked), "no_reads",
                     text_or_null(a->no_reads), "no_writes",
                     text_or_null(a->no_writes));
}

static json_t *figure(const struct align_figure *f)
{
    if (!f->n)
        return json_pack("{s:o}", "error", text_or_null(f->error));
    return json_pack("{s:i, s:f, s:f, s:f, s:f}", "rounds", (int)f->n, "median",
                     f->median, "min", f->min, "max", f->max, "noise",
                     f->noise);
}

static json_t *samples(const struct align *a, const struct align_case *c)
{
    json_t *list = json_array();
    unsigned r;

    for (r = 0; r < a->rounds; r++) {
        if (!isnan(c->value[r]))
            json_array_append_new(
                list, json_pack("{s:i, s:i, s:f}", "round", (int)r, "order",
                                (int)c->order[r], "ns", c->value[r]));
    }
    return list;
}

static json_t *rows(const struct align *a)
{
    static const char *const states[] = {
        [ALIGN_WAITS] = "waits",     [ALIGN_GOOD] = "measured",
        [ALIGN_REFUSED] = "refused", [ALIGN_ABSENT] = "missing",
        [ALIGN_FAULT] = "failed",
    };
    json_t *list = json_array();
    int i;

    for (i = 0; i < a->ncases; i++) {
        const struct align_case *c = &a->cases[i];

        json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:o, s:s, s:o, s:o}", "way",
                            align_ways[c->way].name, "size", bytes(c->size),
                            "offset", bytes(c->off), "other", bytes(c->other),
                            "state", states[c->state], "figure",
                            figure(&c->figure), "samples", samples(a, c)));
    }
    return list;
}

static json_t *answers(const struct align *a)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < a->nanswers; i++) {
        const struct align_answer *ans = &a->answers[i];

        json_array_append_new(
            list,
            json_pack("{s:s, s:o, s:o, s:s, s:b, s:s, s:o, s:o, s:o}",
                      "question", align_questions[ans->question].name, "size",
                      bytes(ans->size), "offset", bytes(ans->off), "class",
                      align_class_name(ans->class), "allowed",
                      (int)!ans->forbidden, "verdict",
                      align_verdict_name(ans->verdict), "ratio",
                      ans->ratio > 0 ? json_real(ans->ratio) : json_null(),
                      "zero_copy", figure(&ans->zero), "bounce",
                      figure(&ans->bounce)));
    }
    return list;
}

static json_t *fits(const struct align *a)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < a->nfits; i++) {
        const struct align_fit *f = &a->fits[i];

        json_array_append_new(
            list,
            json_pack(
                "{s:o, s:o, s:b, s:s, s:o, s:s, s:o, s:o}", "size",
                bytes(f->size), "offset", bytes(f->off), "passes",
                (int)!f->refuse, "refused", leat_error_name(f->refuse), "why",
                text_or_null(f->why ? leat_reason_name(f->why) : ""), "bounced",
                leat_error_name(f->bounce), "segments", bytes(f->segments),
                "bounced_bytes", bytes(f->bounced_bytes)));
    }
    return list;
}

static json_t *missing(const struct align *a)
{
    json_t *list = json_array();
    int way, i;

    for (way = 0; way < align_nways; way++) {
        for (i = 0; i < a->ncases; i++) {
            const struct align_case *c = &a->cases[i];

            if (c->way != way || c->state != ALIGN_ABSENT)
                continue;
            json_array_append_new(list, json_string(align_ways[way].name));
            break;
        }
    }
    return list;
}

static json_t *lines(const char *text)
{
    json_t *list = json_array();

    while (*text) {
        size_t len = strcspn(text, "\n");

        if (len)
            json_array_append_new(list, json_stringn(text, len));
        text += len + (text[len] == '\n');
    }
    return list;
}

json_t *align_json(const struct align *a, const char *text)
{
    return json_pack("{s:i, s:f, s:f, s:i, s:I, s:i, s:i, s:f, s:i, s:o, s:o, "
                     "s:o, s:o, s:o, s:o}",
                     "pinned_to", a->cpu, "load_before", a->load, "steal",
                     a->steal, "rounds", (int)a->rounds, "seed",
                     (json_int_t)a->seed, "milliseconds", (int)a->milliseconds,
                     "batch", (int)a->batch, "seconds", a->seconds, "samples",
                     (int)a->done, "file", file(a), "missing", missing(a),
                     "rows", rows(a), "answers", answers(a), "constraint",
                     fits(a), "report", lines(text));
}
