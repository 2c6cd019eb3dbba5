/* SPDX-License-Identifier: ISC */

#include <jansson.h>

#include "flow_fixture.h"

Test(flow_pool, what_it_takes_is_checked)
{
    struct leat_flow_pool *fp;
    struct leat_flow_pool_config config = {0};
    struct pool_fixture p;

    open_static(&p, 64, (struct leat_pool_config){0});
    FAILS(LEAT_E_INVALID, leat_flow_pool_create(&fp, &config));
    FAILS(LEAT_E_INVALID, leat_flow_pool_create(&fp, NULL));
    config.pool = p.pool;
    FAILS(LEAT_E_INVALID, leat_flow_pool_create(NULL, &config));
    config.flags = 4;
    FAILS(LEAT_E_INVALID, leat_flow_pool_create(&fp, &config));
    config.flags = 0;
    config.meta_limit_bytes = 100;
    FAILS(LEAT_E_NOMEM, leat_flow_pool_create(&fp, &config));
    FAILS(LEAT_E_INVALID, leat_flow_pool_destroy(NULL));
    close_pool(&p);
}

Test(flow_pool, it_says_whether_buffers_share_pages)
{
    struct flow_fixture f;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    cr_assert_eq(flow_stats(f.fp).subpage,
                 leat_flow_caps() & LEAT_FLOW_CAP_SUBPAGE ? 1 : 0);
    close_flows(&f);
    open_flows(&f, 64,
               (struct leat_flow_pool_config){.flags = LEAT_FLOW_POOL_PAGES});
    cr_assert_eq(flow_stats(f.fp).subpage, 0);
    close_flows(&f);
}

Test(flow_pool, a_thousand_come_and_go)
{
    struct flow_fixture f;

    open_static(&f.p, 64, (struct leat_pool_config){0});
    for (int i = 0; i < 1000; i++) {
        struct leat_flow_ref ref;

        MUST(leat_flow_pool_create(
            &f.fp, &(struct leat_flow_pool_config){.pool = f.p.pool}));
        MUST(leat_flow_buffer_get(f.fp, 100, &ref));
        FAILS(LEAT_E_BUSY, leat_flow_pool_destroy(f.fp));
        MUST(leat_flow_ref_drop(&ref));
        MUST(leat_flow_pool_destroy(f.fp));
    }
    close_pool(&f.p);
}

Test(flow_pool, the_bound_holds_and_bytes_are_exact)
{
    static struct leat_flow_ref refs[4096];
    struct flow_fixture f;
    struct leat_flow_stats s;
    uint64_t random = 7;
    size_t n = 0, size = 0;
    int err = 0;

    open_flows(&f, 512,
               (struct leat_flow_pool_config){.limit_bytes = 100 * PAGE});
    while (n < COUNT(refs) && !err) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        size = 1 + (random >> 33) % 9000;
        err = leat_flow_buffer_get(f.fp, size, &refs[n]);
        if (!err) {
            fill(refs[n].view.data, size, n);
            n++;
        }
        assert_flows(&f);
    }
    cr_assert_eq(err, LEAT_E_LIMIT);
    s = flow_stats(f.fp);
    cr_assert_leq(s.bytes_held, 100 * PAGE);
    cr_assert_geq(s.bytes_held, 90 * PAGE);
    cr_assert_geq(s.refused, 1);
    cr_assert_eq(s.buffers, n);
    cr_assert_leq(s.bytes_buffers, s.bytes_held);
    for (size_t i = 0; i < n; i++) {
        cr_assert(filled(refs[i].view.data, refs[i].view.len, i));
        MUST(leat_flow_ref_drop(&refs[i]));
        assert_flows(&f);
    }
    close_flows(&f);
}

Test(flow_pool, small_buffers_share_pages)
{
    struct leat_flow_ref refs[64];
    struct flow_fixture f;

    open_flows(&f, 512, (struct leat_flow_pool_config){0});
    for (size_t i = 0; i < COUNT(refs); i++)
        MUST(leat_flow_buffer_get(f.fp, 128, &refs[i]));
    if (leat_flow_caps() & LEAT_FLOW_CAP_SUBPAGE)
        cr_assert_leq(flow_stats(f.fp).bytes_held, 4 * PAGE);
    else
        cr_assert_eq(flow_stats(f.fp).bytes_held, 64 * PAGE);
    for (size_t i = 0; i < COUNT(refs); i++)
        MUST(leat_flow_ref_drop(&refs[i]));
    close_flows(&f);
}

Test(flow_pool, json_has_each_number)
{
    struct leat_flow_stats s;
    char text[4096];
    size_t need = 0;
    json_t *all;

    for (size_t i = 0; i < sizeof(s) / 8; i++)
        ((uint64_t *)(void *)&s)[i] = i + 1;
    FAILS(LEAT_E_RANGE, leat_flow_stats_json(&s, NULL, 0, &need));
    FAILS(LEAT_E_RANGE, leat_flow_stats_json(&s, text, need - 1, NULL));
    MUST(leat_flow_stats_json(&s, text, need, NULL));
    cr_assert_eq(strlen(text) + 1, need);
    all = json_loads(text, 0, NULL);
    cr_assert_not_null(all);
#define HAS(name)                                                           \
    cr_assert_eq((uint64_t)json_integer_value(json_object_get(all, #name)), \
                 s.name, #name)
    HAS(gets);
    HAS(puts);
    HAS(refused);
    HAS(hooks);
    HAS(hooks_refused);
    HAS(bytes_limit);
    HAS(bytes_held);
    HAS(bytes_extents);
    HAS(bytes_pages);
    HAS(bytes_buffers);
    HAS(bytes_adopted);
    HAS(bytes_meta);
    HAS(bytes_retained);
    HAS(bytes_unread);
    HAS(extents);
    HAS(buffers);
    HAS(flows);
    HAS(subpage);
    cr_assert_eq((uint64_t)json_integer_value(json_object_get(
                     json_object_get(json_object_get(all, "copies"), "bytes"),
                     "retain")),
                 s.copies.bytes[LEAT_WHY_RETAIN]);
    json_decref(all);
}

static int in_child(void *arg)
{
    struct flow_fixture *f = arg;
    struct leat_flow_stats s;
    struct leat_flow_ref ref = {0};

    CHILD(leat_flow_pool_stats(f->fp, &s) == LEAT_E_FORKED);
    CHILD(leat_flow_buffer_get(f->fp, 10, &ref) == LEAT_E_FORKED);
    CHILD(leat_flow_pool_destroy(f->fp) == LEAT_E_FORKED);
    CHILD(leat_flow_pool_create(
              &f->fp, &(struct leat_flow_pool_config){.pool = f->p.pool}) ==
          LEAT_E_FORKED);
    return 0;
}

Test(flow_pool, a_forked_child_has_none)
{
    struct flow_fixture f;
    struct leat_flow_ref ref;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    MUST(leat_flow_buffer_get(f.fp, 500, &ref));
    cr_assert_eq(line_in_child(in_child, &f), 0);
    MUST(leat_flow_ref_drop(&ref));
    close_flows(&f);
}
