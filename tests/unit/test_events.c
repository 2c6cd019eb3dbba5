/* SPDX-License-Identifier: ISC */

/* The last events of a page: in builds with --enable-debug, and in no others. */

#include "pool_fixture.h"

static uint64_t ticks;

static uint64_t tick(void *self)
{
    (void)self;
    return ++ticks;
}

static const struct leat_port port = {.now_ns = tick};

#if LEAT_DEBUG

static void happened(struct leat_pool *pool, const void *addr,
                     const enum leat_event_what *what, size_t n)
{
    struct leat_event events[LEAT_EVENTS];
    size_t got = 99;

    MUST(leat_pool_events(pool, addr, events, &got));
    cr_assert_eq(got, n);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(events[i].what, what[i], "event %zu", i);
        if (i)
            cr_assert_gt(events[i].when_ns, events[i - 1].when_ns);
    }
}

Test(events, tell_a_life)
{
    static const enum leat_event_what what[] = {
        LEAT_EVENT_GET,   LEAT_EVENT_REF, LEAT_EVENT_PUT,   LEAT_EVENT_STALE,
        LEAT_EVENT_UNREF, LEAT_EVENT_GET, LEAT_EVENT_SPLIT,
    };
    struct leat_ref ref = {0};
    struct pool_fixture f;
    struct leat_chunk c;
    unsigned char *at;

    open_static(&f, 1, (struct leat_pool_config){.port = &port});
    c = get(f.pool, 1);
    at = bytes_of(c);
    happened(f.pool, at, what, 1);
    MUST(leat_ref_take(c, leat_chunk_view(c), &ref));
    MUST(leat_pool_put(f.pool, c));
    FAILS(LEAT_E_STALE, leat_pool_put(f.pool, c));
    MUST(leat_ref_drop(&ref));
    happened(f.pool, at, what, 5);
    c = get(f.pool, 1);
    MUST(leat_chunk_split(c, &c, 1));
    happened(f.pool, at, what, 7);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(events, sixteen_are_kept)
{
    struct leat_event events[LEAT_EVENTS];
    struct pool_fixture f;
    struct leat_chunk c;
    size_t n;

    open_static(&f, 1, (struct leat_pool_config){.port = &port});
    for (int i = 0; i < 100; i++)
        MUST(leat_pool_put(f.pool, get(f.pool, 1)));
    c = get(f.pool, 1);
    MUST(leat_pool_events(f.pool, bytes_of(c), events, &n));
    cr_assert_eq(n, LEAT_EVENTS);
    for (size_t i = 0; i < n; i++)
        cr_assert_eq(events[i].what, i % 2 ? LEAT_EVENT_GET : LEAT_EVENT_PUT);
    cr_assert_neq(events[0].generation, events[2].generation);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(events, foreign)
{
    struct leat_event events[LEAT_EVENTS];
    struct pool_fixture f;
    size_t n = 5;

    open_static(&f, 1, (struct leat_pool_config){.port = &port});
    FAILS(LEAT_E_FOREIGN, leat_pool_events(f.pool, &n, events, &n));
    cr_assert_eq(n, 5);
    close_pool(&f);
}

#else

Test(events, not_in_this_build)
{
    struct leat_event events[LEAT_EVENTS];
    struct pool_fixture f;
    struct leat_chunk c;
    size_t n = 5;

    open_static(&f, 1, (struct leat_pool_config){.port = &port});
    c = get(f.pool, 1);
    memset(events, 0x2d, sizeof(events));
    FAILS(LEAT_E_UNSUPPORTED,
          leat_pool_events(f.pool, bytes_of(c), events, &n));
    cr_assert_eq(n, 5);
    cr_assert(all_bytes((unsigned char *)events, sizeof(events), 0x2d));
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

#endif
