/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_EXPORT_FIXTURE_H
#define LEAT_TESTS_EXPORT_FIXTURE_H

/* An export, with the pool that it bounces to and memory to make views of. */

#include "pool_fixture.h"

#define SEGS 64

static _Alignas(65536) unsigned char mem[2 * 65536];
static const struct leat_constraint anything;

struct dock {
    struct pool_fixture f;
    struct leat_view segs[SEGS];
    struct leat_export ex;
    struct leat_export was;
};

static inline void open_dock(struct dock *d, struct leat_pool_config config)
{
    memset(d, 0, sizeof(*d));
    open_static(&d->f, 64, config);
    for (size_t i = 0; i < sizeof(mem); i++)
        mem[i] = (unsigned char)(i * 31 + i / 256);
    d->ex.segs = d->segs;
    d->ex.max_segs = SEGS;
    d->ex.pool = d->f.pool;
}

static inline void close_dock(struct dock *d)
{
    close_pool(&d->f);
}

static inline struct leat_view at(size_t off, size_t len)
{
    return (struct leat_view){mem + off, len};
}

static inline uint64_t count(const struct dock *d, enum leat_reason why)
{
    return leat_pool_copies(d->f.pool)->count[why];
}

static inline uint64_t bytes(const struct dock *d, enum leat_reason why)
{
    return leat_pool_copies(d->f.pool)->bytes[why];
}

static inline uint64_t all_copied(const struct dock *d)
{
    return leat_copies_bytes(leat_pool_copies(d->f.pool));
}

static inline uint64_t pages_out(const struct dock *d)
{
    return stats_of(d->f.pool).pages_out;
}

/* A failure that names view (index), for (why), and leaves all else. */
static inline void fails(struct dock *d, int err, enum leat_reason why,
                         size_t index, const struct leat_view *views, size_t n,
                         const struct leat_constraint *need,
                         enum leat_export_mode mode)
{
    uint64_t copied = all_copied(d);

    memset(d->segs, 0xa5, sizeof(d->segs));
    d->ex.nsegs = 77;
    d->ex.bounced_views = 78;
    d->ex.bounced_bytes = 79;
    d->was = d->ex;
    FAILS(err, leat_export(views, n, need, mode, &d->ex));
    cr_assert_eq(d->ex.why, why, "%s", leat_reason_name(d->ex.why));
    cr_assert_eq(d->ex.index, index, "index %zu", d->ex.index);
    d->was.why = why;
    d->was.index = index;
    cr_assert_eq(memcmp(&d->ex, &d->was, sizeof(d->ex)), 0);
    cr_assert(all_bytes((unsigned char *)d->segs, sizeof(d->segs), 0xa5));
    cr_assert_eq(all_copied(d), copied);
    cr_assert_eq(pages_out(d), 0);
    FAILS(LEAT_E_STATE, leat_export_end(&d->ex, 0));
}

static inline void assert_seg(const struct dock *d, size_t i, const void *data,
                              size_t len)
{
    cr_assert_lt(i, d->ex.nsegs);
    cr_assert_eq(d->segs[i].data, data, "segment %zu", i);
    cr_assert_eq(d->segs[i].len, len, "segment %zu: %zu", i, d->segs[i].len);
}

static inline bool bounced(const struct dock *d, size_t i)
{
    return leat_pool_contains(d->f.pool, leat_view_const(d->segs[i]));
}

#endif
