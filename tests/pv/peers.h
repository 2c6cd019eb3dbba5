/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_PEERS_H
#define LEAT_TESTS_PV_PEERS_H

/*
 * A device without rings: an end that does what leat_bus_step() says. The front
 * writes a number of its own as its ring, and the back takes it; so that two ends
 * that are connected can be asked whether they mean the same.
 */

#include <leat/bus.h>

struct peer {
    struct leat_bus_end end;
    enum leat_bus_side side;
    uint64_t ring; /* 0: there is none */
    uint64_t next; /* the front's next */
    uint32_t unwinds, connects;
    bool net;  /* the front goes to 4 at once    */
    bool done; /* closed on both sides           */
    int error; /* the first that was not expected */
    void (*stepped)(const struct peer *p); /* after each step; or NULL */
};

static inline int peer_act(struct peer *p, enum leat_bus_step step)
{
    struct leat_bus_end *e = &p->end;
    int err = 0;

    switch (step) {
    case LEAT_BUS_ANNOUNCE:
        err = leat_bus_write(e, "feature-test", "1");
        return err ? err : leat_bus_switch(e, LEAT_BUS_INIT_WAIT);
    case LEAT_BUS_NEGOTIATE:
        p->ring = ++p->next;
        err = leat_bus_write_number(e, "ring-ref", p->ring);
        return err ? err
                   : leat_bus_switch(e, p->net ? LEAT_BUS_CONNECTED
                                               : LEAT_BUS_INITIALISED);
    case LEAT_BUS_CONNECT:
        if (p->side == LEAT_BUS_BACK)
            err = leat_bus_read_number(e, LEAT_BUS_OTHER, "ring-ref", 1,
                                       UINT64_MAX, &p->ring);
        p->connects++;
        return err ? err : leat_bus_switch(e, LEAT_BUS_CONNECTED);
    case LEAT_BUS_UNWIND:
        p->ring = 0;
        p->unwinds++;
        return leat_bus_unwound(e);
    default:
        p->done = step == LEAT_BUS_DONE;
        return 0;
    }
}

static inline void peer_go(struct peer *p)
{
    enum leat_bus_step step;
    uint32_t i;
    int err;

    for (i = 0; i < 16; i++) {
        step = leat_bus_step(&p->end);
        err = peer_act(p, step);
        if (p->stepped)
            p->stepped(p);
        /* A lie, or a directory that was just removed, is seen in what follows. */
        if (err == LEAT_E_REFERENCE || err == LEAT_E_GONE)
            return;
        if (err && err != LEAT_E_PROTO) {
            p->error = p->error ? p->error : err;
            return;
        }
        if (step == LEAT_BUS_WAIT || step == LEAT_BUS_DONE)
            return;
    }
    p->error =
        p->error ? p->error : LEAT_E_LIMIT; /* it does not come to rest */
}

static inline void peer_state(void *arg, enum leat_bus_state other)
{
    (void)other;
    peer_go(arg);
}

static inline void peer_resumed(void *arg)
{
    ((struct peer *)arg)->ring = 0;
}

static const struct leat_bus_end_ops peer_ops = {
    .state = peer_state,
    .resumed = peer_resumed,
};

static inline int peer_attach(struct peer *p, struct leat_bus *b,
                              enum leat_bus_side side, const char *path)
{
    struct leat_bus_end_config c = {
        .bus = b,
        .side = side,
        .path = path,
        .ops = &peer_ops,
        .arg = p,
    };

    p->side = side;
    p->ring = 0;
    p->done = false;
    return leat_bus_attach(&p->end, &c);
}

static inline bool peer_connected(const struct peer *p)
{
    return leat_bus_mine(&p->end) == LEAT_BUS_CONNECTED &&
           leat_bus_other(&p->end) == LEAT_BUS_CONNECTED && p->ring;
}

#endif
