/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_PV_NETIF_H
#define LEAT_SRC_PV_NETIF_H

/*
 * The wire of network devices: what lies in the slots of the transmit, the receive
 * and the control ring. All of it is of naturally aligned words, so it is the same
 * on every machine of one byte order; a slot is copied out of the ring, or into it,
 * as one of these.
 *
 *               request   response   slot
 *     transmit  12        4          12    bytes; an extra takes a request's slot
 *     receive   8         8          8     an extra takes a response's slot
 *     control   16        12         16
 *
 * Source: xen/io/netif.h; tests/unit/test_netif_layout.c holds it against that.
 */

#include <leat/page.h>

/* Slots of a frame that every back end takes. */
#define NETIF_SLOTS 18u

#define NETIF_FRAME_MAX 65535u

/* Statuses. Of a receive response it is how many bytes there are, or an error. */
#define NETIF_RSP_DROPPED (-2)
#define NETIF_RSP_ERROR   (-1)
#define NETIF_RSP_OKAY    0
#define NETIF_RSP_NULL    1 /* to a slot that had an extra in it */

/* ----------------------------------------------------------------- transmit */

#define NETTXF_CSUM_BLANK     1u
#define NETTXF_DATA_VALIDATED 2u
#define NETTXF_MORE_DATA      4u
#define NETTXF_EXTRA_INFO     8u

struct netif_tx_request {
    uint32_t gref;
    uint16_t offset;
    uint16_t flags; /* NETTXF_*                                          */
    uint16_t id;
    uint16_t
        size; /* of the first slot: of the whole frame; of others: theirs */
};

struct netif_tx_response {
    uint16_t id;
    int16_t status;
};

/* ------------------------------------------------------------------ receive */

#define NETRXF_DATA_VALIDATED 1u
#define NETRXF_CSUM_BLANK     2u
#define NETRXF_MORE_DATA      4u
#define NETRXF_EXTRA_INFO     8u
#define NETRXF_GSO_PREFIX     16u /* (offset) has the size of a segment */

struct netif_rx_request {
    uint16_t id;
    uint16_t pad;
    uint32_t gref;
};

struct netif_rx_response {
    uint16_t id;
    uint16_t offset;
    uint16_t flags; /* NETRXF_* */
    int16_t status;
};

/* ------------------------------------------------------------------- extras */

#define NETIF_EXTRA_GSO       1u
#define NETIF_EXTRA_MCAST_ADD 2u /* of the transmit ring alone */
#define NETIF_EXTRA_MCAST_DEL 3u
#define NETIF_EXTRA_HASH      4u
#define NETIF_EXTRA_MAX       5u /* none that is known is as large */

#define NETIF_EXTRA_MORE 1u /* of (flags) */

#define NETIF_GSO_TCPV4 1u
#define NETIF_GSO_TCPV6 2u

struct netif_extra {
    uint8_t type;  /* NETIF_EXTRA_GSO ...    */
    uint8_t flags; /* NETIF_EXTRA_MORE       */
    union {
        struct {
            uint16_t size; /* of a segment's payload */
            uint8_t type;  /* NETIF_GSO_*            */
            uint8_t pad;
            uint16_t features;
        } gso;
        struct {
            uint8_t addr[6];
        } mcast;
        struct {
            uint8_t type;
            uint8_t algorithm;
            uint8_t value[4];
        } hash;
    } u;
};

/* ------------------------------------------------------------------ control */

#define NETIF_CTRL_GET_HASH_FLAGS     1u
#define NETIF_CTRL_SET_HASH_ALGORITHM 7u
#define NETIF_CTRL_GET_GREF_MAPPING_SIZE \
    8u                                 /* data: queue                     */
#define NETIF_CTRL_ADD_GREF_MAPPING 9u /* data: queue, page, entries      */
#define NETIF_CTRL_DEL_GREF_MAPPING 10u

#define NETIF_CTRL_SUCCESS           0u /* of (status) */
#define NETIF_CTRL_NOT_SUPPORTED     1u
#define NETIF_CTRL_INVALID_PARAMETER 2u
#define NETIF_CTRL_BUFFER_OVERFLOW   3u

struct netif_ctrl_request {
    uint16_t id;
    uint16_t type;
    uint32_t data[3];
};

struct netif_ctrl_response {
    uint16_t id;
    uint16_t type;
    uint32_t status;
    uint32_t data;
};

/* An entry of the page that ADD_ and DEL_GREF_MAPPING name. */
struct netif_gref {
    uint32_t ref;
    uint16_t flags;  /* NETIF_GREF_READ_ONLY  */
    uint16_t status; /* out: NETIF_CTRL_*     */
};

#define NETIF_GREF_READ_ONLY 1u

#endif
