/* SPDX-License-Identifier: ISC */
#ifndef LEAT_IO_TAP_H
#define LEAT_IO_TAP_H

#include <leat/tap.h>

struct leat_tap {
    int fds[LEAT_TAP_QUEUES];
    uint32_t queues;
    bool offloads; /* the kernel takes, and leaves, open ends */
    char name[LEAT_TAP_NAME_MAX + 1];
    struct leat_tap_stats stats;
};

/* tap.c: what the kernel may leave to the guest. */
int leat_tap_leave(struct leat_tap *t, uint32_t offload);

/* tap_port.c */
extern const struct leat_netport_ops leat_tap_ops;
extern const struct leat_netport_ops leat_tap_plain_ops;

#endif
