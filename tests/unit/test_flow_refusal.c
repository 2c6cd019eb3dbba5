/* SPDX-License-Identifier: ISC */

/*
 * Whatever is refused, at whichever place: a typed error, and nothing leaks. A
 * run of work is done with bounds of every height, so that each allocation in it
 * is the one that fails.
 */

#include "flow_fixture.h"

static unsigned char data[40000];

/* Does all that allocates; gives the first error, with nothing left. */
static int work(struct flow_fixture *f)
{
    static const struct leat_flow_segments how = {
        .bytes = 1460, .headroom = 54, .need = {.boundary = 4096}};
    struct leat_flow_config config = {.flags = LEAT_FLOW_RETAIN};
    struct leat_flow_ref refs[12], out[8];
    struct leat_flow *flow = NULL, *cut = NULL;
    struct leat_chunk c = {NULL, 0};
    struct leat_ref ref = {0};
    size_t n = 0, i;
    int err;

    memset(refs, 0, sizeof(refs));
    err = leat_flow_create(&flow, f->fp, &config);
    config.segments = &how;
    if (!err)
        err = leat_flow_create(&cut, f->fp, &config);
    for (i = 0; i < 12 && !err; i++)
        err = leat_flow_buffer_get(f->fp, (size_t)17 << i, &refs[i]);
    if (!err)
        err = leat_flow_write(flow, data, sizeof(data));
    if (!err)
        err = leat_flow_write(cut, data, 5000);
    if (!err)
        err = leat_flow_give(flow, &refs[3]);
    if (!err)
        err = leat_flow_take(cut, 1460, &refs[3]);
    if (!err)
        err = leat_flow_segment(f->fp, &how, (struct leat_cview){data, 9000},
                                out, 8, &n);
    for (i = 0; i < n; i++)
        MUST(leat_flow_ref_drop(&out[i]));
    if (!err)
        err = leat_pool_get(f->p.pool, 1, &c);
    if (!err) {
        MUST(leat_ref_take(c, leat_chunk_view(c), &ref));
        MUST(leat_pool_put(f->p.pool, c));
        MUST(leat_flow_ref_drop(&refs[0]));
        err = leat_flow_ref_adopt(f->fp, &ref, &refs[0]);
        if (err)
            MUST(leat_ref_drop(&ref));
    }
    if (!err) {
        struct leat_flow_ref small;

        MUST(leat_flow_ref_slice(&refs[11], 100, 5, &small));
        err = leat_flow_ref_compact(&small, 4, NULL);
        MUST(leat_flow_ref_drop(&small));
    }
    if (!err) {
        struct leat_flow_ref fresh;

        err = leat_flow_read(flow, 30000, &fresh);
        if (!err)
            MUST(leat_flow_ref_drop(&fresh));
    }
    cr_assert_null(leat_flow_pool_check(f->fp));
    for (i = 0; i < 12; i++)
        if (refs[i].buffer)
            MUST(leat_flow_ref_drop(&refs[i]));
    if (flow)
        MUST(leat_flow_destroy(flow));
    if (cut)
        MUST(leat_flow_destroy(cut));
    return err;
}

Test(flow_refusal, of_the_pool_at_every_page)
{
    size_t pages, failed = 0, good = 0;

    for (pages = 1; pages < 100 && !good; pages++) {
        struct flow_fixture f;
        int err;

        open_flows(&f, pages, (struct leat_flow_pool_config){0});
        err = work(&f);
        cr_assert(!err || err == LEAT_E_NOMEM, "%s", leat_strerror(err));
        failed += err != 0;
        good += !err;
        close_flows(&f);
    }
    cr_assert_geq(failed, 20);
    cr_assert_eq(good, 1);
}

Test(flow_refusal, of_the_bound_at_every_page)
{
    size_t pages, failed = 0, good = 0;

    for (pages = 1; pages < 100 && !good; pages++) {
        struct flow_fixture f;
        int err;

        open_flows(&f, 128,
                   (struct leat_flow_pool_config){.limit_bytes = pages * PAGE});
        err = work(&f);
        cr_assert(!err || err == LEAT_E_LIMIT, "%s", leat_strerror(err));
        failed += err != 0;
        good += !err;
        /* And once more: what was refused has broken nothing. */
        cr_assert_eq(work(&f), err);
        close_flows(&f);
    }
    cr_assert_geq(failed, 20);
    cr_assert_eq(good, 1);
}

/*
 * Metadata: below the first bound that is enough to create the pool, creation is
 * refused; above it, what the first block of cells has no place for.
 */
Test(flow_refusal, of_metadata)
{
    static struct leat_flow_ref refs[2000];
    struct leat_flow_pool_config config = {0};
    struct pool_fixture p;
    struct flow_fixture f;
    size_t refused = 0, n = 0;
    int err = LEAT_E_NOMEM;

    open_static(&p, 512, (struct leat_pool_config){0});
    config.pool = p.pool;
    for (config.meta_limit_bytes = PAGE; err; config.meta_limit_bytes += PAGE) {
        err = leat_flow_pool_create(&f.fp, &config);
        cr_assert(!err || err == LEAT_E_NOMEM, "%s", leat_strerror(err));
        refused += err != 0;
        cr_assert_leq(config.meta_limit_bytes, 16 << 20);
    }
    cr_assert_geq(refused, 1);
    f.p = p;
    for (err = 0; n < COUNT(refs) && !err; n += !err)
        err = leat_flow_buffer_get(f.fp, 64, &refs[n]);
    cr_assert_eq(err, n < COUNT(refs) ? LEAT_E_NOMEM : 0);
    cr_assert_leq(flow_stats(f.fp).bytes_meta, config.meta_limit_bytes);
    assert_flows(&f);
    while (n)
        MUST(leat_flow_ref_drop(&refs[--n]));
    close_flows(&f);
}
