/* SPDX-License-Identifier: ISC */
#ifndef LEAT_ERROR_H
#define LEAT_ERROR_H

/*
 * The errors of leat: one closed set.
 *
 * A call that can fail returns 0 or one of these, and leaves its outputs as
 * they were when it fails. Every value has a text; new values are added at the
 * end and old ones never change their number.
 */

#include <leat/attr.h>

LEAT_BEGIN_DECLS

enum leat_error {
    LEAT_OK = 0,
    LEAT_E_INVALID = -1,      /* an argument is out of its documented set    */
    LEAT_E_NOMEM = -2,        /* the backend, or its metadata, gave no more  */
    LEAT_E_LIMIT = -3,        /* a limit that the caller set is reached      */
    LEAT_E_RANGE = -4,        /* [off, off + len) leaves the object          */
    LEAT_E_OVERFLOW = -5,     /* a sum or a product does not fit its type    */
    LEAT_E_ALIGN = -6,        /* an address is not aligned as it must be     */
    LEAT_E_LENGTH = -7,       /* a length is not the multiple it must be     */
    LEAT_E_BOUNDARY = -8,     /* a segment crosses what it must not cross    */
    LEAT_E_SEGMENTS = -9,     /* more segments than the consumer takes       */
    LEAT_E_PEER = -10,        /* memory that may not be shown to this peer   */
    LEAT_E_ACCESS = -11,      /* read-only memory where writing is needed    */
    LEAT_E_STALE = -12,       /* the handle's chunk was put, or has changed
                                 its owner since                             */
    LEAT_E_FOREIGN = -13,     /* not a chunk, or not memory, of this pool    */
    LEAT_E_INTERIOR = -14,    /* the inside of a chunk, not its start        */
    LEAT_E_BUSY = -15,        /* in use: chunks are out, refs are held, or
                                 others wait before you                      */
    LEAT_E_STATE = -16,       /* not now: the object is in another state     */
    LEAT_E_UNSUPPORTED = -17, /* this build, backend or file cannot do it    */
    LEAT_E_REFUSED = -18,     /* the machine, or a hook, said no             */
    LEAT_E_FORKED = -19,      /* the pool belongs to the parent process      */
    LEAT_E_ADJACENT = -20,    /* two views that are not neighbours           */
    LEAT_E_SYSTEM = -21,      /* the operating system failed otherwise       */
    LEAT_E_AGAIN = -22,       /* would block: try again, or wait to be called */
    LEAT_E_CLOSED = -23,      /* the object was closed on this side         */
    LEAT_E_END = -24,         /* the other side has ended its stream        */
    LEAT_E_REFERENCE = -25,   /* no grant by this reference                 */
    LEAT_E_DOMAIN = -26,      /* no such domain, or not the one meant       */
    LEAT_E_GONE = -27,        /* the peer, or what stands between, died     */
    LEAT_E_PROTO = -28,       /* the peer broke the protocol                */
};

/* How many errors there are; they are -1 .. -LEAT_ERRORS. */
#define LEAT_ERRORS 28

/*
 * Gives the text of (err): one line, no full stop, in static memory. A value
 * that is no leat error has a text that says so; 0 is "success".
 *
 * Owner:   the text is static.
 * Threads: safe from anywhere.
 */
LEAT_API const char *leat_strerror(int err);

/*
 * Gives the name of (err) as it is written in C, "LEAT_E_NOMEM", or NULL when
 * (err) is no leat error. 0 is "LEAT_OK".
 */
LEAT_API const char *leat_error_name(int err);

LEAT_END_DECLS

#endif
