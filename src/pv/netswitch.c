/* SPDX-License-Identifier: ISC */

/*
 * A switch.
 *
 *     port --send--> learn the source --> one port, or all others --> deliver
 *     uplink --asked, or it delivers--^
 *
 *   W4  a frame never goes out by the port that it came in by
 *   W5  while a frame is delivered no other one is taken: a loop of switches ends
 *       at its first round, and the buffers of the switch have one user
 *   W6  what is looked at is private: the head of a frame, of which a port gets
 *       as much as an Ethernet header at least
 *   W7  of a port on which nobody stands, and which has no uplink, no address is
 *       known
 *
 * netswitch_table.c has the addresses, and W1 to W3; netswitch_lay.c the memory.
 */

#include <string.h>

#include "net_finish.h"
#include "netswitch.h"

/* ---------------------------------------------------------------- going out */

static int to_uplink(void *arg, const struct leat_net_frame *frame)
{
    const struct sw_port *p = arg;

    return p->uplink.ops->send(p->uplink.self, frame);
}

static int up(struct sw_port *p, const struct leat_net_frame *frame)
{
    uint32_t takes = p->uplink.ops->offload;

    if (!(leat_net_leaves(&frame->meta, frame->head) & ~takes))
        return to_uplink(p, frame);
    p->stats.finished++;
    return leat_net_finish(frame, takes, p->s->finish, &p->stats.copies,
                           to_uplink, p);
}

static void deliver(struct sw_port *p, const struct leat_net_frame *frame)
{
    int err =
        p->sink.deliver ? p->sink.deliver(p->sink.arg, frame) : up(p, frame);

    if (err)
        p->stats.lost++;
    else
        p->stats.delivered++;
}

static bool wanted(const struct sw_port *p, const uint8_t *mac)
{
    static const uint8_t everyone[LEAT_NET_MAC] = {0xff, 0xff, 0xff,
                                                   0xff, 0xff, 0xff};
    size_t i;

    if (!p->filter.on || !(mac[0] & 1) || !memcmp(mac, everyone, LEAT_NET_MAC))
        return true;
    for (i = 0; i < p->filter.n; i++) {
        if (!memcmp(mac, p->filter.list[i], LEAT_NET_MAC))
            return true;
    }
    return false;
}

static void flood(struct sw_port *from, const struct leat_net_frame *frame)
{
    struct leat_switch *s = from->s;
    uint32_t i;

    from->stats.flooded++;
    for (i = 0; i < s->nports; i++) {
        struct sw_port *p = &s->ports[i];

        if (p == from || !sw_taken(p)) /* W4 */
            continue;
        if (wanted(p, frame->head.data))
            deliver(p, frame);
        else
            p->stats.filtered++;
    }
}

/* ---------------------------------------------------------------- coming in */

static int forward(void *arg, const struct leat_net_frame *frame)
{
    struct sw_port *from = arg;
    struct leat_switch *s = from->s;
    const uint8_t *head = frame->head.data;
    uint32_t to;

    if (s->busy) { /* W5 */
        from->stats.refused++;
        return LEAT_E_AGAIN;
    }
    if (frame->head.len < LEAT_NET_FRAME_MIN || frame->head.len > frame->len ||
        frame->len > LEAT_NET_FRAME_MAX) {
        from->stats.refused++;
        return LEAT_E_LENGTH;
    }
    s->busy = true;
    from->stats.frames++;
    from->stats.bytes += frame->len;
    if (sw_taken(from)) /* W7 */
        leat_sw_learn(from, head + LEAT_NET_MAC);
    to = head[0] & 1 ? SW_NONE : leat_sw_find(s, head);
    if (to == SW_NONE)
        flood(from, frame);
    else if (to != from->number) /* W4 */
        deliver(&s->ports[to], frame);
    s->busy = false;
    return 0;
}

/* One frame of an uplink that is asked. */
static int ask(struct sw_port *p)
{
    struct leat_switch *s = p->s;
    const struct leat_netport *port = &p->uplink;
    struct leat_shared seg = {s->frame, LEAT_NET_FRAME_MAX};
    const struct leat_net_room room = {&seg, 1, LEAT_NET_FRAME_MAX};
    struct leat_net_frame frame = {.nsegs = 0};
    uint32_t queues = port->ops->queues ? port->ops->queues(port->self) : 1;
    uint32_t queue = p->queue < queues ? p->queue : 0, i;
    int err = LEAT_E_AGAIN;

    for (i = 0; i < queues && err == LEAT_E_AGAIN; i++) {
        err = port->ops->receive(port->self, queue, &room, &frame.meta,
                                 &frame.len);
        queue = queue + 1 < queues ? queue + 1 : 0;
    }
    p->queue = queue;
    if (!err) {
        frame.head = (struct leat_cview){s->frame, frame.len};
        (void)forward(p, &frame);
    } else if (err == LEAT_E_END || err == LEAT_E_GONE) {
        p->stats.ended = true;
    } else if (err != LEAT_E_AGAIN) {
        p->stats.refused++;
        err = 0; /* that frame alone */
    }
    return err;
}

int leat_switch_poll(struct leat_switch *s, uint32_t budget, bool *more)
{
    uint32_t idle = 0;

    if (!s || !budget || !more || s->busy)
        return LEAT_E_INVALID;
    while (budget && idle < s->nports) {
        struct sw_port *p = &s->ports[s->turn];

        s->turn = s->turn + 1 < s->nports ? s->turn + 1 : 0;
        idle++;
        if (!p->uplink.ops || !p->uplink.ops->receive || p->stats.ended)
            continue;
        budget--;
        if (!ask(p))
            idle = 0;
    }
    *more = idle < s->nports;
    return 0;
}

/* --------------------------------------------------------------- who stands */

static int attach(void *self, const struct leat_net_sink *sink)
{
    struct sw_port *p = self;

    if (sink && (!sink->deliver || p->s->busy))
        return LEAT_E_INVALID;
    if (sink && sw_taken(p))
        return LEAT_E_BUSY;
    memset(&p->sink, 0, sizeof(p->sink));
    memset(&p->filter, 0, sizeof(p->filter));
    if (sink)
        p->sink = *sink;
    else
        leat_sw_forget_all(p); /* W7 */
    return 0;
}

static int filter(void *self, const struct leat_net_filter *f)
{
    struct sw_port *p = self;

    if (!f || (f->n && !f->list))
        return LEAT_E_INVALID;
    p->filter = *f;
    return 0;
}

static const struct leat_netport_ops port_ops = {
    .name = "switch",
    .offload = LEAT_NET_OFFLOAD_ALL,
    .head = LEAT_NET_FRAME_MIN, /* W6 */
    .send = forward,
    .attach = attach,
    .filter = filter,
};

int leat_switch_port(struct leat_switch *s, uint32_t number,
                     struct leat_netport *out)
{
    if (!s || !out)
        return LEAT_E_INVALID;
    if (number >= s->nports)
        return LEAT_E_RANGE;
    if (s->ports[number].uplink.ops)
        return LEAT_E_BUSY;
    *out = (struct leat_netport){&port_ops, &s->ports[number]};
    return 0;
}

int leat_switch_uplink(struct leat_switch *s, uint32_t number,
                       const struct leat_netport *uplink)
{
    const struct leat_net_sink sink = {
        .deliver = forward,
        .arg = s && number < s->nports ? &s->ports[number] : NULL};
    struct leat_netport old;
    struct sw_port *p = sink.arg;
    int err = 0;

    if (!s || s->busy || (uplink && (!uplink->ops || !uplink->ops->send)))
        return LEAT_E_INVALID;
    if (!p)
        return LEAT_E_RANGE;
    if (uplink && sw_taken(p))
        return LEAT_E_BUSY;
    if (uplink) {
        if (!uplink->ops->receive && uplink->ops->attach)
            err = uplink->ops->attach(uplink->self, &sink);
        if (err)
            return err;
        p->uplink = *uplink;
        p->queue = 0;
        p->stats.ended = false;
        return 0;
    }
    old = p->uplink;
    memset(&p->uplink, 0, sizeof(p->uplink));
    if (!old.ops)
        return 0;
    leat_sw_forget_all(p); /* W7 */
    if (!old.ops->receive && old.ops->attach)
        err = old.ops->attach(old.self, NULL);
    return err;
}

/* -------------------------------------------------------------------- looks */

int leat_switch_stats(const struct leat_switch *s, uint32_t number,
                      struct leat_switch_stats *out)
{
    if (!s || !out)
        return LEAT_E_INVALID;
    if (number >= s->nports)
        return LEAT_E_RANGE;
    *out = s->ports[number].stats;
    out->addresses = s->ports[number].n;
    return 0;
}

const char *leat_switch_check(const struct leat_switch *s)
{
    const struct sw_port *p;
    uint32_t i;

    if (!s)
        return "no switch";
    for (i = 0; i < s->nports; i++) {
        p = &s->ports[i];
        if (p->sink.deliver && p->uplink.ops)
            return "W7: two stand on a port";
        if (!sw_taken(p) && p->n)
            return "W7: an address of nobody's";
    }
    return leat_sw_table_check(s);
}
