/* SPDX-License-Identifier: ISC */

/* A look at a frame's headers. */

#include "pool_fixture.h"

#include <leat/netport.h>

#include "pv/frames.h"

static struct made_frame f;

static struct leat_net_headers look(size_t n)
{
    struct leat_net_headers out = {0};
    unsigned char *exact = malloc(n ? n : 1);
    struct leat_cview head = {exact, n};
    int err;

    /* In memory that ends where it ends, for the sanitizers. */
    memcpy(exact, f.bytes, n);
    err = leat_net_headers(head, f.len, &out);
    cr_assert(err == 0 || err == LEAT_E_LENGTH);
    if (err)
        out.end = 0;
    free(exact);
    return out;
}

Test(net_headers, finds_all_that_it_knows)
{
    for (unsigned i = 0; i < 2 * 2 * 5 * 3 * 3; i++) {
        struct frame_of o = {
            .v6 = i % 2,
            .protocol = i / 2 % 2 ? F_TCP : F_UDP,
            .vlans = i / 4 % 5,
            .options = i / 20 % 3,
            .tcp_words = i / 60 % 3 * 5,
            .payload = 100,
        };
        struct leat_net_headers is;

        frame_make(&f, o);
        is = look(f.len);
        cr_assert_eq(is.ethertype, o.v6 ? 0x86dd : 0x0800, "%u", i);
        cr_assert_eq(is.protocol, o.protocol);
        cr_assert_eq(is.l3, f.l3);
        cr_assert_eq(is.l4, f.l4);
        cr_assert_eq(is.end, f.end);
        /* Cut off anywhere: what is found is what is there. */
        for (size_t n = 0; n < f.end; n++) {
            is = look(n);
            cr_assert_eq(is.end, 0, "%zu of %zu", n, f.end);
            cr_assert(!is.l4 || is.l4 <= n);
            cr_assert(!is.l3 || is.l3 <= n);
        }
    }
}

Test(net_headers, one_flow_has_one_hash)
{
    uint32_t first, ports[64];

    for (int v6 = 0; v6 < 2; v6++) {
        struct frame_of o = {.v6 = v6, .protocol = F_TCP, .payload = 1};

        frame_make(&f, o);
        first = look(f.len).flow;
        o.payload = 900;
        o.seq = 77;
        o.tcp_flags = 8;
        frame_make(&f, o);
        cr_assert_eq(look(f.len).flow, first);
        for (unsigned i = 0; i < 64; i++) {
            o.sport = (uint16_t)(3000 + i);
            frame_make(&f, o);
            ports[i] = look(f.len).flow % 4;
        }
        for (unsigned q = 0; q < 4; q++) {
            unsigned n = 0;

            for (unsigned i = 0; i < 64; i++)
                n += ports[i] == q;
            cr_assert(n >= 6 && n <= 28, "%u of 64 by queue %u", n, q);
        }
    }
}

Test(net_headers, what_it_does_not_know_has_a_hash)
{
    struct leat_net_headers is, other;

    memset(f.bytes, 3, 64);
    f.len = 64;
    is = look(64);
    cr_assert_eq(is.ethertype + is.protocol + is.l4 + is.end, 0);
    cr_assert_eq(is.l3, 14);
    f.bytes[3] ^= 1;
    other = look(64);
    cr_assert_neq(is.flow, other.flow);
    /* A part of an IPv4 packet has no ports. */
    frame_make(&f, (struct frame_of){.protocol = F_UDP, .payload = 50});
    frame_put16(f.bytes + f.l3 + 6, 0x2000);
    is = look(f.len);
    cr_assert_eq(is.ethertype, 0x0800);
    cr_assert_eq(is.l4 + is.end + is.protocol, 0);
    /* ICMP is known by its number alone. */
    frame_make(&f, (struct frame_of){.protocol = F_UDP, .payload = 50});
    f.bytes[f.l3 + 9] = 1;
    is = look(f.len);
    cr_assert_eq(is.protocol, 1);
    cr_assert_eq(is.l4, 34);
    cr_assert_eq(is.end, 0);
}

/* Each byte of the headers takes each value: nothing beyond the end is read. */
Test(net_headers, any_byte_may_be_anything)
{
    for (unsigned kind = 0; kind < 4; kind++) {
        struct frame_of o = {.v6 = kind % 2,
                             .protocol = kind / 2 ? F_TCP : F_UDP,
                             .vlans = 1,
                             .options = 1};

        for (size_t at = 12; at < 70; at++) {
            for (unsigned x = 0; x < 256; x++) {
                struct leat_net_headers is;

                frame_make(&f, o);
                if (at >= f.len)
                    continue;
                f.bytes[at] = (unsigned char)x;
                is = look(f.len);
                cr_assert(is.l3 <= f.len && is.l4 <= f.len && is.end <= f.len);
                cr_assert(!is.end || (is.l3 < is.l4 && is.l4 < is.end));
            }
        }
    }
}

/* Headers without end take a bounded number of steps. */
Test(net_headers, chains_are_bounded)
{
    struct leat_net_headers is = {0};
    struct leat_cview head = {f.bytes, 60000};

    f.len = 60000;
    for (size_t i = 12; i < f.len; i += 4)
        frame_put16(f.bytes + i, 0x8100);
    cr_assert_eq(leat_net_headers(head, f.len, &is), LEAT_E_LENGTH);
    memset(f.bytes, 0, f.len);
    frame_put16(f.bytes + 12, 0x86dd);
    f.bytes[14] = 0x60;
    cr_assert_eq(leat_net_headers(head, f.len, &is), LEAT_E_LENGTH);
    cr_assert_eq(is.l4, 0);
}

Test(net_headers, meta_is_completed)
{
    struct leat_net_meta m = {0};
    struct leat_cview head;

    frame_make(&f, (struct frame_of){.protocol = F_UDP, .payload = 9});
    head = (struct leat_cview){f.bytes, f.len};
    MUST(leat_net_meta_find(head, f.len, &m));
    cr_assert_eq(m.csum_start + m.csum_offset + m.flags, 0, "nothing is open");
    m.flags = LEAT_NET_CSUM_BLANK;
    MUST(leat_net_meta_find(head, f.len, &m));
    cr_assert_eq(m.csum_start, 34);
    cr_assert_eq(m.csum_offset, 6);
    m = (struct leat_net_meta){.gso = LEAT_NET_GSO_TCPV4, .gso_size = 5};
    cr_assert_eq(leat_net_meta_find(head, f.len, &m), LEAT_E_PROTO, "UDP");
    for (int v6 = 0; v6 < 2; v6++) {
        frame_make(
            &f, (struct frame_of){.v6 = v6, .protocol = F_TCP, .payload = 9});
        head.len = f.len;
        m = (struct leat_net_meta){.gso = v6 ? LEAT_NET_GSO_TCPV6
                                             : LEAT_NET_GSO_TCPV4};
        cr_assert_eq(leat_net_meta_find(head, f.len, &m), LEAT_E_PROTO,
                     "of size 0");
        m.gso_size = 5;
        MUST(leat_net_meta_find(head, f.len, &m));
        cr_assert_eq(m.flags, LEAT_NET_CSUM_BLANK);
        cr_assert_eq(m.csum_start, f.l4);
        cr_assert_eq(m.csum_offset, 16);
        m.gso = v6 ? LEAT_NET_GSO_TCPV4 : LEAT_NET_GSO_TCPV6;
        cr_assert_eq(leat_net_meta_find(head, f.len, &m), LEAT_E_PROTO);
    }
    m = (struct leat_net_meta){.flags = LEAT_NET_CSUM_BLANK};
    memset(f.bytes, 0, 64);
    cr_assert_eq(leat_net_meta_find(head, f.len, &m), LEAT_E_PROTO);
}

Test(net_headers, refuses)
{
    struct leat_net_headers out;
    struct leat_net_meta m = {.flags = LEAT_NET_CSUM_BLANK};
    struct leat_cview head = {f.bytes, 20}, none = {NULL, 0};

    cr_assert_eq(leat_net_headers(head, 19, &out), LEAT_E_INVALID);
    cr_assert_eq(leat_net_headers(none, 19, &out), LEAT_E_INVALID);
    cr_assert_eq(leat_net_headers(head, 20, NULL), LEAT_E_INVALID);
    cr_assert_eq(leat_net_meta_find(head, 20, NULL), LEAT_E_INVALID);
    cr_assert_eq(leat_net_meta_find(none, 20, &m), LEAT_E_INVALID);
}
