/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_BUS_FIXTURE_H
#define LEAT_TESTS_BUS_FIXTURE_H

/*
 * A device of two ends: the front is domain 1's, the back domain 2's; the test
 * is the toolstack, and can be either peer, by what it writes.
 */

#include "../pv/events.h"
#include "pool_fixture.h"

#define FRONT "/local/domain/1/device/vbd/51712"
#define BACK  "/local/domain/2/backend/vbd/1/51712"

struct seen {
    struct leat_bus_end *e; /* to detach when it is told; or NULL */
    uint32_t states, keys, broken, resumed;
    enum leat_bus_state state;
    char key[64], text[LEAT_BUS_TEXT];
};

struct world {
    struct table t;
    struct leat_lifecycle life;
    struct leat_bus bus[2]; /* of front, of back */
    struct leat_bus_end end[2];
    struct seen seen[2];
};

static inline void seen_state(void *arg, enum leat_bus_state state)
{
    struct seen *s = arg;

    s->states++;
    s->state = state;
    if (s->e)
        leat_bus_detach(s->e);
}

static inline void seen_key(void *arg, const char *name)
{
    struct seen *s = arg;

    s->keys++;
    snprintf(s->key, sizeof(s->key), "%s", name);
}

static inline void seen_broken(void *arg, const char *text)
{
    struct seen *s = arg;

    s->broken++;
    snprintf(s->text, sizeof(s->text), "%s", text);
    if (s->e)
        leat_bus_detach(s->e);
}

static inline void seen_resumed(void *arg)
{
    ((struct seen *)arg)->resumed++;
}

static const struct leat_bus_end_ops seen_ops = {
    .state = seen_state,
    .key = seen_key,
    .broken = seen_broken,
    .resumed = seen_resumed,
};

static inline int world_attach(struct world *w, enum leat_bus_side side)
{
    struct leat_bus_end_config c = {
        .bus = &w->bus[side],
        .side = side,
        .path = side == LEAT_BUS_FRONT ? FRONT : BACK,
        .ops = &seen_ops,
        .arg = &w->seen[side],
        .trusted = true,
    };

    return leat_bus_attach(&w->end[side], &c);
}

static const struct leat_bus_device the_device = {
    .type = "vbd", .front = 1, .back = 2, .number = 51712};

static inline void world_open(struct world *w)
{
    struct leat_store s = table_store(&w->t, 0);

    memset(w, 0, sizeof(*w));
    table_open(&w->t);
    MUST(leat_lifecycle_init(&w->life));
    MUST(leat_bus_device_make(&s, &the_device));
    for (uint32_t i = 0; i < 2; i++) {
        struct leat_bus_config c = {
            .store = table_store(&w->t, i + 1),
            .events = table_events(&w->t, i + 1),
            .lifecycle = i ? NULL : &w->life,
            .fd = -1,
        };

        MUST(leat_bus_init(&w->bus[i], &c));
    }
}

/* Polls until nothing is left; how many polls it took. */
static inline uint32_t world_poll(struct world *w, enum leat_bus_side side)
{
    uint32_t n = 0;
    bool more = true;

    for (; more && n < 1000; n++)
        MUST(leat_bus_poll(&w->bus[side], 8, &more));
    cr_assert(!more);
    cr_assert_null(leat_bus_check(&w->bus[side]));
    return n;
}

static inline void world_close(struct world *w)
{
    for (uint32_t i = 0; i < 2; i++) {
        cr_assert_null(leat_bus_check(&w->bus[i]));
        if (w->end[i].bus)
            MUST(leat_bus_detach(&w->end[i]));
        MUST(leat_bus_fini(&w->bus[i]));
        cr_assert_eq(w->t.client[i + 1].watches, 0);
    }
}

#endif
