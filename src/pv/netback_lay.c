/* SPDX-License-Identifier: ISC */

/* How a device lies in the memory that its owner gave. */

#include <string.h>

#include "netback.h"

#define WITHOUT                                                         \
    (LEAT_NETBACK_NO_SG | LEAT_NETBACK_NO_GSO | LEAT_NETBACK_NO_CSUM6 | \
     LEAT_NETBACK_NO_SPLIT | LEAT_NETBACK_NO_CTRL | LEAT_NETBACK_NO_MULTICAST)

#define STATICS_MAX 65536u
#define FILTER_MAX  4096u
#define MTU_MIN     68u
#define STALL_NS    10000000000u

int leat_nb_defaults(const struct leat_netback_config *from,
                     struct leat_netback_config *c)
{
    if (!from)
        return LEAT_E_INVALID;
    *c = *from;
    if (c->without & ~WITHOUT || c->queues_max > LEAT_NETBACK_QUEUES ||
        c->statics_max > STATICS_MAX || c->filter_max > FILTER_MAX ||
        (unsigned)c->way > LEAT_NETBACK_MAP || c->mtu > LEAT_NET_FRAME_MAX ||
        (c->mtu && c->mtu < MTU_MIN) ||
        (c->slots_fatal && c->slots_fatal < NB_SLOTS))
        return LEAT_E_INVALID;
    if (!c->queues_max)
        c->queues_max = 1;
    if (!c->statics_max)
        c->statics_max = 2048;
    if (!c->mtu)
        c->mtu = 1500;
    if (!c->slots_fatal)
        c->slots_fatal = 64;
    if (!c->stall_ns)
        c->stall_ns = STALL_NS;
    if (!c->filter_max)
        c->filter_max = 64;
    return 0;
}

/* Where all of it lies; without (base), how much it is. */
static size_t lay(const struct leat_netback_config *c, unsigned char *base,
                  struct leat_netback **out)
{
    const uint32_t cells = leat_nb_static_cells(c->statics_max);
    struct leat_netback none, *n;
    struct nb_queue queue;
    size_t at = 0;
    uint32_t i;

    n = leat_device_take(base, &at, sizeof(*n));
    if (!base)
        n = &none;
    n->queues = leat_device_take(base, &at, c->queues_max * sizeof(*n->queues));
    n->filter = leat_device_take(base, &at, c->filter_max * sizeof(*n->filter));
    n->scratch = leat_device_take(base, &at, sizeof(*n->scratch));
    for (i = 0; i < c->queues_max; i++) {
        struct nb_queue *q = base ? &n->queues[i] : &queue;

        q->statics.table =
            leat_device_take(base, &at, cells * sizeof(struct nb_static));
        q->statics.mask = cells - 1;
        q->statics.max = c->statics_max;
    }
    if (out)
        *out = n;
    return at;
}

int leat_netback_meta_size(const struct leat_netback_config *config,
                           size_t *bytes)
{
    struct leat_netback_config c;
    int err = bytes ? leat_nb_defaults(config, &c) : LEAT_E_INVALID;

    if (!err)
        *bytes = lay(&c, NULL, NULL) + DEVICE_LINE - 1;
    return err;
}

struct leat_netback *leat_nb_lay(const struct leat_netback_config *c)
{
    unsigned char *meta = c->meta;
    struct leat_netback *n;
    uint32_t i;

    memset(meta, 0, c->meta_bytes);
    lay(c, leat_device_base(meta), &n);
    n->config = *c;
    n->carrier = -1;
    for (i = 0; i < c->queues_max; i++) {
        n->queues[i].n = n;
        n->queues[i].index = i;
    }
    return n;
}
