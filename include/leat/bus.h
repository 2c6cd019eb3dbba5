/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BUS_H
#define LEAT_BUS_H

/*
 * The bus: how the two ends of a device find each other, agree, and part.
 *
 * A domain has one *bus*: it stands on a store and event channels, takes all
 * their events, and gives them to whom they are for. A device has two *ends*, front
 * and back, each with a directory that it alone writes and the other reads. In
 * both is a *state*:
 *
 *     front  1 Initialising ----------------> 3 Initialised ----> 4 Connected
 *     back   1 Initialising --> 2 InitWait ----------> 4 Connected
 *
 *     closing:  5 Closing, 6 Closed, the front first; again: front 1, back 2
 *
 * The store is the peer's to write, so what is read there is checked: a state
 * that cannot follow, or a number that is none, breaks the end, with a text, and
 * nothing else. An end whose other side's directory is gone sees
 * LEAT_BUS_UNKNOWN.
 *
 * An end of before: a back that starts anew may find its front at 3 or 4, with
 * rings of a connection that is no more. The bus calls that *stale*, until the
 * front was seen elsewhere; so is, for a front at 3 or 4, a back that went back
 * to 0, 1 or 2. leat_bus_step() knows.
 *
 * Owner, Threads: as leat/bus_poll.h says, also of struct leat_bus_end.
 * Errors:  LEAT_E_INVALID  NULL, or an argument out of its set; in all calls
 *          those of leat/store.h
 *
 * Source: xen/io/xenbus.h; docs/misc/xenstore.txt; drivers/xen/xenbus of Linux.
 */

#include <leat/bus_poll.h>

LEAT_BEGIN_DECLS

enum leat_bus_state {
    LEAT_BUS_UNKNOWN = 0, /* there is no such directory, or no state in it */
    LEAT_BUS_INITIALISING = 1,
    LEAT_BUS_INIT_WAIT = 2,
    LEAT_BUS_INITIALISED = 3,
    LEAT_BUS_CONNECTED = 4,
    LEAT_BUS_CLOSING = 5,
    LEAT_BUS_CLOSED = 6,
    LEAT_BUS_RECONFIGURING = 7,
    LEAT_BUS_RECONFIGURED = 8,
};

enum leat_bus_side {
    LEAT_BUS_FRONT = 0,
    LEAT_BUS_BACK = 1,
};

/* The longest text of a broken end, with its NUL. */
#define LEAT_BUS_TEXT 192u

/* How often a transaction is tried. */
#define LEAT_BUS_TRIES 16u

/* ---------------------------------------------------------------- the ends */

struct leat_bus_end_ops {
    /*
     * The other's state has changed, or is known for the first time, or after
     * a resume again: do what leat_bus_step() says, until it says Wait.
     */
    void (*state)(void *arg, enum leat_bus_state other);

    /*
     * The other has changed the key (name) of its directory, "state" excepted;
     * "": any. NULL: nothing to do.
     */
    void (*key)(void *arg, const char *name);

    /*
     * The other wrote what cannot be: (text), which leat_bus_error() gives, too.
     * The end hears of no state but Closing, Closed, Initialising or Unknown
     * from now on, one of which mends it: do what leat_bus_step() says. NULL: nothing to do; then (state) is
     * called.
     */
    void (*broken)(void *arg, const char *text);

    /*
     * This domain was resumed: event channels and grants of before are gone,
     * and the ports are closed. The end is at 1 again, in the store as well, if
     * it is a front's. NULL: nothing to do.
     */
    void (*resumed)(void *arg);
};

/* Zero it, then set its fields. */
struct leat_bus_end_config {
    struct leat_bus *bus;
    enum leat_bus_side side;
    const char *path; /* its own directory; copied                          */
    const struct leat_bus_end_ops *ops;
    void *arg;
    bool trusted; /* this side trusts the other: see leat_bus_trusted()      */
};

struct leat_bus_end {
    struct leat_bus *bus; /* NULL: not attached */
    struct leat_bus_end *next;
    struct leat_bus_watch watch; /* of the other's directory: its path       */
    enum leat_bus_side side;
    const struct leat_bus_end_ops *ops;
    void *arg;
    uint32_t peer; /* domain */
    enum leat_bus_state mine, other;
    bool seen;    /* (other) was read                                        */
    bool stale;   /* the other is of a connection before                     */
    bool closing; /* leat_bus_close()                                        */
    bool offered; /* back: it was at 2 since the front was looked at         */
    bool online;  /* the back's key                                          */
    bool rewrite; /* 1 has to be written, after a resume                     */
    bool told;    /* of a resume                                             */
    bool trusted, strict;
    uint32_t tx; /* LEAT_STORE_NOW, or the transaction                       */
    int error;   /* 0, or LEAT_E_PROTO                                       */
    char path[LEAT_BUS_PATH_MAX + 1];
    char text[LEAT_BUS_TEXT];
};

/*
 * Attaches an end: reads in its own directory where the other's is ("backend"
 * and "backend-id", or "frontend" and "frontend-id"), "trusted" and its own
 * state, and watches the other's. (state) is called by the next poll. A peer
 * that moves to another domain is another device.
 *
 * Owner:   (e) is the caller's, zeroed, until leat_bus_detach(), which writes
 *          nothing to the store; ports are closed before, by the caller.
 * Errors:  LEAT_E_REFERENCE  there is no such directory, or a key is missing
 *          LEAT_E_INVALID    a key has no sense
 *          LEAT_E_LENGTH     a path is longer than LEAT_BUS_PATH_MAX
 *          LEAT_E_BUSY       it is attached
 *          LEAT_E_STATE      detach: it is not attached, or in a transaction
 */
LEAT_API int leat_bus_attach(struct leat_bus_end *e,
                             const struct leat_bus_end_config *config);
LEAT_API int leat_bus_detach(struct leat_bus_end *e);

/* Gives the two states, the other's domain, the directories (borrowed). */
LEAT_API enum leat_bus_state leat_bus_mine(const struct leat_bus_end *e);
LEAT_API enum leat_bus_state leat_bus_other(const struct leat_bus_end *e);
LEAT_API uint32_t leat_bus_peer(const struct leat_bus_end *e);
LEAT_API const char *leat_bus_path(const struct leat_bus_end *e);
LEAT_API const char *leat_bus_other_path(const struct leat_bus_end *e);

/* Tells whether what the other's state says is of a connection before. */
LEAT_API bool leat_bus_stale(const struct leat_bus_end *e);

/*
 * Tells whether the other is to be trusted (leat_grants_trust()): this side's
 * config says so, and no key "trusted" of its directory denies it; and whether
 * that key asks for the strict mode: it is there and is not 1.
 */
LEAT_API bool leat_bus_trusted(const struct leat_bus_end *e);
LEAT_API bool leat_bus_strict(const struct leat_bus_end *e);

/* Gives the name of a state, "Connected"; "?" of what is none. Static. */
LEAT_API const char *leat_bus_state_name(enum leat_bus_state state);

/*
 * Writes this end's state, unless its directory is no more.
 *
 * Errors:  LEAT_E_REFERENCE  there is no such directory: nothing was written
 *          LEAT_E_AGAIN      others changed it, LEAT_BUS_TRIES times
 *          LEAT_E_STATE  not attached, or in a transaction; or this side cannot
 *                        be at (mine) now:
 *          front  to 3, 4: from 1, 3, 4
 *          back   to 4: from 2, 4
 *                        Each goes to 1, 5, 6 from anywhere, and a back to 2;
 *                        0, and a front to 2, is LEAT_E_INVALID.
 */
LEAT_API int leat_bus_switch(struct leat_bus_end *e, enum leat_bus_state mine);

/* What an end has to do next. */
enum leat_bus_step {
    LEAT_BUS_WAIT = 0,      /* nothing, until (state) is called              */
    LEAT_BUS_ANNOUNCE = 1,  /* back: write what it offers; switch to 2       */
    LEAT_BUS_NEGOTIATE = 2, /* front: read that, write rings and ports;
                               switch to 3 (or, a network's, to 4)          */
    LEAT_BUS_CONNECT = 3,   /* read what the other wrote; switch to 4        */
    LEAT_BUS_UNWIND = 4,    /* let go of rings and ports, if there are any;
                               leat_bus_unwound()                            */
    LEAT_BUS_DONE = 5,      /* closed, on both sides: detach                 */
};

/*
 * Tells what has to be done, by the two states: the order in which ends connect,
 * close, and find each other again after a death. It only looks; after each thing
 * that was done, ask again, for (state) is called for the other's changes alone.
 *
 * An end that is broken, or whose peer is gone or closes, has to be unwound; it
 * begins anew when the other does, unless the device is not "online" any more.
 */
LEAT_API enum leat_bus_step leat_bus_step(const struct leat_bus_end *e);

/*
 * After LEAT_BUS_UNWIND was done: switches to what follows: to 1, to begin
 * anew; or to 5 or 6, where one of the two closes, or this end is broken.
 * Errors: LEAT_E_STATE  it need not be unwound; those of leat_bus_switch()
 */
LEAT_API int leat_bus_unwound(struct leat_bus_end *e);

/*
 * Begins to close: switches to 5, unless it is at 5 or 6. It is over when
 * leat_bus_step() says LEAT_BUS_DONE; who does not want to wait for the other may
 * detach earlier.
 * Errors: those of leat_bus_switch().
 */
LEAT_API int leat_bus_close(struct leat_bus_end *e);

/* 0, or LEAT_E_PROTO; and in (*text), unless NULL, what was found, or "". */
LEAT_API int leat_bus_error(const struct leat_bus_end *e, const char **text);

/*
 * Breaks an end whose device found a lie: (what) goes into the text, cut where
 * it does not fit; the first text stays. (broken) is not called.
 * Gives LEAT_E_PROTO.
 */
LEAT_API int leat_bus_break(struct leat_bus_end *e, const char *what);

/* ---------------------------------------------------------------- the keys */

enum leat_bus_whose {
    LEAT_BUS_OWN = 0,
    LEAT_BUS_OTHER = 1,
};

/*
 * Reads a key of a directory: its text, which has no NUL in it; or a number,
 * which is decimal digits alone, without a zero before, from (min) to (max).
 *
 * Errors:  LEAT_E_REFERENCE  there is no such key
 *          LEAT_E_PROTO      the other's is too long, has a NUL in it, is no
 *                            number, or is out of bounds: the end is broken,
 *                            with a text
 *          LEAT_E_INVALID    the same of its own
 */
LEAT_API int leat_bus_read(struct leat_bus_end *e, enum leat_bus_whose whose,
                           const char *key, char *buf, size_t size);
LEAT_API int leat_bus_read_number(struct leat_bus_end *e,
                                  enum leat_bus_whose whose, const char *key,
                                  uint64_t min, uint64_t max, uint64_t *out);

/* The same; where the key is missing, (otherwise), whatever it is. */
LEAT_API int leat_bus_read_or(struct leat_bus_end *e, enum leat_bus_whose whose,
                              const char *key, uint64_t min, uint64_t max,
                              uint64_t otherwise, uint64_t *out);

/* Writes a key of its own; removes it, which is 0 where there is none. */
LEAT_API int leat_bus_write(struct leat_bus_end *e, const char *key,
                            const char *text);
LEAT_API int leat_bus_write_number(struct leat_bus_end *e, const char *key,
                                   uint64_t value);
LEAT_API int leat_bus_remove(struct leat_bus_end *e, const char *key);

/*
 * Calls (body), whose reads and writes of (e) are one transaction, again if the
 * store asks for that, LEAT_BUS_TRIES times at most (XSA-295). leat_bus_switch()
 * comes after it.
 *
 * Errors:  that of (body): nothing was written
 *          LEAT_E_AGAIN  others changed what it looked at, each time
 *          LEAT_E_STATE  in a transaction
 */
LEAT_API int leat_bus_transact(struct leat_bus_end *e,
                               int (*body)(void *arg, struct leat_bus_end *e),
                               void *arg);

LEAT_END_DECLS

#endif
