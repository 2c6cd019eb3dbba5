/* SPDX-License-Identifier: ISC */

/* Waiting for room and for bytes. */

#include "flow_fixture.h"

struct place {
    struct leat_flow_waiter w;
    int order; /* when it was called, or 0 */
    int err;
};

static int clock_;

static void called(void *arg, int err)
{
    struct place *p = arg;

    p->order = ++clock_;
    p->err = err;
}

Test(flow_wait, oldest_first_and_when_there_is_room)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    static struct place p[3];
    unsigned char out[100];
    size_t n;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.capacity = 100});
    MUST(leat_flow_write(flow, out, 100));
    MUST(leat_flow_wait_write(flow, &p[0].w, 50, called, &p[0]));
    FAILS(LEAT_E_BUSY, leat_flow_wait_write(flow, &p[0].w, 1, called, &p[0]));
    FAILS(LEAT_E_LIMIT,
          leat_flow_wait_write(flow, &p[1].w, 101, called, &p[1]));
    MUST(leat_flow_wait_write(flow, &p[1].w, 20, called, &p[1]));
    MUST(leat_flow_wait_write(flow, &p[2].w, 0, called, &p[2]));
    FAILS(LEAT_E_BUSY, leat_flow_destroy(flow));
    MUST(leat_flow_read_into(flow, out, 30, &n));
    cr_assert_eq(p[0].order + p[1].order + p[2].order, 0);
    MUST(leat_flow_cancel(flow, &p[1].w));
    FAILS(LEAT_E_STATE, leat_flow_cancel(flow, &p[1].w));
    MUST(leat_flow_read_into(flow, out, 20, &n));
    cr_assert_eq(p[0].order, 1);
    cr_assert_eq(p[2].order, 2);
    cr_assert_eq(p[0].err, 0);
    FAILS(LEAT_E_STATE, leat_flow_cancel(flow, &p[0].w));
    /* At once. */
    MUST(leat_flow_wait_write(flow, &p[0].w, 50, called, &p[0]));
    cr_assert_eq(p[0].order, 3);
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

/* Who leaves may have kept another back. */
Test(flow_wait, a_cancel_makes_way)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    static struct place p[2];

    clock_ = 0;
    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.capacity = 100});
    MUST(leat_flow_write(flow, "0123456789", 10));
    MUST(leat_flow_wait_write(flow, &p[0].w, 100, called, &p[0]));
    MUST(leat_flow_wait_write(flow, &p[1].w, 10, called, &p[1]));
    cr_assert_eq(p[1].order, 0);
    MUST(leat_flow_cancel(flow, &p[0].w));
    cr_assert_eq(p[1].order, 1);
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

Test(flow_wait, ends)
{
    struct flow_fixture f;
    struct leat_flow *flow;
    static struct place r[2], w;
    unsigned char out[100];
    size_t n;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    flow = flow_of(&f, (struct leat_flow_config){.capacity = 100});
    MUST(leat_flow_wait_read(flow, &r[0].w, 10, called, &r[0]));
    MUST(leat_flow_write(flow, out, 9));
    cr_assert_eq(r[0].order, 0);
    MUST(leat_flow_close(flow)); /* fewer than wanted, and no more to come */
    cr_assert_neq(r[0].order, 0);
    cr_assert_eq(r[0].err, 0);
    MUST(leat_flow_wait_write(flow, &w.w, 1, called, &w));
    cr_assert_eq(w.err, LEAT_E_CLOSED);
    MUST(leat_flow_read_into(flow, out, 100, &n));
    MUST(leat_flow_wait_read(flow, &r[0].w, 1, called, &r[0]));
    cr_assert_eq(r[0].err, LEAT_E_END);
    MUST(leat_flow_destroy(flow));

    flow = flow_of(&f, (struct leat_flow_config){.capacity = 100});
    MUST(leat_flow_write(flow, out, 100));
    MUST(leat_flow_wait_write(flow, &w.w, 1, called, &w));
    MUST(leat_flow_stop(flow));
    cr_assert_eq(w.err, LEAT_E_END);
    MUST(leat_flow_wait_read(flow, &r[1].w, 1, called, &r[1]));
    cr_assert_eq(r[1].err, LEAT_E_CLOSED);
    MUST(leat_flow_destroy(flow));
    close_flows(&f);
}

/* Two who wait for each other, a hundred thousand times on one stack. */
struct pair {
    struct leat_flow *flow;
    struct leat_flow_waiter reader, writer;
    unsigned left;
    unsigned read;
    char *deepest;
};

static void can_write(void *arg, int err);

static void look(struct pair *p)
{
    char *here = __builtin_frame_address(0);

    if (!p->deepest || here < p->deepest)
        p->deepest = here;
}

static void can_read(void *arg, int err)
{
    struct pair *p = arg;
    unsigned char out[4];
    size_t n;

    look(p);
    if (err == LEAT_E_END)
        return;
    MUST(err);
    MUST(leat_flow_read_into(p->flow, out, sizeof(out), &n));
    p->read += (unsigned)n;
    MUST(leat_flow_wait_read(p->flow, &p->reader, 4, can_read, p));
}

static void can_write(void *arg, int err)
{
    struct pair *p = arg;

    look(p);
    MUST(err);
    MUST(leat_flow_write(p->flow, "1234", 4));
    if (--p->left)
        MUST(leat_flow_wait_write(p->flow, &p->writer, 4, can_write, p));
    else
        MUST(leat_flow_close(p->flow));
}

Test(flow_wait, no_stack_grows)
{
    struct pair p = {.left = 100000};
    struct flow_fixture f;
    char *here = __builtin_frame_address(0);

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    p.flow = flow_of(&f, (struct leat_flow_config){.capacity = 4});
    MUST(leat_flow_wait_read(p.flow, &p.reader, 4, can_read, &p));
    MUST(leat_flow_wait_write(p.flow, &p.writer, 4, can_write, &p));
    cr_assert_eq(p.read, 400000);
    cr_assert_lt(here - p.deepest, 65536);
    MUST(leat_flow_destroy(p.flow));
    close_flows(&f);
}
