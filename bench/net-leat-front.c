/* SPDX-License-Identifier: ISC */

/*
 * The front end of "leat bench net": it looks at the frames that come, as the way
 * gives them, and writes those that it sends into the device's own pages.
 */

#include <stdlib.h>

#include <leat/leat.h>

#include "net-leat.h"

#define TO_PAGES  1024u
#define DEV_PAGES 1024u

struct front {
    const struct leat_bench *bench;
    struct leat_end leat;
    struct leat_mmap memory;
    struct leat_pool *to;
    struct leat_netfront *end;
    struct leat_wait wait;
    unsigned received, nth;
    bool connected, closed;
    struct leat_counts counts;
};

/* ------------------------------------------------------------------ the frames */

static void receive(void *arg, struct leat_netfront *end,
                    struct leat_netfront_frame *frame)
{
    struct front *f = arg;
    size_t at = 0;
    uint32_t i;

    (void)end;
    if (frame->len != f->bench->c->bytes)
        net_torn();
    for (i = 0; i < frame->n; i++) {
        const struct leat_netfront_piece *p = &frame->pieces[i];
        const void *data = p->view.data;
        size_t len = p->view.len;

        if (f->bench->mode == LEAT_RECEIVE_SHARED) {
            data = (const void *)(uintptr_t)p->shared.peer_bytes;
            len = p->shared.len;
        }
        leat_take_piece(data, len, !i, at + len == frame->len);
        at += len;
    }
    f->received++;
}

static int fill(void *arg, const struct leat_view *views, size_t n, size_t *len)
{
    struct front *f = arg;
    size_t i;

    (void)len;
    for (i = 0; i < n; i++)
        leat_fill_piece(views[i].data, views[i].len, !i, f->nth);
    f->nth++;
    return 0;
}

static unsigned send_frames(void *arg, unsigned n)
{
    struct front *f = arg;
    const struct leat_netfront_fill frame = {.flags = LEAT_NETFRONT_DIRTY,
                                             .size = f->bench->c->bytes,
                                             .fill = fill,
                                             .arg = f};
    unsigned i;
    int err = 0;

    for (i = 0; i < n && !err; i++)
        err = leat_netfront_send(f->end, &frame);
    if (err && err != LEAT_E_AGAIN)
        leat_die("a frame", err);
    (void)leat_netfront_push(f->end);
    return err ? i - 1 : i;
}

static unsigned received(struct front *f)
{
    const unsigned n = f->received;

    f->received = 0;
    return n;
}

static unsigned receive_frames(void *arg)
{
    struct front *f = arg;
    bool more;
    int err = 0;

    if (!f->received)
        err = leat_netfront_spin(f->end, LEAT_BUDGET, &more);
    if (err)
        leat_die("the front end", err);
    return received(f);
}

/* A spin looks at the rings alone; who wants to sleep, at all that there is. */
static int look(void *arg, bool arm)
{
    struct front *f = arg;
    const bool was = f->connected;
    struct leat_netfront_stats before, after;
    bool more = false, again = false;
    int err = 0;

    (void)leat_netfront_stats(f->end, &before);
    if (arm)
        err = leat_bus_poll(&f->leat.bus, LEAT_BUDGET, &again);
    if (!err)
        err = arm ? leat_netfront_poll(f->end, LEAT_BUDGET, &more)
                  : leat_netfront_spin(f->end, LEAT_BUDGET, &more);
    if (err)
        return err;
    (void)leat_netfront_stats(f->end, &after);
    return again || more || f->received || f->closed || f->connected != was ||
                   after.tx_okay != before.tx_okay
               ? 0
               : LEAT_E_AGAIN;
}

static int rest(void *arg, uint64_t timeout_ns)
{
    const struct front *f = arg;

    return leat_end_rest(&f->leat, timeout_ns);
}

static void wait_for(void *arg, bool sends)
{
    struct front *f = arg;
    int err = leat_wait(&f->wait, LEAT_WAIT_NS);

    (void)sends;
    if (err && err != LEAT_E_AGAIN)
        leat_die("the front end", err);
}

static void count(void *arg, bool begins)
{
    struct front *f = arg;
    struct leat_counts now;
    struct leat_netfront_stats s;

    (void)leat_netfront_stats(f->end, &s);
    now.frames = s.rx_frames;
    now.bytes = s.rx_bytes;
    now.copied = leat_copies_bytes(leat_netfront_copies(f->end));
    now.grants = s.shares + s.revokes;
    leat_count(&f->counts, &now, begins);
}

/* -------------------------------------------------------------------- opening */

static void event(void *arg, struct leat_netfront *end,
                  enum leat_netfront_event what)
{
    struct front *f = arg;

    if (what == LEAT_NETFRONT_BROKEN)
        device_die(leat_netfront_text(end));
    if (what == LEAT_NETFRONT_DISCONNECTED && f->connected)
        device_die("the back end is gone");
    f->connected |= what == LEAT_NETFRONT_CONNECTED;
    f->closed |= what == LEAT_NETFRONT_CLOSED;
}

/* Where frames that are copied go. */
static int open_to(struct front *f)
{
    struct leat_pool_config to = {.limit_pages = TO_PAGES,
                                  .zero = LEAT_ZERO_NEVER};
    int err = leat_mmap_init(&f->memory);

    to.backend = leat_mmap(&f->memory);
    return err ? err : leat_pool_create(&f->to, &to);
}

static int open_end(struct front *f)
{
    struct leat_netfront_config c = {
        .bus = &f->leat.bus,
        .path = LEAT_FRONT_PATH,
        .grants = f->leat.table,
        .pool = f->leat.pool,
        .to = f->to,
        .mode = f->bench->mode,
        .flags =
            f->bench->mode == LEAT_RECEIVE_REVOKE ? LEAT_NETFRONT_NO_STATIC : 0,
        .trusted = true,
        .tx_pages = DEV_PAGES,
        .rx_pages = DEV_PAGES,
        .receive = receive,
        .event = event,
        .arg = f,
    };
    int err = leat_netfront_meta_size(&c, &c.meta_bytes);

    if (!err)
        c.meta = malloc(c.meta_bytes);
    return err ? err : leat_netfront_create(&f->end, &c);
}

/* Connected, and all of the device's own pages are mapped, where they are to be:
 * no frame comes yet. */
static bool ready(struct front *f)
{
    struct leat_netfront_stats s;

    (void)leat_netfront_stats(f->end, &s);
    return f->connected && (f->bench->mode == LEAT_RECEIVE_REVOKE ||
                            (s.pages && s.statics == s.pages));
}

static void open_front(struct front *f)
{
    struct pair *pair = &f->bench->d->pair;
    int err = leat_end_front(&f->leat, f->bench->dir);

    if (!err)
        err = open_to(f);
    pair_meet(pair); /* the back can join */
    pair_meet(pair); /* and has           */
    if (!err)
        err = leat_end_make(&f->leat, "vif", 0);
    if (!err)
        err = open_end(f);
    if (err)
        leat_die("the front end", err);
    pair_meet(pair); /* it can connect */
    while (!ready(f))
        wait_for(f, false);
}

static void close_front(struct front *f)
{
    int err;

    f->connected = false;
    err = leat_end_offline(&f->leat, LEAT_BACK_PATH);
    if (!err)
        err = leat_netfront_close(f->end, false);
    while (!err && !f->closed) {
        f->received = 0;
        wait_for(f, false);
    }
    if (!err)
        err = leat_netfront_destroy(f->end);
    if (!err)
        err = leat_pool_destroy(f->to);
    if (!err)
        err = leat_end_close(&f->leat);
    if (err)
        leat_die("the end", err);
}

void bench_front_run(const struct leat_bench *bench)
{
    static struct front front;
    struct front *f = &front;
    const struct net_peer peer = {.arg = f,
                                  .send = send_frames,
                                  .receive = receive_frames,
                                  .wait = wait_for,
                                  .count = count};
    struct device *d = bench->d;
    struct leat_counts *c = &f->counts;

    f->bench = bench;
    f->wait = (struct leat_wait){.poll = look,
                                 .sleep = rest,
                                 .arg = f,
                                 .spin_ns = bench->spin_ns,
                                 .port = leat_bench_port()};
    open_front(f);
    pair_meet(&d->pair);
    net_measure(d, f->bench->c, &peer);
    c->frames += pair_tell(&d->pair, 0);
    pair_meet(&d->pair);
    c->bytes += pair_tell(&d->pair, 0);
    pair_meet(&d->pair);
    c->copied += pair_tell(&d->pair, 0);
    pair_meet(&d->pair);
    c->grants += pair_tell(&d->pair, 0);
    if (c->frames) {
        device_report(d, "copies", (double)c->copied / (double)c->bytes);
        device_report(d, "grants", (double)c->grants / (double)c->frames);
    }
    close_front(f);
}
