/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_NET_PAIR_H
#define LEAT_TESTS_PV_NET_PAIR_H

/*
 * Both ends of a network device in one process, over plain arrays: netfront in
 * domain 1, netback in domain 2, and behind it a port that the test plays.
 */

#include <leat/netback.h>
#include <leat/netfront.h>

#include "pair.h"

#define PAIR_FRONT "/local/domain/1/device/vif/0"
#define PAIR_BACK  "/local/domain/2/backend/vif/1/0"

enum {
    PAIR_FRAMES = 256
};

struct pair_frame {
    unsigned char *bytes;
    size_t len;
    struct leat_net_meta meta;
};

/* Frames in line; the first is at (from). */
struct pair_line {
    struct pair_frame frame[PAIR_FRAMES];
    uint32_t from, n;
};

struct net_pair {
    struct pair_worlds w;
    struct spare to;
    struct leat_netfront_config front;
    struct leat_netback_config back;
    struct leat_netfront *f;
    struct leat_netback *b;
    struct leat_netport_ops ops;

    struct pair_line sent;     /* what the port got */
    struct pair_line waiting;  /* what it gives      */
    struct pair_line received; /* what the front got */
    int port_fails;            /* what send() gives  */
    bool ended, down;
    uint32_t offloads; /* as the port was told */
    struct leat_net_filter filter;
    struct leat_net_sink sink;
    struct leat_netfront_piece kept[64];
    uint32_t nkept;
    bool keep;
    uint32_t front_events[8], back_events[8];
};

static inline struct pair_frame *line_add(struct pair_line *l, size_t len)
{
    struct pair_frame *f = &l->frame[(l->from + l->n++) % PAIR_FRAMES];

    cr_assert_leq(l->n, PAIR_FRAMES);
    memset(f, 0, sizeof(*f));
    f->bytes = malloc(len ? len : 1);
    f->len = len;
    return f;
}

/* The first, which is the caller's. */
static inline struct pair_frame line_take(struct pair_line *l)
{
    struct pair_frame f = l->frame[l->from];

    cr_assert_gt(l->n, 0, "there is none");
    l->from = (l->from + 1) % PAIR_FRAMES;
    l->n--;
    return f;
}

static inline void line_drop(struct pair_line *l)
{
    while (l->n)
        free(line_take(l).bytes);
}

/* ------------------------------------------------------------------ the port */

static inline int pair_send(void *self, const struct leat_net_frame *frame)
{
    struct net_pair *p = self;
    struct leat_copies copies = {{0}, {0}};
    struct pair_frame *f;
    size_t at = frame->head.len;

    if (p->port_fails)
        return p->port_fails;
    f = line_add(&p->sent, frame->len);
    f->meta = frame->meta;
    cr_assert_leq(at, frame->len);
    memcpy(f->bytes, frame->head.data, at);
    for (size_t i = 0; i < frame->nsegs; i++) {
        cr_assert_leq(frame->segs[i].len, frame->len - at);
        MUST(leat_shared_copy_out(frame->segs[i], 0, f->bytes + at,
                                  frame->segs[i].len, &copies));
        at += frame->segs[i].len;
    }
    cr_assert_eq(at, frame->len);
    return 0;
}

static inline int pair_receive(void *self, uint32_t queue,
                               const struct leat_net_room *room,
                               struct leat_net_meta *meta, size_t *len)
{
    struct net_pair *p = self;
    struct leat_copies copies = {{0}, {0}};
    struct pair_frame f;
    size_t at = 0, n;

    (void)queue;
    if (!p->waiting.n)
        return p->ended ? LEAT_E_END : LEAT_E_AGAIN;
    f = line_take(&p->waiting);
    if (f.len > room->bytes) {
        free(f.bytes);
        return LEAT_E_LENGTH;
    }
    for (size_t i = 0; i < room->nsegs && at < f.len; i++, at += n) {
        n = room->segs[i].len < f.len - at ? room->segs[i].len : f.len - at;
        MUST(leat_shared_copy_in(room->segs[i], 0, f.bytes + at, n, &copies));
    }
    *meta = f.meta;
    *len = f.len;
    free(f.bytes);
    return 0;
}

static inline int pair_offloads(void *self, uint32_t offload)
{
    ((struct net_pair *)self)->offloads = offload;
    return 0;
}

static inline int pair_filter(void *self, const struct leat_net_filter *filter)
{
    ((struct net_pair *)self)->filter = *filter;
    return 0;
}

static inline bool pair_link(void *self)
{
    return !((struct net_pair *)self)->down;
}

static inline int pair_attach(void *self, const struct leat_net_sink *sink)
{
    struct net_pair *p = self;

    memset(&p->sink, 0, sizeof(p->sink));
    if (sink)
        p->sink = *sink;
    return 0;
}

/* Puts a frame into the port's line. */
static inline struct pair_frame *pair_give(struct net_pair *p, size_t len)
{
    return line_add(&p->waiting, len);
}

/* ------------------------------------------------------------------- the ends */

static inline void pair_front_event(void *arg, struct leat_netfront *f,
                                    enum leat_netfront_event what)
{
    (void)f;
    ((struct net_pair *)arg)->front_events[what]++;
}

static inline void pair_back_event(void *arg, struct leat_netback *n,
                                   enum leat_netback_event what)
{
    (void)n;
    ((struct net_pair *)arg)->back_events[what]++;
}

static inline void pair_got(void *arg, struct leat_netfront *f,
                            struct leat_netfront_frame *frame)
{
    struct net_pair *p = arg;
    struct leat_copies copies = {{0}, {0}};
    struct pair_frame *to = line_add(&p->received, frame->len);
    size_t at = 0;

    cr_assert_eq(f, p->f);
    to->meta = frame->meta;
    for (uint32_t i = 0; i < frame->n; i++) {
        struct leat_netfront_piece *piece = &frame->pieces[i];

        if (piece->view.data) {
            memcpy(to->bytes + at, piece->view.data, piece->view.len);
            at += piece->view.len;
        } else {
            MUST(leat_shared_copy_out(piece->shared, 0, to->bytes + at,
                                      piece->shared.len, &copies));
            at += piece->shared.len;
        }
        if (p->keep && p->nkept < 64) {
            p->kept[p->nkept++] = *piece;
            piece->chunk.pool = NULL;
            piece->page = 0;
        }
    }
    cr_assert_eq(at, frame->len);
}

static inline void pair_sound(struct net_pair *p)
{
    const char *broken = p->f ? leat_netfront_check(p->f) : NULL;

    cr_assert_null(broken, "%s", broken);
    broken = p->b ? leat_netback_check(p->b) : NULL;
    cr_assert_null(broken, "%s", broken);
}

/*
 * Both buses and both ends, until there is nothing to do. An end is polled as its
 * owner would: where its bus had something for it, where it asked for more, or, of
 * the back, where the port has frames and there is room.
 */
static inline void pair_run(struct net_pair *p)
{
    bool front = true, back = true;

    for (int i = 0; front || back; i++) {
        cr_assert_lt(i, 10000, "it does not end");
        back |= pair_bus(&p->w.back_bus);
        if (p->b && (back || (p->waiting.n && leat_netback_room(p->b))))
            MUST(leat_netback_poll(p->b, 64, &back));
        else
            back = false;
        front |= pair_bus(&p->w.front_bus);
        if (front && p->f)
            MUST(leat_netfront_poll(p->f, 64, &front));
        else
            front = false;
        pair_sound(p);
        back |= pair_bus(&p->w.back_bus) ||
                (p->b && p->waiting.n && leat_netback_room(p->b));
    }
}

static inline void pair_open_back(struct net_pair *p)
{
    p->back.bus = &p->w.back_bus;
    p->back.path = PAIR_BACK;
    p->back.grants = p->w.g.b->table;
    p->back.port = (struct leat_netport){&p->ops, p};
    p->back.event = pair_back_event;
    p->back.arg = p;
    MUST(leat_netback_meta_size(&p->back, &p->back.meta_bytes));
    p->back.meta = malloc(p->back.meta_bytes);
    MUST(leat_netback_create(&p->b, &p->back));
}

static inline void pair_close_back(struct net_pair *p, bool now)
{
    MUST(leat_netback_close(p->b, now));
    if (!now)
        pair_run(p);
    MUST(leat_netback_destroy(p->b));
    free(p->back.meta);
    p->b = NULL;
}

static inline void pair_open_front(struct net_pair *p)
{
    p->front.bus = &p->w.front_bus;
    p->front.path = PAIR_FRONT;
    p->front.grants = p->w.g.a->table;
    p->front.pool = p->w.g.a->pool;
    p->front.to = p->to.pool;
    p->front.receive = pair_got;
    p->front.event = pair_front_event;
    p->front.arg = p;
    MUST(leat_netfront_meta_size(&p->front, &p->front.meta_bytes));
    p->front.meta = malloc(p->front.meta_bytes);
    MUST(leat_netfront_create(&p->f, &p->front));
}

static inline void pair_worlds(struct net_pair *p)
{
    static const struct leat_bus_device device = {
        .type = "vif", .front = 1, .back = 2};

    pair_worlds_open(&p->w, &device, 4096);
    open_spare(&p->to, p->w.g.a, 0, (struct leat_pool_config){0});
    p->ops = (struct leat_netport_ops){.name = "play",
                                       .offload = LEAT_NET_OFFLOAD_ALL,
                                       .send = pair_send,
                                       .receive = pair_receive,
                                       .offloads = pair_offloads,
                                       .filter = pair_filter,
                                       .link = pair_link};
}

static inline void pair_open(struct net_pair *p,
                             struct leat_netfront_config front,
                             struct leat_netback_config back)
{
    memset(p, 0, sizeof(*p));
    pair_worlds(p);
    p->front = front;
    p->back = back;
    if (!p->front.tx_pages)
        p->front.tx_pages = 64;
    if (!p->front.rx_pages)
        p->front.rx_pages = 64;
    pair_open_back(p);
    pair_open_front(p);
    pair_run(p);
    cr_assert(leat_netfront_connected(p->f), "%s", leat_netfront_text(p->f));
    cr_assert(leat_netback_connected(p->b), "%s", leat_netback_text(p->b));
}

static inline void pair_put_kept(struct net_pair *p)
{
    while (p->nkept) {
        struct leat_netfront_piece *piece = &p->kept[--p->nkept];

        if (piece->page)
            MUST(leat_netfront_done(p->f, piece));
        else if (piece->chunk.pool)
            MUST(leat_pool_put(piece->chunk.pool, piece->chunk));
    }
}

/* Ends it: nothing is out, on either side. */
static inline void pair_close(struct net_pair *p)
{
    pair_put_kept(p);
    MUST(leat_netfront_close(p->f, false));
    pair_run(p);
    cr_assert_eq(p->front_events[LEAT_NETFRONT_CLOSED], 1);
    MUST(leat_netfront_destroy(p->f));
    p->f = NULL;
    free(p->front.meta);
    if (p->b)
        pair_close_back(p, true);
    (void)leat_grant_poll(p->w.g.a->table, 4096, NULL);
    pair_worlds_idle(&p->w);
    close_spare(&p->to);
    close_grants(&p->w.g);
    line_drop(&p->sent);
    line_drop(&p->waiting);
    line_drop(&p->received);
}

/* ------------------------------------------------------------------- frames */

static inline unsigned char pair_byte(size_t i, uint32_t seed)
{
    return (unsigned char)(i * 13 + i / 251 + seed * 29);
}

static inline void pair_fill(unsigned char *to, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++)
        to[i] = pair_byte(i, seed);
    if (len)
        to[0] &= 0xfe; /* for one alone */
}

static inline bool pair_is(const struct pair_frame *f, size_t len,
                           uint32_t seed)
{
    if (f->len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (f->bytes[i] !=
            (i ? pair_byte(i, seed) : (pair_byte(0, seed) & 0xfe)))
            return false;
    }
    return true;
}

struct pair_writing {
    const unsigned char *bytes;
    size_t len;
};

static inline int pair_write(void *arg, const struct leat_view *views, size_t n,
                             size_t *len)
{
    const struct pair_writing *w = arg;
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        memcpy(views[i].data, w->bytes + at, views[i].len);
        at += views[i].len;
    }
    cr_assert_eq(at, w->len);
    *len = w->len;
    return 0;
}

/* The front sends (bytes). */
static inline int pair_transmit(struct net_pair *p, uint32_t queue,
                                const unsigned char *bytes, size_t len,
                                const struct leat_net_meta *meta)
{
    struct pair_writing w = {bytes, len};
    struct leat_netfront_fill fill = {
        .queue = queue, .size = len, .fill = pair_write, .arg = &w};

    if (meta)
        fill.meta = *meta;
    return leat_netfront_send(p->f, &fill);
}

static inline struct leat_netback_stats pair_back_stats(struct net_pair *p)
{
    struct leat_netback_stats s;

    MUST(leat_netback_stats(p->b, &s));
    return s;
}

static inline struct leat_netfront_stats pair_front_stats(struct net_pair *p)
{
    struct leat_netfront_stats s;

    MUST(leat_netfront_stats(p->f, &s));
    return s;
}

#endif
