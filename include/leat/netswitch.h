/* SPDX-License-Identifier: ISC */
#ifndef LEAT_NETSWITCH_H
#define LEAT_NETSWITCH_H

/*
 * A switch of n ports. On each stands a netback, or a port of another kind that
 * is its *uplink*: a TAP, a capture, a port of another switch.
 *
 * It learns who is behind a port by the source addresses of frames. Each port
 * has room for a number of them, and forgets who was silent longest first: a
 * guest that makes addresses up displaces its own alone. A frame for an address
 * that was learnt goes there; for others, broadcast and multicast it goes to all
 * ports but its own, except where a port's filter does not want it.
 *
 * A frame is delivered before send() returns, straight from where the sender has
 * it. Who has no room for it loses it, and nobody else. Whoever takes a frame may
 * not send one from within: it would be lost.
 *
 * Errors:  LEAT_E_INVALID  NULL, or an argument out of its set; in all calls
 * Threads: one at a time on a switch and on all that it connects.
 */

#include <leat/netport.h>

LEAT_BEGIN_DECLS

struct leat_switch;

#define LEAT_SWITCH_PORTS     256u
#define LEAT_SWITCH_ADDRESSES 4096u /* of a port, at most */

/* Zero it; but for (ports) and (meta), each field's zero is its default. */
struct leat_switch_config {
    uint32_t ports;     /* 2 to LEAT_SWITCH_PORTS                            */
    uint32_t addresses; /* learnt of a port; 0: 64                           */
    bool fixed;         /* an address stays with the port that it was first
                           learnt of, until that forgets it: who takes
                           another's is not sent what is for that           */
    void *meta;         /* at least leat_switch_meta_size() bytes: the
                           caller's, in use until destroy                    */
    size_t meta_bytes;
};

LEAT_API int leat_switch_meta_size(const struct leat_switch_config *config,
                                   size_t *bytes);

/*
 * Makes a switch.
 *
 * Owner:   (*out) is the caller's, to destroy; (*config) is copied.
 * Errors:  LEAT_E_NOMEM  meta_bytes is too small
 */
LEAT_API int leat_switch_create(struct leat_switch **out,
                                const struct leat_switch_config *config);

/* Errors:  LEAT_E_BUSY  something stands on a port of it */
LEAT_API int leat_switch_destroy(struct leat_switch *s);

/*
 * Gives the port (number), for a netback to stand on. It delivers, takes all
 * that frames may leave open, and knows filters of multicast.
 *
 * Owner:   (*out) is valid until the switch is destroyed.
 * Errors:  LEAT_E_RANGE  there is none
 *          LEAT_E_BUSY   it has an uplink; attach(): somebody stands there
 */
LEAT_API int leat_switch_port(struct leat_switch *s, uint32_t number,
                              struct leat_netport *out);

/*
 * Connects the port (number) to (uplink), whichever way that has frames: it is
 * asked by leat_switch_poll(), or it delivers. What it does not take is finished
 * here: checksums, and segments. NULL: connects it to nothing.
 *
 * Owner:   what (*uplink) names is borrowed until then.
 * Errors:  LEAT_E_RANGE  there is no such port
 *          LEAT_E_BUSY   somebody stands there, or an uplink
 *          that of its attach()
 */
LEAT_API int leat_switch_uplink(struct leat_switch *s, uint32_t number,
                                const struct leat_netport *uplink);

/*
 * Asks the uplinks for frames, at most (budget) times, each in its turn. (*more):
 * there may be more, so call again before sleeping. An uplink that has come to
 * its end, or is gone, is asked no more: its stats say so.
 */
LEAT_API int leat_switch_poll(struct leat_switch *s, uint32_t budget,
                              bool *more);

/* Counters of a port, and gauges. */
struct leat_switch_stats {
    uint64_t frames; /* that came in by it                                   */
    uint64_t bytes;
    uint64_t flooded;   /* of them, to all others                           */
    uint64_t refused;   /* of them: shorter than a header, or sent from
                            within a delivery; and an uplink's bad ones      */
    uint64_t delivered; /* that went out by it                              */
    uint64_t lost;      /* for want of room, or by another error            */
    uint64_t filtered;  /* multicast that it does not want                  */
    uint64_t finished;  /* for an uplink that did not take what was open    */
    uint64_t learnt;    /* addresses; those of another port's included      */
    uint64_t forgotten; /* for want of room                                 */
    uint64_t addresses; /* now                                              */
    bool ended;         /* its uplink has no more                           */
    struct leat_copies copies; /* made for its uplink                        */
};

/* Errors:  LEAT_E_RANGE  there is no such port */
LEAT_API int leat_switch_stats(const struct leat_switch *s, uint32_t number,
                               struct leat_switch_stats *out);

/* Verifies the invariants: NULL, or which is broken. */
LEAT_API const char *leat_switch_check(const struct leat_switch *s);

LEAT_END_DECLS

#endif
