/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_PEER_H
#define LEAT_TESTS_XEN_PEER_H

/*
 * A peer in another domain that does what a test in dom0 asks: tests/xen/peer
 * runs in the domU, and the calls here in dom0.
 *
 * They speak through one page that the peer shares, its *box*, and an event
 * channel; the peer writes where they are to its part of xenstore, with a number
 * that is another one each time it starts.
 */

#include <leat/xen_foreign.h>

#include "box.h"
#include "grants.h"

struct peer {
    uint32_t domain;
    unsigned long serial;
    struct leat_xen_store *store;
    struct leat_xen_events *events;
    struct leat_xen_map *map;
    struct mapped window;
    struct peer_box *box;
    uint32_t port;
};

/* Finds the peer in (domain), as it is after it was (serial). */
static inline bool peer_find(struct peer *p, unsigned ms)
{
    static char path[64], text[64];
    struct leat_gref gref = {.domain = p->domain};
    unsigned long serial;
    unsigned ref, port;

    snprintf(path, sizeof(path), "/local/domain/%u/data/peer", p->domain);
    if (!COMES(!STORE(p->store, read, 0, path, text, sizeof(text), NULL) &&
                   sscanf(text, "%lu %u %u", &serial, &ref, &port) == 3 &&
                   serial != p->serial,
               ms))
        return false;
    p->serial = serial;
    gref.ref = ref;
    return !map(p->map, &p->window, &gref, 1, LEAT_READ_WRITE) &&
           !EVENT(p->events, bind, p->domain, port, &p->port) &&
           (p->box = (void *)p->window.base);
}

static inline void peer_open(struct peer *p, const char *variable)
{
    const char *id = getenv(variable);

    memset(p, 0, sizeof(*p));
    MUST(id && *id);
    p->domain = (uint32_t)strtoul(id, NULL, 10);
    p->map = open_map();
    MUST(!leat_xen_store_open(&p->store, NULL));
    MUST(!leat_xen_events_open(&p->events, NULL));
    MUST(peer_find(p, 60000));
}

/* Asks without waiting for an answer. */
static inline void peer_ask(struct peer *p, enum peer_op op,
                            const uint64_t *arg)
{
    p->box->op = op;
    memcpy(p->box->arg, arg, sizeof(p->box->arg));
    __atomic_store_n(&p->box->request, p->box->request + 1, __ATOMIC_RELEASE);
    MUST(!EVENT(p->events, notify, p->port));
}

static inline int peer_call_args(struct peer *p, enum peer_op op,
                                 const uint64_t *arg)
{
    peer_ask(p, op, arg);
    MUST(COMES(__atomic_load_n(&p->box->reply, __ATOMIC_ACQUIRE) ==
                   p->box->request,
               60000));
    return p->box->result;
}

#define peer_call(p, op, ...) \
    peer_call_args(p, op, (const uint64_t[5]){__VA_ARGS__})

/* Takes what is pending here until it is (port), within (ms). */
static inline bool peer_told(struct peer *p, uint32_t port, unsigned ms)
{
    uint32_t got = 0;

    return COMES(!EVENT(p->events, pending, &got) && got == port, ms);
}

/* A command of the shell's in the peer's domain, which ends within a minute: its
 * status; what it printed is in box_text(). */
static inline int peer_run(struct peer *p, const char *command)
{
    snprintf(box_text(p->box), BOX_TEXT, "%s", command);
    MUST(!peer_call(p, PEER_RUN, 0));
    return (int)p->box->out[0];
}

/* The same of one that is made: whether it ended well. */
__attribute__((format(printf, 2, 3))) static inline bool peer_sh(
    struct peer *p, const char *format, ...)
{
    char line[1000];
    va_list args;

    va_start(args, format);
    MUST(vsnprintf(line, sizeof(line), format, args) < (int)sizeof(line));
    va_end(args);
    return peer_run(p, line) == 0;
}

/* And what it prints, shown. */
static inline void peer_show(struct peer *p, const char *command)
{
    char *text, *end;

    peer_run(p, command);
    for (text = box_text(p->box); (end = strchr(text, '\n')); text = end + 1)
        tap_note("domU: %.*s", (int)(end - text), text);
}

/* The references in the box, as grants of the peer's. */
static inline void peer_grefs(struct peer *p, struct leat_gref *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i].domain = p->domain;
        out[i].ref = p->box->refs[i];
    }
}

/* The peer is gone, and what it mapped and shared with it: find the next. */
static inline bool peer_again(struct peer *p)
{
    unmap(p->map, &p->window);
    EVENT(p->events, close, p->port);
    return peer_find(p, 30000);
}

static inline void peer_close(struct peer *p)
{
    unmap(p->map, &p->window);
    leat_xen_events_close(p->events);
    leat_xen_store_close(p->store);
    MUST(!leat_xen_map_close(p->map));
}

#endif
