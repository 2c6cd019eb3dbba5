/* SPDX-License-Identifier: ISC */

/* The samples of an earlier run, to be judged anew. */

#include <math.h>
#include <string.h>

#include "bench-device.h"

static const char *text(const json_t *of, const char *key)
{
    const char *s = json_string_value(json_object_get(of, key));

    return s ? s : "";
}

static double real(const json_t *of, const char *key)
{
    const json_t *x = json_object_get(of, key);

    return json_is_number(x) ? json_number_value(x) : NAN;
}

/* A sample that names no case or peer of ours is of another version. */
static bool take(struct device_bench *d, const json_t *from)
{
    struct device_sample s = {
        .of = device_find_case(d->kind, text(from, "case")),
        .peer = device_find_peer(d->kind, text(from, "peer")),
        .order = (unsigned)json_integer_value(json_object_get(from, "order")),
        .ops = real(from, "per_second"),
        .before = real(from, "distance_before_ns"),
        .after = real(from, "distance_after_ns"),
        .copies = real(from, "copies"),
        .grants = real(from, "grant_operations"),
        .state = DEVICE_NEAR,
    };

    if (!strcmp(text(from, "state"), device_state_names[DEVICE_FAR]))
        s.state = DEVICE_FAR;
    if (s.of < 0 || s.peer < 0 || !(s.ops > 0))
        return true;
    d->state[s.of][s.peer] = STATE_GOOD;
    return device_keep(d, &s);
}

bool device_read(struct device_bench *d, const char *path)
{
    json_error_t error;
    json_t *all = json_load_file(path, 0, &error), *sample;
    bool good = true;
    size_t i;

    if (!all)
        return tool_fail("%s: %s", path, error.text);
    json_array_foreach(
        json_object_get(
            json_object_get(json_object_get(all, "benches"), d->kind->name),
            "samples"),
        i, sample) good = take(d, sample) && good;
    json_decref(all);
    device_distances(d);
    if (good && !d->nsamples)
        good = tool_fail("%s: it has no samples of this bench", path);
    return good;
}
