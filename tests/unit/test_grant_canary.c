/* SPDX-License-Identifier: ISC */

/*
 * All memory is filled with canaries, which stand for the secrets of others. A
 * peer scans every page that it can reach: it sees zeros, and what was written
 * for it, and never a canary (rule R2, XSA-403).
 */

#include <leat/receive.h>

#include "grant_fixture.h"

#define CANARY 0xca

static struct grant_fixture f;

static void open_filled(void)
{
    open_grants(&f, (struct leat_grants_config){0});
    memset(f.a->memory, CANARY, PLAIN_PAGES * PAGE);
}

static void shut(void)
{
    close_grants(&f);
}

TestSuite(grant_canary, .init = open_filled, .fini = shut);

/* Domain (who) maps whatever is granted to it, and scans it. */
static size_t scan(uint32_t who, unsigned char mine)
{
    size_t pages = 0;

    for (uint32_t ref = 0; ref < PLAIN_FRAMES * 512; ref++) {
        unsigned char *page;

        if (plain_use(f.a, ref, who, LEAT_READ_ONLY))
            continue;
        page = plain_page(f.a, ref);
        for (size_t i = 0; i < PAGE; i++)
            cr_assert(page[i] == 0 || page[i] == mine, "%#x at %zu", page[i],
                      i);
        plain_unuse(f.a, ref, LEAT_READ_ONLY);
        pages++;
    }
    return pages;
}

Test(grant_canary, one_byte_shared_shows_one_byte)
{
    struct leat_chunk c = get(f.a->pool, 3);
    struct leat_grant g;

    bytes_of(c)[PAGE + 77] = 0x11;
    MUST(leat_grant_share(f.a->table, c, 2, LEAT_READ_ONLY, &g));
    cr_assert_eq(scan(2, 0x11), 3);
    cr_assert_eq(scan(3, 0x11), 0);
    MUST(leat_grant_revoke(g));
    cr_assert_eq(scan(2, 0x11), 0);

    /* The user holds on to the pages across the change of peers. */
    MUST(leat_grant_share(f.a->table, c, 3, LEAT_READ_ONLY, &g));
    cr_assert_eq(scan(3, 0), 3, "nothing of what was the other's");
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(f.a->pool, c));
}

Test(grant_canary, pools_that_do_not_zero_show_no_more)
{
    static const enum leat_zero policies[] = {
        LEAT_ZERO_ALWAYS, LEAT_ZERO_ON_REQUEST, LEAT_ZERO_NEVER};

    for (size_t i = 0; i < COUNT(policies); i++) {
        struct leat_pool_config config = {.peer = 2 + 1, .zero = policies[i]};
        struct leat_persist_config persist = {.grants = f.a->table,
                                              .domain = 2,
                                              .units_max = 2,
                                              .unit_pages = 2,
                                              .halves = true};
        struct leat_receive r = {
            .mode = LEAT_RECEIVE_REVOKE, .grants = f.a->table, .domain = 2};
        struct leat_persist *p;
        struct leat_posted posted;
        struct leat_shared s;
        struct leat_block b;
        struct spare spare;

        open_spare(&spare, f.a, (unsigned)i, config);
        persist.pool = r.shown = spare.pool;
        MUST(leat_persist_meta_size(&persist, &persist.meta_bytes));
        persist.meta = malloc(persist.meta_bytes);
        MUST(leat_persist_create(&p, &persist));
        MUST(leat_persist_get(p, &b));
        MUST(leat_block_shared(b, &s));
        MUST(leat_shared_write_u8(s, 2047, 0x22));
        cr_assert_eq(scan(2, 0x22), 2);
        MUST(leat_receive_init(&r));
        MUST(leat_receive_post(&r, &posted));
        cr_assert_eq(scan(2, 0x22), 3);
        MUST(leat_receive_drop(&posted));
        MUST(leat_persist_put(b));
        MUST(leat_persist_close(p, NULL, NULL));
        cr_assert_eq(scan(2, 0), 0);
        close_spare(&spare);
        free(persist.meta);
    }
}

Test(grant_canary, what_drains_for_private_use_is_zero)
{
    struct leat_grant g;
    struct leat_chunk c;
    unsigned char *page;
    uint32_t ref;

    g = shared_page(f.a, 2, &c);
    page = bytes_of(c);
    ref = ref_of(g);
    MUST(plain_use(f.a, ref, 2, LEAT_READ_WRITE));
    FAILS(LEAT_E_BUSY, leat_grant_revoke(g));
    memset(plain_page(f.a, ref), 0x33, PAGE); /* the peer, until the end */
    plain_unuse(f.a, ref, LEAT_READ_WRITE);
    MUST(leat_grant_poll(f.a->table, 1, NULL));
    cr_assert(all_bytes(page, PAGE, 0)); /* the handle is ours still */
    MUST(leat_pool_put(f.a->pool, c));
}
