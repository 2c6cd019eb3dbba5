/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_SIM_REPORT_H
#define LEAT_SRC_TOOL_SIM_REPORT_H

#include <jansson.h>

#include <leat/receive.h>

#include "tool.h"

/* How long things took, each; (room) is 0 once they are sorted. */
struct latencies {
    uint64_t *ns;
    size_t n, room;
};

/* A percentile, in microseconds; the first call sorts. */
double report_percentile(struct latencies *l, double p);

/* "copy", "revoke", "shared". */
bool report_mode(const char *text, enum leat_receive_mode *out);
const char *report_mode_name(enum leat_receive_mode mode);

/* A line, and an object, of what was copied and why. */
void report_copies(const char *what, const struct leat_copies *c);
json_t *report_copies_json(const struct leat_copies *c);

/* Prints (all), and gives it up. */
bool report_json(json_t *all);

#endif
