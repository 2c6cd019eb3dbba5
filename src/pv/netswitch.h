/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_PV_NETSWITCH_H
#define LEAT_SRC_PV_NETSWITCH_H

/* A switch: its ports, and its table of addresses. netswitch.c has the theory. */

#include <leat/netswitch.h>

#define SW_NONE UINT32_MAX

/* An address that was learnt; those of port p lie from p * addresses on. */
struct sw_address {
    uint8_t mac[LEAT_NET_MAC];
    bool used;
    uint32_t next; /* of the bucket; or of the port's free ones */
    uint32_t older, newer;
};

struct sw_port {
    struct leat_switch *s; /* (c) */
    uint32_t number;       /* (c) */

    struct leat_net_sink
        sink; /* of who stands here: deliver() is NULL: nobody */
    struct leat_net_filter filter;
    struct leat_netport uplink; /* ops is NULL: none */
    uint32_t queue;             /* of the uplink's, the one to be asked next */

    uint32_t free, oldest, newest;
    uint32_t n; /* addresses */
    struct leat_switch_stats stats;
};

struct leat_switch {
    uint32_t nports;    /* (c) */
    uint32_t addresses; /* (c) of a port */
    uint32_t mask;      /* (c) buckets - 1 */
    bool fixed;         /* (c) */
    bool busy;          /* a frame is being delivered */
    uint32_t turn;      /* whose uplink is asked next */
    struct sw_port *ports;
    struct sw_address *table;
    uint32_t *buckets;
    unsigned char *frame;  /* what an uplink gives: LEAT_NET_FRAME_MAX bytes */
    unsigned char *finish; /* of leat_net_finish() */
};

/* Whether something stands on it. */
static inline bool sw_taken(const struct sw_port *p)
{
    return p->sink.deliver || p->uplink.ops;
}

/* netswitch_table.c: which port an address is behind; SW_NONE: not known. */
uint32_t leat_sw_find(const struct leat_switch *s, const uint8_t *mac);
void leat_sw_learn(struct sw_port *p, const uint8_t *mac);
void leat_sw_forget_all(struct sw_port *p);
void leat_sw_table_init(struct leat_switch *s);
const char *leat_sw_table_check(const struct leat_switch *s);

#endif
