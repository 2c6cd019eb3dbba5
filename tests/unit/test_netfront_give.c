/* SPDX-License-Identifier: ISC */

/* Frames that are sent from where they are: what goes as it is, and what does
 * not. */

#include "pv/net_world.h"

static struct net_world w;
static struct net_taken taken;

struct teller {
    uint32_t calls;
    int err;
};

static void done(void *arg, int err)
{
    struct teller *t = arg;

    t->calls++;
    t->err = err;
}

/* A chunk of the back's pool, filled. */
static struct leat_chunk filled(size_t pages, uint32_t seed)
{
    struct leat_chunk c = get(w.g.a->pool, pages);

    net_pattern(leat_chunk_view(c).data, pages * PAGE, seed);
    return c;
}

static struct leat_netfront_piece piece(struct leat_chunk c, size_t off,
                                        size_t len)
{
    struct leat_netfront_piece p = {.chunk = c};

    MUST(leat_view_slice(leat_chunk_view(c), off, len, &p.view));
    return p;
}

static struct leat_netfront_give give_of(const struct leat_netfront_piece *p,
                                         size_t n, struct teller *t)
{
    return (struct leat_netfront_give){
        .pieces = p, .n = n, .done = t ? done : NULL, .arg = t};
}

static bool take(void)
{
    MUST(leat_netfront_push(w.f));
    return net_take_frame(&w, 0, &taken);
}

static void answer(int16_t status)
{
    net_answer_frame(&w, 0, &taken, status);
    cr_assert_null(net_run(&w));
}

static size_t bounces(void)
{
    return leat_copies_bounces(leat_netfront_copies(w.f), NULL);
}

Test(netfront_give, pages_go_as_they_are)
{
    struct teller t = {0};
    struct leat_netfront_piece p[2];
    struct leat_netfront_give g;
    struct leat_chunk c;

    net_open(&w, (struct net_options){0});
    c = filled(3, 4);
    p[0] = piece(c, 100, 14);
    p[1] = piece(c, 3000, 6000); /* over two of the pages' ends */
    p[1].chunk.pool = NULL;      /* it is found by its address  */
    g = give_of(p, 2, &t);
    MUST(leat_netfront_give(w.f, &g));
    net_sound(&w);
    cr_assert_eq(g.slots, 4); /* 14; 1096, 4096, 808 */
    cr_assert_eq(g.bounced, 0);
    cr_assert_eq(g.why, LEAT_WHY_NONE);
    cr_assert(take());
    cr_assert_eq(taken.n, 4);
    cr_assert_eq(taken.req[0].offset, 100);
    cr_assert_eq(taken.req[1].offset, 3000);
    cr_assert_eq(taken.req[1].size, 1096);
    cr_assert_eq(taken.req[2].offset, 0);
    cr_assert_eq(memcmp(taken.bytes, p[0].view.data, 14), 0);
    cr_assert_eq(memcmp(taken.bytes + 14, p[1].view.data, 6000), 0);
    /* The back reads, and does not write. */
    FAILS(LEAT_E_ACCESS,
          plain_use(w.g.a, taken.req[1].gref, 2, LEAT_READ_WRITE));
    cr_assert_eq(t.calls, 0);
    answer(NETIF_RSP_OKAY);
    cr_assert_eq(t.calls, 1);
    cr_assert_eq(t.err, 0);
    /* The bytes are the caller's again, and what they were. */
    cr_assert(net_is(leat_chunk_view(c).data, 3 * PAGE, 4));
    cr_assert_eq(net_stats(&w).shares, 4);
    cr_assert_eq(net_stats(&w).revokes, 4);
    cr_assert_eq(leat_copies_bytes(leat_netfront_copies(w.f)), 0);
    MUST(leat_pool_put(w.g.a->pool, c));
    net_close(&w);
}

Test(netfront_give, two_frames_of_one_page_are_under_way_together)
{
    struct teller t[2] = {{0}};
    struct leat_netfront_piece p[2];
    struct leat_netfront_give g;
    struct net_taken *first = malloc(sizeof(*first));
    struct leat_chunk c;

    net_open(&w, (struct net_options){0});
    c = filled(1, 4);
    for (int i = 0; i < 2; i++) {
        p[i] = piece(c, 1000 * i, 900);
        g = give_of(&p[i], 1, &t[i]);
        MUST(leat_netfront_give(w.f, &g));
    }
    /* The handle may go: what is under way keeps the page. */
    MUST(leat_pool_put(w.g.a->pool, c));
    cr_assert(take());
    *first = taken;
    cr_assert(take());
    answer(NETIF_RSP_OKAY);
    cr_assert(!t[0].calls && t[1].calls == 1 && !t[1].err);
    cr_assert(net_is(net_page(&w, first->req[0].gref, LEAT_READ_ONLY), 900, 4));
    taken = *first;
    answer(NETIF_RSP_ERROR);
    cr_assert(t[0].calls == 1 && t[0].err == LEAT_E_SYSTEM);
    free(first);
    net_close(&w);
}

static void released(void *arg, void *base, size_t pages)
{
    (void)arg, (void)base, (void)pages;
}

Test(netfront_give, what_cannot_be_shown_is_bounced_and_counted)
{
    static struct spare zero, never, none;
    static unsigned char mine[3000], *adopted;
    struct leat_netfront_piece p[6];
    struct leat_netfront_give g;
    struct leat_chunk c[6];
    const struct leat_copies *copies;

    net_open(&w, (struct net_options){0});
    open_spare(&none, w.g.a, 1, (struct leat_pool_config){0});
    open_spare(&zero, w.g.a, 2, (struct leat_pool_config){.peer = 3 + 1});
    open_spare(&never, w.g.a, 3,
               (struct leat_pool_config){
                   .peer = 2 + 1, .zero = LEAT_ZERO_NEVER, .adopt_pages = 512});
    copies = leat_netfront_copies(w.f);
    adopted = aligned_alloc(PAGE, PAGE);
    net_pattern(mine, sizeof(mine), 1);
    memset(adopted, 7, PAGE);
    c[0] = get(none.pool, 1);  /* of no peer                */
    c[1] = get(zero.pool, 1);  /* of another                */
    c[2] = get(never.pool, 1); /* not zeroed                */
    MUST(leat_pool_adopt(never.pool, adopted, 1, released, NULL, &c[3]));
    c[4] = filled(1, 9); /* beside others' bytes      */
    MUST(leat_chunk_mix(c[4]));
    for (int i = 0; i < 5; i++) {
        memset(leat_chunk_view(c[i]).data, 'a' + i, PAGE);
        p[i] = piece(c[i], 5, 500);
    }
    p[5] = (struct leat_netfront_piece){.view = {mine, sizeof(mine)}};
    for (int i = 0; i < 6; i++) {
        enum leat_reason why = i == 4 ? LEAT_WHY_NEIGHBOURS : LEAT_WHY_PEER;
        uint64_t before = copies->count[why];

        g = give_of(&p[i], 1, NULL);
        MUST(leat_netfront_give(w.f, &g));
        cr_assert_eq(g.bounced, p[i].view.len);
        cr_assert_eq(g.why, why);
        cr_assert_eq(g.index, 0);
        cr_assert_eq(copies->count[why], before + 1);
        cr_assert(take());
        cr_assert_eq(taken.n, 1);
        cr_assert_eq(memcmp(taken.bytes, p[i].view.data, p[i].view.len), 0);
        answer(NETIF_RSP_OKAY);
    }
    cr_assert_eq(net_stats(&w).shares, 0);
    cr_assert_eq(net_stats(&w).tx_bounced, 6);

    /* All of them are one frame: bounced together, in one page and a bit. */
    g = give_of(p, 6, NULL);
    MUST(leat_netfront_give(w.f, &g));
    cr_assert_eq(g.slots, 2);
    cr_assert_eq(g.bounced, 5500);
    cr_assert(take());
    for (int i = 0, at = 0; i < 6; at += (int)p[i++].view.len)
        cr_assert_eq(memcmp(taken.bytes + at, p[i].view.data, p[i].view.len),
                     0);
    for (int i = 0; i < 5; i++)
        MUST(leat_pool_put(c[i].pool, c[i]));
    net_close(&w);
    free(adopted);
}

Test(netfront_give, strict_refuses_what_would_be_bounced)
{
    static unsigned char mine[64];
    struct leat_netfront_piece p[20];
    struct leat_netfront_give g;
    struct teller t = {0};
    struct leat_chunk c;

    net_open(&w, (struct net_options){.config.flags = LEAT_NETFRONT_STRICT});
    c = filled(1, 1);
    p[0] = piece(c, 0, 14);
    p[1] = (struct leat_netfront_piece){.view = {mine, sizeof(mine)}};
    g = give_of(p, 2, &t);
    FAILS(LEAT_E_PEER, leat_netfront_give(w.f, &g));
    cr_assert_eq(g.why, LEAT_WHY_PEER);
    cr_assert_eq(g.index, 1);
    for (int i = 0; i < 20; i++)
        p[i] = piece(c, i * 20, 20);
    g = give_of(p, 19, &t);
    FAILS(LEAT_E_SEGMENTS, leat_netfront_give(w.f, &g));
    cr_assert_eq(g.why, LEAT_WHY_SEGMENTS);
    g = give_of(p, 18, &t);
    MUST(leat_netfront_give(w.f, &g));
    cr_assert_eq(g.slots, 18);
    cr_assert(take());
    answer(NETIF_RSP_OKAY);
    MUST(leat_chunk_mix(c));
    FAILS(LEAT_E_PEER, leat_netfront_give(w.f, &g));
    cr_assert_eq(g.why, LEAT_WHY_NEIGHBOURS);
    cr_assert_eq(bounces(), 0);
    cr_assert_eq(t.calls, 1);
    MUST(leat_pool_put(w.g.a->pool, c));
    net_close(&w);
}

Test(netfront_give, too_many_slots_bounce_as_few_as_will_do)
{
    struct leat_netfront_piece p[300];
    struct leat_netfront_give g;
    struct leat_chunk c;

    net_open(&w, (struct net_options){0});
    c = filled(16, 3);
    for (int i = 0; i < 300; i++)
        p[i] = piece(c, i * 200, 200);
    for (int n = 18; n < 300; n += 47) {
        g = give_of(p, n, NULL);
        MUST(leat_netfront_give(w.f, &g));
        cr_assert_leq(g.slots, 18);
        cr_assert(take());
        cr_assert(net_is(taken.bytes, n * 200, 3));
        if (n == 18) {
            cr_assert_eq(g.bounced, 0);
        } else {
            cr_assert_eq(g.why, LEAT_WHY_SEGMENTS);
            /* What is not bounced leaves room for the rest, and no more would:
             * with one piece less bounced it is a slot too many. */
            cr_assert_gt(n - g.bounced / 200 + 1 +
                             (g.bounced - 200 + 4095) / 4096,
                         18 - 1);
        }
        answer(NETIF_RSP_OKAY);
    }
    MUST(leat_pool_put(w.g.a->pool, c));
    net_close(&w);
}

Test(netfront_give, a_back_without_sg_gets_it_in_one_page)
{
    struct leat_netfront_piece p[2];
    struct leat_netfront_give g;
    struct leat_chunk c;

    net_open(&w, (struct net_options){.no_sg = true});
    c = filled(2, 3);
    p[0] = piece(c, 4000, 200); /* crosses a page */
    p[1] = piece(c, 4200, 300);
    g = give_of(p, 2, NULL);
    MUST(leat_netfront_give(w.f, &g));
    cr_assert_eq(g.slots, 1);
    cr_assert_eq(g.bounced, 500);
    cr_assert_eq(g.why, LEAT_WHY_SEGMENTS);
    cr_assert(take());
    cr_assert_eq(memcmp(taken.bytes, p[0].view.data, 500), 0);
    g = give_of(&p[1], 1, NULL);
    MUST(leat_netfront_give(w.f, &g));
    cr_assert_eq(g.bounced, 0);
    p[1] = piece(c, 0, 4097);
    FAILS(LEAT_E_LENGTH, leat_netfront_give(w.f, &g));
    MUST(leat_pool_put(w.g.a->pool, c));
    net_close(&w);
}

Test(netfront_give, the_stores_strict_mode_copies_all)
{
    struct leat_netfront_piece p;
    struct leat_netfront_give g;
    struct leat_chunk c;

    net_open(&w, (struct net_options){.strict = true});
    c = filled(1, 3);
    p = piece(c, 0, 1000);
    g = give_of(&p, 1, NULL);
    MUST(leat_netfront_give(w.f, &g));
    cr_assert_eq(g.why, LEAT_WHY_POLICY);
    cr_assert_eq(g.bounced, 1000);
    cr_assert_eq(net_stats(&w).shares, 0);
    MUST(leat_pool_put(w.g.a->pool, c));
    net_close(&w);
}

Test(netfront_give, pages_that_the_back_can_write_already_are_bounced)
{
    struct leat_netfront_piece p[2];
    struct leat_netfront_give g;
    struct leat_grant grant;
    struct leat_chunk c;

    for (int strict = 0; strict < 2; strict++) {
        net_open(&w, (struct net_options){
                         .config.flags = strict ? LEAT_NETFRONT_STRICT : 0});
        c = filled(2, 3);
        p[0] = piece(c, 0, 100);
        p[1] = piece(c, 4000, 1000); /* its second page */
        MUST(leat_grant_share_view(
            w.g.a->table, c,
            (struct leat_view){leat_chunk_view(c).data + PAGE, PAGE}, 2,
            LEAT_READ_WRITE, 0, &grant));
        g = give_of(p, 2, NULL);
        if (strict) {
            FAILS(LEAT_E_ACCESS, leat_netfront_give(w.f, &g));
        } else {
            MUST(leat_netfront_give(w.f, &g));
            cr_assert_eq(g.why, LEAT_WHY_ACCESS);
            cr_assert_eq(g.index, 1);
            cr_assert_eq(g.bounced, 1000);
            cr_assert_eq(leat_netfront_copies(w.f)->bytes[LEAT_WHY_ACCESS],
                         1000);
            cr_assert(take());
            cr_assert_eq(memcmp(taken.bytes, p[0].view.data, 100), 0);
            cr_assert_eq(memcmp(taken.bytes + 100, p[1].view.data, 1000), 0);
            answer(NETIF_RSP_OKAY);
        }
        MUST(leat_grant_revoke(grant));
        MUST(leat_pool_put(w.g.a->pool, c));
        net_close(&w);
    }
}

Test(netfront_give, what_is_wrong_with_a_piece)
{
    struct leat_netfront_piece p[2];
    struct leat_netfront_give g;
    struct leat_chunk c;

    net_open(&w, (struct net_options){0});
    c = filled(1, 3);
    p[0] = piece(c, 0, 14);
    g = give_of(p, 2, NULL);
    memset(&p[1], 0, sizeof(p[1]));
    FAILS(LEAT_E_STALE, leat_netfront_give(w.f, &g));
    cr_assert_eq(g.index, 1);
    p[1] = piece(c, 0, 14);
    p[1].view.len = PAGE + 1;
    FAILS(LEAT_E_RANGE, leat_netfront_give(w.f, &g));
    p[1] = piece(c, 0, 14);
    p[1].view.data--;
    FAILS(LEAT_E_RANGE, leat_netfront_give(w.f, &g));
    p[1].view = (struct leat_view){leat_chunk_view(c).data, SIZE_MAX};
    FAILS(LEAT_E_RANGE, leat_netfront_give(w.f, &g));
    p[1].chunk.pool = NULL;
    FAILS(LEAT_E_LENGTH, leat_netfront_give(w.f, &g));
    p[1].view.len = PAGE + 1; /* no chunk has these: bounced */
    MUST(leat_netfront_give(w.f, &g));
    cr_assert_eq(g.bounced, PAGE + 1);
    cr_assert(take());
    answer(NETIF_RSP_OKAY);
    g.n = 1;
    p[0].view.len = 13;
    FAILS(LEAT_E_LENGTH, leat_netfront_give(w.f, &g));
    g.n = 0;
    FAILS(LEAT_E_LENGTH, leat_netfront_give(w.f, &g));
    g.n = 1;
    g.pieces = NULL;
    FAILS(LEAT_E_INVALID, leat_netfront_give(w.f, &g));
    FAILS(LEAT_E_INVALID, leat_netfront_give(w.f, NULL));
    FAILS(LEAT_E_INVALID, leat_netfront_give(NULL, &g));
    g.pieces = p;
    g.queue = 1;
    FAILS(LEAT_E_INVALID, leat_netfront_give(w.f, &g));
    g.queue = 0;
    p[0] = piece(c, 0, 14);
    MUST(leat_pool_put(w.g.a->pool, c));
    FAILS(LEAT_E_STALE, leat_netfront_give(w.f, &g));
    cr_assert_not(take());
    net_close(&w);
}

Test(netfront_give, a_page_that_the_back_holds_on_to_is_told_as_busy)
{
    struct teller t = {0};
    struct leat_netfront_piece p;
    struct leat_netfront_give g;
    struct leat_chunk c;

    net_open(&w, (struct net_options){0});
    c = filled(1, 3);
    p = piece(c, 0, 1000);
    g = give_of(&p, 1, &t);
    MUST(leat_netfront_give(w.f, &g));
    MUST(leat_pool_put(w.g.a->pool, c));
    cr_assert(take());
    MUST(plain_use(w.g.a, taken.req[0].gref, 2, LEAT_READ_ONLY));
    answer(NETIF_RSP_OKAY);
    cr_assert(t.calls == 1 && t.err == LEAT_E_BUSY);
    cr_assert_eq(net_stats(&w).held, 1);
    cr_assert_eq(grants_stats(w.g.a->table).quarantined, 1);
    plain_unuse(w.g.a, taken.req[0].gref, LEAT_READ_ONLY);
    MUST(leat_grant_poll(w.g.a->table, 10, NULL));
    cr_assert_eq(grants_stats(w.g.a->table).quarantined, 0);
    net_close(&w);
}

/* The k-th operation of the backend fails, for every k: all is as it was. */
Test(netfront_give, each_operation_fails_once)
{
    struct teller t = {0};
    struct leat_netfront_piece p[3];
    struct leat_netfront_give g;
    unsigned char mine[10];
    struct leat_chunk c;
    int failed = 0;

    net_open(&w, (struct net_options){0});
    c = filled(4, 3);
    p[0] = piece(c, 0, 5000);
    memset(&p[1], 0, sizeof(p[1]));
    memcpy(mine, leat_chunk_view(c).data + 5000, 10);
    p[1].view = (struct leat_view){mine, 10}; /* between: it is bounced */
    p[2] = piece(c, 5010, 9000);
    for (long k = 1;; k++) {
        struct leat_grants_stats before = grants_stats(w.g.a->table), after;
        uint32_t free = nf_pages_free(&w.f->queues[0].pages[NF_TX]);
        int err;

        g = give_of(p, 3, &t);
        w.g.world.fail_at = k;
        w.g.world.fail_with = LEAT_E_NOMEM;
        err = leat_netfront_give(w.f, &g);
        w.g.world.fail_at = 0;
        net_sound(&w);
        if (!err)
            break;
        failed++;
        cr_assert_eq(err, LEAT_E_NOMEM);
        after = grants_stats(w.g.a->table);
        cr_assert_eq(after.shares_live, before.shares_live);
        cr_assert_eq(after.refs_free, before.refs_free);
        cr_assert_eq(after.quarantined, 0);
        cr_assert_eq(nf_pages_free(&w.f->queues[0].pages[NF_TX]), free);
        cr_assert(net_is(leat_chunk_view(c).data, 4 * PAGE, 3));
        cr_assert_not(take());
    }
    cr_assert_geq(failed, 5); /* five pages are granted, at the least */
    cr_assert(take());
    cr_assert(net_is(taken.bytes, 14010, 3));
    answer(NETIF_RSP_OKAY);
    cr_assert_eq(t.calls, 1);
    MUST(leat_pool_put(w.g.a->pool, c));
    net_close(&w);
}

Test(netfront_give, everybody_is_told_when_the_back_is_gone)
{
    struct teller t[40] = {{0}};
    struct leat_netfront_piece p;
    struct leat_netfront_give g;
    struct leat_chunk c;

    net_open(&w, (struct net_options){0});
    c = filled(2, 3);
    p = piece(c, 100, 5000);
    for (int i = 0; i < 40; i++) {
        g = give_of(&p, 1, &t[i]);
        MUST(leat_netfront_give(w.f, &g));
    }
    cr_assert(take());
    net_answer(&w, 0, taken.req[0].id, NETIF_RSP_OKAY); /* one of two slots */
    cr_assert_null(net_run(&w));
    net_disconnect(&w, LEAT_E_GONE);
    for (int i = 0; i < 40; i++)
        cr_assert(t[i].calls == 1 && t[i].err == LEAT_E_GONE);
    cr_assert_eq(net_stats(&w).tx_lost + net_stats(&w).tx_okay, 40);
    FAILS(LEAT_E_STATE, leat_netfront_give(w.f, &g));
    MUST(leat_pool_put(w.g.a->pool, c));
    net_close(&w);
}
