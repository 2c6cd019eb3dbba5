/* SPDX-License-Identifier: ISC */

/* Pages that the back maps for good, by a scripted back. */

#include "pv/net_world.h"

static struct net_world w;

/* Answers the message that must be there. */
static void answer(struct netif_ctrl_request *r, uint32_t status, uint32_t data)
{
    struct netif_ctrl_response rsp = {.status = status, .data = data};

    cr_assert_null(net_run(&w));
    cr_assert(net_take(&w.ctrl, r));
    rsp.id = r->id;
    rsp.type = r->type;
    net_put(&w.ctrl, &rsp, sizeof(rsp));
    cr_assert_null(net_run(&w));
}

static bool silent(void)
{
    struct netif_ctrl_request r;

    cr_assert_null(net_run(&w));
    return !net_take(&w.ctrl, &r);
}

/* Holds the entries of a list against what the pages are; counts them. */
static uint32_t look(const struct netif_ctrl_request *r, uint32_t *uses,
                     uint32_t *read_only)
{
    const struct netif_gref *list =
        (void *)net_page(&w, r->data[1], LEAT_READ_WRITE);

    for (uint32_t i = 0; i < r->data[2]; i++) {
        const bool ro = list[i].flags & NETIF_GREF_READ_ONLY;

        cr_assert_lt(list[i].ref, 2048);
        cr_assert_eq(list[i].flags & ~NETIF_GREF_READ_ONLY, 0);
        cr_assert_eq(list[i].status, 0);
        net_page(&w, list[i].ref, ro ? LEAT_READ_ONLY : LEAT_READ_WRITE);
        cr_assert_eq(ro,
                     !!(w.g.a->entries[list[i].ref].flags & GNTTAB_READ_ONLY));
        uses[list[i].ref]++;
        *read_only += ro;
    }
    return r->data[2];
}

static void each_once(const uint32_t *uses, uint32_t n)
{
    uint32_t once = 0;

    for (uint32_t i = 0; i < 2048; i++) {
        cr_assert_leq(uses[i], 1);
        once += uses[i];
    }
    cr_assert_eq(once, n);
}

Test(netfront_ctrl, each_page_is_added_once_and_deleted_once)
{
    static uint32_t uses[2048];
    struct netif_ctrl_request r;
    uint32_t ro = 0, n = 0;

    net_open(&w,
             (struct net_options){
                 .statics = true,
                 .start = UINT32_MAX - 1,
                 .config = {.queues = 2, .tx_pages = 300, .rx_pages = 400}});
    for (uint32_t q = 0; q < 2; q++) {
        answer(&r, NETIF_CTRL_SUCCESS, 2048);
        cr_assert_eq(r.type, NETIF_CTRL_GET_GREF_MAPPING_SIZE);
        cr_assert_eq(r.data[0], q);
        memset(uses, 0, sizeof(uses));
        ro = n = 0;
        while (n < 700) {
            cr_assert_null(net_run(&w));
            memcpy(&r, net_slot(&w.ctrl, w.ctrl.req), sizeof(r));
            cr_assert_eq(r.type, NETIF_CTRL_ADD_GREF_MAPPING);
            cr_assert_eq(r.data[0], q);
            n += look(&r, uses, &ro);
            answer(&r, NETIF_CTRL_SUCCESS, 0);
        }
        each_once(uses, 700);
        cr_assert_eq(ro, 300);
    }
    cr_assert(silent());
    cr_assert_eq(net_stats(&w).statics, 1400);
    cr_assert_eq(net_stats(&w).controls, 6);
    cr_assert(!leat_nf_ctrl_quiet(w.f));

    leat_nf_ctrl_delete(w.f);
    for (uint32_t q = 0; q < 2; q++) {
        memset(uses, 0, sizeof(uses));
        for (n = 0; n < 700;) {
            cr_assert_null(net_run(&w));
            memcpy(&r, net_slot(&w.ctrl, w.ctrl.req), sizeof(r));
            cr_assert_eq(r.type, NETIF_CTRL_DEL_GREF_MAPPING);
            n += look(&r, uses, &ro);
            answer(&r, NETIF_CTRL_SUCCESS, 0);
        }
        each_once(uses, 700);
    }
    cr_assert(silent());
    cr_assert(leat_nf_ctrl_quiet(w.f));
    cr_assert_eq(net_stats(&w).statics, 0);
    net_close(&w);
}

Test(netfront_ctrl, two_halves_are_one_page)
{
    static uint32_t uses[2048];
    struct netif_ctrl_request r;
    uint32_t ro = 0;

    net_open(&w,
             (struct net_options){.statics = true,
                                  .config = {.tx_pages = 64,
                                             .rx_pages = 32,
                                             .flags = LEAT_NETFRONT_HALVES}});
    answer(&r, NETIF_CTRL_SUCCESS, 64);
    memset(uses, 0, sizeof(uses));
    cr_assert_null(net_run(&w));
    memcpy(&r, net_slot(&w.ctrl, w.ctrl.req), sizeof(r));
    cr_assert_eq(look(&r, uses, &ro), 64);
    each_once(uses, 64);
    cr_assert_eq(ro, 32);
    net_close(&w);
}

/* A back that maps fewer pages than there are: all that are used are mapped. */
Test(netfront_ctrl, no_more_pages_are_used_than_are_mapped)
{
    static uint32_t uses[2048];
    static unsigned char frame[100];
    struct netif_ctrl_request r;
    struct netif_rx_request rx;
    struct net_writer wr = {0};
    struct net_taken *t = malloc(sizeof(*t));
    uint32_t ro = 0;

    net_open(
        &w, (struct net_options){.statics = true,
                                 .config = {.tx_pages = 200, .rx_pages = 600}});
    answer(&r, NETIF_CTRL_SUCCESS, 520);
    memset(uses, 0, sizeof(uses));
    cr_assert_null(net_run(&w));
    memcpy(&r, net_slot(&w.ctrl, w.ctrl.req), sizeof(r));
    cr_assert_eq(look(&r, uses, &ro), 200 + 260);
    answer(&r, NETIF_CTRL_SUCCESS, 0);
    cr_assert(silent());
    /* What was posted before has to come back once. */
    for (int i = 0; i < 256; i++) {
        net_frame(&w, 0, frame, sizeof(frame), 4096, 0);
        cr_assert_null(net_run(&w));
    }
    for (int i = 0; i < 1000; i++) {
        memcpy(&rx, net_slot(&w.rx[0], w.rx[0].req), sizeof(rx));
        cr_assert_eq(uses[rx.gref], 1);
        net_frame(&w, 0, frame, sizeof(frame), 4096, 0);
        MUST(net_send(&w, 0, 60, &wr));
        cr_assert_null(net_run(&w));
        cr_assert(net_take_frame(&w, 0, t));
        cr_assert_eq(uses[t->req[0].gref], 1);
        net_answer_frame(&w, 0, t, NETIF_RSP_OKAY);
    }
    free(t);
    net_close(&w);
}

Test(netfront_ctrl, a_back_that_refuses_is_done_without)
{
    static unsigned char frame[100];
    struct netif_ctrl_request r;

    for (int at = 0; at < 3; at++) {
        net_open(&w, (struct net_options){.statics = true});
        answer(&r, at == 0 ? NETIF_CTRL_NOT_SUPPORTED : NETIF_CTRL_SUCCESS,
               at == 1 ? 10 : 2000);
        if (at == 2) {
            answer(&r, NETIF_CTRL_INVALID_PARAMETER, 0);
            cr_assert_eq(r.type, NETIF_CTRL_ADD_GREF_MAPPING);
        }
        cr_assert(silent());
        cr_assert_eq(net_stats(&w).statics, 0);
        cr_assert_eq(net_stats(&w).controls_refused, at != 1);
        net_frame(&w, 0, frame, sizeof(frame), 4096, 0);
        cr_assert_null(net_run(&w));
        cr_assert_eq(w.frames, 1);
        leat_nf_ctrl_delete(w.f);
        cr_assert(silent());
        cr_assert(leat_nf_ctrl_quiet(w.f));
        net_close(&w);
    }
}

/* To delete is asked for at each moment. */
Test(netfront_ctrl, delete_at_any_moment)
{
    struct netif_ctrl_request r;

    for (int after = 0; after < 6; after++) {
        net_open(&w, (struct net_options){.statics = true,
                                          .config = {.rx_pages = 600}});
        for (int i = 0; i < after; i++) {
            cr_assert_null(net_run(&w));
            if (i == 0)
                answer(&r, NETIF_CTRL_SUCCESS, 2048);
            else if (i < 3)
                answer(&r, NETIF_CTRL_SUCCESS, 0);
        }
        if (after == 5)
            cr_assert_null(net_run(&w));
        leat_nf_ctrl_delete(w.f);
        for (int i = 0; i < 10 && !leat_nf_ctrl_quiet(w.f); i++) {
            struct netif_ctrl_response rsp = {0};

            cr_assert_null(net_run(&w));
            if (!net_take(&w.ctrl, &r))
                continue;
            rsp.id = r.id;
            rsp.type = r.type;
            net_put(&w.ctrl, &rsp, sizeof(rsp));
        }
        cr_assert_null(net_run(&w));
        cr_assert(leat_nf_ctrl_quiet(w.f), "after %d", after);
        cr_assert_eq(net_stats(&w).statics, 0);
        net_close(&w);
    }
}

Test(netfront_ctrl, an_answer_to_nothing_breaks_the_ring)
{
    struct netif_ctrl_request r;
    struct netif_ctrl_response rsp;
    const char *text;

    for (int how = 0; how < 4; how++) {
        net_open(&w, (struct net_options){.statics = true});
        cr_assert_null(net_run(&w));
        cr_assert(net_take(&w.ctrl, &r));
        memset(&rsp, 0, sizeof(rsp));
        rsp.id = r.id + (how == 0);
        rsp.type = r.type + (how == 1);
        if (how >= 2) { /* twice */
            rsp.status = how == 2 ? NETIF_CTRL_NOT_SUPPORTED : 0;
            net_put(&w.ctrl, &rsp, sizeof(rsp));
            cr_assert_null(net_run(&w));
        }
        net_put(&w.ctrl, &rsp, sizeof(rsp));
        cr_assert_eq(net_run(&w), &w.f->ctrl.ring);
        FAILS(LEAT_E_PROTO, leat_ring_state(&w.f->ctrl.ring, &text));
        cr_assert_not_null(strstr(text, "net control"));
        net_close(&w);
    }
}
