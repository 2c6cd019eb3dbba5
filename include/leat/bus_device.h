/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BUS_DEVICE_H
#define LEAT_BUS_DEVICE_H

/*
 * Where devices come from: a directory in which they appear, for who serves
 * them; and the maker of both their directories, which is a toolstack's part.
 *
 * Owner, Errors, Threads: as leat/bus_poll.h says, unless said.
 */

#include <leat/bus.h>

LEAT_BEGIN_DECLS

/* Where devices appear. */
struct leat_bus_class_ops {
    /*
     * There is a device at (path), and perhaps was before; there is none at
     * (path), or below it. NULL: nothing to do.
     */
    void (*there)(void *arg, const char *path);
    void (*gone)(void *arg, const char *path);
};

#define LEAT_BUS_NAMES 4096u

struct leat_bus_class {
    struct leat_bus_watch watch;
    const struct leat_bus_class_ops *ops;
    void *arg;
    enum leat_bus_side side;
    char names[2][LEAT_BUS_NAMES];
};

/*
 * Watches the directory (path) of devices: "device/vbd", where front ends are,
 * by their numbers; "backend/vbd", where back ends are, by their domains and
 * numbers. A device is there when it has its key "backend", or "frontend".
 *
 * Owner:   (c) is the caller's, zeroed; (ops) and (arg) are borrowed.
 * Errors:  as leat_bus_watch(); LEAT_E_RANGE in leat_bus_poll(): more than
 *          LEAT_BUS_NAMES bytes of names in one directory
 */
LEAT_API int leat_bus_class_watch(struct leat_bus *b, struct leat_bus_class *c,
                                  enum leat_bus_side side, const char *path,
                                  const struct leat_bus_class_ops *ops,
                                  void *arg);
LEAT_API int leat_bus_class_unwatch(struct leat_bus_class *c);

struct leat_bus_key {
    const char *name;
    const char *value;
};

/* Zero it, then set its fields. */
struct leat_bus_device {
    const char *type; /* "vbd", "vif"                                        */
    uint32_t front, back; /* domains                                         */
    uint32_t number;
    const char *front_path; /* NULL: /local/domain/F/device/TYPE/NUMBER      */
    const char *back_path;  /* NULL: /local/domain/B/backend/TYPE/F/NUMBER   */
    const struct leat_bus_key *front_keys, *back_keys; /* besides            */
    uint32_t front_n, back_n;
};

/*
 * Makes the two directories of a device, as a toolstack does, in one
 * transaction: each end's own, which the other may read, with each other's path
 * and domain, "online" 1, and both states 1. What was there before is removed.
 * _make_end() makes one of them, where a domain died and took its directory
 * along, and another stands in for it; _remove() removes both.
 *
 * Errors:  LEAT_E_REFUSED  this domain is no toolstack
 *          LEAT_E_LENGTH   a path is longer than LEAT_BUS_PATH_MAX
 *          LEAT_E_AGAIN    others changed them, LEAT_BUS_TRIES times
 * Threads: as the store's.
 */
LEAT_API int leat_bus_device_make(const struct leat_store *store,
                                  const struct leat_bus_device *device);
LEAT_API int leat_bus_device_make_end(const struct leat_store *store,
                                      const struct leat_bus_device *device,
                                      enum leat_bus_side side);
LEAT_API int leat_bus_device_remove(const struct leat_store *store,
                                    const struct leat_bus_device *device);

LEAT_END_DECLS

#endif
