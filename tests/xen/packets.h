/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_PACKETS_H
#define LEAT_TESTS_XEN_PACKETS_H

/* Frames that are made by hand, sent by the netfront of net_front.h, and answered by
 * the stack of dom0's kernel behind its back. */

#include <arpa/inet.h>

#include "net_front.h"

#define HERE  "10.9.0.2"
#define THERE "10.9.0.1"
#define PORT  5001

/* ---------------------------------------------------------- ARP and ping */

static unsigned char mac_there[6];
static const unsigned char mac_here[6] = {0, 0x16, 0x3e, 0x11, 0x22, 0x33};

struct bytes {
    unsigned char data[1600];
    size_t len;
};

static inline int write_bytes(void *arg, const struct leat_view *views,
                              size_t nviews, size_t *len)
{
    const struct bytes *b = arg;

    (void)nviews, (void)len;
    memcpy(views[0].data, b->data, b->len);
    return 0;
}

static inline int send_bytes(const struct bytes *b)
{
    const struct leat_netfront_fill fill = {.queue = n.next++ % n.queues,
                                            .size = b->len,
                                            .fill = write_bytes,
                                            .arg = (void *)(uintptr_t)b};
    int err = leat_netfront_send(n.f, &fill);

    return err ? err : leat_netfront_push(n.f);
}

static inline void ethernet(struct bytes *b, const void *to, unsigned type)
{
    memset(b, 0, sizeof(*b));
    memcpy(b->data, to, 6);
    memcpy(b->data + 6, mac_here, 6);
    b->data[12] = (unsigned char)(type >> 8);
    b->data[13] = (unsigned char)type;
}

static inline bool answered(void)
{
    return n.len != 0;
}

/* Sends, and waits for an answer of that kind. */
static inline bool ask(const struct bytes *b,
                       bool (*kind)(const unsigned char *frame, size_t len))
{
    n.wants = kind;
    n.len = 0;
    return !send_bytes(b) && steps(answered, 3000);
}

static inline bool is_arp(const unsigned char *frame, size_t len)
{
    return len >= 42 && frame[12] == 8 && frame[13] == 6 && frame[21] == 2;
}

static inline bool arp(void)
{
    static const unsigned char all[6] = {255, 255, 255, 255, 255, 255},
                               what[8] = {0, 1, 8, 0, 6, 4, 0, 1};
    struct bytes b;

    ethernet(&b, all, 0x0806);
    memcpy(b.data + 14, what, 8);
    memcpy(b.data + 22, mac_here, 6);
    inet_pton(AF_INET, HERE, b.data + 28);
    inet_pton(AF_INET, THERE, b.data + 38);
    b.len = 42;
    if (!ask(&b, is_arp))
        return false;
    memcpy(mac_there, n.got + 22, 6);
    return memcmp(n.got + 28, b.data + 38, 4) == 0;
}

static inline uint16_t sum(const unsigned char *at, size_t len)
{
    uint32_t s = 0;

    for (size_t i = 0; i < len; i += 2)
        s += (uint32_t)at[i] << 8 | at[i + 1];
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (uint16_t)~s;
}

static inline void put16(unsigned char *at, unsigned x)
{
    at[0] = (unsigned char)(x >> 8);
    at[1] = (unsigned char)x;
}

static inline bool is_echo(const unsigned char *frame, size_t len)
{
    return len >= 42 && frame[12] == 8 && frame[13] == 0 && frame[23] == 1 &&
           frame[34] == 0;
}

/* A packet with (bytes) behind its headers, of protocol (protocol). */
static inline void packet(struct bytes *b, unsigned char protocol,
                          unsigned bytes)
{
    unsigned char *ip = b->data + 14;

    ethernet(b, mac_there, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, 28 + bytes);
    ip[8] = 64;
    ip[9] = protocol;
    inet_pton(AF_INET, HERE, ip + 12);
    inet_pton(AF_INET, THERE, ip + 16);
    put16(ip + 10, sum(ip, 20));
    b->len = 42 + bytes;
}

/* An echo of (bytes): they come back as they went. */
static inline bool ping(unsigned seq, unsigned bytes)
{
    struct bytes b;
    unsigned char *icmp = b.data + 34;

    packet(&b, 1, bytes);
    icmp[0] = 8;
    put16(icmp + 6, seq);
    for (unsigned i = 0; i < bytes; i++)
        icmp[8 + i] = (unsigned char)(i * 3 + seq);
    put16(icmp + 2, sum(icmp, 8 + bytes));
    return ask(&b, is_echo) && n.len >= b.len && /* it may be padded */
           !memcmp(n.got + 40, icmp + 6, 2 + bytes);
}

/* --------------------------------------------------------------- datagrams */

#define FLOW(i) (7000u + (i))

static inline bool is_datagram(const unsigned char *frame, size_t len)
{
    return len >= 42 && frame[12] == 8 && frame[13] == 0 && frame[23] == 17;
}

/* From a port of its own to dom0's, and back. */
static inline bool datagram(unsigned i)
{
    const unsigned bytes = 1400;
    struct bytes b;
    unsigned char *udp = b.data + 34;

    packet(&b, 17, bytes);
    put16(udp, FLOW(i));
    put16(udp + 2, PORT);
    put16(udp + 4, 8 + bytes); /* and no checksum */
    for (unsigned k = 0; k < bytes; k++)
        udp[8 + k] = (unsigned char)(k * 7 + i);
    return ask(&b, is_datagram) && n.len >= b.len && n.got[36] == udp[0] &&
           n.got[37] == udp[1] && !memcmp(n.got + 42, udp + 8, bytes);
}

#endif
