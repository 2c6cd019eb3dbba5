/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BUS_POLL_H
#define LEAT_BUS_POLL_H

/*
 * The bus, without devices: who takes all events of one store and of one set of
 * event channels, and calls whom they are for. leat/bus.h has what it is for.
 *
 * Owner:   struct leat_bus, _watch and _port are the caller's memory, and must
 *          stay where they are while they are in use; fields are private.
 * Errors:  LEAT_E_INVALID  NULL, or an argument out of its set; in all calls
 *          those of leat/store.h, and of leat/event.h where ports are concerned
 * Threads: one at a time on a bus and all that is attached to it. Callbacks are
 *          called from leat_bus_poll(), and from the resume hook, alone. They
 *          may call everything here but leat_bus_poll() and leat_bus_fini(),
 *          also detach or close what they are called for.
 */

#include <leat/event.h>
#include <leat/lifecycle.h>
#include <leat/port.h>
#include <leat/store.h>

LEAT_BEGIN_DECLS

/* The most bytes of a watched path, or a device's, without a NUL. */
#define LEAT_BUS_PATH_MAX 255u

struct leat_bus_end;
struct leat_bus_port;
struct leat_bus_watch;

/* Zero it, then set its fields. */
struct leat_bus_config {
    struct leat_store store;
    struct leat_events events;        /* zeroed: there are no ports          */
    const struct leat_port *port;     /* the clock; NULL: none. Borrowed     */
    struct leat_lifecycle *lifecycle; /* to be told of a resume; or NULL     */
    int fd; /* polls readable when the store, or a port, has something:
               leat_sim_fd(); over Xen leat_xen_poll_open(); -1: none */
};

#define LEAT_BUS_BUCKETS 64u

struct leat_bus {
    struct leat_store store;
    struct leat_events events;
    const struct leat_port *port;
    struct leat_lifecycle *lifecycle;
    struct leat_hook hook;
    int fd;
    uint32_t number; /* of the last watch */
    struct leat_bus_watch *watches;
    struct leat_bus_end *ends;
    struct leat_bus_port *ports[LEAT_BUS_BUCKETS]; /* by their numbers      */
    struct leat_bus_port *again, **again_last;     /* to call once more     */
    struct leat_bus_port *fired;                   /* to unmask             */
    struct leat_bus_watch *looking;                /* being called          */
    struct leat_bus_port *calling;                 /* the same              */
    bool polling;
    uint64_t watch_events, port_events, dropped;
    char path[LEAT_STORE_PATH_MAX + 1];
    char token[LEAT_STORE_TOKEN_MAX + 1];
};

/*
 * Begins a bus, with nothing attached; ends it.
 *
 * Owner:   what the config names is borrowed until fini.
 * Errors:  LEAT_E_BUSY   fini: ends, ports or watches are attached
 *          LEAT_E_STATE  the lifecycle is not running
 */
LEAT_API int leat_bus_init(struct leat_bus *b,
                           const struct leat_bus_config *config);
LEAT_API int leat_bus_fini(struct leat_bus *b);

/* Gives the descriptor of the config; -1 of NULL. */
LEAT_API int leat_bus_fd(const struct leat_bus *b);

/*
 * Takes at most (budget) events, of ports and of the store in turn, and calls
 * whom they are for; one that is for nobody is dropped, and costs as much. A
 * port is called at most once a poll, however often its peer notifies (XSA-391).
 * (*more): the budget was used up, or a callback asked to be called again: do
 * not sleep.
 *
 * Errors:  LEAT_E_INVALID  (budget) is 0
 *          LEAT_E_STATE    called from a callback
 *          those of the store and of the event channels: LEAT_E_GONE. What was
 *          taken before was dealt with, what failed is tried again next time.
 */
LEAT_API int leat_bus_poll(struct leat_bus *b, uint32_t budget, bool *more);

struct leat_bus_stats {
    uint64_t watch_events;
    uint64_t port_events;
    uint64_t dropped; /* of these, for nobody */
    uint32_t ends, ports, watches;
};

LEAT_API int leat_bus_stats(const struct leat_bus *b,
                            struct leat_bus_stats *out);

/* Verifies the invariants: NULL, or which is broken. */
LEAT_API const char *leat_bus_check(const struct leat_bus *b);

struct leat_bus_watch {
    struct leat_bus *bus; /* NULL: not set */
    struct leat_bus_watch *next;
    uint32_t number;
    bool again; /* what it told was not dealt with */
    bool unset; /* the store does not know it      */
    char path[LEAT_BUS_PATH_MAX + 1];
    int (*changed)(void *arg, const char *path);
    void *arg;
};

/*
 * Watches (path): (changed) is called with what changed there or below, and
 * once at first, with (path) itself. What it gives, other than 0, ends the poll
 * with it, and it is called again with (path) by the next.
 *
 * Owner:   (w) is the caller's, zeroed, until leat_bus_unwatch().
 * Errors:  LEAT_E_BUSY    it is set
 *          LEAT_E_LENGTH  (path) is longer than LEAT_BUS_PATH_MAX
 *          LEAT_E_STATE   unwatch: it is not set
 */
LEAT_API int leat_bus_watch(struct leat_bus *b, struct leat_bus_watch *w,
                            const char *path,
                            int (*changed)(void *arg, const char *path),
                            void *arg);
LEAT_API int leat_bus_unwatch(struct leat_bus_watch *w);

struct leat_bus_port {
    struct leat_bus *bus; /* NULL: closed */
    struct leat_bus_port *next;
    struct leat_bus_port *then; /* in (again) or (fired) */
    uint32_t port;
    uint32_t line; /* 0: in none; 1: (again); 2: (fired) */
    bool wants;    /* fired: to be called again          */
    bool (*called)(void *arg);
    void *arg;
};

/*
 * Makes a port that (domain) may bind; binds its port (remote). (called) is
 * called when it was notified: true asks for another call by the next poll, for
 * one that has not done all there is; the port stays masked until then.
 *
 * Owner:   (p) is the caller's, zeroed, until leat_bus_port_close(), or a
 *          resume, which closes it.
 * Errors:  LEAT_E_BUSY  it is open
 *          those of alloc and bind
 */
LEAT_API int leat_bus_port_alloc(struct leat_bus *b, struct leat_bus_port *p,
                                 uint32_t domain, bool (*called)(void *arg),
                                 void *arg);
LEAT_API int leat_bus_port_bind(struct leat_bus *b, struct leat_bus_port *p,
                                uint32_t domain, uint32_t remote,
                                bool (*called)(void *arg), void *arg);

/*
 * Closes it; notifies the other end; asks for a call by the next poll.
 * Errors:  LEAT_E_STATE  it is not open
 */
LEAT_API int leat_bus_port_close(struct leat_bus_port *p);
LEAT_API int leat_bus_port_notify(struct leat_bus_port *p);
LEAT_API int leat_bus_port_again(struct leat_bus_port *p);

/* Gives its number; 0 of one that is not open. */
LEAT_API uint32_t leat_bus_port_number(const struct leat_bus_port *p);

LEAT_END_DECLS

#endif
