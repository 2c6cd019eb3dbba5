/* SPDX-License-Identifier: ISC */

/*
 * netback and what may become of its guest, and of itself: lies in the control
 * ring and the store, deaths in each state, and each operation below that fails.
 * Nothing of the guest's is held afterwards, and the next one is served.
 */

#include "pv/net_front.h"

static struct net_front F;

/* ---------------------------------------------------------- the control ring */

static struct netif_gref *entries(const struct front_page *list)
{
    return (struct netif_gref *)(void *)list->bytes;
}

static uint32_t status_of(struct netif_ctrl_response r)
{
    return r.status;
}

Test(netback_deaths, the_control_ring_lies)
{
    struct front_page *list, *page[4];
    struct netif_ctrl_response r;

    front_open(&F, (struct leat_netback_config){.statics_max = 6});
    front_connect(&F, (struct front_keys){.ctrl = true});
    list = front_new(&F, LEAT_READ_WRITE, 0);
    for (unsigned i = 0; i < 4; i++)
        page[i] = front_new(&F, LEAT_READ_WRITE, 0);
    r = ctrl_ask(&F, NETIF_CTRL_GET_GREF_MAPPING_SIZE, 0, 0, 0);
    cr_assert_eq(r.status, NETIF_CTRL_SUCCESS);
    cr_assert_eq(r.data, 6);
    /* Types that there are not; hashes that we do not have. */
    for (unsigned type = 0; type < 8; type++)
        cr_assert_eq(status_of(ctrl_ask(&F, (uint16_t)type, 0, 0, 0)),
                     NETIF_CTRL_NOT_SUPPORTED);
    cr_assert_eq(status_of(ctrl_ask(&F, 11, 0, 0, 0)),
                 NETIF_CTRL_NOT_SUPPORTED);
    cr_assert_eq(status_of(ctrl_ask(&F, 0xffff, 0, 0, 0)),
                 NETIF_CTRL_NOT_SUPPORTED);
    for (uint16_t type = NETIF_CTRL_GET_GREF_MAPPING_SIZE;
         type <= NETIF_CTRL_DEL_GREF_MAPPING; type++) {
        static const uint32_t bad[][3] = {
            {1, 0, 1},          /* no such queue                             */
            {0xffffffff, 0, 1}, /* nor that                                  */
            {0, 0, 513},        /* more than a page has                      */
            {0, 0, 0xffffffff},
            {0, 0x7fffffff, 1}, /* a page that is not there                  */
            {0, 0xffffffff, 512},
        };

        for (unsigned i = 0; i < 6; i++) {
            if (type != NETIF_CTRL_GET_GREF_MAPPING_SIZE || i < 2)
                cr_assert_eq(status_of(ctrl_ask(&F, type, bad[i][0], bad[i][1],
                                                bad[i][2])),
                             NETIF_CTRL_INVALID_PARAMETER, "%u %u", type, i);
        }
    }
    /* One bad entry, first, last or between: none of the list is mapped. */
    for (unsigned at = 0; at < 4; at++) {
        static const struct netif_gref bad[] = {
            {.ref = 0}, {.ref = 0x7fffffff}, {.ref = 1, .flags = 2}};

        for (unsigned k = 0; k < 4; k++) {
            for (unsigned i = 0; i < 4; i++)
                entries(list)[i] = (struct netif_gref){.ref = page[i]->ref};
            entries(list)[at] = k < 3 ? bad[k] : entries(list)[(at + 1) % 4];
            if (k == 2)
                entries(list)[at].ref = page[at]->ref;
            cr_assert_eq(status_of(ctrl_ask(&F, NETIF_CTRL_ADD_GREF_MAPPING, 0,
                                            list->ref, 4)),
                         NETIF_CTRL_INVALID_PARAMETER, "%u %u", at, k);
            cr_assert_eq(pair_back_stats(&F.p).statics, 0);
            cr_assert_eq(F.p.w.g.world.mapped, 3, "the rings");
        }
    }
    front_close(&F);
}

Test(netback_deaths, static_pages_are_bounded_and_come_back)
{
    struct front_page *list, *page[8];
    struct netif_ctrl_response r;

    front_open(&F, (struct leat_netback_config){.statics_max = 6});
    front_connect(&F, (struct front_keys){.ctrl = true});
    list = front_new(&F, LEAT_READ_WRITE, 0);
    for (unsigned i = 0; i < 8; i++) {
        page[i] = front_new(&F, LEAT_READ_WRITE, 0);
        entries(list)[i].ref = page[i]->ref;
    }
    cr_assert_eq(
        status_of(ctrl_ask(&F, NETIF_CTRL_ADD_GREF_MAPPING, 0, list->ref, 7)),
        NETIF_CTRL_INVALID_PARAMETER, "more than it said");
    cr_assert_eq(
        status_of(ctrl_ask(&F, NETIF_CTRL_ADD_GREF_MAPPING, 0, list->ref, 6)),
        NETIF_CTRL_SUCCESS);
    cr_assert_eq(pair_back_stats(&F.p).statics, 6);
    cr_assert_eq(
        status_of(ctrl_ask(&F, NETIF_CTRL_ADD_GREF_MAPPING, 0, list->ref, 1)),
        NETIF_CTRL_INVALID_PARAMETER, "full, and there already");
    /* Some are taken back, and some were never there: each is told. */
    for (unsigned i = 0; i < 5; i++)
        entries(list)[i] = (struct netif_gref){
            .ref = i % 2 ? 0x7ffffff0 + i : page[i]->ref, .status = 99};
    entries(list)[5] = entries(list)[0];
    r = ctrl_ask(&F, NETIF_CTRL_DEL_GREF_MAPPING, 0, list->ref, 6);
    cr_assert_eq(r.status, NETIF_CTRL_SUCCESS);
    cr_assert_eq(r.data, 3);
    for (unsigned i = 0; i < 6; i++)
        cr_assert_eq(entries(list)[i].status,
                     i % 2 ? NETIF_CTRL_INVALID_PARAMETER : NETIF_CTRL_SUCCESS,
                     "%u", i);
    cr_assert_eq(pair_back_stats(&F.p).statics, 3);
    /* What came back is the guest's again. */
    MUST(leat_grant_revoke(page[0]->grant));
    MUST(leat_grant_share(F.p.w.g.a->table, page[0]->chunk, 2, LEAT_READ_ONLY,
                          &page[0]->grant));
    front_close(&F);
}

/* A page mapped for reading is not written, whatever it is posted for. */
Test(netback_deaths, a_static_page_to_read_is_not_written)
{
    struct netif_rx_response rsp;
    struct front_page *page;

    front_open(&F, (struct leat_netback_config){0});
    front_connect(&F, (struct front_keys){.ctrl = true});
    page = front_new(&F, LEAT_READ_ONLY, 0x55);
    ctrl_keep(&F, page, true);
    rx_post(&F, 0, page->ref);
    raw_push(F.rx);
    pair_fill(pair_give(&F.p, 200)->bytes, 200, 1);
    back_go(&F);
    cr_assert(raw_take(F.rx, &rsp, sizeof(rsp)));
    cr_assert_eq(rsp.status, NETIF_RSP_ERROR);
    for (size_t i = 0; i < PAGE; i++)
        cr_assert_eq(page->bytes[i], 0x55);
    front_close(&F);
}

/* --------------------------------------------------------------- the store's */

Test(netback_deaths, keys_that_lie)
{
    static const struct {
        const char *key, *value; /* NULL: it is not there */
        const char *text;
    } lies[] = {
        {"tx-ring-ref", NULL, "no key tx-ring-ref"},
        {"rx-ring-ref", NULL, "no key rx-ring-ref"},
        {"event-channel", NULL, "no key event-channel"},
        {"request-rx-copy", "0", "does not ask for copies"},
        {"request-rx-copy", NULL, "does not ask for copies"},
        {"tx-ring-ref", "2000000000", "queue 0"},
        {"rx-ring-ref", "-1", "rx-ring-ref"},
        {"event-channel", "63", "queue 0"},
        {"event-channel", "4294967296", "event-channel"},
        {"multi-queue-num-queues", "0", "multi-queue-num-queues"},
        {"multi-queue-num-queues", "3", "multi-queue-num-queues"},
        {"multi-queue-num-queues", "2", "no key queue-0/tx-ring-ref"},
        {"feature-sg", "yes", "feature-sg"},
        {"event-channel-tx", "1", "no key event-channel-rx"},
        {"ctrl-ring-ref", "2000000000", "control ring"},
        {"event-channel-ctrl", NULL, "no key event-channel-ctrl"},
    };

    for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
        char path[300];

        front_open(&F, (struct leat_netback_config){.queues_max = 2});
        pair_open_back(&F.p);
        back_go(&F);
        front_offer(&F, (struct front_keys){.ctrl = true});
        snprintf(path, sizeof(path), PAIR_FRONT "/%s", lies[i].key);
        if (lies[i].value)
            table_set(&F.p.w.t, path, lies[i].value);
        else
            table_drop(&F.p.w.t, path);
        front_set(&F, "state", 4);
        back_go(&F);
        cr_assert_not(leat_netback_connected(F.p.b));
        cr_assert_eq(F.p.back_events[LEAT_NETBACK_BROKEN], 1, "%zu", i);
        cr_assert(strstr(leat_netback_text(F.p.b), lies[i].text), "%zu: \"%s\"",
                  i, leat_netback_text(F.p.b));
        cr_assert_eq(F.p.w.g.world.mapped, 0, "%zu", i);
        cr_assert_eq(F.p.back_events[LEAT_NETBACK_CONNECTED], 0);
        front_close(&F);
    }
}

/* -------------------------------------------------------------------- deaths */

enum {
    BEFORE,
    OFFERED,
    CONNECTED,
    IN_TRAFFIC,
    BROKEN,
    CLOSING,
    STATES
};

static void one_frame(struct front_page *page)
{
    struct netif_rx_response rsp;

    line_drop(&F.p.sent);
    tx_slot(&F, page->ref, 0, 60, 0);
    cr_assert_eq(tx_done(&F, NETIF_RSP_OKAY), 1);
    cr_assert_eq(F.p.sent.n, 1);
    rx_post(&F, 0, page->ref);
    raw_push(F.rx);
    pair_fill(pair_give(&F.p, 60)->bytes, 60, 1);
    back_go(&F);
    cr_assert(raw_take(F.rx, &rsp, sizeof(rsp)));
    cr_assert_eq(rsp.status, 60);
}

/* The front's domain dies, with all that it has; another comes in its place. */
Test(netback_deaths, a_front_that_dies_in_each_state)
{
    static const struct leat_bus_device device = {
        .type = "vif", .front = 1, .back = 2};

    for (unsigned i = 0; i < STATES; i++) {
        struct leat_store toolstack;
        struct front_page *page;

        front_open(&F, (struct leat_netback_config){.way = LEAT_NETBACK_MAP});
        pair_open_back(&F.p);
        if (i > BEFORE)
            back_go(&F);
        if (i >= OFFERED) {
            front_offer(&F, (struct front_keys){.ctrl = true});
            front_set(&F, "state", 4);
        }
        page = front_new(&F, LEAT_READ_WRITE, 0);
        if (i >= CONNECTED)
            back_go(&F);
        if (i >= IN_TRAFFIC) {
            ctrl_keep(&F, page, false);
            one_frame(page);
            tx_slot(&F, page->ref, 0, i == BROKEN ? 5000 : 60, 0);
            raw_push(F.tx);
        }
        if (i == BROKEN)
            back_go(&F);
        if (i == CLOSING)
            front_set(&F, "state", 5);
        table_drop(&F.p.w.t, PAIR_FRONT);
        table_die(&F.p.w.t, 1);
        back_go(&F);
        cr_assert_not(leat_netback_connected(F.p.b), "%u", i);
        cr_assert_eq(F.p.w.g.world.mapped, 0, "%u", i);
        front_drop_rings(&F);
        toolstack = table_store(&F.p.w.t, 0);
        MUST(leat_bus_device_make_end(&toolstack, &device, LEAT_BUS_FRONT));
        front_connect(&F, (struct front_keys){.ctrl = true});
        one_frame(page);
        front_close(&F);
    }
}

/* A ring whose indexes are about to wrap, as one that was used for long. */
Test(netback_deaths, indexes_across_2_32)
{
    struct front_page *page;

    front_open(&F, (struct leat_netback_config){0});
    front_connect(&F, (struct front_keys){.ctrl = true, .start = 0xffffff80});
    page = front_new(&F, LEAT_READ_WRITE, 0);
    for (unsigned i = 0; i < 300; i++) {
        one_frame(page);
        cr_assert_eq(
            ctrl_ask(&F, NETIF_CTRL_GET_GREF_MAPPING_SIZE, 0, 0, 0).status,
            NETIF_CTRL_SUCCESS);
    }
    cr_assert_eq(F.tx->cons, 300 - 0x80);
    cr_assert_eq(F.rx->cons, 300 - 0x80);
    cr_assert_eq(F.ctrl.cons, 300 - 0x80);
    front_close(&F);
}

/* ------------------------------------------------------------- what is below */

/* All that a guest may ask for, in one go; errors are as they come. */
static void a_life(struct front_page *page)
{
    const struct netif_ctrl_request add = {.type = NETIF_CTRL_ADD_GREF_MAPPING,
                                           .data = {0, page[2].ref, 1}};
    bool more = true;

    front_set(&F, "state", 4);
    for (int i = 0; i < 8; i++)
        (void)leat_bus_poll(&F.p.w.back_bus, 64, &more);
    entries(&page[2])[0].ref = page[0].ref;
    raw_put(&F.ctrl, &add, sizeof(add));
    raw_push(&F.ctrl);
    for (unsigned i = 0; i < 10; i++) {
        tx_slot(&F, page[i % 2].ref, 0, 100, NETTXF_MORE_DATA);
        tx_slot(&F, page[1].ref, 0, 50, 0);
        rx_post(&F, 0, page[i % 2].ref);
    }
    raw_push(F.tx);
    raw_push(F.rx);
    for (unsigned i = 0; i < 5; i++)
        pair_fill(pair_give(&F.p, 60)->bytes, 60, i);
    for (int i = 0; i < 8; i++) {
        (void)leat_bus_poll(&F.p.w.back_bus, 64, &more);
        (void)leat_netback_poll(F.p.b, 64, &more);
        pair_sound(&F.p);
    }
}

/* XSA-362, 365, 367, 371, 457: each operation fails once. */
static void fail_each(bool store, enum leat_netback_way way)
{
    long n;
    bool reached = true;

    for (n = 1; reached; n++) {
        cr_assert_lt(n, 500);
        front_open(&F, (struct leat_netback_config){.way = way});
        for (unsigned i = 0; i < 3; i++)
            (void)front_new(&F, LEAT_READ_WRITE, 0);
        pair_open_back(&F.p);
        back_go(&F);
        front_offer(&F, (struct front_keys){.ctrl = true});
        F.p.w.t.fail_with = F.p.w.g.world.fail_with = LEAT_E_SYSTEM;
        if (store)
            F.p.w.t.fail_in = (uint32_t)n;
        else
            F.p.w.g.world.fail_at = n;
        a_life(F.page);
        reached = store ? !F.p.w.t.fail_in : !F.p.w.g.world.fail_at;
        F.p.w.t.fail_in = 0;
        F.p.w.g.world.fail_at = 0;
        back_go(&F);
        cr_assert(leat_netback_connected(F.p.b) ||
                      F.p.back_events[LEAT_NETBACK_BROKEN],
                  "%ld: it does not come to an end", n);
        if (!reached) {
            cr_assert_eq(pair_back_stats(&F.p).tx_frames, 10);
            cr_assert_eq(pair_back_stats(&F.p).rx_frames, 5);
        }
        front_close(&F);
    }
    cr_assert_gt(n, 6);
}

Test(netback_deaths, each_grant_operation_fails_once)
{
    fail_each(false, LEAT_NETBACK_COPY);
    fail_each(false, LEAT_NETBACK_MAP);
}

Test(netback_deaths, each_operation_of_the_store_fails_once)
{
    fail_each(true, LEAT_NETBACK_COPY);
}
