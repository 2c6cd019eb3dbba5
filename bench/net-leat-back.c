/* SPDX-License-Identifier: ISC */

/*
 * The back end of "leat bench net". Behind it is a port that makes the frames that
 * go to the front, in the front's own pages where those are mapped for good, and
 * looks at those that come from it: at a private copy, or where they are, as the
 * way says.
 */

#include <poll.h>
#include <stdlib.h>

#include <leat/leat.h>

#include "net-leat.h"

#define STATICS 4096u /* of the front's pages, mapped for good */

struct bench_back {
    const struct leat_bench *bench;
    struct leat_end leat;
    struct leat_netback *end;
    struct leat_wait wait;
    struct leat_copies copies; /* the port's          */
    unsigned char *frame;      /* private             */
    unsigned may, sent, nth;   /* frames to the front */
    unsigned received;
    bool connected, closed;
    struct leat_counts counts;
};

/* ------------------------------------------------------------------- the port */

static int port_send(void *self, const struct leat_net_frame *frame)
{
    struct bench_back *b = self;
    const bool in_place = b->bench->mode != LEAT_RECEIVE_COPY;
    size_t at = frame->head.len, i;

    if (frame->len != b->bench->c->bytes)
        net_torn();
    b->received++;
    if (at)
        leat_take_piece(frame->head.data, at, true, at == frame->len);
    for (i = 0; i < frame->nsegs; i++) {
        const struct leat_shared *s = &frame->segs[i];
        const void *data = b->frame + at;

        if (in_place)
            data = (const void *)(uintptr_t)s->peer_bytes;
        else if (leat_shared_copy_out(*s, 0, b->frame + at, s->len, &b->copies))
            net_torn();
        leat_take_piece(data, s->len, !at, at + s->len == frame->len);
        at += s->len;
    }
    return 0;
}

static int port_receive(void *self, uint32_t queue,
                        const struct leat_net_room *room,
                        struct leat_net_meta *meta, size_t *len)
{
    struct bench_back *b = self;
    size_t left = b->bench->c->bytes, i;

    (void)queue, (void)meta;
    if (!b->may)
        return LEAT_E_AGAIN;
    if (left > room->bytes)
        return LEAT_E_LENGTH;
    for (i = 0; left; i++) {
        size_t part = left < room->segs[i].len ? left : room->segs[i].len;

        leat_fill_piece((void *)(uintptr_t)room->segs[i].peer_bytes, part, !i,
                        b->nth);
        left -= part;
    }
    b->nth++;
    b->may--;
    b->sent++;
    *len = b->bench->c->bytes;
    return 0;
}

/* Frames leave nothing to anybody. */
static int port_offloads(void *self, uint32_t offload)
{
    (void)self, (void)offload;
    return 0;
}

static const struct leat_netport_ops port_ops = {
    .name = "bench",
    .send = port_send,
    .receive = port_receive,
    .offloads = port_offloads,
};

/* ------------------------------------------------------------------- the loop */

static void event(void *arg, struct leat_netback *n,
                  enum leat_netback_event what)
{
    struct bench_back *b = arg;

    if (what == LEAT_NETBACK_BROKEN)
        device_die(leat_netback_text(n));
    b->connected = what == LEAT_NETBACK_CONNECTED;
    b->closed |= what == LEAT_NETBACK_CLOSED;
}

/* A spin looks at the rings alone; who wants to sleep, at all that there is. */
static int look(void *arg, bool arm)
{
    struct bench_back *b = arg;
    const bool was = b->connected;
    bool more = false, again = false;
    int err = 0;

    if (arm)
        err = leat_bus_poll(&b->leat.bus, LEAT_BUDGET, &again);
    if (!err)
        err = arm ? leat_netback_poll(b->end, LEAT_BUDGET, &more)
                  : leat_netback_spin(b->end, LEAT_BUDGET, &more);
    if (err)
        return err;
    return again || more || b->received || b->sent || b->closed ||
                   b->connected != was
               ? 0
               : LEAT_E_AGAIN;
}

static int rest(void *arg, uint64_t timeout_ns)
{
    const struct bench_back *b = arg;

    return leat_end_rest(&b->leat, timeout_ns);
}

static void wait_for(void *arg, bool sends)
{
    struct bench_back *b = arg;
    int err;

    b->may = sends ? NET_BURST : 0;
    err = leat_wait(&b->wait, LEAT_WAIT_NS);
    if (err && err != LEAT_E_AGAIN)
        leat_die("the back end", err);
}

/* Both ways are carried by one call, in send_frames() where frames are sent. */
static unsigned receive_frames(void *arg)
{
    struct bench_back *b = arg;
    unsigned n = b->received;

    b->received = 0;
    return n;
}

static unsigned send_frames(void *arg, unsigned n)
{
    struct bench_back *b = arg;
    bool more;
    int err;

    b->may = n;
    err = leat_netback_spin(b->end, LEAT_BUDGET, &more);
    if (err)
        leat_die("the back end", err);
    n = b->sent;
    b->sent = 0;
    return n;
}

static void count(void *arg, bool begins)
{
    struct bench_back *b = arg;
    struct leat_counts now;
    struct leat_netback_stats s;

    (void)leat_netback_stats(b->end, &s);
    now.frames = s.tx_frames;
    now.bytes = s.tx_bytes;
    now.copied = leat_copies_bytes(&s.copied) + leat_copies_bytes(&b->copies);
    now.grants = s.maps + s.unmaps + s.copies;
    leat_count(&b->counts, &now, begins);
}

/* -------------------------------------------------------------------- opening */

static int open_end(struct bench_back *b)
{
    const uint32_t payload = b->bench->c->bytes - NET_HEADER;
    struct leat_netback_config c = {
        .bus = &b->leat.bus,
        .path = LEAT_BACK_PATH,
        .grants = b->leat.table,
        .port = {&port_ops, b},
        .way = b->bench->mode == LEAT_RECEIVE_REVOKE ? LEAT_NETBACK_MAP
                                                     : LEAT_NETBACK_COPY,
        .statics_max = STATICS,
        .mtu = payload < 1500 ? 1500 : payload,
        .event = event,
        .arg = b,
    };
    int err = leat_netback_meta_size(&c, &c.meta_bytes);

    if (!err)
        c.meta = malloc(c.meta_bytes);
    return err ? err : leat_netback_create(&b->end, &c);
}

/* Until the front comes to the meeting: its pages are mapped meanwhile. */
static void until_ready(struct bench_back *b)
{
    struct pollfd there = {.fd = b->bench->d->pair.fd, .events = POLLIN};

    while (!poll(&there, 1, 0))
        wait_for(b, false);
    if (!b->connected)
        device_die("the back end is not connected");
}

static void close_all(struct bench_back *b)
{
    while (!b->closed) {
        b->sent = b->received = 0;
        wait_for(b, false);
    }
    if (leat_netback_destroy(b->end) || leat_end_close(&b->leat))
        device_die("the back end does not end");
}

void bench_back_run(const struct leat_bench *bench)
{
    static struct bench_back back;
    struct bench_back *b = &back;
    const struct net_peer peer = {.arg = b,
                                  .send = send_frames,
                                  .receive = receive_frames,
                                  .wait = wait_for,
                                  .count = count};
    struct pair *pair = &bench->d->pair;
    int err;

    b->bench = bench;
    b->wait = (struct leat_wait){.poll = look,
                                 .sleep = rest,
                                 .arg = b,
                                 .spin_ns = bench->spin_ns,
                                 .port = leat_bench_port()};
    b->frame = aligned_alloc(LEAT_PAGE_SIZE, 65536);
    pair_meet(pair); /* it can join */
    err = leat_end_back(&b->leat, bench->dir);
    if (err)
        leat_die("the back end cannot join", err);
    pair_meet(pair); /* and has     */
    pair_meet(pair); /* the device is there */
    err = open_end(b);
    if (err)
        leat_die("the back end", err);
    until_ready(b);
    pair_meet(pair);
    net_measure(bench->d, bench->c, &peer);
    pair_tell(pair, b->counts.frames);
    pair_meet(pair);
    pair_tell(pair, b->counts.bytes);
    pair_meet(pair);
    pair_tell(pair, b->counts.copied);
    pair_meet(pair);
    pair_tell(pair, b->counts.grants);
    close_all(b);
}
