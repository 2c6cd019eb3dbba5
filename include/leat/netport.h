/* SPDX-License-Identifier: ISC */
#ifndef LEAT_NETPORT_H
#define LEAT_NETPORT_H

/*
 * What stands behind a network backend: where a guest's frames go, and where
 * those for it come from. A table of operations: a TAP device and a capture file
 * (libleat-io), a switch (leat/netswitch.h), or the user's own.
 *
 * A frame is an Ethernet frame without its checksum, at most
 * LEAT_NET_FRAME_MAX bytes. What of its bytes a guest can still write is shared
 * memory (rule R4): a port copies it, or gives it to who does, once; what a
 * port has to look at comes as private bytes.
 *
 * Frames come in one of two ways. A port that is *asked* has receive(), and
 * keeps what the guest has no room for; a port that *delivers* has attach(), and
 * what the guest has no room for is lost, for this guest alone.
 *
 * Threads: one at a time on one port, and on all that one switch connects.
 */

#include <leat/copies.h>
#include <leat/error.h>
#include <leat/shared.h>
#include <leat/view.h>

LEAT_BEGIN_DECLS

#define LEAT_NET_FRAME_MAX 65535u
#define LEAT_NET_FRAME_MIN 14u /* an Ethernet header */

/* Into how many pieces a frame falls at most: 18 slots of a guest's, and a
 * head of private bytes. */
#define LEAT_NET_SEGMENTS 19u

/* Bytes that are made private at most, so that headers can be looked at. */
#define LEAT_NET_HEAD_MAX 256u

#define LEAT_NET_MAC 6u

/* What a frame leaves to who takes it. */
enum leat_net_gso {
    LEAT_NET_GSO_NONE = 0,
    LEAT_NET_GSO_TCPV4 = 1, /* one TCP segment, longer than may be sent: to be
                               cut into pieces of at most (gso_size) payload  */
    LEAT_NET_GSO_TCPV6 = 2,
};

#define LEAT_NET_CSUM_BLANK \
    1u                         /* the TCP or UDP checksum has yet to be made:
                                  there stands the sum of the pseudo header   */
#define LEAT_NET_CSUM_VALID 2u /* the data is known to be as it was sent      */

/* What is known of a frame beside its bytes. Zero it. */
struct leat_net_meta {
    uint32_t flags; /* LEAT_NET_CSUM_* */
    enum leat_net_gso gso;
    uint16_t gso_size;
    /*
     * With LEAT_NET_CSUM_BLANK, where what is summed begins, and where, from
     * there, the sum goes; 0, 0: not known, as in what a guest sends, before
     * leat_net_meta_find().
     */
    uint16_t csum_start, csum_offset;
};

/* A frame on its way from a guest: first (head), then (segs). */
struct leat_net_frame {
    struct leat_cview head; /* private; at least what the port asked for, unless
                               the frame is shorter; all of a private frame  */
    const struct leat_shared *segs;
    size_t nsegs;
    size_t len; /* of all */
    struct leat_net_meta meta;
};

/* A frame on its way to a guest. */
struct leat_net_room {
    const struct leat_shared
        *segs; /* where its bytes go, in this order       */
    size_t nsegs;
    size_t bytes; /* of all of them                                         */
};

/* Who a port that delivers calls. Checksums and segments that a frame leaves open
 * are the sink's to make. */
struct leat_net_sink {
    /*
     * Takes a frame, before it returns.
     * Errors:  LEAT_E_AGAIN  no room, or called from within send() of the port
     *                        that it stands on: it is lost
     *          others        it cannot be taken: it is lost
     */
    int (*deliver)(void *arg, const struct leat_net_frame *frame);
    /* The link went up or down. Optional. */
    void (*link)(void *arg, bool up);
    void *arg;
};

#define LEAT_NET_OFFLOAD_CSUM4 1u /* blank checksums of IPv4 and IPv6 frames  */
#define LEAT_NET_OFFLOAD_CSUM6 2u
#define LEAT_NET_OFFLOAD_GSO4  4u
#define LEAT_NET_OFFLOAD_GSO6  8u
#define LEAT_NET_OFFLOAD_ALL   15u

/* What of multicast a guest wants. */
struct leat_net_filter {
    bool on; /* only what is in the list; else all                           */
    const uint8_t (*list)[LEAT_NET_MAC];
    size_t n;
};

struct leat_netport_ops {
    const char *name; /* one lower-case word, static */

    uint32_t offload; /* what may be left to it by send(): LEAT_NET_OFFLOAD_* */
    uint32_t head;    /* bytes that it wants as a private head, at most
                         LEAT_NET_HEAD_MAX; of frames with a blank checksum or
                         GSO it gets the headers in any case                 */

    /*
     * Sends a frame of the guest's. When it returns, the frame's bytes are not
     * touched any more.
     *
     * Errors:  LEAT_E_AGAIN  no room now: the frame is lost, and counted
     *          LEAT_E_LENGTH longer than it takes
     *          LEAT_E_GONE   the port is no more
     *          others        lost, too
     */
    int (*send)(void *self, const struct leat_net_frame *frame);

    /*
     * Gives the next frame for the guest's queue (queue), which is 0 for a port
     * of one queue: writes its bytes to (room), and tells how many in (*len).
     * NULL: this port delivers.
     *
     * Errors:  LEAT_E_AGAIN   there is none
     *          LEAT_E_LENGTH  it did not fit, and is lost
     *          LEAT_E_END     there will be none any more
     *          LEAT_E_GONE    the port is no more
     */
    int (*receive)(void *self, uint32_t queue, const struct leat_net_room *room,
                   struct leat_net_meta *meta, size_t *len);

    /*
     * Names who is delivered to; NULL: nobody. Optional.
     * Owner:   (*sink) is copied.
     */
    int (*attach)(void *self, const struct leat_net_sink *sink);

    /* Tells what the guest takes: frames that leave more to it come no more.
     * Optional: they may come, and are finished or lost. */
    int (*offloads)(void *self, uint32_t offload);

    /* Tells what of multicast the guest wants; what the list names is borrowed
     * until the next call. Optional: the backend filters. */
    int (*filter)(void *self, const struct leat_net_filter *filter);

    /* Tells whether the link is up. Optional: it is. */
    bool (*link)(void *self);

    /* Queues that can be asked; optional: 1. */
    uint32_t (*queues)(void *self);

    /* A descriptor that polls readable when receive() of (queue) has something
     * to give; -1: none. Optional. */
    int (*fd)(void *self, uint32_t queue);
};

struct leat_netport {
    const struct leat_netport_ops *ops;
    void *self;
};

/* ------------------------------------------------------------ looking at it */

/* What a look at a frame's headers finds. */
struct leat_net_headers {
    uint16_t ethertype; /* behind tags of VLANs; 0: none of the below        */
    uint8_t protocol;   /* of IPv4 or IPv6; 0: not known                     */
    uint16_t l3, l4;    /* where the IP header begins, and what it carries; 0:
                           not known                                         */
    uint16_t end;       /* where TCP's, or UDP's, header ends; 0: not known  */
    uint32_t flow;      /* a hash of addresses and ports: the same for all
                           frames of one direction of a flow                */
};

/*
 * Looks at the headers in (head), the first bytes of a frame of (len): Ethernet,
 * tags of VLANs, IPv4 with options, IPv6 with its extensions, TCP, UDP. It reads
 * nothing beyond (head), and takes a bounded number of steps.
 *
 * Errors:  LEAT_E_INVALID  (head) is void, or longer than (len)
 *          LEAT_E_LENGTH   it is cut off within them, or contradicts itself:
 *                          (*out) has what was found before
 */
LEAT_API int leat_net_headers(struct leat_cview head, size_t len,
                              struct leat_net_headers *out);

/*
 * Finds what (meta) leaves open, of a frame with (head): csum_start and
 * csum_offset where the checksum is blank; and that GSO is of its kind.
 *
 * Errors:  LEAT_E_PROTO   its headers are not what (meta) says
 *          those of leat_net_headers()
 */
LEAT_API int leat_net_meta_find(struct leat_cview head, size_t len,
                                struct leat_net_meta *meta);

LEAT_END_DECLS

#endif
