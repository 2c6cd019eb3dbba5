/* SPDX-License-Identifier: ISC */
#ifndef LEAT_NETBACK_H
#define LEAT_NETBACK_H

/*
 * netback: the back end of a guest's network device. It carries frames between
 * the guest's rings and a port (leat/netport.h).
 *
 * What a guest sends is taken by one of three ways, page by page:
 *   static   the guest had the page mapped for good, by its control ring: the
 *            frame goes to the port straight from it. No grant operation.
 *   copied   a grant copy of all frames of a poll together; the default
 *   mapped   mapped, sent straight from there, and unmapped before the guest is
 *            answered; all frames of a poll together
 * What comes for it goes by grant copy, or, where the guest had its pages mapped
 * for good, is received straight into them.
 *
 * Nothing of a guest's is believed: each slot is copied once and then checked,
 * headers are looked at in private memory, and a lie breaks the device, with a
 * text, and no other. A guest that does not take frames loses its own; one that
 * floods gets the budget of a poll and no more.
 *
 * Threads: one at a time on a bus and its devices.
 * Errors:  LEAT_E_INVALID  NULL, or an argument out of its set; in all calls
 *
 * Source: xen/io/netif.h; XSA-39, 155, 216, 362, 391, 423, 432, 448.
 */

#include <leat/bus.h>
#include <leat/copies.h>
#include <leat/grant.h>
#include <leat/netport.h>

LEAT_BEGIN_DECLS

struct leat_netback;

#define LEAT_NETBACK_QUEUES 16u /* at most */

/* How pages that are not static are taken. */
enum leat_netback_way {
    LEAT_NETBACK_COPY = 0,
    LEAT_NETBACK_MAP = 1,
};

/* Features that are not offered. */
#define LEAT_NETBACK_NO_SG        1u
#define LEAT_NETBACK_NO_GSO       2u /* nor taken up                        */
#define LEAT_NETBACK_NO_CSUM6     4u
#define LEAT_NETBACK_NO_SPLIT     8u
#define LEAT_NETBACK_NO_CTRL      16u
#define LEAT_NETBACK_NO_MULTICAST 32u

enum leat_netback_event {
    LEAT_NETBACK_CONNECTED = 1,
    LEAT_NETBACK_DISCONNECTED = 2, /* nothing of the guest's is mapped        */
    LEAT_NETBACK_BROKEN = 3,       /* the guest lied: leat_netback_text()     */
    LEAT_NETBACK_CLOSED = 4,       /* for good: destroy it                    */
};

/* Zero it; each field's zero is its default. */
struct leat_netback_config {
    struct leat_bus *bus;       /* required                                  */
    const char *path;           /* required: the backend's own directory     */
    struct leat_grants *grants; /* required: maps and copies                 */
    struct leat_netport port;   /* required; borrowed until destroy          */

    uint32_t queues_max; /* offered; 0: 1                             */
    enum leat_netback_way way;
    uint32_t without;     /* LEAT_NETBACK_NO_*                         */
    uint32_t statics_max; /* mapped for good, of a queue; 0: 2048      */
    uint32_t mtu;         /* of the port; 0: 1500                      */
    uint32_t slots_fatal; /* slots of a frame that break the device, in
                                   place of refusing it; 0: 64               */
    uint64_t stall_ns;    /* until a guest that posts nothing loses its
                                   frames; 0: 10 s                           */
    uint32_t filter_max;  /* multicast addresses; 0: 64                */

    /* May call anything but poll and destroy; NULL. */
    void (*event)(void *arg, struct leat_netback *n,
                  enum leat_netback_event what);
    void *arg;

    void *meta; /* at least leat_netback_meta_size() bytes, that no peer can
                   see: the caller's, in use until destroy                   */
    size_t meta_bytes;
    const struct leat_port *clock; /* NULL: the library's own */
};

/*
 * How much metadata it needs; creates it, publishes what it offers, and waits for
 * its front. A device that was served by another before (which died) waits until
 * the front has begun anew.
 *
 * Owner:   (path) is copied; the rest of (config) is borrowed until it is
 *          destroyed. The table (grants) needs mappings (maps_max) for each
 *          queue: two rings and statics_max; and one for the control ring, and 65
 *          for LEAT_NETBACK_MAP.
 * Errors:  LEAT_E_NOMEM  meta_bytes is too small
 *          those of leat_bus_attach(), and of the store
 */
LEAT_API int leat_netback_meta_size(const struct leat_netback_config *config,
                                    size_t *bytes);
LEAT_API int leat_netback_create(struct leat_netback **out,
                                 const struct leat_netback_config *config);

/* Errors: LEAT_E_BUSY: a guest is served: close it. */
LEAT_API int leat_netback_destroy(struct leat_netback *n);

/*
 * Closes it: tells the guest, and waits until it has closed, too; then
 * LEAT_NETBACK_CLOSED. (now): it does not wait.
 */
LEAT_API int leat_netback_close(struct leat_netback *n, bool now);

/*
 * Carries frames both ways: in each direction of each queue at most (budget)
 * slots, whatever the guest does (XSA-391). (*more): there may be more, so call
 * again before sleeping. It is to be called after the bus was polled, and when
 * the port's descriptor is readable. Asks to be woken unless there is more;
 * leat_netback_spin() does not, for who looks again anyway. A guest that lies is
 * no error of these: it is told by LEAT_NETBACK_BROKEN.
 *
 * Errors:  those of the store; the port's, but LEAT_E_END, after which it is not
 *          asked any more
 */
LEAT_API int leat_netback_poll(struct leat_netback *n, uint32_t budget,
                               bool *more);
LEAT_API int leat_netback_spin(struct leat_netback *n, uint32_t budget,
                               bool *more);

/*
 * Whether it would take a frame from the port: its descriptor need not be
 * watched while the guest has no room.
 */
LEAT_API bool leat_netback_room(struct leat_netback *n);

/* When stalls are to be looked for again, by a poll; UINT64_MAX: never. */
LEAT_API uint64_t leat_netback_due_ns(const struct leat_netback *n);

/* Counters, of all queues that there were, and gauges. */
struct leat_netback_stats {
    /* From the guest. */
    uint64_t tx_frames; /* sent                                             */
    uint64_t tx_bytes;
    uint64_t tx_slots;
    uint64_t tx_refused; /* with an error: shape, pages or headers          */
    uint64_t tx_lost;    /* by the port                                     */
    uint64_t tx_gso;
    uint64_t tx_static, tx_copied, tx_mapped; /* slots, by the way taken    */

    /* To the guest. */
    uint64_t rx_frames;
    uint64_t rx_bytes;
    uint64_t rx_slots;
    uint64_t rx_failed; /* told with an error: its page could not be written */
    uint64_t rx_lost;   /* no room, or a stall                             */
    uint64_t rx_filtered; /* multicast that it did not want                 */
    uint64_t rx_gso;
    uint64_t rx_static, rx_copied; /* slots, by the way taken               */
    uint64_t stalls;

    uint64_t finished; /* frames whose checksums or segments were made here  */
    uint64_t maps, unmaps, copies; /* grant operations: pages, and segments  */
    uint64_t grant_calls;          /* of the hypervisor: batches             */
    uint64_t notifies;             /* events sent                            */
    uint64_t controls;             /* messages of the control ring, and      */
    uint64_t controls_refused;     /* of them, those refused                 */
    uint64_t connects;

    /* Gauges. */
    uint64_t queues;
    uint64_t statics; /* pages mapped for good                              */
    uint64_t stalled; /* queues                                             */
    uint64_t filter;  /* addresses of multicast                             */
    struct leat_copies copied;  /* payload                                  */
    struct leat_copies message; /* slots and responses                      */
};

LEAT_API int leat_netback_stats(const struct leat_netback *n,
                                struct leat_netback_stats *out);

LEAT_API bool leat_netback_connected(const struct leat_netback *n);

/* How the guest broke the protocol: one line, "" if it did not. Owner: borrowed
 * from (n). */
LEAT_API const char *leat_netback_text(const struct leat_netback *n);

/* Verifies the invariants: NULL, or which is broken. */
LEAT_API const char *leat_netback_check(const struct leat_netback *n);

LEAT_END_DECLS

#endif
