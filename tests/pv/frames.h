/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_FRAMES_H
#define LEAT_TESTS_PV_FRAMES_H

/*
 * Frames that tests make, and checksums by another way than the library's: by
 * bytes, from the definition.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    F_TCP = 6,
    F_UDP = 17
};

struct frame_of {
    bool v6;
    int protocol;
    unsigned vlans;
    unsigned options;   /* of IPv4, or of a hop-by-hop header: 8 bytes each  */
    unsigned tcp_words; /* of options of TCP                                 */
    size_t payload;
    uint16_t sport, dport;
    uint32_t seq;
    uint8_t tcp_flags;
    bool blank; /* the sum of the pseudo header in place of the checksum     */
};

struct made_frame {
    unsigned char bytes[65536];
    size_t len, l3, l4, end;
};

static inline void frame_put16(unsigned char *p, unsigned x)
{
    p[0] = (unsigned char)(x >> 8);
    p[1] = (unsigned char)x;
}

static inline unsigned frame_get16(const unsigned char *p)
{
    return p[0] * 256u + p[1];
}

/* The ones' complement sum, not complemented, of (n) bytes. */
static inline unsigned frame_sum(const unsigned char *p, size_t n, unsigned s)
{
    for (size_t i = 0; i < n; i++) {
        s += i % 2 ? p[i] : p[i] * 256u;
        s = s > 0xffff ? s - 0xffff : s;
    }
    return s;
}

static inline unsigned frame_pseudo(const unsigned char *b, size_t l3,
                                    size_t l4, bool v6, int protocol,
                                    size_t len)
{
    unsigned char tail[4] = {0, (unsigned char)protocol};
    unsigned s =
        v6 ? frame_sum(b + l3 + 8, 32, 0) : frame_sum(b + l3 + 12, 8, 0);

    (void)l4;
    frame_put16(tail + 2, (unsigned)len);
    return frame_sum(tail, 4, s);
}

/* Whether the checksum of TCP or UDP in (b), of (len) bytes, is right. */
static inline bool frame_right(const unsigned char *b, size_t len, size_t l3,
                               size_t l4, bool v6, int protocol)
{
    unsigned s = frame_pseudo(b, l3, l4, v6, protocol, len - l4);

    return frame_sum(b + l4, len - l4, s) == 0xffff;
}

static inline unsigned char frame_byte(size_t i)
{
    return (unsigned char)(i * 7 + i / 251 + 3);
}

static inline void frame_make(struct made_frame *f, struct frame_of o)
{
    unsigned char *b = f->bytes, *p;
    size_t at = 12, header, ip;

    memset(b, 0, 512);
    memcpy(b, "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);
    for (unsigned i = 0; i < o.vlans; i++, at += 4) {
        frame_put16(b + at, i % 2 ? 0x88a8 : 0x8100);
        frame_put16(b + at + 2, 5 + i);
    }
    frame_put16(b + at, o.v6 ? 0x86dd : 0x0800);
    f->l3 = at + 2;
    ip = (o.v6 ? 40 : 20) + 8 * o.options;
    f->l4 = f->l3 + ip;
    header = o.protocol == F_TCP ? 20 + 4 * o.tcp_words : 8;
    f->end = f->l4 + header;
    f->len = f->end + o.payload;
    for (size_t i = 0; i < o.payload; i++)
        b[f->end + i] = frame_byte(i);
    p = b + f->l3;
    if (o.v6) {
        p[0] = 0x60;
        frame_put16(p + 4, (unsigned)(f->len - f->l3 - 40));
        p[6] = o.options ? 0 : (uint8_t)o.protocol;
        for (unsigned i = 0; i < o.options; i++)
            p[40 + 8 * i] = i + 1 < o.options ? 0 : (uint8_t)o.protocol;
        p[7] = 64;
        for (unsigned i = 0; i < 32; i++)
            p[8 + i] = (uint8_t)(0xf0 - i);
    } else {
        p[0] = (uint8_t)(0x40 | ip / 4);
        frame_put16(p + 2, (unsigned)(f->len - f->l3));
        frame_put16(p + 4, 0xfffe); /* its id: it wraps */
        p[8] = 64;
        p[9] = (uint8_t)o.protocol;
        memcpy(p + 12, "\x0a\x00\x00\x01\x0a\x00\x00\x02", 8);
        for (unsigned i = 20; i < ip; i++)
            p[i] = 1;
        frame_put16(p + 10, ~frame_sum(p, ip, 0) & 0xffff);
    }
    p = b + f->l4;
    frame_put16(p, o.sport ? o.sport : 1000);
    frame_put16(p + 2, o.dport ? o.dport : 2000);
    if (o.protocol == F_TCP) {
        frame_put16(p + 4, o.seq >> 16);
        frame_put16(p + 6, o.seq & 0xffff);
        p[12] = (uint8_t)(header / 4 << 4);
        p[13] = o.tcp_flags;
        for (unsigned i = 0; i < 4 * o.tcp_words; i++)
            p[20 + i] = 1;
    } else {
        frame_put16(p + 4, (unsigned)(f->len - f->l4));
    }
    p += o.protocol == F_TCP ? 16 : 6;
    frame_put16(
        p, frame_pseudo(b, f->l3, f->l4, o.v6, o.protocol, f->len - f->l4));
    if (!o.blank)
        frame_put16(p, ~frame_sum(b + f->l4, f->len - f->l4, 0) & 0xffff);
}

#endif
