/* SPDX-License-Identifier: ISC */

/*
 * Frames between a TAP device and the front end, in this process. What the
 * kernel sends is read straight into the pages that the back end sees, where there
 * is one queue; for one of several the headers are looked at before. What comes
 * from the back end is written from where it lies.
 */

#include <stdlib.h>
#include <string.h>

#include <leat/tap.h>

#include "sim-net.h"

#define BATCH 64

struct net_relay {
    struct net_front *front;
    struct leat_netport port;
    struct leat_netfront_info info;
    unsigned char staged[LEAT_NET_FRAME_MAX];
    size_t len; /* staged, and not sent */
    struct leat_net_meta meta;
    struct leat_copies copies;
};

struct straight {
    const struct leat_netport *port;
    struct leat_netfront_fill fill;
};

/* A frame for the TAP device: its head private, the rest as it is. */
static void receive(void *arg, struct leat_netfront_frame *frame)
{
    unsigned char head[LEAT_NET_HEAD_MAX];
    struct leat_shared segs[LEAT_NET_SEGMENTS];
    struct leat_net_frame out = {
        .segs = segs, .len = frame->len, .meta = frame->meta};
    struct net_relay *r = arg;
    uint32_t i = 0;

    if (frame->pieces[0].view.data) {
        out.head = leat_view_const(frame->pieces[i++].view);
    } else {
        const struct leat_shared s = frame->pieces[0].shared;
        const size_t n = s.len < sizeof head ? s.len : sizeof head;

        (void)leat_shared_copy_out(s, 0, head, n, &r->copies);
        out.head = (struct leat_cview){head, n};
        if (!leat_shared_slice(s, n, s.len - n, &segs[0]))
            out.nsegs++;
        i++;
    }
    for (; i < frame->n && out.nsegs < LEAT_NET_SEGMENTS; i++) {
        const struct leat_netfront_piece *p = &frame->pieces[i];

        if (!p->view.data)
            segs[out.nsegs++] = p->shared;
        else if (!leat_shared_of(p->view.data, p->view.len, &segs[out.nsegs]))
            out.nsegs++;
    }
    (void)r->port.ops->send(r->port.self, &out); /* it counts what is lost */
}

static int fill(void *arg, const struct leat_view *views, size_t n, size_t *len)
{
    const struct net_relay *r = arg;
    size_t at = 0, i;

    (void)len;
    for (i = 0; i < n; at += views[i++].len)
        memcpy(views[i].data, r->staged + at, views[i].len);
    return 0;
}

/* A frame of the TAP device's, straight into the pages; what was read, and is not
 * to be sent so, is lost. */
static int read_tap(void *arg, const struct leat_view *views, size_t n,
                    size_t *len)
{
    struct straight *s = arg;
    struct leat_shared segs[LEAT_NET_SEGMENTS];
    const struct leat_net_room room = {segs, n, *len};
    size_t i;
    int err = n > LEAT_NET_SEGMENTS ? LEAT_E_SEGMENTS : 0;

    for (i = 0; i < n && !err; i++)
        err = leat_shared_of(views[i].data, views[i].len, &segs[i]);
    return err ? err
               : s->port->ops->receive(s->port->self, 0, &room, &s->fill.meta,
                                       len);
}

static bool one_straight(struct net_relay *r)
{
    struct straight s = {
        .port = &r->port,
        .fill = {.flags = LEAT_NETFRONT_DIRTY | LEAT_NETFRONT_META,
                 .size = r->info.frame_max,
                 .fill = read_tap,
                 .arg = &s}};

    return !leat_netfront_send(net_front_end(r->front), &s.fill);
}

/* By its addresses and ports, so that a flow stays in order. */
static uint32_t queue_of(const struct net_relay *r)
{
    struct leat_net_headers is = {.flow = 0};
    const struct leat_cview head = {
        r->staged, r->len < LEAT_NET_HEAD_MAX ? r->len : LEAT_NET_HEAD_MAX};

    (void)leat_net_headers(head, r->len, &is);
    return is.flow % r->info.queues;
}

/* One for one of several queues; false: there is none, or no room for it. */
static bool one(struct net_relay *r)
{
    struct leat_shared seg = {r->staged, sizeof r->staged};
    const struct leat_net_room room = {&seg, 1, sizeof r->staged};
    struct leat_netfront_fill f = {
        .flags = LEAT_NETFRONT_DIRTY, .fill = fill, .arg = r};

    if (!r->len &&
        r->port.ops->receive(r->port.self, 0, &room, &r->meta, &r->len))
        return false;
    f.queue = queue_of(r);
    f.size = r->len;
    f.meta = r->meta;
    if (leat_netfront_send(net_front_end(r->front), &f) == LEAT_E_AGAIN)
        return false; /* it is kept */
    r->len = 0;
    return true;
}

static bool send_all(void *arg, struct net_front *front)
{
    struct net_relay *r = arg;
    int i;

    (void)front;
    if (leat_netfront_info(net_front_end(r->front), &r->info))
        return false;
    for (i = 0; i < BATCH; i++) {
        if (!(r->info.queues < 2 && !r->len ? one_straight(r) : one(r)))
            break;
    }
    return i > 0;
}

struct net_relay *net_relay_open(struct net_job *j, struct leat_tap *near)
{
    struct net_relay *r = calloc(1, sizeof *r);
    struct net_ends ends = {.receive = receive, .send = send_all};

    if (!r) {
        tool_fail("out of memory");
        return NULL;
    }
    r->port = leat_tap(near);
    ends.fd = r->port.ops->fd(r->port.self, 0);
    ends.arg = r;
    r->front = net_front_open(j, &ends);
    if (!r->front) {
        free(r);
        return NULL;
    }
    return r;
}

struct net_front *net_relay_front(struct net_relay *r)
{
    return r->front;
}

void net_relay_free(struct net_relay *r)
{
    free(r);
}
