/* SPDX-License-Identifier: ISC */

/*
 * Keys of an end, and its state.
 *
 * What the other wrote is copied once, by the store, and checked here: a text
 * has a bound and no NUL in it, a number is digits alone. A transaction has an
 * end after LEAT_BUS_TRIES, whoever changes what it looks at (XSA-295).
 */

#include "bus.h"

/* The key of a directory, as a path. */
static int path_of(const struct leat_bus_end *e, enum leat_bus_whose whose,
                   const char *key, char out[2 * LEAT_BUS_PATH_MAX + 2])
{
    if (!e || !key || (whose != LEAT_BUS_OWN && whose != LEAT_BUS_OTHER))
        return LEAT_E_INVALID;
    if (!e->bus)
        return LEAT_E_STATE;
    return leat_bus_join(out, 2 * LEAT_BUS_PATH_MAX + 2,
                         whose == LEAT_BUS_OWN ? e->path : e->watch.path, key);
}

/* What is wrong with a value. */
static int no_sense(struct leat_bus_end *e, enum leat_bus_whose whose,
                    const char *key, const char *what)
{
    size_t at;

    if (whose == LEAT_BUS_OWN)
        return LEAT_E_INVALID;
    if (!e->error) {
        at = leat_bus_lie(e);
        at = leat_bus_add(e, at, key);
        leat_bus_add(e, at, what);
    }
    return LEAT_E_PROTO;
}

/* Into (buf), which is written in any case. */
static int read_text(struct leat_bus_end *e, enum leat_bus_whose whose,
                     const char *key, char *buf, size_t size, size_t *len)
{
    char path[2 * LEAT_BUS_PATH_MAX + 2];
    const struct leat_store *s;
    size_t i;
    int err = path_of(e, whose, key, path);

    if (err)
        return err;
    s = &e->bus->store;
    err = s->ops->read(s->self, e->tx, path, buf, size, len);
    /* Xen refuses, too, to say that nothing is below what is no more. */
    if (err == LEAT_E_REFUSED && whose == LEAT_BUS_OTHER)
        err = LEAT_E_REFERENCE;
    if (err == LEAT_E_RANGE)
        return no_sense(e, whose, key, " is too long");
    for (i = 0; !err && i < *len; i++) {
        if (!buf[i])
            return no_sense(e, whose, key, " has a NUL in it");
    }
    return err;
}

int leat_bus_read(struct leat_bus_end *e, enum leat_bus_whose whose,
                  const char *key, char *buf, size_t size)
{
    char text[LEAT_STORE_VALUE_MAX + 1];
    size_t len = 0;
    int err;

    if (!buf || !size)
        return LEAT_E_INVALID;
    err = read_text(e, whose, key, text,
                    size < sizeof(text) ? size : sizeof(text), &len);
    if (!err)
        memcpy(buf, text, len + 1);
    return err;
}

int leat_bus_read_number(struct leat_bus_end *e, enum leat_bus_whose whose,
                         const char *key, uint64_t min, uint64_t max,
                         uint64_t *out)
{
    char text[24], what[64];
    uint64_t x = 0;
    size_t len = 0, n;
    int err;

    if (!out || min > max)
        return LEAT_E_INVALID;
    err = read_text(e, whose, key, text, sizeof(text), &len);
    if (err)
        return err;
    if (!leat_bus_number(text, len, UINT64_MAX, &x))
        return no_sense(e, whose, key, " is no number");
    if (x < min || x > max) {
        /* " is N, not A to B": as much as there is room for. */
        memcpy(what, " is ", 4);
        n = 4 + leat_bus_digits(what + 4, x);
        memcpy(what + n, ", out of bounds", 16);
        return no_sense(e, whose, key, what);
    }
    *out = x;
    return 0;
}

int leat_bus_read_or(struct leat_bus_end *e, enum leat_bus_whose whose,
                     const char *key, uint64_t min, uint64_t max,
                     uint64_t otherwise, uint64_t *out)
{
    int err = leat_bus_read_number(e, whose, key, min, max, out);

    if (err != LEAT_E_REFERENCE)
        return err;
    *out = otherwise;
    return 0;
}

int leat_bus_write(struct leat_bus_end *e, const char *key, const char *text)
{
    char path[2 * LEAT_BUS_PATH_MAX + 2];
    const struct leat_store *s;
    size_t len = 0;
    int err = path_of(e, LEAT_BUS_OWN, key, path);

    if (err || !text)
        return err ? err : LEAT_E_INVALID;
    while (len <= LEAT_STORE_VALUE_MAX && text[len])
        len++;
    s = &e->bus->store;
    return s->ops->write(s->self, e->tx, path, text, len);
}

int leat_bus_write_number(struct leat_bus_end *e, const char *key,
                          uint64_t value)
{
    char text[21];

    leat_bus_digits(text, value);
    return leat_bus_write(e, key, text);
}

int leat_bus_remove(struct leat_bus_end *e, const char *key)
{
    char path[2 * LEAT_BUS_PATH_MAX + 2];
    const struct leat_store *s;
    int err = path_of(e, LEAT_BUS_OWN, key, path);

    if (err)
        return err;
    s = &e->bus->store;
    err = s->ops->remove(s->self, e->tx, path);
    return err == LEAT_E_REFERENCE ? 0 : err;
}

int leat_bus_transact(struct leat_bus_end *e,
                      int (*body)(void *arg, struct leat_bus_end *e), void *arg)
{
    const struct leat_store *s;
    uint32_t tx, i;
    int err = LEAT_E_AGAIN, end;

    if (!e || !body)
        return LEAT_E_INVALID;
    if (!e->bus || e->tx != LEAT_STORE_NOW)
        return LEAT_E_STATE;
    s = &e->bus->store;
    for (i = 0; err == LEAT_E_AGAIN && i < LEAT_BUS_TRIES; i++) {
        err = s->ops->begin(s->self, &tx);
        if (err)
            return err;
        e->tx = tx;
        err = body(arg, e);
        e->tx = LEAT_STORE_NOW;
        end = s->ops->end(s->self, tx, !err);
        if (err)
            return err;
        err = end;
    }
    return err;
}

/* Y3 */
static int write_state(void *arg, struct leat_bus_end *e)
{
    char there[LEAT_BUS_PATH_MAX + 1];
    int err = leat_bus_read(e, LEAT_BUS_OWN,
                            e->side == LEAT_BUS_FRONT ? "backend" : "frontend",
                            there, sizeof(there));

    if (!err)
        err = leat_bus_write_number(e, "state", *(const uint64_t *)arg);
    return err;
}

/* Whether an end at its state can go to (to). */
static int may_switch(const struct leat_bus_end *e, enum leat_bus_state to)
{
    switch (to) {
    case LEAT_BUS_INITIALISING:
    case LEAT_BUS_CLOSING:
    case LEAT_BUS_CLOSED:
        return 0;
    case LEAT_BUS_INIT_WAIT:
        return e->side == LEAT_BUS_BACK ? 0 : LEAT_E_INVALID;
    case LEAT_BUS_INITIALISED:
        if (e->side == LEAT_BUS_BACK)
            return LEAT_E_INVALID;
        return e->mine <= LEAT_BUS_INITIALISING || leat_bus_up(e->mine)
                   ? 0
                   : LEAT_E_STATE;
    case LEAT_BUS_CONNECTED:
        if (leat_bus_up(e->mine) ||
            (e->side == LEAT_BUS_BACK ? e->mine == LEAT_BUS_INIT_WAIT
                                      : e->mine <= LEAT_BUS_INITIALISING))
            return 0;
        return LEAT_E_STATE;
    default:
        return LEAT_E_INVALID;
    }
}

int leat_bus_switch(struct leat_bus_end *e, enum leat_bus_state mine)
{
    uint64_t state = (uint64_t)mine;
    int err;

    if (!e)
        return LEAT_E_INVALID;
    if (!e->bus || e->tx != LEAT_STORE_NOW)
        return LEAT_E_STATE;
    err = may_switch(e, mine);
    if (!err)
        err = leat_bus_transact(e, write_state, &state);
    if (err)
        return err;
    e->mine = mine; /* Y3 */
    if (mine == LEAT_BUS_INIT_WAIT)
        e->offered = true;
    if (mine == LEAT_BUS_INITIALISING || mine == LEAT_BUS_INIT_WAIT)
        e->stale = e->side == LEAT_BUS_BACK && leat_bus_up(e->other); /* Y4 */
    return 0;
}

int leat_bus_close(struct leat_bus_end *e)
{
    int err = 0;

    if (!e)
        return LEAT_E_INVALID;
    if (!e->bus)
        return LEAT_E_STATE;
    if (e->mine != LEAT_BUS_CLOSING && e->mine != LEAT_BUS_CLOSED)
        err = leat_bus_switch(e, LEAT_BUS_CLOSING);
    if (!err)
        e->closing = true;
    return err;
}

enum leat_bus_state leat_bus_mine(const struct leat_bus_end *e)
{
    return e ? e->mine : LEAT_BUS_UNKNOWN;
}

enum leat_bus_state leat_bus_other(const struct leat_bus_end *e)
{
    return e ? e->other : LEAT_BUS_UNKNOWN;
}

uint32_t leat_bus_peer(const struct leat_bus_end *e)
{
    return e ? e->peer : 0;
}

const char *leat_bus_path(const struct leat_bus_end *e)
{
    return e ? e->path : "";
}

const char *leat_bus_other_path(const struct leat_bus_end *e)
{
    return e ? e->watch.path : "";
}

bool leat_bus_stale(const struct leat_bus_end *e)
{
    return e && e->stale;
}

bool leat_bus_trusted(const struct leat_bus_end *e)
{
    return e && e->trusted && !e->strict;
}

bool leat_bus_strict(const struct leat_bus_end *e)
{
    return e && e->strict;
}
