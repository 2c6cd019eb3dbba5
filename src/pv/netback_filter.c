/* SPDX-License-Identifier: ISC */

/*
 * Which multicast the guest wants: a list that it makes, of a bounded length, and
 * a switch in the store. Broadcast is what everyone wants.
 */

#include <string.h>

#include "netback.h"

static uint32_t find(const struct leat_netback *n, const uint8_t *address)
{
    uint32_t i;

    for (i = 0; i < n->nfilter; i++) {
        if (!memcmp(n->filter[i], address, LEAT_NET_MAC))
            break;
    }
    return i;
}

static void set(uint8_t *to, const uint8_t *from)
{
    unsigned i;

    for (i = 0; i < LEAT_NET_MAC; i++)
        to[i] = from[i];
}

bool leat_nb_filter_change(struct leat_netback *n, const uint8_t *address,
                           bool add)
{
    uint32_t at = find(n, address);

    if (add && at == n->nfilter) {
        if (n->nfilter == n->config.filter_max)
            return false;
        set(n->filter[n->nfilter++], address);
    } else if (!add && at < n->nfilter) {
        set(n->filter[at], n->filter[--n->nfilter]);
    }
    leat_nb_filter_tell(n);
    return true;
}

/* Tells the port, which may spare us what is not wanted. */
void leat_nb_filter_tell(struct leat_netback *n)
{
    const struct leat_netport *port = &n->config.port;
    const struct leat_net_filter filter = {
        .on = n->filtering,
        .list = (const uint8_t(*)[LEAT_NET_MAC])n->filter,
        .n = n->nfilter,
    };

    n->stats.filter = n->nfilter;
    if (port->ops->filter)
        port->ops->filter(port->self, &filter);
}

bool leat_nb_filter_drops(const struct leat_netback *n, const uint8_t *address)
{
    static const uint8_t everyone[LEAT_NET_MAC] = {0xff, 0xff, 0xff,
                                                   0xff, 0xff, 0xff};

    return n->filtering && address[0] & 1 &&
           memcmp(address, everyone, LEAT_NET_MAC) &&
           find(n, address) == n->nfilter;
}
