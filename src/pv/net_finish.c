/* SPDX-License-Identifier: ISC */

/*
 * Checksums and TCP segments, made by the CPU.
 *
 *   F1  a frame is copied out of what others can write before any of it is
 *       looked at, and only that copy is read
 *   F2  a piece has at most gso_size bytes of payload; all but the last have as
 *       many
 *   F3  a piece's headers are the frame's, but for lengths, the IPv4 id and sum,
 *       the sequence number, FIN and PSH (the last piece alone), CWR (the first
 *       alone), and the checksum
 *   F4  a frame becomes at most PIECES_MAX pieces: what a guest can ask for with
 *       one is bounded
 *
 * A checksum that is blank is made as the hardware would: from where it begins to
 * the frame's end, over the sum of the pseudo header that stands in its place.
 *
 * Sources: RFC 1071, RFC 793; RFC 3168 6.1.2 for CWR.
 */

#include "net_finish.h"

enum {
    IPV4 = 0x0800,
    TCP = 6,
    FIN_PSH = 0x09,
    CWR = 0x80,

    PIECES_MAX = 1500
};

static unsigned get16(const unsigned char *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static void put16(unsigned char *p, unsigned x)
{
    p[0] = (unsigned char)(x >> 8);
    p[1] = (unsigned char)x;
}

static uint32_t get32(const unsigned char *p)
{
    return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static void put32(unsigned char *p, uint32_t x)
{
    put16(p, x >> 16);
    put16(p + 2, x & 0xffff);
}

/* A sum of big-endian words, not yet folded; (n) is even but for the last. */
static uint64_t sum(const unsigned char *p, size_t n, uint64_t s)
{
    for (; n >= 2; p += 2, n -= 2)
        s += get16(p);
    return n ? s + ((unsigned)*p << 8) : s;
}

static unsigned fold(uint64_t s)
{
    while (s >> 16)
        s = (s & 0xffff) + (s >> 16);
    return (unsigned)s;
}

uint32_t leat_net_leaves(const struct leat_net_meta *meta,
                         struct leat_cview head)
{
    struct leat_net_headers is;

    if (meta->gso == LEAT_NET_GSO_TCPV4)
        return LEAT_NET_OFFLOAD_GSO4;
    if (meta->gso == LEAT_NET_GSO_TCPV6)
        return LEAT_NET_OFFLOAD_GSO6;
    if (!(meta->flags & LEAT_NET_CSUM_BLANK))
        return 0;
    if (leat_net_headers(head, head.len, &is) || !is.end)
        return NET_LEAVES_OTHER;
    if (meta->csum_start &&
        (meta->csum_start != is.l4 ||
         meta->csum_offset != (is.protocol == TCP ? 16 : 6)))
        return NET_LEAVES_OTHER;
    return is.ethertype == IPV4 ? LEAT_NET_OFFLOAD_CSUM4
                                : LEAT_NET_OFFLOAD_CSUM6;
}

/* The sum of the pseudo header, of (len) bytes behind it. */
static uint64_t pseudo(const unsigned char *h,
                       const struct leat_net_headers *is, size_t len)
{
    const unsigned char *ip = h + is->l3;
    uint64_t s =
        is->ethertype == IPV4 ? sum(ip + 12, 8, 0) : sum(ip + 8, 32, 0);

    return s + is->protocol + (len >> 16) + (len & 0xffff);
}

int leat_net_pseudo(unsigned char *head, size_t len, size_t frame)
{
    const struct leat_cview view = {head, len};
    struct leat_net_headers is;
    int err = leat_net_headers(view, frame, &is);

    if (err)
        return err;
    if (is.protocol != TCP || !is.end)
        return LEAT_E_PROTO;
    put16(head + is.l4 + 16, fold(pseudo(head, &is, frame - is.l4)));
    return 0;
}

/*
 * Makes the checksum at (at), of the (n) bytes from (from) on and those of the
 * payload: what stands at (at) is the sum of the pseudo header.
 */
static void check_sum(unsigned char *at, const unsigned char *from, size_t n,
                      const unsigned char *payload, size_t len)
{
    unsigned x = ~fold(sum(payload, len, sum(from, n, 0))) & 0xffff;

    put16(at, x ? x : 0xffff); /* of UDP, 0 would say that there is none */
}

static void ip_lengths(unsigned char *h, const struct leat_net_headers *is,
                       size_t len, unsigned nth)
{
    unsigned char *ip = h + is->l3;

    if (is->ethertype != IPV4) {
        put16(ip + 4, (unsigned)(len - is->l3 - 40));
        return;
    }
    put16(ip + 2, (unsigned)(len - is->l3));
    put16(ip + 4, get16(ip + 4) + nth);
    put16(ip + 10, 0);
    put16(ip + 10, ~fold(sum(ip, is->l4 - is->l3, 0)) & 0xffff);
}

struct job {
    unsigned char *header;      /* made anew for each piece */
    const unsigned char *first; /* that of the frame    */
    unsigned char *payload;
    size_t n;
    struct leat_net_headers is;
    struct leat_copies *copies;
    int (*each)(void *arg, const struct leat_net_frame *frame);
    void *arg;
};

/* Writes the frame's headers to where a piece has its own. */
static int begin(const struct job *j)
{
    const struct leat_view to = {j->header, LEAT_NET_HEAD_MAX};

    return leat_view_copy_in(to, 0, j->first, j->is.end, j->copies);
}

static int tell(const struct job *j, size_t from, size_t n)
{
    struct leat_shared seg;
    struct leat_net_frame out = {
        .head = {j->header, j->is.end},
        .segs = &seg,
        .nsegs = n != 0,
        .len = j->is.end + n,
        .meta = {.flags = LEAT_NET_CSUM_VALID},
    };
    int err = leat_shared_of(j->payload + from, n, &seg);

    return err ? err : j->each(j->arg, &out);
}

static int cut(const struct job *j, size_t most)
{
    const size_t header = j->is.end - j->is.l4;
    unsigned nth;
    size_t at, n;
    int err = 0;

    for (at = 0, nth = 0; !err && (at < j->n || !nth); at += n, nth++) {
        unsigned char *tcp = j->header + j->is.l4;

        n = j->n - at < most ? j->n - at : most;
        err = begin(j);
        if (err)
            break;
        put32(tcp + 4, get32(tcp + 4) + (uint32_t)at);
        if (at + n < j->n)
            tcp[13] &= (unsigned char)~FIN_PSH;
        if (nth)
            tcp[13] &= (unsigned char)~CWR;
        ip_lengths(j->header, &j->is, j->is.end + n, nth);
        put16(tcp + 16, fold(pseudo(j->header, &j->is, header + n)));
        /* Its header is of even length, so the sums can be joined. */
        check_sum(tcp + 16, tcp, header, j->payload + at, n);
        err = tell(j, at, n);
    }
    return err;
}

/* Copies all of (frame) to (to): F1. */
static int gather(const struct leat_net_frame *frame, unsigned char *to,
                  struct leat_copies *copies)
{
    const struct leat_view whole = {to, frame->len};
    size_t at = frame->head.len, i;
    int err = leat_view_copy_in(whole, 0, frame->head.data, at, copies);

    for (i = 0; i < frame->nsegs && !err; i++) {
        if (frame->segs[i].len > frame->len - at)
            return LEAT_E_RANGE;
        err = leat_shared_copy_out(frame->segs[i], 0, to + at,
                                   frame->segs[i].len, copies);
        at += frame->segs[i].len;
    }
    return err ? err : at == frame->len ? 0 : LEAT_E_RANGE;
}

/* A frame whose checksum alone is to be made, in (all), which is (len) long. */
static int complete(const struct leat_net_meta *meta, unsigned char *all,
                    size_t len, const struct leat_net_headers *is,
                    int (*each)(void *arg, const struct leat_net_frame *frame),
                    void *arg)
{
    struct leat_net_frame out = {
        .head = {all, len},
        .len = len,
        .meta = {.flags = LEAT_NET_CSUM_VALID},
    };
    size_t from = meta->csum_start, at = meta->csum_offset;

    if (!from) {
        if (!is->end)
            return LEAT_E_PROTO;
        from = is->l4;
        at = is->protocol == TCP ? 16 : 6;
    }
    if (from > len || at > len - from || len - from - at < 2)
        return LEAT_E_LENGTH;
    check_sum(all + from + at, all + from, len - from, all, 0);
    return each(arg, &out);
}

int leat_net_finish(const struct leat_net_frame *frame, uint32_t takes,
                    unsigned char *buffer, struct leat_copies *copies,
                    int (*each)(void *arg, const struct leat_net_frame *frame),
                    void *arg)
{
    struct job j = {.each = each, .arg = arg, .copies = copies};
    const struct leat_net_meta *meta = &frame->meta;
    struct leat_cview all;
    int err;

    if (!(leat_net_leaves(meta, frame->head) & ~takes))
        return each(arg, frame);
    if (frame->len > LEAT_NET_FRAME_MAX || frame->head.len > frame->len)
        return LEAT_E_LENGTH;
    j.header = buffer;
    buffer += LEAT_NET_HEAD_MAX;
    err = gather(frame, buffer, copies);
    if (err)
        return err;
    all.data = buffer;
    all.len = frame->len < LEAT_NET_HEAD_MAX ? frame->len : LEAT_NET_HEAD_MAX;
    err = leat_net_headers(all, frame->len, &j.is);
    if (!meta->gso)
        return err && !meta->csum_start
                   ? err
                   : complete(meta, buffer, frame->len, &j.is, each, arg);
    if (err)
        return err;
    if (!j.is.end || j.is.protocol != TCP || !meta->gso_size)
        return LEAT_E_PROTO;
    j.first = buffer;
    j.payload = buffer + j.is.end;
    j.n = frame->len - j.is.end;
    if (j.n / meta->gso_size >= PIECES_MAX)
        return LEAT_E_PROTO; /* F4 */
    return cut(&j, meta->gso_size);
}
