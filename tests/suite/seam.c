/* SPDX-License-Identifier: ISC */

/*
 * See seam.h. What fails does nothing, but an unmap, which has unmapped what it
 * could, and an end, whose only failure is that the peer holds the page.
 */

#include "seam.h"

static void step(struct seam *s, const char *what)
{
    if (s->point)
        s->point(s->self);
    if (s->step)
        s->step(s->arg, what);
}

/* An operation begins: whether it is to fail. */
static bool begin(struct seam *s, const char *what)
{
    bool fails = false;

    s->operations++;
    step(s, what);
    if (s->fail_at && --s->fail_at == 0)
        fails = s->failed = true;
    return fails;
}

static int end(struct seam *s, const char *what, int err)
{
    step(s, what);
    return err;
}

static uint32_t seam_refs(void *self)
{
    struct seam *s = self;

    return s->share.ops->refs(s->share.self);
}

static int seam_grant(void *self, void *base, size_t n, uint32_t domain,
                      enum leat_access access, const uint32_t *refs)
{
    struct seam *s = self;

    if (begin(s, "grant"))
        return LEAT_E_NOMEM;
    return end(
        s, "granted",
        s->share.ops->grant(s->share.self, base, n, domain, access, refs));
}

static int seam_expose(void *self, void *base, size_t n, uint32_t domain,
                       enum leat_access access)
{
    struct seam *s = self;

    if (begin(s, "expose"))
        return LEAT_E_NOMEM;
    return end(s, "exposed",
               s->share.ops->expose(s->share.self, base, n, domain, access));
}

static int seam_conceal(void *self, void *base, size_t n)
{
    struct seam *s = self;

    if (begin(s, "conceal"))
        return LEAT_E_NOMEM;
    return end(s, "concealed", s->share.ops->conceal(s->share.self, base, n));
}

static int look_then_act(struct seam *s, uint32_t ref, void *page)
{
    struct leat_grant_entry e;
    int err = s->share.ops->entry(s->share.self, ref, &e);

    if (err || e.reading || e.writing)
        return err ? err : LEAT_E_BUSY;
    step(s, "looked");
    if (s->share.ops->end(s->share.self, ref, page))
        s->taken = ref;
    return 0;
}

static int seam_end(void *self, uint32_t ref, void *page)
{
    struct seam *s = self;

    if (begin(s, "end"))
        return LEAT_E_BUSY;
    if (s->looks_then_acts)
        return end(s, "ended", look_then_act(s, ref, page));
    return end(s, "ended", s->share.ops->end(s->share.self, ref, page));
}

static int seam_born(void *self, const void *page, uint32_t *ref,
                     uint32_t *domain, enum leat_access *access)
{
    struct seam *s = self;

    return s->share.ops->born(s->share.self, page, ref, domain, access);
}

static int seam_entry(void *self, uint32_t ref, struct leat_grant_entry *out)
{
    struct seam *s = self;

    return s->share.ops->entry(s->share.self, ref, out);
}

static int seam_resumed(void *self)
{
    struct seam *s = self;

    return s->share.ops->resumed(s->share.self);
}

static int seam_map(void *self, const struct leat_gref *grefs, size_t n,
                    enum leat_access access, void **base, void **cookie,
                    int *status)
{
    struct seam *s = self;

    if (begin(s, "map")) {
        for (size_t i = 0; status && i < n; i++)
            status[i] = LEAT_E_NOMEM;
        return LEAT_E_NOMEM;
    }
    return end(
        s, "mapped",
        s->map.ops->map(s->map.self, grefs, n, access, base, cookie, status));
}

static int seam_unmap(void *self, void *base, size_t n, void *cookie)
{
    struct seam *s = self;
    bool fails = begin(s, "unmap");
    int err = s->map.ops->unmap(s->map.self, base, n, cookie);

    return end(s, "unmapped", fails ? LEAT_E_NOMEM : err);
}

static int seam_copy(void *self, struct leat_copy_seg *segs, size_t n)
{
    struct seam *s = self;

    if (begin(s, "copy"))
        return LEAT_E_NOMEM;
    return end(s, "copied", s->map.ops->copy(s->map.self, segs, n));
}

static size_t seam_pages_max(void *self)
{
    struct seam *s = self;

    return s->map.ops->pages_max(s->map.self);
}

void seam_put(struct seam *s, struct leat_share *share, struct leat_map *map)
{
    s->share = *share;
    s->map = *map;
    s->share_ops = *share->ops;
    s->map_ops = *map->ops;

#define THROUGH(side, name) \
    if (s->side##_ops.name) \
    s->side##_ops.name = seam_##name
    THROUGH(share, refs);
    THROUGH(share, grant);
    THROUGH(share, expose);
    THROUGH(share, conceal);
    THROUGH(share, end);
    THROUGH(share, born);
    THROUGH(share, entry);
    THROUGH(share, resumed);
    THROUGH(map, map);
    THROUGH(map, unmap);
    THROUGH(map, copy);
    THROUGH(map, pages_max);
#undef THROUGH
    *share = (struct leat_share){&s->share_ops, s};
    *map = (struct leat_map){&s->map_ops, s};
}
