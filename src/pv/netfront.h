/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_PV_NETFRONT_H
#define LEAT_SRC_PV_NETFRONT_H

/* What the files of netfront have in common. netfront.c has the theory. */

#include <leat/netfront.h>
#include <leat/persist.h>
#include <leat/ring.h>
#include <leat/slots.h>

#include "device.h"
#include "netif.h"
#include "ring.h"

#define NF_RING      256u /* slots of a ring of one page                        */
#define NF_NONE      UINT32_MAX
#define NF_NO_PAGE   0xffffu
#define NF_NO_FRAME  0xffffu
#define NF_PAGES_MIN 32u
#define NF_PAGES_MAX 8192u
#define NF_FATAL     64u /* slots of a frame that break the device              */

/* ------------------------------------------- pages of the device's own */

enum nf_page_state {
    NF_FREE = 0,
    NF_USED = 1,   /* being filled, or the back has it                        */
    NF_OUT = 2,    /* a reader has it                                         */
    NF_PARKED = 3, /* free, and not to be used: beyond (cap)                  */
};

struct nf_page {
    unsigned char *bytes;
    uint32_t ref;
    uint16_t off; /* in the granted page */
    uint8_t state;
};

/* Those of one direction of a queue. Line: of indexes, those that are free. */
struct nf_pages {
    struct leat_persist *persist;
    struct nf_page *page;
    struct leat_block *block;
    uint32_t *life; /* changes when a reader is done with it                  */
    uint16_t *line;
    uint32_t max;        /* (c) */
    uint32_t n;          /* there are                                         */
    uint32_t cap;        /* of them, those below this are used                */
    uint32_t bytes;      /* (c) of one                                        */
    uint32_t mask;       /* (c) of the line                                   */
    uint32_t head, tail; /* of the line; they wrap                            */
    bool hot;            /* (c) */
};

/* netfront_pages.c. All that can be had, and at least the least; the references
 * anew; none. */
int leat_nf_pages_fill(struct nf_pages *p);
int leat_nf_pages_renew(struct nf_pages *p);
void leat_nf_pages_drop(struct nf_pages *p);
void leat_nf_pages_cap(struct nf_pages *p, uint32_t cap);
const char *leat_nf_pages_check(const struct nf_pages *p);

static inline uint32_t nf_pages_free(const struct nf_pages *p)
{
    return p->tail - p->head;
}

/* The next one, which must be there. */
static inline uint32_t nf_page_get(struct nf_pages *p)
{
    uint32_t i = p->line[(p->hot ? --p->tail : p->head++) & p->mask];

    p->page[i].state = NF_USED;
    return i;
}

static inline void nf_page_put(struct nf_pages *p, uint32_t i)
{
    p->page[i].state = i < p->cap ? NF_FREE : NF_PARKED;
    if (i < p->cap)
        p->line[p->tail++ & p->mask] = (uint16_t)i;
}

/* ------------------------------------------------------------------ queues */

/* A page that is shown, of a pool's. */
struct nf_shown {
    struct leat_chunk chunk; /* void: there is none */
    struct leat_grant grant;
    uint32_t ref;
};

/* What is under way by one slot of the transmit ring, as the item of its id. */
struct nf_item {
    uint16_t page;  /* of the device's; NF_NO_PAGE                            */
    uint16_t frame; /* who is told; NF_NO_FRAME                               */
    bool first;     /* of its frame                                           */
    bool granted;   /* by nf_queue.grants, of this slot                       */
    bool message;   /* no frame                                               */
};

/* Of a give that wants to be told. */
struct nf_given {
    void (*done)(void *arg, int err); /* NULL: free */
    void *arg;
    int err;
    uint16_t left; /* slots that are not answered */
    uint16_t next; /* free */
};

/* A slot with data of a frame that comes. */
struct nf_part {
    struct nf_shown own; /* REVOKE */
    uint32_t page;       /* else   */
    uint32_t off, len;
};

/* A frame that comes, as far as it is there. */
struct nf_coming {
    struct nf_part part[LEAT_NETFRONT_SLOTS];
    struct leat_net_meta meta;
    uint32_t n;     /* parts                                                  */
    uint32_t slots; /* all                                                    */
    uint32_t len;
    uint32_t kinds;    /* of extras: 1 << type                                */
    bool more, extras; /* what has to follow                                  */
    bool open;         /* it has begun                                        */
    bool refused, failed;
    bool prefixed; /* what came of it is the slot that says its GSO           */
    bool unkind;   /* but not of which kind                                   */
};

enum nf_way {
    NF_TX = 0,
    NF_RX = 1,
};

struct nf_queue {
    struct leat_netfront *f;
    uint32_t number;
    bool open;
    struct nf_shown shown[2]; /* the pages of the rings, by enum nf_way       */
    struct leat_ring tx, rx;
    struct leat_bus_port port[2]; /* one for both, unless split               */
    struct nf_pages pages[2];

    struct leat_slots slots;
    struct leat_slots_entry *entries; /* NF_RING of each                      */
    struct leat_grant *grants;
    struct nf_given *given;
    uint32_t free_given;
    uint32_t extras;    /* put, and not answered                             */
    uint32_t granted;   /* slots of (grants)                                 */
    uint32_t given_out; /* frames of which somebody will be told             */
    bool wants_room;    /* somebody was told LEAT_E_AGAIN                    */
    bool taking; /* answers are being taken: callbacks may send               */

    uint32_t rx_put, rx_taken; /* as the ring's: which page is by which index */
    uint16_t *rx_page;         /* by index; REVOKE: rx_own                    */
    struct nf_shown *rx_own;   /* (own), or NULL */
    struct nf_shown *own;
    struct nf_coming coming;
    uint32_t out; /* pages that readers have */
    uint32_t statics;
};

/* netfront_queue.c: its rings, which begin at index (start). Its pages are there.
 * Closed, with (why) for those who are to be told. */
int leat_nf_queue_open(struct nf_queue *q, uint32_t start);
void leat_nf_queue_close(struct nf_queue *q, int why);
const char *leat_nf_queue_check(const struct nf_queue *q);

/* A page of (pool) that the back may read and write; and not any more. */
int leat_nf_show(struct leat_netfront *f, struct nf_shown *s);
void leat_nf_hide(struct leat_netfront *f, struct nf_shown *s);
int leat_nf_revoke(struct leat_netfront *f, struct leat_grant g);

/* netfront_tx.c */
int leat_nf_tx_take(struct nf_queue *q, uint32_t budget, bool awake,
                    bool *more);
void leat_nf_tx_drop(struct nf_queue *q, int why);

/* Whether (n) slots with pages and (extras) without can be put. */
bool leat_nf_tx_room(struct nf_queue *q, uint32_t slots, uint32_t pages,
                     uint32_t extras);
/* 0, or why no frame with (meta) can be sent by (queue). */
int leat_nf_tx_allowed(const struct leat_netfront *f, uint32_t queue,
                       const struct leat_net_meta *meta);
#define NF_IPV6 0x86ddu
/* What an Ethernet frame carries, behind tags of VLANs; 0: not known. */
uint32_t leat_nf_ethertype(const unsigned char *head, size_t len);
/* The same where that is known by its first bytes. */
int leat_nf_tx_judge(const struct leat_netfront *f,
                     const struct leat_net_meta *meta,
                     const unsigned char *head, size_t len);
struct nf_piece {
    uint32_t ref;
    uint16_t off, len;
    uint16_t page; /* NF_NO_PAGE: by (grant) */
    struct leat_grant grant;
};
/* Puts a frame, for which there is room. */
void leat_nf_tx_put(struct nf_queue *q, const struct nf_piece *pieces,
                    uint32_t n, size_t len, const struct leat_net_meta *meta,
                    uint16_t given);
/* LEAT_E_AGAIN: no room; and the one message without a frame. */
int leat_nf_tx_filter(struct nf_queue *q, const uint8_t *mac, bool add);

/* netfront_rx.c: takes what came; posts pages. */
int leat_nf_rx_take(struct nf_queue *q, uint32_t budget, bool awake,
                    bool *more);
int leat_nf_rx_post(struct nf_queue *q);
void leat_nf_rx_drop(struct nf_queue *q);

/* netfront_read.c: a frame is whole: its reader, or nobody, gets it. */
void leat_nf_tell(struct nf_queue *q);
void leat_nf_part_drop(struct nf_queue *q, struct nf_part *part);

/* ------------------------------------------------------------ static grants */

enum nf_ctrl_state {
    NF_CTRL_OFF = 0,
    NF_CTRL_ASK = 1,    /* how many pages a queue may have                    */
    NF_CTRL_ADD = 2,    /* some of its pages                                  */
    NF_CTRL_REST = 3,   /* all is done                                        */
    NF_CTRL_DELETE = 4, /* the same pages, back                               */
    NF_CTRL_GONE = 5,   /* none is there any more                             */
};

struct nf_ctrl {
    enum nf_ctrl_state state;
    struct leat_ring ring;
    struct nf_shown shown; /* the ring's page                                 */
    struct nf_shown list;  /* and that of lists                               */
    struct leat_bus_port port;
    uint16_t id;    /* of the message that is under way,                      */
    uint16_t type;  /* and what it is                                         */
    bool waits;     /* one is                                                */
    uint32_t queue; /* that it is about                                      */
    uint32_t at;    /* the first page of the list: of NF_TX, then of NF_RX   */
    uint32_t next;  /* the first page that is not in it                      */
    uint32_t listed; /* entries                                               */
};

int leat_nf_ctrl_open(struct leat_netfront *f, uint32_t start);
void leat_nf_ctrl_close(struct leat_netfront *f);
int leat_nf_ctrl_poll(struct leat_netfront *f, bool awake, bool *more);
/* Takes all pages back; whether that is done. */
void leat_nf_ctrl_delete(struct leat_netfront *f);
bool leat_nf_ctrl_quiet(const struct leat_netfront *f);

/* ---------------------------------------------------------------- a device */

struct leat_netfront {
    struct leat_netfront_config config; /* (c) with the defaults              */
    struct leat_bus_end end;
    struct leat_persist *persist[2]; /* by enum nf_way; NULL: there is none   */
    void *persist_meta[2];
    size_t persist_bytes[2];
    enum leat_receive_mode mode;
    bool strict; /* what is given is copied, all of it                        */
    struct leat_netfront_info info;
    struct nf_queue *queues; /* config.queues of them                         */
    uint32_t nqueues;        /* connected                                     */
    struct nf_ctrl ctrl;

    uint8_t (*filter)[LEAT_NET_MAC];
    uint32_t nfilter;
    uint32_t told;  /* of them, those that this back knows                    */
    bool filtering; /* wanted                                                 */

    bool ready;           /* frames pass                                  */
    bool closing, now;    /* asked for                                    */
    bool pausing, paused; /* the same; told                               */
    bool closed;          /* told                                         */
    struct leat_device_steps steps;
    int error; /* of the store, to be given by a poll          */
    struct leat_copies copies, messages;
    struct leat_netfront_stats stats;
    struct leat_netfront_piece pieces[LEAT_NETFRONT_SLOTS];
    char text[LEAT_BUS_TEXT];
};

/* netfront_lay.c: a config with its defaults; a device in its memory; the
 * persistent pools, once the peer is known. */
int leat_nf_defaults(const struct leat_netfront_config *from,
                     struct leat_netfront_config *c);
struct leat_netfront *leat_nf_lay(const struct leat_netfront_config *c);
int leat_nf_start(struct leat_netfront *f);
void leat_nf_stop(struct leat_netfront *f);

/* netfront_poll.c: a round; (*lied) is a ring that is broken. */
int leat_nf_serve(struct leat_netfront *f, uint32_t budget, bool awake,
                  bool *more, struct leat_ring **lied);
int leat_nf_push(struct leat_netfront *f, struct leat_ring **lied);

/* netfront_keys.c: what the back offers; what it is told; the link. */
int leat_nf_read_mac(struct leat_netfront *f);
int leat_nf_read_terms(struct leat_netfront *f);
int leat_nf_read_link(struct leat_netfront *f);
int leat_nf_write_terms(struct leat_netfront *f);

/* netfront_bus.c: what the bus says is done. */
extern const struct leat_bus_end_ops leat_nf_ops;
void leat_nf_advance(struct leat_netfront *f);
void leat_nf_break(struct leat_netfront *f, const char *text);

#endif
