/* SPDX-License-Identifier: ISC */

/*
 * How a switch lies in the memory that its owner gave: its ports, the addresses
 * of all of them, buckets, and room for two frames, in lines of the cache of their
 * own.
 */

#include <string.h>

#include "net_finish.h"
#include "netswitch.h"

#define LINE 64u

static void *take(unsigned char *base, size_t *at, size_t bytes)
{
    void *out = base ? base + *at : NULL;

    *at += (bytes + LINE - 1) / LINE * LINE;
    return out;
}

/* Where all of (s) lies, which is first; without (base), how much it is. */
static size_t lay(uint32_t ports, uint32_t addresses, uint32_t buckets,
                  unsigned char *base, struct leat_switch *s)
{
    size_t at = 0;

    (void)take(base, &at, sizeof(*s));
    s->ports = take(base, &at, ports * sizeof(*s->ports));
    s->table = take(base, &at, (size_t)ports * addresses * sizeof(*s->table));
    s->buckets = take(base, &at, buckets * sizeof(*s->buckets));
    s->frame = take(base, &at, LEAT_NET_FRAME_MAX);
    s->finish = take(base, &at, NET_FINISH_BYTES);
    return at;
}

static int sizes(const struct leat_switch_config *c, uint32_t *addresses,
                 uint32_t *buckets)
{
    if (!c || c->ports < 2 || c->ports > LEAT_SWITCH_PORTS ||
        c->addresses > LEAT_SWITCH_ADDRESSES)
        return LEAT_E_INVALID;
    *addresses = c->addresses ? c->addresses : 64;
    *buckets = 1;
    while (*buckets < c->ports * *addresses)
        *buckets *= 2;
    return 0;
}

int leat_switch_meta_size(const struct leat_switch_config *config,
                          size_t *bytes)
{
    uint32_t addresses = 0, buckets = 0;
    struct leat_switch none;
    int err = bytes ? sizes(config, &addresses, &buckets) : LEAT_E_INVALID;

    if (!err)
        *bytes = lay(config->ports, addresses, buckets, NULL, &none) + LINE - 1;
    return err;
}

int leat_switch_create(struct leat_switch **out,
                       const struct leat_switch_config *config)
{
    uint32_t addresses = 0, buckets = 0, i;
    size_t need = 0;
    unsigned char *meta;
    struct leat_switch *s;
    int err = out ? leat_switch_meta_size(config, &need) : LEAT_E_INVALID;

    if (err || !config->meta)
        return LEAT_E_INVALID;
    if (config->meta_bytes < need)
        return LEAT_E_NOMEM;
    (void)sizes(config, &addresses, &buckets);
    meta = config->meta;
    memset(meta, 0, need);
    meta += (LINE - (uintptr_t)meta % LINE) % LINE;
    s = (struct leat_switch *)(void *)meta;
    (void)lay(config->ports, addresses, buckets, meta, s);
    s->nports = config->ports;
    s->addresses = addresses;
    s->mask = buckets - 1;
    s->fixed = config->fixed;
    for (i = 0; i < s->nports; i++) {
        s->ports[i].s = s;
        s->ports[i].number = i;
    }
    leat_sw_table_init(s);
    *out = s;
    return 0;
}

int leat_switch_destroy(struct leat_switch *s)
{
    uint32_t i;

    if (!s || s->busy)
        return LEAT_E_INVALID;
    for (i = 0; i < s->nports; i++) {
        if (sw_taken(&s->ports[i]))
            return LEAT_E_BUSY;
    }
    return 0;
}
