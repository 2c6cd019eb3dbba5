/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TAP_H
#define LEAT_TAP_H

/*
 * A TAP device as what stands behind a network backend (leat/netport.h): of
 * libleat-io, on Linux.
 *
 * Frames carry their virtio header, so checksums and segmentation are left to who
 * takes them, both ways: to the kernel's stack, or to the guest as far as it takes
 * them. A frame is given to the kernel by one writev(2) of the guest's own pages,
 * and comes by one readv(2) into them: the kernel's copy is the only one, and is
 * not one of the library's books.
 *
 * Who made the interface looks after its address, its namespace, and whether it
 * is up.
 *
 * Threads: one at a time on one of its queues.
 *
 * Source: Documentation/networking/tuntap.rst of Linux; struct virtio_net_hdr of
 * linux/virtio_net.h.
 */

#include <leat/netport.h>

LEAT_BEGIN_DECLS

struct leat_tap;

#define LEAT_TAP_QUEUES   16u
#define LEAT_TAP_NAME_MAX 15u

/* Flags. */
#define LEAT_TAP_NO_OFFLOAD \
    1u /* nothing is left to the kernel, nor to the guest                      */
#define LEAT_TAP_PERSIST \
    2u /* the interface stays when it is closed; else it goes, unless it was
          there before                                                         */

/* Zero it; each field's zero is its default, here in brackets. */
struct leat_tap_config {
    const char *name; /* of the interface, "" or with a "%d": the kernel picks;
                         one that is there is taken, if it is a TAP's [""]    */
    uint32_t flags;   /* LEAT_TAP_*                                           */
    uint32_t queues;  /* [1], up to LEAT_TAP_QUEUES                           */
};

/*
 * Opens it, in the network namespace of the calling thread.
 *
 * Owner:   (*out) is the caller's, to close.
 * Errors:  LEAT_E_INVALID      a field out of its set
 *          LEAT_E_LENGTH       the name is longer than LEAT_TAP_NAME_MAX
 *          LEAT_E_UNSUPPORTED  the kernel has no TAP devices (/dev/net/tun)
 *          LEAT_E_ACCESS       this needs CAP_NET_ADMIN
 *          LEAT_E_BUSY         the interface is another's, or of another kind
 *          LEAT_E_NOMEM, LEAT_E_SYSTEM
 */
LEAT_API int leat_tap_open(struct leat_tap **out,
                           const struct leat_tap_config *config);
LEAT_API int leat_tap_close(struct leat_tap *t);

/* Gives its interface's name. Owner: borrowed from (t). */
LEAT_API const char *leat_tap_name(const struct leat_tap *t);

/* As a port, which is asked. Owner: (t) is borrowed. */
LEAT_API struct leat_netport leat_tap(struct leat_tap *t);

struct leat_tap_stats {
    uint64_t sent, sent_bytes;         /* frames that the kernel took         */
    uint64_t received, received_bytes; /* frames that it gave                 */
    uint64_t sent_gso, received_gso;   /* of them, longer than may be sent    */
    uint64_t longest;                  /* bytes of a frame, either way        */
    uint64_t full;                     /* lost: the kernel had no room        */
    uint64_t refused;                  /* lost: the kernel did not take it    */
    uint64_t too_long;                 /* lost: the guest had less room       */
};

LEAT_API int leat_tap_stats(const struct leat_tap *t,
                            struct leat_tap_stats *out);

LEAT_END_DECLS

#endif
