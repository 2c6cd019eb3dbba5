/* SPDX-License-Identifier: ISC */
#ifndef LEAT_FLOW_FRAME_H
#define LEAT_FLOW_FRAME_H

/*
 * A frame into a flow, and a flow into frames (libleat-flow): for who wants bytes
 * of a network device at any address and of any length. Each byte is copied once.
 *
 *     frame --take--> flow     private bytes in one piece are handed over: they
 *                              were copied when they came, or not at all; others
 *                              are copied to a buffer of the flow's
 *     flow --fill--> frame     copied to where the back reads them
 *
 * Errors that both share: LEAT_E_INVALID (NULL), LEAT_E_FORKED.
 * Threads: as leat/flow.h; the frame is its device's.
 */

#include <leat/flow.h>
#include <leat/netfront.h>

LEAT_BEGIN_DECLS

/*
 * Appends the bytes [skip, frame->len) of a frame that has come to (flow), all or
 * none. To be called in (receive), of a device in any of the three ways.
 *
 * Owner:   what is handed over is the flow's; the frame's pieces are otherwise as
 *          they were.
 * Errors:  LEAT_E_RANGE  (skip) is more than there is
 *          those of leat_flow_give() and leat_flow_buffer_get()
 */
LEAT_API int leat_flow_take_frame(struct leat_flow *flow,
                                  struct leat_flow_pool *fp,
                                  struct leat_netfront_frame *frame,
                                  size_t skip);

/* What a frame is filled from. */
struct leat_flow_fill {
    struct leat_flow *flow;
    const void *head; /* what comes before: headers; (head_bytes) of it       */
    size_t head_bytes;
};

/*
 * Fills a frame: the (fill) of struct leat_netfront_fill, whose (arg) is a struct
 * leat_flow_fill. It writes the head, and then as many bytes of the flow as there
 * are and as fit; what is read is the frame's from then on.
 *
 * Errors: nothing was read, and so nothing is sent:
 *   LEAT_E_LENGTH  the frame has no room for more than the head
 *   LEAT_E_AGAIN   the flow has nothing now
 *   LEAT_E_END, LEAT_E_CLOSED
 */
LEAT_API int leat_flow_fill(void *arg, const struct leat_view *views, size_t n,
                            size_t *len);

LEAT_END_DECLS

#endif
