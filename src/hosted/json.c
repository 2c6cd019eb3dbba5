/* SPDX-License-Identifier: ISC */

/*
 * Statistics as JSON. libleat needs libc alone, and all there is to write is
 * names of our own and numbers, so this is a table and no JSON library.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <leat/host.h>

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

#define FIELD(name)                              \
    {                                            \
#name, offsetof(struct leat_stats, name) \
    }

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    FIELD(gets),          FIELD(puts),        FIELD(slabs_got),
    FIELD(slabs_put),     FIELD(exchanges),   FIELD(refused),
    FIELD(reclaims),      FIELD(waits),       FIELD(served),
    FIELD(water_low),     FIELD(water_high),  FIELD(stale),
    FIELD(pages_limit),   FIELD(pages_slabs), FIELD(pages_free),
    FIELD(pages_depot),   FIELD(pages_out),   FIELD(pages_magazines),
    FIELD(pages_adopted), FIELD(magazines),   FIELD(waiting),
    FIELD(meta_bytes),
};

static void put_copies(struct writer *w, const char *name, const uint64_t *by)
{
    unsigned i;

    put(w, "\"%s\":{", name, 0);
    for (i = LEAT_WHY_NONE + 1; i < LEAT_REASONS; i++)
        put(w, i + 1 < LEAT_REASONS ? "\"%s\":%" PRIu64 "," : "\"%s\":%" PRIu64,
            leat_reason_name((enum leat_reason)i), by[i]);
}

int leat_stats_json(const struct leat_stats *stats, char *buf, size_t len,
                    size_t *need)
{
    struct writer w = {NULL, 0, 0};
    unsigned i, pass;

    if (!stats || (!buf && len))
        return LEAT_E_INVALID;
    /* First how long it is, then, if it fits, the text. */
    for (pass = 0; pass < 2; pass++) {
        put(&w, "{%s", "", 0);
        for (i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
            uint64_t value;

            memcpy(&value, (const char *)stats + fields[i].offset,
                   sizeof(value));
            put(&w, "\"%s\":%" PRIu64 ",", fields[i].name, value);
        }
        put(&w, "\"copies\":{%s", "", 0);
        put_copies(&w, "count", stats->copies.count);
        put(&w, "}%s", ",", 0);
        put_copies(&w, "bytes", stats->copies.bytes);
        put(&w, "}%s", "}}", 0);
        if (pass == 0) {
            if (need)
                *need = w.at + 1;
            if (w.at + 1 > len)
                return LEAT_E_RANGE;
            w.buf = buf;
            w.len = len;
            w.at = 0;
        }
    }
    return 0;
}
