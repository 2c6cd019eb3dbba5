/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_PV_NETBACK_H
#define LEAT_SRC_PV_NETBACK_H

/*
 * netback's parts: a device, which has queues and a control ring, and knows of
 * the bus in netback_bus.c alone. netback.c has the theory.
 */

#include <leat/grant_copy.h>
#include <leat/grant_map.h>
#include <leat/netback.h>
#include <leat/ring.h>

#include "device.h"
#include "net_finish.h"
#include "netif.h"
#include "ring.h"

#define NB_FRAMES 64u  /* taken together */
#define NB_SLOTS  18u  /* of a frame: XEN_NETIF_NR_SLOTS_MIN */
#define NB_SEGS   512u /* of a grant copy, and grants mapped together */
#define NB_POSTED 256u /* a ring's slots */
#define NB_STAGE  (4u * 65536u)

/* ------------------------------------------------------- static mappings */

struct nb_static {
    uint32_t ref; /* 0, which is reserved: none */
    enum leat_access access;
    struct leat_mapping mapping;
    struct leat_shared bytes;
};

/* By reference: open addressing, at most half full. */
struct nb_statics {
    struct nb_static *table;
    uint32_t mask; /* of cells */
    uint32_t n, max;
    uint64_t changes; /* ever */
};

/* NULL: it is not mapped; or not so that it may be written, where that is
 * wanted. */
const struct nb_static *leat_nb_static_find(const struct nb_statics *s,
                                            uint32_t ref,
                                            enum leat_access access);
/* Maps (n) of (list), all or none. */
int leat_nb_static_add(struct leat_netback *n, struct nb_statics *s,
                       const struct netif_gref *list, uint32_t count);
/* Unmaps one. LEAT_E_REFERENCE: it was not mapped. */
int leat_nb_static_del(struct leat_netback *n, struct nb_statics *s,
                       uint32_t ref);
void leat_nb_static_clear(struct leat_netback *n, struct nb_statics *s);
uint32_t leat_nb_static_cells(uint32_t max); /* how many cells it takes */

/* ---------------------------------------------------------------- frames */

/* A slot of a frame of the guest's: copied, and checked. */
struct nb_slot {
    uint32_t ref;
    uint16_t id;
    uint16_t off, len;
    uint16_t part; /* of the batch: the first segment, or page; NB_NONE      */
    struct leat_shared bytes;
};

#define NB_NONE 0xffffu

struct nb_frame {
    struct nb_slot slots[NB_SLOTS];
    uint32_t n;
    uint32_t extras;
    uint32_t len;
    int status; /* what the guest is told: NETIF_RSP_* */
    bool send;  /* it is a frame, and no message alone */
    bool priv;  /* its bytes lie together, in (at) */
    struct leat_net_meta meta;
    unsigned char *at;
};

/* A response to a slot of the guest's receive ring, before it is told. */
struct nb_out {
    union {
        struct netif_rx_response rsp;
        struct netif_extra extra;
    } u;
    struct nb_queue *q;
    uint8_t frame; /* of the batch */
    bool data;     /* is (rsp), of a fragment */
};

struct nb_posted {
    uint32_t ref;
    uint16_t id;
    volatile unsigned char *page; /* if that is static, and to be written   */
};

struct nb_queue {
    struct leat_netback *n;
    uint32_t index;
    bool open;
    struct leat_ring tx, rx;
    struct leat_mapping tx_page, rx_page;
    struct leat_bus_port ports[2]; /* for tx, or for both; for rx, if split */
    struct nb_statics statics;

    struct nb_posted posted[NB_POSTED]; /* a ring of what rx has taken */
    uint32_t head, nposted;
    /* The pages of (posted), twice, so that those that follow each other lie
     * so wherever they begin; how many have none; and for which (changes). */
    struct leat_shared pages[2 * NB_POSTED];
    uint32_t without;
    uint64_t looked;

    uint64_t starved_ns; /* since when there is no room; 0: there is        */
    bool stalled;
    bool waited; /* in this poll it had no room, and was not asked for        */
    uint32_t port_queue; /* of those that it asks, the one that is next     */
};

/* Of one poll, and of use within a call alone. */
struct nb_scratch {
    struct nb_frame frames[NB_FRAMES];
    struct leat_copy_seg segs[NB_SEGS];
    uint8_t owner[NB_SEGS]; /* of a segment: which frame of the batch        */
    struct leat_gref refs[NB_SEGS];
    struct nb_out out[NB_POSTED];
    bool failed[NB_POSTED]; /* frames */
    struct netif_gref list[LEAT_PAGE_SIZE / sizeof(struct netif_gref)];
    unsigned char head[LEAT_NET_HEAD_MAX];
    unsigned char stage[NB_STAGE];
    unsigned char page[LEAT_PAGE_SIZE]; /* of use within one move */
    unsigned char finish[NET_FINISH_BYTES];
};

struct leat_netback {
    struct leat_netback_config config;
    struct leat_bus_end end;
    bool connected;
    bool closing, now; /* leat_netback_close()                               */
    struct leat_device_steps steps;
    bool closed;   /* told                                                   */
    bool awake;    /* of this poll: nobody has to be woken                   */
    bool ended;    /* the port has no frames any more                        */
    bool attached; /* to the port                                            */
    bool sending;  /* frames of the guest's: nothing is delivered (X6)       */
    int error;     /* of the store, to be given by a poll                    */
    uint32_t domain;

    /* What was agreed. */
    uint32_t nqueues;
    uint32_t takes; /* LEAT_NET_OFFLOAD_*, of the guest */
    bool prefix4, prefix6;
    bool sg;
    bool filtering; /* request-multicast-control */
    int carrier;    /* as it was told: -1 not yet */

    struct leat_ring ctrl;
    struct leat_mapping ctrl_page;
    struct leat_bus_port ctrl_port;
    bool has_ctrl;

    uint8_t (*filter)[LEAT_NET_MAC];
    uint32_t nfilter;

    struct nb_queue *queues;
    struct nb_scratch *scratch;
    struct leat_netback_stats stats;
    char text[LEAT_BUS_TEXT];
};

/* netback_tx.c, netback_rx.c, netback_ctrl.c: each gives 0 or an error, that of
 * the ring that is broken being LEAT_E_PROTO. */
int leat_nb_tx_poll(struct nb_queue *q, uint32_t budget, bool *more);
int leat_nb_rx_poll(struct leat_netback *n, uint32_t budget, bool *more);
int leat_nb_rx_deliver(void *arg, const struct leat_net_frame *frame);
int leat_nb_ctrl_poll(struct leat_netback *n, uint32_t budget, bool *more);

/*
 * netback_posted.c. Takes requests, as many as there are; looks for their pages
 * anew, where the table has changed; lets go of the first; the longest frame that
 * may come, and whether there are enough for it.
 */
int leat_nb_rx_fill(struct nb_queue *q);
void leat_nb_rx_look(struct nb_queue *q);
void leat_nb_rx_consume(struct nb_queue *q);
uint32_t leat_nb_rx_longest(const struct leat_netback *n);
bool leat_nb_rx_room(struct nb_queue *q);

/* netback_place.c: */
/* One batch: what was placed, and is to be written and told. */
struct nb_rx {
    struct leat_netback *n;
    struct leat_copy_batch batch;
    uint32_t nout, nframes;
    uint32_t used; /* of the stage */
    bool copying;  /* there is (batch) */
};

static inline bool nb_takes_gso(const struct leat_netback *n)
{
    return n->takes & (LEAT_NET_OFFLOAD_GSO4 | LEAT_NET_OFFLOAD_GSO6);
}

static inline uint32_t nb_pages(size_t len)
{
    return (uint32_t)((len + LEAT_PAGE_SIZE - 1) / LEAT_PAGE_SIZE);
}

static inline const struct nb_posted *nb_posted_at(const struct nb_queue *q,
                                                   uint32_t i)
{
    return &q->posted[(q->head + i) % NB_POSTED];
}

void leat_nb_rx_begin(struct nb_rx *rx, struct leat_netback *n);
int leat_nb_rx_flush(struct nb_rx *rx);
bool leat_nb_rx_fits(const struct nb_rx *rx, uint32_t slots);
int leat_nb_rx_place(struct nb_rx *rx, struct nb_queue *q,
                     const unsigned char *bytes, size_t len,
                     const struct leat_net_meta *meta);
void leat_nb_rx_straight(struct nb_rx *rx, struct nb_queue *q, size_t len,
                         const struct leat_net_meta *meta);
int leat_nb_rx_finish(struct nb_rx *rx, struct nb_queue *q,
                      const struct leat_net_frame *frame);
struct nb_queue *leat_nb_rx_choose(struct leat_netback *n,
                                   struct leat_cview head, size_t len);
void leat_nb_rx_lost(struct leat_netback *n);

/* netback_pages.c: sees to it that the slots of the frames have their bytes. */
struct nb_mapped {
    struct leat_mapping m[NB_FRAMES + 1];
    uint32_t pages[NB_FRAMES + 1];
    uint32_t n;
};
void leat_nb_pages_get(struct nb_queue *q, uint32_t nframes,
                       struct nb_mapped *maps);

/* netback_filter.c */
/* false: there is no room. */
bool leat_nb_filter_change(struct leat_netback *n, const uint8_t *address,
                           bool add);
void leat_nb_filter_tell(struct leat_netback *n);
bool leat_nb_filter_drops(const struct leat_netback *n, const uint8_t *address);

/* netback_queue.c: opens what was agreed; closes whatever is open. */
struct nb_keys {
    uint64_t tx_ref, rx_ref, port[2];
    bool split;
};
/* Wakes the guest for its transmit (0) or receive (1) ring. */
void leat_nb_notify(struct nb_queue *q, unsigned which);
int leat_nb_queue_open(struct nb_queue *q, const struct nb_keys *keys);
void leat_nb_queue_close(struct nb_queue *q);
int leat_nb_ctrl_open(struct leat_netback *n, uint64_t ref, uint64_t port);
void leat_nb_ctrl_close(struct leat_netback *n);

/* netback_lay.c: a config with its defaults; a device in its memory. */
int leat_nb_defaults(const struct leat_netback_config *from,
                     struct leat_netback_config *c);
struct leat_netback *leat_nb_lay(const struct leat_netback_config *c);

/* netback_keys.c: what it offers; what the front wrote, and queues by that. */
int leat_nb_announce(struct leat_netback *n);
int leat_nb_connect(struct leat_netback *n);
void leat_nb_disconnect(struct leat_netback *n);
int leat_nb_read_filtering(struct leat_netback *n);
int leat_nb_tell_carrier(struct leat_netback *n);

/* netback_bus.c: what the bus says is done. */
extern const struct leat_bus_end_ops leat_nb_ops;
void leat_nb_advance(struct leat_netback *n);
void leat_nb_break(struct leat_netback *n, const char *text);

/* Notes the counts of the mapping side. */
int leat_nb_map(struct leat_netback *n, const struct leat_gref *refs,
                size_t count, enum leat_access access,
                struct leat_mapping *out);
void leat_nb_unmap(struct leat_netback *n, struct leat_mapping m, size_t count);

static inline uint64_t leat_nb_now(const struct leat_netback *n)
{
    return leat_port_now_ns(n->config.clock);
}

#endif
