/* SPDX-License-Identifier: ISC */

/*
 * The samples of an earlier run, to be judged anew.
 */

#include <string.h>

#include "bench.h"

static const char *text(const json_t *of, const char *key)
{
    const char *s = json_string_value(json_object_get(of, key));

    return s ? s : "";
}

/* A sample that names no row or peer of ours is of another version. */
static void take(struct bench *b, const json_t *sample)
{
    json_int_t round = json_integer_value(json_object_get(sample, "round"));
    const json_t *value = json_object_get(sample, "value");
    int row, peer;

    if (!json_is_number(value) || round < 0 || round >= ROUNDS_MAX)
        return;
    for (row = 0; row < b->nrows; row++) {
        if (strcmp(b->rows[row].of, text(sample, "case")) ||
            strcmp(b->rows[row].metric, text(sample, "metric")))
            continue;
        for (peer = 0; peer < bench_npeers; peer++) {
            if (strcmp(bench_peers[peer].name, text(sample, "peer")))
                continue;
            b->state[row][peer] = STATE_GOOD;
            b->value[row][peer][round] = json_number_value(value);
            b->rounds = b->rounds > round ? b->rounds : (unsigned)round + 1;
            b->done++;
        }
    }
}

bool bench_json_read(struct bench *b, const char *path)
{
    json_error_t error;
    json_t *all = json_load_file(path, 0, &error);
    json_t *bench, *sample;
    const char *name;
    size_t i;

    if (!all)
        return tool_fail("%s: %s", path, error.text);
    bench_clear(b);
    b->rounds = 0;
    json_object_foreach(json_object_get(all, "benches"), name, bench)
    {
        json_array_foreach(json_object_get(bench, "samples"), i, sample)
            take(b, sample);
    }
    json_decref(all);
    return b->done || tool_fail("%s: it has no samples of these benches", path);
}
