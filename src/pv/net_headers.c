/* SPDX-License-Identifier: ISC */

/*
 * A look at a frame's headers.
 *
 *   H1  nothing outside [0, head.len) is read: each read is checked by itself
 *   H2  each step goes on by at least one byte, or ends; tags and extension
 *       headers are bounded beside that
 *   H3  (l3 < l4 < end <= head.len) as far as they are known
 *
 * The head is private memory: what is found stays true. What lies behind it may
 * be the guest's still, and is never looked at.
 */

#include <leat/netport.h>

#define ETHERTYPES 12u
#define TAGS_MAX   4u
#define NEXT_MAX   8u /* extension headers */

enum {
    IPV4 = 0x0800,
    IPV6 = 0x86dd,
    VLAN = 0x8100,
    VLAN_OUTER = 0x88a8,

    HOP_BY_HOP = 0,
    TCP = 6,
    UDP = 17,
    ROUTING = 43,
    FRAGMENT = 44,
    OPTIONS = 60
};

static bool byte_at(struct leat_cview h, size_t at, unsigned *out)
{
    if (at >= h.len)
        return false;
    *out = h.data[at];
    return true;
}

static bool two_at(struct leat_cview h, size_t at, unsigned *out)
{
    if (at >= h.len || h.len - at < 2)
        return false;
    *out = (unsigned)h.data[at] << 8 | h.data[at + 1];
    return true;
}

/* Stirs (n) bytes into a hash, of which the frame's receiver alone knows. */
static bool stir(struct leat_cview h, size_t at, size_t n, uint32_t *hash)
{
    size_t i;

    if (at > h.len || h.len - at < n)
        return false;
    for (i = 0; i < n; i++)
        *hash = (*hash ^ h.data[at + i]) * 16777619u;
    return true;
}

static uint32_t settle(uint32_t hash)
{
    hash ^= hash >> 16;
    hash *= 0x7feb352du;
    hash ^= hash >> 15;
    return hash;
}

/* What IPv4 says: where what it carries begins. */
static int v4(struct leat_cview h, struct leat_net_headers *out)
{
    unsigned first, fragment, protocol;
    size_t at = out->l3;

    if (!byte_at(h, at, &first) || !two_at(h, at + 6, &fragment) ||
        !byte_at(h, at + 9, &protocol) || !stir(h, at + 12, 8, &out->flow))
        return LEAT_E_LENGTH;
    if (first >> 4 != 4 || (first & 15) < 5)
        return LEAT_E_LENGTH;
    at += (size_t)(first & 15) * 4;
    if (at > h.len)
        return LEAT_E_LENGTH;
    if (fragment & 0x3fff) /* a part of one: its ports are elsewhere */
        return 0;
    out->protocol = (uint8_t)protocol;
    out->l4 = (uint16_t)at;
    return 0;
}

static int v6(struct leat_cview h, struct leat_net_headers *out)
{
    unsigned first, next, length, i;
    size_t at = out->l3;

    if (!byte_at(h, at, &first) || !byte_at(h, at + 6, &next) ||
        !stir(h, at + 8, 32, &out->flow) || first >> 4 != 6)
        return LEAT_E_LENGTH;
    at += 40;
    for (i = 0; next == HOP_BY_HOP || next == ROUTING || next == OPTIONS; i++) {
        if (i == NEXT_MAX || !byte_at(h, at, &next) ||
            !byte_at(h, at + 1, &length))
            return LEAT_E_LENGTH;
        at += 8 + (size_t)length * 8;
    }
    if (at > h.len)
        return LEAT_E_LENGTH;
    if (next == FRAGMENT)
        return 0;
    out->protocol = (uint8_t)next;
    out->l4 = (uint16_t)at;
    return 0;
}

static int transport(struct leat_cview h, struct leat_net_headers *out)
{
    unsigned offset;
    size_t at = out->l4, end;

    if (out->protocol == TCP) {
        if (!byte_at(h, at + 12, &offset))
            return LEAT_E_LENGTH;
        if (offset >> 4 < 5)
            return LEAT_E_LENGTH;
        end = at + (size_t)(offset >> 4) * 4;
    } else if (out->protocol == UDP) {
        end = at + 8;
    } else {
        return 0;
    }
    if (!stir(h, at, 4, &out->flow) || end > h.len)
        return LEAT_E_LENGTH;
    out->end = (uint16_t)end;
    return 0;
}

int leat_net_headers(struct leat_cview head, size_t len,
                     struct leat_net_headers *out)
{
    size_t at = ETHERTYPES;
    unsigned type, tags;
    int err;

    if (!out || !head.data || head.len > len)
        return LEAT_E_INVALID;
    if (head.len > LEAT_NET_FRAME_MAX)
        head.len = LEAT_NET_FRAME_MAX;
    *out = (struct leat_net_headers){.flow = 2166136261u};
    for (tags = 0;; tags++, at += 4) {
        if (!two_at(head, at, &type) || tags > TAGS_MAX)
            return LEAT_E_LENGTH;
        if (type != VLAN && type != VLAN_OUTER)
            break;
    }
    out->l3 = (uint16_t)(at + 2);
    if (type == IPV4 || type == IPV6) {
        out->ethertype = (uint16_t)type;
        err = type == IPV4 ? v4(head, out) : v6(head, out);
        if (!err && out->l4)
            err = transport(head, out);
    } else {
        stir(head, 0, ETHERTYPES, &out->flow);
        err = 0;
    }
    out->flow = settle(out->flow);
    return err;
}

int leat_net_meta_find(struct leat_cview head, size_t len,
                       struct leat_net_meta *meta)
{
    struct leat_net_headers is;
    unsigned want = 0;
    int err;

    if (!meta)
        return LEAT_E_INVALID;
    if (!(meta->flags & LEAT_NET_CSUM_BLANK) && !meta->gso)
        return 0;
    err = leat_net_headers(head, len, &is);
    if (err)
        return err;
    if (meta->gso) {
        want = meta->gso == LEAT_NET_GSO_TCPV4 ? IPV4 : IPV6;
        if (is.ethertype != want || is.protocol != TCP || !is.end ||
            !meta->gso_size)
            return LEAT_E_PROTO;
    }
    if (!is.end || (is.protocol != TCP && is.protocol != UDP))
        return LEAT_E_PROTO;
    meta->flags |= LEAT_NET_CSUM_BLANK;
    meta->csum_start = is.l4;
    meta->csum_offset = is.protocol == TCP ? 16 : 6;
    return 0;
}
