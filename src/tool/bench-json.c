/* SPDX-License-Identifier: ISC */

/*
 * Every sample, what came of them, and the machine, as JSON.
 */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench.h"

static json_t *machine(void)
{
    struct machine m;

    machine_look(&m);
    return json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "cpu", m.cpu,
        "cpus", m.cpus, "kernel", m.kernel, "governor", m.governor,
        "transparent_hugepage", m.thp, "compiler", m.compiler, "memory_mib",
        (json_int_t)m.memory_mib, "l1d_bytes", (json_int_t)m.l1d, "l2_bytes",
        (json_int_t)m.l2, "l3_bytes", (json_int_t)m.l3);
}

static const char *state_name(const struct bench *b, int row, int peer)
{
    static const char *const names[] = {
        [STATE_GOOD] = "measured",   [STATE_OUT] = "left out",
        [STATE_MISSING] = "missing", [STATE_NONE] = "no such case",
        [STATE_BAD] = "failed",
    };
    struct figure f;

    if (b->state[row][peer] == STATE_GOOD && !bench_figure(b, row, peer, &f))
        return "not reached";
    return names[b->state[row][peer]];
}

/* Every row of every peer that was asked for, also where there is no figure. */
static json_t *rows(const struct bench *b)
{
    json_t *list = json_array();
    int row, peer;

    for (row = 0; row < b->nrows; row++) {
        for (peer = 0; peer < bench_npeers; peer++) {
            const struct row *r = &b->rows[row];
            const struct peer *p = &bench_peers[peer];
            struct figure f;
            json_t *one;

            if (b->state[row][peer] == STATE_OUT)
                continue;
            one = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "case",
                            r->of, "metric", r->metric, "title", r->title,
                            "unit", r->unit, "peer", p->name, "get", p->get,
                            "link", p->link, "state", state_name(b, row, peer));
            if (bench_figure(b, row, peer, &f)) {
                json_object_set_new(one, "rounds", json_integer(f.n));
                json_object_set_new(one, "median", json_real(f.median));
                json_object_set_new(one, "min", json_real(f.min));
                json_object_set_new(one, "max", json_real(f.max));
                json_object_set_new(one, "noise", json_real(f.noise));
            }
            json_array_append_new(list, one);
        }
    }
    return list;
}

static json_t *samples(const struct bench *b)
{
    json_t *list = json_array();
    unsigned round;
    int row, peer;

    for (row = 0; row < b->nrows; row++) {
        for (peer = 0; peer < bench_npeers; peer++) {
            for (round = 0; round < b->rounds; round++) {
                double value = b->value[row][peer][round];

                if (isnan(value))
                    continue;
                json_array_append_new(
                    list,
                    json_pack("{s:s, s:s, s:s, s:i, s:i, s:f}", "case",
                              b->rows[row].of, "metric", b->rows[row].metric,
                              "peer", bench_peers[peer].name, "round",
                              (int)round, "order",
                              (int)b->order[row][peer][round], "value", value));
            }
        }
    }
    return list;
}

static json_t *missing(const struct bench *b)
{
    json_t *list = json_array();
    int peer;

    for (peer = 0; peer < bench_npeers; peer++) {
        if (b->peer_state[peer] == STATE_MISSING)
            json_array_append_new(list, json_string(bench_peers[peer].name));
    }
    return list;
}

static json_t *goals(const struct bench *b)
{
    static const char *const said[] = {"not measured", "met", "missed"};
    json_t *list = json_array();
    int i;

    for (i = 0; i < bench_ngoals; i++) {
        const struct goal *g = &bench_goals[i];
        struct goal_result is;
        json_t *one;

        if (!(b->rows[g->our_row].bench & b->benches))
            continue;
        bench_goal(b, g, &is);
        one = json_pack(
            "{s:s, s:s, s:s, s:s, s:s, s:f, s:s, s:b}", "goal", g->what, "get",
            bench_peers[g->our_peer].get, "link", bench_peers[g->our_peer].link,
            "against", bench_goal_peer(g), "wanted",
            g->at_least ? "at least" : "at most", "factor", g->factor, "state",
            said[is.state], "decides", !g->told);
        if (is.state != GOAL_UNKNOWN) {
            json_object_set_new(one, "figure", json_real(is.figure));
            json_object_set_new(one, "ratio", json_real(is.ratio));
            json_object_set_new(one, "noise", json_real(is.noise));
        }
        json_array_append_new(list, one);
    }
    return list;
}

json_t *bench_json_of(const struct bench *b)
{
    json_t *pinned = json_array();
    unsigned i;

    for (i = 0; i < b->ncpus; i++)
        json_array_append_new(pinned, json_integer(b->cpus[i]));
    return json_pack(
        "{s:f, s:f, s:f, s:o, s:i, s:I, s:i, s:f, s:o, s:o, s:o, s:o}",
        "load_before", b->noise.load_before, "load_after", b->noise.load_after,
        "steal", b->noise.steal, "pinned_to", pinned, "rounds", (int)b->rounds,
        "seed", (json_int_t)b->seed, "milliseconds", (int)b->milliseconds,
        "seconds", b->seconds, "missing", missing(b), "rows", rows(b), "goals",
        goals(b), "samples", samples(b));
}

/* ------------------------------------------------------------ the document */

static json_t *document, *benches;

void bench_json_begin(int argc, char **argv)
{
    json_t *command = json_array();
    int i;

    for (i = 0; i < argc; i++)
        json_array_append_new(command, json_string(argv[i]));
    benches = json_object();
    document =
        json_pack("{s:s, s:o, s:o, s:O}", "version", PACKAGE_VERSION, "command",
                  command, "machine", machine(), "benches", benches);
}

bool bench_json_add(const char *bench, json_t *doc)
{
    if (!doc || json_object_set_new(benches, bench, doc))
        return tool_fail("out of memory for the JSON");
    return true;
}

bool bench_json_write(const char *path)
{
    FILE *f = fopen(path, "w");
    bool good;

    if (!f)
        return tool_fail("%s: cannot write: %s", path, strerror(errno));
    good = document &&
           !json_dumpf(document, f, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    good = fputc('\n', f) != EOF && good;
    good = !fclose(f) && good;
    json_decref(benches);
    json_decref(document);
    return good || tool_fail("%s: cannot write it whole", path);
}
