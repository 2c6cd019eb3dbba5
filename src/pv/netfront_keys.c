/* SPDX-License-Identifier: ISC */

/*
 * The store: what the back offers is read once each, and checked; what of it is
 * taken up is written in one transaction. Keys that say "no" are written too, or
 * removed, for a connection before may have said "yes".
 *
 * Source: xen/io/netif.h.
 */

#include <string.h>

#include "netfront.h"

/* ----------------------------------------------------------------- reading */

static bool nibble(char c, uint8_t *out)
{
    if (c >= '0' && c <= '9')
        *out = (uint8_t)(c - '0');
    else if (c >= 'a' && c <= 'f')
        *out = (uint8_t)(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
        *out = (uint8_t)(c - 'A' + 10);
    else
        return false;
    return true;
}

int leat_nf_read_mac(struct leat_netfront *f)
{
    uint8_t mac[LEAT_NET_MAC], high, low;
    char text[32];
    uint32_t i;
    int err = leat_bus_read(&f->end, LEAT_BUS_OWN, "mac", text, sizeof(text));

    if (err == LEAT_E_REFERENCE)
        return 0;
    for (i = 0; i < LEAT_NET_MAC && !err; i++) {
        const char *at = text + (size_t)3 * i;

        if (!nibble(at[0], &high) || !nibble(at[1], &low) ||
            at[2] != (i + 1 < LEAT_NET_MAC ? ':' : '\0'))
            err = LEAT_E_INVALID;
        else
            mac[i] = (uint8_t)(high << 4 | low);
    }
    if (err)
        return err;
    memcpy(f->info.mac, mac, sizeof(mac));
    f->info.has_mac = true;
    return 0;
}

/* A feature of the back's; and then (*err), where there was none before. */
static bool offers(struct leat_netfront *f, const char *key, bool otherwise,
                   int *err)
{
    uint64_t x = 0;

    if (!*err)
        *err = leat_bus_read_or(&f->end, LEAT_BUS_OTHER, key, 0, UINT32_MAX,
                                otherwise, &x);
    return !*err && x;
}

static uint32_t number(struct leat_netfront *f, const char *key, uint32_t min,
                       uint32_t max, uint32_t otherwise, int *err)
{
    uint64_t x = otherwise;

    if (!*err)
        *err = leat_bus_read_or(&f->end, LEAT_BUS_OTHER, key, min, max,
                                otherwise, &x);
    return (uint32_t)x;
}

int leat_nf_read_link(struct leat_netfront *f)
{
    int err = 0;
    const bool up = offers(f, "carrier", true, &err);

    if (!err)
        f->info.link = up;
    return err;
}

static uint32_t read_offload(struct leat_netfront *f, int *err)
{
    uint32_t all = 0;

    all |= offers(f, "feature-no-csum-offload", false, err)
               ? 0
               : LEAT_NET_OFFLOAD_CSUM4;
    if (offers(f, "feature-ipv6-csum-offload", false, err))
        all |= LEAT_NET_OFFLOAD_CSUM6;
    if (offers(f, "feature-gso-tcpv4", false, err))
        all |= LEAT_NET_OFFLOAD_GSO4;
    if (offers(f, "feature-gso-tcpv6", false, err))
        all |= LEAT_NET_OFFLOAD_GSO6;
    /* A long frame needs more than a page. */
    return f->info.sg ? all
                      : all & (LEAT_NET_OFFLOAD_CSUM4 | LEAT_NET_OFFLOAD_CSUM6);
}

int leat_nf_read_terms(struct leat_netfront *f)
{
    struct leat_netfront_info *i = &f->info;
    const uint32_t flags = f->config.flags;
    const uint32_t page = f->queues[0].pages[NF_TX].bytes;
    int err = 0;
    const bool copies = offers(f, "feature-rx-copy", false, &err);

    i->sg = offers(f, "feature-sg", false, &err);
    i->offload = read_offload(f, &err);
    i->split = offers(f, "feature-split-event-channels", false, &err) &&
               !(flags & LEAT_NETFRONT_NO_SPLIT);
    i->statics = offers(f, "feature-ctrl-ring", false, &err) &&
                 !(flags & LEAT_NETFRONT_NO_STATIC);
    i->dynamic = offers(f, "feature-dynamic-multicast-control", false, &err);
    i->multicast =
        (offers(f, "feature-multicast-control", false, &err) || i->dynamic) &&
        f->filtering;
    i->mtu = number(f, "mtu", 68, LEAT_NET_FRAME_MAX, 1500, &err);
    i->queues = number(f, "multi-queue-max-queues", 1, UINT32_MAX, 1, &err);
    if (i->queues > f->config.queues)
        i->queues = f->config.queues;
    if (!err)
        err = leat_nf_read_link(f);
    if (err)
        return err;
    if (!copies)
        return leat_bus_break(&f->end, "the back does not offer to copy");
    i->frame_max = i->sg ? LEAT_NETFRONT_SLOTS * page : page;
    if (i->frame_max > LEAT_NET_FRAME_MAX)
        i->frame_max = LEAT_NET_FRAME_MAX;
    i->mode = f->mode;
    return 0;
}

/* ----------------------------------------------------------------- writing */

/* Writes a number, or removes it. */
static int write(struct leat_netfront *f, const char *key, bool there,
                 uint64_t x)
{
    return there ? leat_bus_write_number(&f->end, key, x)
                 : leat_bus_remove(&f->end, key);
}

static int write_queue(const struct nf_queue *q)
{
    struct leat_netfront *f = q->f;
    const bool split = f->info.split;
    const struct {
        const char *name;
        bool there;
        uint32_t x;
    } keys[] = {
        {"tx-ring-ref", true, q->shown[NF_TX].ref},
        {"rx-ring-ref", true, q->shown[NF_RX].ref},
        {"event-channel", !split, leat_bus_port_number(&q->port[NF_TX])},
        {"event-channel-tx", split, leat_bus_port_number(&q->port[NF_TX])},
        {"event-channel-rx", split, leat_bus_port_number(&q->port[NF_RX])},
    };
    struct leat_device_text key;
    size_t i;
    int err = 0;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]) && !err; i++) {
        leat_device_key(&key, f->nqueues > 1, q->number, keys[i].name);
        err = write(f, key.text, keys[i].there, keys[i].x);
    }
    return err;
}

static int write_features(struct leat_netfront *f)
{
    const uint32_t flags = f->config.flags, offload = f->config.offload;
    const bool prefix = flags & LEAT_NETFRONT_PREFIX;
    const bool gso4 = offload & LEAT_NET_OFFLOAD_GSO4;
    const bool gso6 = offload & LEAT_NET_OFFLOAD_GSO6;
    const struct {
        const char *name;
        uint32_t x;
    } keys[] = {
        {"request-rx-copy", 1},
        {"feature-rx-notify", 1},
        {"feature-sg", !(flags & LEAT_NETFRONT_NO_SG)},
        {"feature-no-csum-offload", !(offload & LEAT_NET_OFFLOAD_CSUM4)},
        {"feature-ipv6-csum-offload", !!(offload & LEAT_NET_OFFLOAD_CSUM6)},
        {"feature-gso-tcpv4", gso4 && !prefix},
        {"feature-gso-tcpv4-prefix", gso4 && prefix},
        {"feature-gso-tcpv6", gso6 && !prefix},
        {"feature-gso-tcpv6-prefix", gso6 && prefix},
        {"request-multicast-control", f->info.multicast},
        {"multi-queue-num-queues", f->nqueues},
    };
    size_t i;
    int err = 0;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]) && !err; i++)
        err = leat_bus_write_number(&f->end, keys[i].name, keys[i].x);
    return err;
}

static int write_all(void *arg, struct leat_bus_end *e)
{
    struct leat_netfront *f = arg;
    uint32_t i;
    int err = write_features(f);

    (void)e;
    for (i = 0; i < f->nqueues && !err; i++)
        err = write_queue(&f->queues[i]);
    if (!err)
        err = write(f, "ctrl-ring-ref", f->info.statics, f->ctrl.shown.ref);
    if (!err)
        err = write(f, "event-channel-ctrl", f->info.statics,
                    leat_bus_port_number(&f->ctrl.port));
    return err;
}

int leat_nf_write_terms(struct leat_netfront *f)
{
    return leat_bus_transact(&f->end, write_all, f);
}
