/* SPDX-License-Identifier: ISC */
#ifndef LEAT_FLOW_H
#define LEAT_FLOW_H

/*
 * Flow (libleat-flow): a stream of bytes, from one who writes to one who reads.
 *
 *     write, give --> | acknowledged | retained | unread | --> read, take
 *                     0            acked       read    written
 *
 * It has one direction: a connection is two flows, and closes by halves. Writing
 * copies, so that the writer may use its buffer again at once; giving hands over
 * an owned ref, without a copy. What is read comes as a copy in the caller's
 * buffer or in a fresh one, or as an owned ref. Every copy is counted in
 * leat_flow_pool_copies().
 *
 * A flow that retains (LEAT_FLOW_RETAIN) keeps what was read until it is
 * acknowledged, and reads it again from wherever it is told to: for
 * retransmission. Its bytes count against the capacity until then; those of
 * other flows until they are read.
 *
 * A flow with segments lays bytes out as they are to be sent, with room for
 * headers, when they are written: a segment that is taken whole is not copied
 * again.
 *
 * How it ends:
 *
 *     state                  write, give     read, take
 *     open                   0, AGAIN        0, AGAIN
 *     closed by the writer   LEAT_E_CLOSED   what is left, then LEAT_E_END
 *     stopped by the reader  LEAT_E_END      LEAT_E_CLOSED
 *     both                   LEAT_E_CLOSED   LEAT_E_CLOSED
 *
 * No bytes: a write, a give or a read of 0 bytes succeeds and does nothing where
 * a longer one would not be told CLOSED or END; it is never told AGAIN. A ref
 * that was given with no bytes is dropped.
 *
 * Threads: safe from any thread, but create and destroy. Who writes, and who
 *          reads, from several threads, orders their bytes as they come.
 * Errors that all share: LEAT_E_INVALID (NULL), LEAT_E_FORKED.
 */

#include <leat/flow_pool.h>

LEAT_BEGIN_DECLS

struct leat_flow;

#define LEAT_FLOW_RETAIN 1u /* keep what was read until acknowledged        */

struct leat_flow_config {
    size_t capacity; /* most bytes that it holds; 0: 256 KiB                 */
    uint32_t flags;  /* LEAT_FLOW_*                                          */
    const struct leat_flow_segments *segments; /* NULL: none; copied         */
};

/*
 * Errors:  LEAT_E_INVALID, LEAT_E_BOUNDARY  also as leat_flow_segment() gives
 *          LEAT_E_NOMEM  no metadata
 */
LEAT_API int leat_flow_create(struct leat_flow **out, struct leat_flow_pool *fp,
                              const struct leat_flow_config *config);

/*
 * Destroys (flow) with all bytes in it. Refs that were taken stay.
 *
 * Errors:  LEAT_E_BUSY  waiters are in line, or their callbacks at work
 */
LEAT_API int leat_flow_destroy(struct leat_flow *flow);

/* ---------------------------------------------------------------- writing */

/*
 * Writes (len) bytes at (data), all or none. They are copied (LEAT_WHY_IN).
 *
 * Errors:  LEAT_E_AGAIN  no room for them now
 *          LEAT_E_LIMIT  more than the capacity: there never is; or as
 *                        leat_flow_buffer_get()
 *          LEAT_E_CLOSED, LEAT_E_END
 *          those of leat_flow_buffer_get()
 */
LEAT_API int leat_flow_write(struct leat_flow *flow, const void *data,
                             size_t len);

/* The same for as many bytes as there is room for, which (*taken) tells. */
LEAT_API int leat_flow_write_some(struct leat_flow *flow, const void *data,
                                  size_t len, size_t *taken);

/*
 * Hands (*ref) over, without a copy: its bytes must not be changed any more.
 * (A window that pins more than the pool's retain_ratio is copied out, for
 * LEAT_WHY_RETAIN, if there is memory for it.)
 *
 * Owner:   (*ref) is void afterwards; on failure it is still the caller's.
 * Errors:  LEAT_E_AGAIN, LEAT_E_LIMIT, LEAT_E_CLOSED, LEAT_E_END
 *          LEAT_E_STALE  it owns nothing
 *          LEAT_E_NOMEM  no metadata
 */
LEAT_API int leat_flow_give(struct leat_flow *flow, struct leat_flow_ref *ref);

/* Ends the stream. Errors: LEAT_E_CLOSED: it was ended before. */
LEAT_API int leat_flow_close(struct leat_flow *flow);

/* ---------------------------------------------------------------- reading */

/*
 * Reads at most (len) bytes to (dst); (*got) tells how many. They are copied
 * (LEAT_WHY_OUT).
 *
 * Errors:  LEAT_E_AGAIN  nothing is there now
 *          LEAT_E_END, LEAT_E_CLOSED
 */
LEAT_API int leat_flow_read_into(struct leat_flow *flow, void *dst, size_t len,
                                 size_t *got);

/*
 * Reads at most (max) bytes to a fresh buffer (LEAT_WHY_OUT); with segments, at
 * most a segment's, and with its room. (max) is not 0.
 *
 * Owner:   (*out) is owned.
 * Errors:  LEAT_E_AGAIN, LEAT_E_END, LEAT_E_CLOSED
 *          those of leat_flow_buffer_get()
 */
LEAT_API int leat_flow_read(struct leat_flow *flow, size_t max,
                            struct leat_flow_ref *out);

/*
 * Takes at most (max) bytes as an owned ref, without a copy: as many as lie in a
 * row. With segments it gives one segment; where that is no whole one of the
 * flow's own, as after a give, it does as leat_flow_read(). (max) is not 0.
 *
 * Owner:   (*out) is owned; while the flow retains, its bytes are not to be
 *          changed.
 * Errors:  LEAT_E_AGAIN, LEAT_E_END, LEAT_E_CLOSED
 */
LEAT_API int leat_flow_take(struct leat_flow *flow, size_t max,
                            struct leat_flow_ref *out);

/*
 * Stops reading: all that is in the flow is dropped, and nothing more comes in.
 * Errors:  LEAT_E_CLOSED  it was stopped before
 */
LEAT_API int leat_flow_stop(struct leat_flow *flow);

/* ------------------------------------------------------------- retransmission */

/* Places in the stream, in bytes from its beginning. */
struct leat_flow_position {
    uint64_t acked;   /* before this nothing is kept                         */
    uint64_t read;    /* what is read next                                   */
    uint64_t sent;    /* as far as it ever was read                          */
    uint64_t written; /* the end of what there is                            */
};

LEAT_API int leat_flow_position(struct leat_flow *flow,
                                struct leat_flow_position *out);

/*
 * Acknowledges the (len) oldest bytes that are not: they are dropped, also in
 * the middle of a piece.
 *
 * Errors:  LEAT_E_RANGE        more than were read
 *          LEAT_E_UNSUPPORTED  the flow does not retain
 *          LEAT_E_CLOSED       it is stopped
 */
LEAT_API int leat_flow_ack(struct leat_flow *flow, uint64_t len);

/*
 * Goes on reading at (at), a place from (acked) to (sent).
 *
 * Errors:  LEAT_E_RANGE, LEAT_E_UNSUPPORTED, LEAT_E_CLOSED
 */
LEAT_API int leat_flow_rewind(struct leat_flow *flow, uint64_t at);

/* ---------------------------------------------------------------- waiting */

/* A place in line. The caller's memory; zero it before its first use. */
struct leat_flow_waiter {
    /* Private. */
    struct leat_flow_waiter *next;
    struct leat_flow_waiter *prev;
    struct leat_flow *flow;
    void (*ready)(void *arg, int err);
    void *arg;
    size_t bytes;
    int err;
    unsigned line;
};

/*
 * Waits until (bytes) can be written, or read; 0 counts as 1. (ready) is then
 * called once: with 0, also where fewer bytes are left before the end; or with
 * the error that the call it waits for would give. If it can be at once, it is
 * called before this returns (or by a thread that is calling others). It reserves
 * nothing: of several who wait, the first may be quicker.
 *
 * Memory that is short is not waited for here: see the pool's watermarks.
 *
 * Owner:   (w) is in use until (ready) is called or leat_flow_cancel() succeeds.
 * Locks:   none are held in (ready): it may call anything but destroy, and use
 *          (w) again. Waiters that its calls serve are called after it.
 *          Oldest first; by one thread at a time.
 * Errors:  LEAT_E_BUSY   (w) is in line already
 *          LEAT_E_LIMIT  more than the capacity
 */
LEAT_API int leat_flow_wait_write(struct leat_flow *flow,
                                  struct leat_flow_waiter *w, size_t bytes,
                                  void (*ready)(void *arg, int err), void *arg);
LEAT_API int leat_flow_wait_read(struct leat_flow *flow,
                                 struct leat_flow_waiter *w, size_t bytes,
                                 void (*ready)(void *arg, int err), void *arg);

/*
 * Leaves the line, in constant time.
 * Errors:  LEAT_E_STATE  (w) is not in it: never was, or is being called
 */
LEAT_API int leat_flow_cancel(struct leat_flow *flow,
                              struct leat_flow_waiter *w);

LEAT_END_DECLS

#endif
