/* SPDX-License-Identifier: ISC */

/*
 * An end: where the other is, at which state, and whether that can be.
 *
 *   Y1  (other) is what the other's directory said last, of what could be
 *       believed; UNKNOWN where it is missing, or may not be read
 *   Y2  error != 0  =>  nothing of the other's was believed since, but that it
 *       is gone, closes, is closed, or begins
 *   Y3  (mine) is what was written last; where the directory is no more,
 *       nothing is: what is written would make it again
 *   Y4  stale: what (other) says is of a connection before; a back: the other is
 *       up, and was not seen elsewhere since this back was attached, or went
 *       back to 1 or 2; a front: this end is up, and the other went to 0, 1 or 2
 *
 * The state is read when something changes, never taken from an event; so states
 * can be missed, and src/pv/bus_step.c allows for that.
 */

#include "bus.h"

/* A lie of the other's: tells the device, which may detach. */
static void broken(struct leat_bus_end *e)
{
    if (e->ops->broken)
        e->ops->broken(e->arg, e->text);
    else if (e->ops->state)
        e->ops->state(e->arg, e->other);
}

/* Reads the other's state: (*out), or a lie, whose text is begun; or an error of
 * the store's. */
static int read_state(struct leat_bus_end *e, enum leat_bus_state *out)
{
    const struct leat_store *s = &e->bus->store;
    char path[LEAT_BUS_PATH_MAX + 8], text[8];
    uint64_t n = 0;
    size_t len = 0;
    int err = leat_bus_join(path, sizeof(path), e->watch.path, "state");

    if (!err)
        err = s->ops->read(s->self, LEAT_STORE_NOW, path, text, sizeof(text),
                           &len);
    if (err == LEAT_E_REFERENCE || err == LEAT_E_REFUSED) {
        *out = LEAT_BUS_UNKNOWN; /* Y1 */
        return 0;
    }
    if (err && err != LEAT_E_RANGE)
        return err;
    if (err || !leat_bus_number(text, len, LEAT_BUS_RECONFIGURED, &n)) {
        if (!e->error)
            leat_bus_add(e, leat_bus_lie(e), "its state is no number up to 8");
        return LEAT_E_PROTO;
    }
    *out = (enum leat_bus_state)n;
    return 0;
}

/* A device that is not online does not begin anew. What is there to read may be
 * anything; only "0" says so, and what is missing nothing: a device that was
 * offline and is gone stays so. (*news): it was otherwise. */
static int read_online(struct leat_bus_end *e, bool *news)
{
    const struct leat_store *s = &e->bus->store;
    char path[LEAT_BUS_PATH_MAX + 8], text[4];
    bool is;
    int err = leat_bus_join(path, sizeof(path),
                            e->side == LEAT_BUS_BACK ? e->path : e->watch.path,
                            "online");

    if (!err)
        err = s->ops->read(s->self, LEAT_STORE_NOW, path, text, sizeof(text),
                           NULL);
    if (err && err != LEAT_E_REFERENCE && err != LEAT_E_REFUSED &&
        err != LEAT_E_RANGE)
        return err;
    if (!err || err == LEAT_E_RANGE) { /* else it is what it was */
        is = err || text[0] != '0' || text[1];
        *news = e->online != is;
        e->online = is;
    }
    return 0;
}

/* Y2: whether this mends an end. */
static bool mends(enum leat_bus_state s)
{
    return s == LEAT_BUS_UNKNOWN || s == LEAT_BUS_INITIALISING ||
           s == LEAT_BUS_CLOSING || s == LEAT_BUS_CLOSED;
}

/* Y4 */
static void judge_stale(struct leat_bus_end *e, enum leat_bus_state to)
{
    if (e->side == LEAT_BUS_BACK) {
        e->stale = e->stale && leat_bus_up(to);
        e->offered = e->mine == LEAT_BUS_INIT_WAIT;
    } else if (leat_bus_up(e->mine) && to <= LEAT_BUS_INIT_WAIT &&
               (!e->seen || to != e->other)) {
        e->stale = true;
    }
}

/* Looks at the other's state, and tells of it if it has changed. */
static int look(struct leat_bus_end *e)
{
    enum leat_bus_state to = LEAT_BUS_UNKNOWN;
    bool was_broken = e->error != 0, anew = false;
    size_t at;
    int err = read_online(e, &anew);

    if (!err)
        err = read_state(e, &to);
    if (err && err != LEAT_E_PROTO)
        return err;
    if (!err && !e->error && !leat_bus_follows(e, to)) {
        at = leat_bus_lie(e);
        at = leat_bus_add(e, at, leat_bus_state_name(to));
        at = leat_bus_add(e, at, " cannot follow ");
        leat_bus_add(e, at, leat_bus_state_name(e->other));
    }
    if (err || (e->error && (!mends(to) || (was_broken && to == e->other)))) {
        if (!was_broken)
            broken(e);
        return 0;
    }
    judge_stale(e, to);
    if (e->seen && to == e->other && !anew)
        return 0;
    e->error = 0;
    e->seen = true;
    e->other = to;
    if (e->ops->state)
        e->ops->state(e->arg, to);
    return 0;
}

/* After a resume: it begins, or closes, anew. */
static int rewrite(struct leat_bus_end *e)
{
    int err = 0;

    if (e->rewrite)
        err = leat_bus_switch(e, e->closing ? LEAT_BUS_CLOSING
                                            : LEAT_BUS_INITIALISING);

    if (err == LEAT_E_REFERENCE)
        err = 0;
    if (!err)
        e->rewrite = false;
    return err;
}

static int changed(void *arg, const char *path)
{
    struct leat_bus_end *e = arg;
    const char *own = e->watch.path, *name = path;
    struct leat_bus *b = e->bus;
    int err = rewrite(e);

    if (err)
        return err;
    while (*own && *own == *name) {
        own++;
        name++;
    }
    name = *own || *name != '/' ? "" : name + 1;
    if (!*name || leat_bus_same(name, "state") || leat_bus_same(name, "online"))
        err = look(e);
    if (!err && b->looking == &e->watch && !e->error && e->ops->key &&
        !leat_bus_same(name, "state"))
        e->ops->key(e->arg, name);
    return err;
}

/* Reads where the other is, and what this end was. */
static int read_own(struct leat_bus_end *e)
{
    const bool front = e->side == LEAT_BUS_FRONT;
    uint64_t peer, state, trusted;
    int err;

    err = leat_bus_read(e, LEAT_BUS_OWN, front ? "backend" : "frontend",
                        e->watch.path, sizeof(e->watch.path));
    if (!err && e->watch.path[0] != '/')
        err = LEAT_E_INVALID;
    if (!err)
        err = leat_bus_read_number(e, LEAT_BUS_OWN,
                                   front ? "backend-id" : "frontend-id", 0,
                                   LEAT_DOMAIN_MAX, &peer);
    if (!err)
        err = leat_bus_read_or(e, LEAT_BUS_OWN, "state", 0,
                               LEAT_BUS_RECONFIGURED, 0, &state);
    if (err)
        return err;
    err = leat_bus_read_or(e, LEAT_BUS_OWN, "trusted", 1, 1, UINT64_MAX,
                           &trusted);
    if (err && err != LEAT_E_INVALID)
        return err;
    e->strict = err != 0; /* it is there, and is not 1 */
    e->peer = (uint32_t)peer;
    e->mine = (enum leat_bus_state)state;
    return 0;
}

int leat_bus_attach(struct leat_bus_end *e, const struct leat_bus_end_config *c)
{
    size_t len = 0;
    int err;

    if (!e || !c || !c->bus || !c->bus->store.ops || !c->path || !c->path[0] ||
        !c->ops || (c->side != LEAT_BUS_FRONT && c->side != LEAT_BUS_BACK))
        return LEAT_E_INVALID;
    if (e->bus)
        return LEAT_E_BUSY;
    while (len <= LEAT_BUS_PATH_MAX && c->path[len])
        len++;
    if (len > LEAT_BUS_PATH_MAX)
        return LEAT_E_LENGTH;
    memset(e, 0, sizeof(*e));
    e->bus = c->bus;
    e->side = c->side;
    e->ops = c->ops;
    e->arg = c->arg;
    e->trusted = c->trusted;
    e->online = true;
    memcpy(e->path, c->path, len);
    e->watch.changed = changed;
    e->watch.arg = e;
    err = read_own(e);
    if (!err)
        err = leat_bus_watch_set(e->bus, &e->watch);
    if (err) {
        memset(e, 0, sizeof(*e));
        return err;
    }
    e->stale = e->side == LEAT_BUS_BACK || leat_bus_up(e->mine); /* Y4 */
    e->offered = e->mine == LEAT_BUS_INIT_WAIT;
    e->next = e->bus->ends;
    e->bus->ends = e;
    return 0;
}

int leat_bus_detach(struct leat_bus_end *e)
{
    struct leat_bus_end **at;
    int err;

    if (!e)
        return LEAT_E_INVALID;
    if (!e->bus || e->tx != LEAT_STORE_NOW)
        return LEAT_E_STATE;
    for (at = &e->bus->ends; *at != e;)
        at = &(*at)->next;
    *at = e->next;
    err = leat_bus_unwatch(&e->watch);
    memset(e, 0, sizeof(*e));
    return err;
}

int leat_bus_break(struct leat_bus_end *e, const char *what)
{
    if (!e || !what || !e->bus)
        return LEAT_E_INVALID;
    if (!e->error)
        leat_bus_add(e, leat_bus_lie(e), what);
    return LEAT_E_PROTO;
}

int leat_bus_error(const struct leat_bus_end *e, const char **text)
{
    if (!e)
        return LEAT_E_INVALID;
    if (text)
        *text = e->error ? e->text : "";
    return e->error;
}

void leat_bus_ends_resume(struct leat_bus *b)
{
    struct leat_bus_end *e;

    for (e = b->ends; e; e = e->next) {
        e->tx = LEAT_STORE_NOW; /* a transaction does not live through it */
        e->error = 0;
        e->seen = false;
        e->told = false;
        e->rewrite = true;
        rewrite(e); /* what fails is tried again by the next poll */
        e->stale = e->side == LEAT_BUS_BACK;
    }
    do {
        for (e = b->ends; e && e->told;)
            e = e->next;
        if (e) {
            e->told = true;
            if (e->ops->resumed)
                e->ops->resumed(e->arg);
        }
    } while (e);
}
