/* SPDX-License-Identifier: ISC */

/*
 * Every sample, and the machine, as JSON.
 */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench.h"

static json_t *machine(void)
{
    struct machine m;

    machine_look(&m);
    return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "cpu", m.cpu, "cpus",
                     m.cpus, "kernel", m.kernel, "governor", m.governor,
                     "transparent_hugepage", m.thp, "compiler", m.compiler);
}

static json_t *samples(const struct bench *b)
{
    json_t *list = json_array();
    unsigned round;
    int row, peer;

    for (row = 0; row < bench_nrows; row++) {
        for (peer = 0; peer < bench_npeers; peer++) {
            for (round = 0; round < b->rounds; round++) {
                double value = b->value[row][peer][round];

                if (isnan(value))
                    continue;
                json_array_append_new(
                    list, json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:f}",
                                    "case", bench_rows[row].of, "metric",
                                    bench_rows[row].metric, "unit",
                                    bench_rows[row].unit, "peer",
                                    bench_peers[peer].name, "round", (int)round,
                                    "order", (int)b->order[row][peer][round],
                                    "value", value));
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

json_t *bench_json_of(const struct bench *b)
{
    return json_pack("{s:f, s:i, s:I, s:i, s:f, s:o, s:o}", "load_before",
                     b->load, "rounds", (int)b->rounds, "seed",
                     (json_int_t)b->seed, "milliseconds", (int)b->milliseconds,
                     "seconds", b->seconds, "missing", missing(b), "samples",
                     samples(b));
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
