/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_LINUX_DISK_H
#define LEAT_TESTS_XEN_LINUX_DISK_H

/*
 * A disk that Linux's xen-blkback serves to dom0 itself: the toolstack's part of
 * it, and what is known of it that is not leat's: the store by xenstore-ls, the
 * back's own counters, the block device's, the kernel's log.
 */

#include <leat/bus_device.h>

#include "grants.h"
#include "shell.h"

#define VBD     51712 /* xvda */
#define FRONT   "/local/domain/0/device/vbd/51712"
#define BACK    "/local/domain/0/backend/vbd/0/51712"
#define BACK_IN "/sys/bus/xen-backend/devices/vbd-0-51712"

struct linux_disk {
    const char *name; /* "ram1": /dev/ram1                                    */
    char number[16];  /* "1:1", hexadecimal, as the toolstack writes it       */
    char path[24];
    bool loop; /* of a file in memory; else brd                        */
};

/* A counter of the back's, over all rings. */
static inline uint64_t back_counts(const char *name)
{
    return sh_number("cat " BACK_IN "/statistics/%s", name);
}

/* The (n)th number of the block device's, from 1. Source: block/stat.rst. */
static inline uint64_t device_counts(const struct linux_disk *d, int n)
{
    return sh_number("awk '{ print $%d }' /sys/block/%s/stat", n, d->name);
}

/* What the toolstack, or a hotplug script of its, does. */
static inline void disk_make(const struct linux_disk *d,
                             const struct leat_store *store, bool read_only)
{
    const struct leat_bus_key front[] = {{"virtual-device", "51712"},
                                         {"device-type", "disk"}};
    const struct leat_bus_key back[] = {
        {"removable", "0"},
        {"bootable", "1"},
        {"dev", "xvda"},
        {"type", "phy"},
        {"mode", read_only ? "r" : "w"},
        {"device-type", "disk"},
        {"params", d->path},
        {"physical-device", d->number},
    };
    const struct leat_bus_device device = {.type = "vbd",
                                           .number = VBD,
                                           .front_keys = front,
                                           .front_n = COUNT(front),
                                           .back_keys = back,
                                           .back_n = COUNT(back)};

    MUST(!leat_bus_device_make(store, &device));
}

/* And its end: the back is gone when its directory in sysfs is. */
static inline bool disk_remove(const struct leat_store *store)
{
    const struct leat_bus_device device = {.type = "vbd", .number = VBD};

    MUST(!leat_bus_device_remove(store, &device));
    return COMES(!sh("test -e " BACK_IN), 5000);
}

#endif
