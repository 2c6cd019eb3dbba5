/* SPDX-License-Identifier: ISC */

/*
 * A directory of devices: device/TYPE/NUMBER, backend/TYPE/DOMAIN/NUMBER.
 *
 * What changed below a device concerns that device alone; what changed above it
 * may be any, so all are looked through, by two lists of names: the domains',
 * and one domain's. Only a toolstack writes there.
 */

#include "bus.h"

static int look_at(struct leat_bus_class *c, const char *path)
{
    char key[LEAT_BUS_PATH_MAX + 12], value[LEAT_BUS_PATH_MAX + 1];
    const struct leat_store *s = &c->watch.bus->store;
    void (*tell)(void *, const char *);
    int err;

    err = leat_bus_join(key, sizeof(key), path,
                        c->side == LEAT_BUS_FRONT ? "backend" : "frontend");
    if (!err)
        err = s->ops->read(s->self, LEAT_STORE_NOW, key, value, sizeof(value),
                           NULL);
    if (err && err != LEAT_E_REFERENCE && err != LEAT_E_RANGE)
        return err;
    tell = err == LEAT_E_REFERENCE ? c->ops->gone : c->ops->there;
    if (tell)
        tell(c->arg, path);
    return 0;
}

/* Of the directory (path), (depth) above its devices. */
static int look_below(struct leat_bus_class *c, const char *path,
                      uint32_t depth)
{
    const struct leat_store *s = &c->watch.bus->store;
    char *names = c->names[depth - 1], one[LEAT_BUS_PATH_MAX + 1];
    struct leat_bus *b = c->watch.bus;
    size_t n, i;
    int err;

    err =
        s->ops->list(s->self, LEAT_STORE_NOW, path, names, LEAT_BUS_NAMES, &n);
    if (err == LEAT_E_REFERENCE) {
        if (c->ops->gone)
            c->ops->gone(c->arg, path);
        return 0;
    }
    for (i = 0; !err && i < n; i++) {
        err = leat_bus_join(one, sizeof(one), path, names);
        if (!err)
            err = depth > 1 ? look_below(c, one, depth - 1) : look_at(c, one);
        if (b->looking != &c->watch)
            return 0; /* the class was unwatched: it may be gone */
        while (*names++) {
        }
    }
    return err;
}

static int changed(void *arg, const char *path)
{
    struct leat_bus_class *c = arg;
    uint32_t depth = c->side == LEAT_BUS_FRONT ? 1 : 2;
    char at[LEAT_BUS_PATH_MAX + 1];
    size_t i = 0;

    while (c->watch.path[i] && path[i] == c->watch.path[i])
        i++;
    if (c->watch.path[i] || path[i] != '/')
        return look_below(c, c->watch.path, depth);
    do {
        while (path[++i] && path[i] != '/') {
        }
    } while (--depth && path[i]);
    if (i > LEAT_BUS_PATH_MAX)
        return 0; /* no device has such a path */
    memcpy(at, path, i);
    at[i] = '\0';
    return depth ? look_below(c, at, depth) : look_at(c, at);
}

int leat_bus_class_watch(struct leat_bus *b, struct leat_bus_class *c,
                         enum leat_bus_side side, const char *path,
                         const struct leat_bus_class_ops *ops, void *arg)
{
    if (!b || !c || !ops || (side != LEAT_BUS_FRONT && side != LEAT_BUS_BACK))
        return LEAT_E_INVALID;
    if (c->watch.bus)
        return LEAT_E_BUSY;
    c->ops = ops;
    c->arg = arg;
    c->side = side;
    return leat_bus_watch(b, &c->watch, path, changed, c);
}

int leat_bus_class_unwatch(struct leat_bus_class *c)
{
    return c ? leat_bus_unwatch(&c->watch) : LEAT_E_INVALID;
}
