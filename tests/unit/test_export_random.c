/* SPDX-License-Identifier: ISC */

/* Random views under random constraints, held against what an export promises. */

#include "export_fixture.h"

/* ---------------------------------------------------------------------- random */

static uint64_t state = 0x1eaf;

static size_t draw(size_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % below);
}

static size_t ceil_div(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

/* E1, and that the segments are the views' bytes in order. */
static void assert_good(const struct dock *d, const struct leat_constraint *c,
                        const struct leat_view *views, size_t n)
{
    size_t i = 0, off = 0, at_mem = 0, pages = pages_out(d);

    for (size_t s = 0; s < d->ex.nsegs; s++) {
        struct leat_view seg = d->segs[s];
        uintptr_t a = (uintptr_t)seg.data;

        cr_assert_gt(seg.len, 0);
        cr_assert(!c->align || a % c->align == 0);
        cr_assert(!c->multiple || seg.len % c->multiple == 0);
        cr_assert(!c->segment_bytes || seg.len <= c->segment_bytes);
        cr_assert(!c->boundary ||
                  a / c->boundary == (a + seg.len - 1) / c->boundary);
        if (bounced(d, s)) {
            cr_assert_geq(a, at_mem, "in order");
            at_mem = a + seg.len;
        }
        for (size_t k = 0; k < seg.len;) {
            size_t m;

            while (i < n && off == views[i].len)
                i++, off = 0;
            cr_assert_lt(i, n);
            m = views[i].len - off;
            if (m > seg.len - k)
                m = seg.len - k;
            if (!bounced(d, s))
                cr_assert_eq(seg.data + k, views[i].data + off);
            else if (d->ex.dir != LEAT_FROM_DEVICE)
                cr_assert_eq(memcmp(seg.data + k, views[i].data + off, m), 0);
            k += m;
            off += m;
        }
    }
    while (i < n && off == views[i].len)
        i++, off = 0;
    cr_assert_eq(i, n, "all of it");
    cr_assert_leq(d->ex.nsegs, c->segments ? c->segments : SEGS);
    cr_assert_eq(pages > 0, d->ex.bounced_bytes > 0);
}

Test(export_random, random_views_under_random_constraints)
{
    static const size_t aligns[] = {0, 1, 8, 64, 512, 4096};
    static const size_t multiples[] = {0, 1, 3, 12, 100, 512, 1000, 4096};
    static const size_t boundaries[] = {0, 0, 4096, 8192, 16384, 1 << 20};
    static const size_t longest[] = {0, 0, 4096, 5000, 10000};
    size_t made = 0, lengths = 0, segments = 0;
    struct dock d;

    open_dock(&d,
              (struct leat_pool_config){.peer = 1, .zero = LEAT_ZERO_NEVER});
    for (int round = 0; round < 30000; round++) {
        struct leat_constraint c = {
            .align = aligns[draw(COUNT(aligns))],
            .multiple = multiples[draw(COUNT(multiples))],
            .boundary = boundaries[draw(COUNT(boundaries))],
            .segment_bytes = longest[draw(COUNT(longest))],
            .segments = draw(3) ? 0 : 1 + draw(6),
        };
        size_t m = c.multiple ? c.multiple : 1, most = SIZE_MAX;
        size_t n = draw(8), total = 0, min, done, pos = 0;
        size_t limit = c.segments ? c.segments : SEGS;
        struct leat_view views[8];
        bool even = draw(2);
        int err;

        for (size_t i = 0; i < n; i++) {
            size_t off = i * 16384 + (draw(2) ? draw(4096) : 512 * draw(8));
            size_t len = draw(2) ? draw(9000) : m * draw(9000 / m + 1);

            if (even && i + 1 == n)
                len += (m - (total + len) % m) % m;
            views[i] = at(off, len);
            total += len;
        }
        if (c.segment_bytes)
            most = c.segment_bytes;
        if (c.boundary && c.boundary < most)
            most = c.boundary;
        most -= most % m;
        min = ceil_div(total, most);
        d.ex.dir = (enum leat_direction)draw(3);
        err =
            leat_export(views, n, &c, draw(4) ? LEAT_BOUNCE : LEAT_COPY, &d.ex);
        if (total % m) {
            /* Either may be told first, when it is both. */
            cr_assert(err == LEAT_E_LENGTH ||
                      (err == LEAT_E_SEGMENTS && min > limit));
            lengths++;
        } else if (min > limit) {
            cr_assert_eq(err, LEAT_E_SEGMENTS);
            segments++;
        } else {
            cr_assert_eq(err, 0, "%s", leat_strerror(err));
        }
        if (err) {
            cr_assert_eq(pages_out(&d), 0);
            continue;
        }
        made++;
        assert_good(&d, &c, views, n);

        /* The device writes; then the views have it, as far as it came. */
        done = draw(2) ? SIZE_MAX : draw(total + 2);
        if (d.ex.dir != LEAT_TO_DEVICE) {
            unsigned char mark = (unsigned char)(1 + draw(255));

            for (size_t s = 0; s < d.ex.nsegs; s++)
                for (size_t k = 0; k < d.segs[s].len; k++, pos++)
                    if (pos < done)
                        d.segs[s].data[k] = mark;
            MUST(leat_export_end(&d.ex, done));
            pos = 0;
            for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < views[i].len; k++, pos++)
                    cr_assert(pos >= done || views[i].data[k] == mark);
        } else {
            uint64_t copied = all_copied(&d);

            MUST(leat_export_end(&d.ex, done));
            cr_assert_eq(all_copied(&d), copied);
        }
        cr_assert_eq(pages_out(&d), 0);
    }
    cr_assert(made > 1000 && lengths > 100 && segments > 100,
              "%zu made, %zu with bad lengths, %zu with too many segments",
              made, lengths, segments);
    close_dock(&d);
}
