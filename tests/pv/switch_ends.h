/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_SWITCH_ENDS_H
#define LEAT_TESTS_PV_SWITCH_ENDS_H

/* A switch, on whose ports tests stand, or are uplinks: who got a frame. */

#include <leat/netswitch.h>

#include "../unit/pool_fixture.h"
#include "frames.h"

enum {
    PORTS = 5,
    LINE = 64
};

/* One who stands on a port, or is an uplink of it. */
struct end {
    struct leat_netport port; /* of the switch */
    unsigned char last[65536];
    size_t len;
    struct leat_net_meta meta;
    const volatile unsigned char *where; /* the first segment */
    unsigned n;                          /* frames that came  */
    int fails;
    struct leat_netport *echo; /* where it sends, from within */
    int echoed;

    /* Of an uplink. */
    struct leat_netport_ops ops;
    struct leat_net_sink sink;
    unsigned waiting; /* frames to be asked for */
    unsigned asked;
    int gives; /* an error, in place of a frame */
    uint32_t nqueues;
    uint32_t queue[LINE]; /* those that were asked */
};

static struct leat_switch *s;
static struct end end[PORTS];
static void *meta;

static inline void sound(void)
{
    const char *broken = leat_switch_check(s);

    cr_assert_null(broken, "%s", broken);
}

static inline int took(void *arg, const struct leat_net_frame *f)
{
    struct end *e = arg;
    size_t at = f->head.len;

    if (e->fails)
        return e->fails;
    memcpy(e->last, f->head.data, at);
    for (size_t i = 0; i < f->nsegs; i++) {
        for (size_t k = 0; k < f->segs[i].len; k++)
            e->last[at++] = f->segs[i].peer_bytes[k];
    }
    cr_assert_eq(at, f->len);
    e->where = f->nsegs ? f->segs[0].peer_bytes : NULL;
    e->len = at;
    e->meta = f->meta;
    e->n++;
    if (e->echo)
        e->echoed = e->echo->ops->send(e->echo->self, f);
    return 0;
}

static inline void stand(unsigned i)
{
    const struct leat_net_sink sink = {.deliver = took, .arg = &end[i]};

    MUST(leat_switch_port(s, i, &end[i].port));
    MUST(end[i].port.ops->attach(end[i].port.self, &sink));
}

static inline void open_switch(struct leat_switch_config c, unsigned stands)
{
    memset(end, 0, sizeof(end));
    if (!c.ports)
        c.ports = PORTS;
    MUST(leat_switch_meta_size(&c, &c.meta_bytes));
    c.meta = meta = malloc(c.meta_bytes);
    MUST(leat_switch_create(&s, &c));
    for (unsigned i = 0; i < stands; i++)
        stand(i);
    sound();
}

static inline void close_switch(void)
{
    sound();
    for (unsigned i = 0; i < PORTS; i++) {
        struct leat_netport p;

        if (leat_switch_uplink(s, i, NULL) == LEAT_E_RANGE)
            break;
        MUST(leat_switch_port(s, i, &p));
        MUST(p.ops->attach(p.self, NULL));
    }
    sound();
    MUST(leat_switch_destroy(s));
    free(meta);
}

static inline void address(unsigned char *to, uint32_t x)
{
    memset(to, 0, 6);
    to[0] = 2;
    memcpy(to + 2, &x, 4);
}

#define EVERYONE 0xffffffffu
#define GROUP    0xfffffff0u /* and up: multicast */

static inline void head_of(unsigned char *h, uint32_t from, uint32_t to)
{
    address(h, to);
    address(h + 6, from);
    if (to >= GROUP)
        h[0] = 3;
    if (to == EVERYONE)
        memset(h, 0xff, 6);
    h[12] = 0x88;
    h[13] = 0xb5;
}

static inline int send_by(unsigned port, uint32_t from, uint32_t to)
{
    unsigned char h[60] = {0};
    struct leat_net_frame f = {.head = {h, 60}, .len = 60};
    int err;

    head_of(h, from, to);
    err = end[port].port.ops->send(end[port].port.self, &f);
    sound();
    return err;
}

/* Sends, and gives who got it, as bits. */
static inline unsigned got(unsigned port, uint32_t from, uint32_t to)
{
    unsigned before[PORTS], who = 0;

    for (unsigned i = 0; i < PORTS; i++)
        before[i] = end[i].n;
    MUST(send_by(port, from, to));
    for (unsigned i = 0; i < PORTS; i++) {
        cr_assert(end[i].n - before[i] <= 1);
        who |= (end[i].n - before[i]) << i;
    }
    return who;
}

static inline struct leat_switch_stats stats(unsigned port)
{
    struct leat_switch_stats out;

    MUST(leat_switch_stats(s, port, &out));
    return out;
}

/* ------------------------------------------------------------------ uplinks */

static inline int up_send(void *self, const struct leat_net_frame *f)
{
    return took(self, f);
}

static inline int up_receive(void *self, uint32_t queue,
                             const struct leat_net_room *room,
                             struct leat_net_meta *m, size_t *len)
{
    struct end *e = self;
    unsigned char h[60] = {0};

    if (e->asked < LINE)
        e->queue[e->asked] = queue;
    e->asked++;
    if (e->gives)
        return e->gives;
    if (!e->waiting)
        return LEAT_E_AGAIN;
    e->waiting--;
    head_of(h, 500 + (uint32_t)(e - end), EVERYONE);
    for (size_t i = 0; i < 60; i++)
        room->segs[0].peer_bytes[i] = h[i];
    cr_assert_eq(room->bytes, LEAT_NET_FRAME_MAX);
    m->flags = LEAT_NET_CSUM_VALID;
    *len = 60;
    return 0;
}

static inline int up_attach(void *self, const struct leat_net_sink *sink)
{
    struct end *e = self;

    e->sink = sink ? *sink : (struct leat_net_sink){0};
    return 0;
}

static inline uint32_t up_queues(void *self)
{
    return ((struct end *)self)->nqueues;
}

static inline struct leat_netport up(unsigned i, bool asks)
{
    struct end *e = &end[i];

    e->ops.name = "up";
    e->ops.send = up_send;
    e->ops.attach = asks ? NULL : up_attach;
    e->ops.receive = asks ? up_receive : NULL;
    e->ops.queues = asks && e->nqueues ? up_queues : NULL;
    return (struct leat_netport){&e->ops, e};
}

#endif
