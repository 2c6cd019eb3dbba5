/* SPDX-License-Identifier: ISC */

/*
 * A device's two directories, as a toolstack makes them: all at once, so that
 * who watches finds them whole, and may read them.
 *
 * Source: libxl_device.c of Xen, in its effects.
 */

#include "bus.h"

#define PATH (LEAT_BUS_PATH_MAX + 1)

/* A device, its paths, and the transaction. */
struct maker {
    const struct leat_store *store;
    const struct leat_bus_device *device;
    char front[PATH], back[PATH];
    enum leat_bus_side side; /* of make_one() */
    uint32_t tx;
};

/* Adds "/" and (name), or a number where that is NULL. */
static int add(char path[PATH], const char *name, uint64_t number)
{
    char digits[21];

    leat_bus_digits(digits, number);
    return leat_bus_join(path, PATH, path, name ? name : digits);
}

static int take_path(char out[PATH], const char *given)
{
    size_t len = 0;

    while (len < PATH && given[len])
        len++;
    if (len == PATH)
        return LEAT_E_LENGTH;
    memcpy(out, given, len + 1);
    return given[0] == '/' ? 0 : LEAT_E_INVALID;
}

static int begin(struct maker *m, const struct leat_store *store,
                 const struct leat_bus_device *d)
{
    int err;

    if (!store || !store->ops || !d || d->front > LEAT_DOMAIN_MAX ||
        d->back > LEAT_DOMAIN_MAX || (d->front_n && !d->front_keys) ||
        (d->back_n && !d->back_keys) ||
        (!d->type && (!d->front_path || !d->back_path)))
        return LEAT_E_INVALID;
    m->store = store;
    m->device = d;
    err = take_path(m->front, d->front_path ? d->front_path : "/local/domain");
    if (!err)
        err = take_path(m->back, d->back_path ? d->back_path : "/local/domain");
    if (!err && !d->front_path) {
        err = add(m->front, NULL, d->front);
        err = err ? err : add(m->front, "device", 0);
        err = err ? err : add(m->front, d->type, 0);
        err = err ? err : add(m->front, NULL, d->number);
    }
    if (!err && !d->back_path) {
        err = add(m->back, NULL, d->back);
        err = err ? err : add(m->back, "backend", 0);
        err = err ? err : add(m->back, d->type, 0);
        err = err ? err : add(m->back, NULL, d->front);
        err = err ? err : add(m->back, NULL, d->number);
    }
    return err;
}

/* Removes what is there; what is not even above it is no error. */
static int clear(const struct maker *m, const char *path)
{
    int err = m->store->ops->remove(m->store->self, m->tx, path);

    return err == LEAT_E_REFERENCE ? 0 : err;
}

static int put(const struct maker *m, const char *dir, const char *key,
               const char *value)
{
    char path[2 * PATH];
    size_t len = 0;
    int err = key && value ? leat_bus_join(path, sizeof(path), dir, key)
                           : LEAT_E_INVALID;

    if (err)
        return err;
    while (len <= LEAT_STORE_VALUE_MAX && value[len])
        len++;
    return m->store->ops->write(m->store->self, m->tx, path, value, len);
}

/* One end's directory: (domain)'s, which (other) may read. */
static int make(const struct maker *m, enum leat_bus_side side)
{
    const struct leat_bus_device *d = m->device;
    const bool front = side == LEAT_BUS_FRONT;
    const char *dir = front ? m->front : m->back;
    const struct leat_bus_key *keys = front ? d->front_keys : d->back_keys;
    const struct leat_store *s = m->store;
    struct leat_store_perm perms[2] = {
        {front ? d->front : d->back, 0},
        {front ? d->back : d->front, LEAT_STORE_READ},
    };
    uint32_t n = front ? d->front_n : d->back_n, i;
    char other[21];
    int err = clear(m, dir);

    leat_bus_digits(other, perms[1].domain);
    err = err ? err : s->ops->mkdir(s->self, m->tx, dir);
    err = err ? err : s->ops->set_perms(s->self, m->tx, dir, perms, 2);
    err = err ? err
              : put(m, dir, front ? "backend" : "frontend",
                    front ? m->back : m->front);
    err = err ? err : put(m, dir, front ? "backend-id" : "frontend-id", other);
    if (!err && !front)
        err = put(m, dir, "online", "1");
    for (i = 0; !err && i < n; i++)
        err = put(m, dir, keys[i].name, keys[i].value);
    return err ? err : put(m, dir, "state", "1");
}

static int make_both(struct maker *m)
{
    int err = make(m, LEAT_BUS_BACK);

    return err ? err : make(m, LEAT_BUS_FRONT);
}

static int make_one(struct maker *m)
{
    return make(m, m->side);
}

static int remove_both(struct maker *m)
{
    int err = clear(m, m->front);

    return err ? err : clear(m, m->back);
}

static int transact(struct maker *m, int (*body)(struct maker *m))
{
    const struct leat_store *s = m->store;
    int err = LEAT_E_AGAIN, end;
    uint32_t i;

    for (i = 0; err == LEAT_E_AGAIN && i < LEAT_BUS_TRIES; i++) {
        err = s->ops->begin(s->self, &m->tx);
        if (err)
            return err;
        err = body(m);
        end = s->ops->end(s->self, m->tx, !err);
        if (err)
            return err;
        err = end;
    }
    return err;
}

int leat_bus_device_make(const struct leat_store *store,
                         const struct leat_bus_device *device)
{
    struct maker m;
    int err = begin(&m, store, device);

    return err ? err : transact(&m, make_both);
}

int leat_bus_device_make_end(const struct leat_store *store,
                             const struct leat_bus_device *device,
                             enum leat_bus_side side)
{
    struct maker m;
    int err = begin(&m, store, device);

    if (!err && side != LEAT_BUS_FRONT && side != LEAT_BUS_BACK)
        err = LEAT_E_INVALID;
    m.side = side;
    return err ? err : transact(&m, make_one);
}

int leat_bus_device_remove(const struct leat_store *store,
                           const struct leat_bus_device *device)
{
    struct maker m;
    int err = begin(&m, store, device);

    return err ? err : transact(&m, remove_both);
}
