/* SPDX-License-Identifier: ISC */

/* A flow pool's statistics as JSON, in the manner of leat_stats_json(). */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

struct writer {
    char *buf;
    size_t len;
    size_t at; /* what all of it takes, whether or not it fits */
};

static void put(struct writer *w, const char *format, const char *name,
                uint64_t value)
{
    size_t room = w->at < w->len ? w->len - w->at : 0;
    int n = snprintf(room ? w->buf + w->at : NULL, room, format, name, value);

    w->at += n > 0 ? (size_t)n : 0;
}

#define FIELD(name)                                   \
    {                                                 \
#name, offsetof(struct leat_flow_stats, name) \
    }

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    FIELD(gets),          FIELD(puts),           FIELD(refused),
    FIELD(hooks),         FIELD(hooks_refused),  FIELD(bytes_limit),
    FIELD(bytes_held),    FIELD(bytes_extents),  FIELD(bytes_pages),
    FIELD(bytes_buffers), FIELD(bytes_adopted),  FIELD(bytes_meta),
    FIELD(bytes_unread),  FIELD(bytes_retained), FIELD(extents),
    FIELD(buffers),       FIELD(flows),          FIELD(subpage),
};

_Static_assert(sizeof(fields) / sizeof(*fields) * sizeof(uint64_t) +
                       sizeof(struct leat_copies) ==
                   sizeof(struct leat_flow_stats),
               "each field is written");

static void put_copies(struct writer *w, const char *name, const uint64_t *by)
{
    unsigned i;

    put(w, "\"%s\":{", name, 0);
    for (i = LEAT_WHY_NONE + 1; i < LEAT_REASONS; i++)
        put(w, i + 1 < LEAT_REASONS ? "\"%s\":%" PRIu64 "," : "\"%s\":%" PRIu64,
            leat_reason_name((enum leat_reason)i), by[i]);
}

static void put_all(struct writer *w, const struct leat_flow_stats *stats)
{
    uint64_t value;
    size_t i;

    put(w, "{%s", "", 0);
    for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        memcpy(&value, (const char *)stats + fields[i].offset, sizeof(value));
        put(w, "\"%s\":%" PRIu64 ",", fields[i].name, value);
    }
    put(w, "\"copies\":{%s", "", 0);
    put_copies(w, "count", stats->copies.count);
    put(w, "}%s", ",", 0);
    put_copies(w, "bytes", stats->copies.bytes);
    put(w, "}%s", "}}", 0);
}

int leat_flow_stats_json(const struct leat_flow_stats *stats, char *buf,
                         size_t len, size_t *need)
{
    struct writer w = {NULL, 0, 0};

    if (!stats || (!buf && len))
        return LEAT_E_INVALID;
    put_all(&w, stats);
    if (need)
        *need = w.at + 1;
    if (w.at + 1 > len)
        return LEAT_E_RANGE;
    w.buf = buf;
    w.len = len;
    w.at = 0;
    put_all(&w, stats);
    return 0;
}
