/* SPDX-License-Identifier: ISC */

/* Checksums and segments that are made here: what comes out, byte by byte. */

#include "pool_fixture.h"

#include "pv/frames.h"
#include "pv/net_finish.h"

static struct made_frame f;
static unsigned char buffer[NET_FINISH_BYTES];

struct got {
    unsigned char bytes[65536];
    size_t n;    /* pieces                                                 */
    size_t at;   /* bytes of payload so far                                */
    size_t last; /* of the last one                                        */
    int fail_at; /* which one is refused; 0: none                          */
    struct frame_of of;
    size_t most;
};

static size_t flat(const struct leat_net_frame *frame, unsigned char *to)
{
    size_t at = frame->head.len;

    memcpy(to, frame->head.data, at);
    for (size_t i = 0; i < frame->nsegs; i++) {
        for (size_t k = 0; k < frame->segs[i].len; k++)
            to[at++] = frame->segs[i].peer_bytes[k];
    }
    cr_assert_eq(at, frame->len);
    return at;
}

static int keep(void *arg, const struct leat_net_frame *frame)
{
    struct got *g = arg;

    if (g->fail_at && (int)++g->n == g->fail_at)
        return LEAT_E_AGAIN;
    g->n += !g->fail_at;
    g->last = flat(frame, g->bytes);
    return 0;
}

/* The frame in (n) segments behind a head of (head) bytes. */
static struct leat_net_frame in_pieces(size_t head, size_t n,
                                       struct leat_shared *segs)
{
    struct leat_net_frame out = {
        .head = {f.bytes, head}, .segs = segs, .nsegs = n, .len = f.len};
    size_t at = head, part = (f.len - head) / (n ? n : 1);

    for (size_t i = 0; i < n; i++, at += part) {
        segs[i].peer_bytes = f.bytes + at;
        segs[i].len = i + 1 < n ? part : f.len - at;
    }
    return out;
}

Test(net_finish, what_is_taken_goes_as_it_is)
{
    struct leat_copies copies = {{0}, {0}};
    struct leat_shared segs[3];
    struct leat_net_frame frame;
    struct got g = {.n = 0};

    frame_make(&f, (struct frame_of){
                       .protocol = F_TCP, .payload = 5000, .blank = true});
    frame = in_pieces(100, 3, segs);
    frame.meta = (struct leat_net_meta){.flags = LEAT_NET_CSUM_BLANK,
                                        .gso = LEAT_NET_GSO_TCPV4,
                                        .gso_size = 1000};
    MUST(leat_net_finish(&frame, LEAT_NET_OFFLOAD_ALL, buffer, &copies, keep,
                         &g));
    cr_assert_eq(g.n, 1);
    cr_assert_eq(g.last, f.len);
    cr_assert_arr_eq(g.bytes, f.bytes, f.len);
    cr_assert_eq(leat_copies_bytes(&copies), 0);
}

Test(net_finish, checksums_are_made)
{
    struct leat_copies copies = {{0}, {0}};
    struct leat_shared segs[5];

    for (unsigned i = 0; i < 2 * 2 * 3 * 40; i++) {
        struct frame_of o = {.v6 = i % 2,
                             .protocol = i / 2 % 2 ? F_TCP : F_UDP,
                             .options = i / 4 % 3,
                             .payload = i / 12 * 3 + i % 2,
                             .blank = true};
        struct leat_net_frame frame;
        struct got g = {.n = 0};
        size_t at;

        frame_make(&f, o);
        at = f.l4 + (o.protocol == F_TCP ? 16 : 6);
        frame = in_pieces(f.end, 5, segs);
        frame.meta.flags = LEAT_NET_CSUM_BLANK;
        cr_assert_eq(leat_net_leaves(&frame.meta, frame.head),
                     o.v6 ? LEAT_NET_OFFLOAD_CSUM6 : LEAT_NET_OFFLOAD_CSUM4);
        MUST(leat_net_finish(&frame, 0, buffer, &copies, keep, &g));
        cr_assert_eq(g.n, 1);
        cr_assert_eq(g.last, f.len);
        cr_assert(frame_right(g.bytes, f.len, f.l3, f.l4, o.v6, o.protocol),
                  "%u", i);
        cr_assert_neq(frame_get16(g.bytes + at), 0);
        memcpy(f.bytes + at, g.bytes + at, 2);
        cr_assert_arr_eq(g.bytes, f.bytes, f.len);
    }
    cr_assert_gt(leat_copies_bytes(&copies), 0);
}

/* A sum that comes out as 0 is written as 0xffff. */
Test(net_finish, a_checksum_is_never_0)
{
    struct leat_copies copies = {{0}, {0}};
    struct frame_of o = {.protocol = F_UDP, .payload = 64, .blank = true};
    struct leat_net_frame frame;
    struct got g = {.n = 0};
    unsigned s;

    frame_make(&f, o);
    frame_put16(f.bytes + f.end, 0);
    s = frame_sum(f.bytes + f.l4, f.len - f.l4, 0);
    frame_put16(f.bytes + f.end, 0xffff - s);
    frame = in_pieces(f.len, 0, NULL);
    frame.meta.flags = LEAT_NET_CSUM_BLANK;
    MUST(leat_net_finish(&frame, 0, buffer, &copies, keep, &g));
    cr_assert_eq(frame_get16(g.bytes + f.l4 + 6), 0xffff);
}

/* A frame that is padded, as short ones are: what is behind IP's end is 0. */
Test(net_finish, padding_does_not_count)
{
    struct leat_copies copies = {{0}, {0}};
    struct leat_net_frame frame;
    struct got g = {.n = 0};
    size_t len;

    frame_make(
        &f, (struct frame_of){.protocol = F_UDP, .payload = 3, .blank = true});
    len = f.len;
    memset(f.bytes + len, 0, 60 - len);
    f.len = 60;
    frame = in_pieces(60, 0, NULL);
    frame.meta.flags = LEAT_NET_CSUM_BLANK;
    MUST(leat_net_finish(&frame, 0, buffer, &copies, keep, &g));
    cr_assert_eq(g.last, 60);
    cr_assert(frame_right(g.bytes, len, f.l3, f.l4, false, F_UDP));
}

/* A checksum of another protocol's, which is told by its place. */
Test(net_finish, a_checksum_anywhere)
{
    struct leat_copies copies = {{0}, {0}};
    struct leat_net_frame frame;
    struct got g = {.n = 0};

    frame_make(&f, (struct frame_of){.protocol = F_UDP, .payload = 90});
    frame = in_pieces(80, 1, &(struct leat_shared){0});
    frame = in_pieces(f.len, 0, NULL);
    frame.meta = (struct leat_net_meta){
        .flags = LEAT_NET_CSUM_BLANK, .csum_start = 50, .csum_offset = 3};
    cr_assert_eq(leat_net_leaves(&frame.meta, frame.head), NET_LEAVES_OTHER);
    MUST(leat_net_finish(&frame, LEAT_NET_OFFLOAD_ALL, buffer, &copies, keep,
                         &g));
    cr_assert_eq(frame_get16(g.bytes + 53),
                 ~frame_sum(f.bytes + 50, f.len - 50, 0) & 0xffff);
    for (unsigned at = 0; at < 300; at++) {
        frame.meta.csum_start = (uint16_t)(at + 1);
        cr_assert_eq(leat_net_finish(&frame, 0, buffer, &copies, keep, &g),
                     at + 1 + 3 + 2 <= f.len ? 0 : LEAT_E_LENGTH, "%u", at);
    }
}

/* ---------------------------------------------------------------- segments */

static uint32_t seq_of(const unsigned char *b)
{
    return (uint32_t)frame_get16(b + f.l4 + 4) << 16 |
           frame_get16(b + f.l4 + 6);
}

static int piece(void *arg, const struct leat_net_frame *frame)
{
    struct got *g = arg;
    unsigned char *b = g->bytes;
    size_t len = flat(frame, b), n = len - f.end;
    bool first = !g->n++, last = g->at + n == f.len - f.end;
    uint8_t flags = g->of.tcp_flags;

    cr_assert_eq(frame->meta.flags, LEAT_NET_CSUM_VALID);
    cr_assert_eq(frame->meta.gso, LEAT_NET_GSO_NONE);
    cr_assert(n == g->most || (last && n && n < g->most), "F2: %zu", n);
    cr_assert_arr_eq(b + f.end, f.bytes + f.end + g->at, n);
    cr_assert_eq(seq_of(b), g->of.seq + (uint32_t)g->at);
    flags &= last ? 0xff : 0xf6;
    flags &= first ? 0xff : 0x7f;
    cr_assert_eq(b[f.l4 + 13], flags);
    cr_assert(frame_right(b, len, f.l3, f.l4, g->of.v6, F_TCP));
    if (g->of.v6) {
        cr_assert_eq(frame_get16(b + f.l3 + 4), len - f.l3 - 40);
    } else {
        cr_assert_eq(frame_get16(b + f.l3 + 2), len - f.l3);
        cr_assert_eq(frame_get16(b + f.l3 + 4), (0xfffe + g->n - 1) & 0xffff);
        cr_assert_eq(frame_sum(b + f.l3, f.l4 - f.l3, 0), 0xffff);
    }
    cr_assert_arr_eq(b, f.bytes, f.l3);
    cr_assert_arr_eq(b + f.l4 + 20, f.bytes + f.l4 + 20, f.end - f.l4 - 20);
    g->at += n;
    return 0;
}

Test(net_finish, segments_are_cut)
{
    static const size_t payloads[] = {1001, 3000, 60000, 65000};
    static struct got g;
    struct leat_copies copies = {{0}, {0}};
    struct leat_shared segs[18];

    for (unsigned i = 0; i < 2 * 3 * 2 * 4; i++) {
        struct frame_of o = {.v6 = i % 2,
                             .protocol = F_TCP,
                             .options = i / 2 % 3,
                             .tcp_words = i / 6 % 2 * 10,
                             .payload = payloads[i / 12],
                             .seq = 0xfffffc00,
                             .tcp_flags = 0x99,
                             .blank = true};
        struct leat_net_frame frame;

        frame_make(&f, o);
        frame = in_pieces(f.end, 17, segs);
        frame.meta = (struct leat_net_meta){
            .flags = LEAT_NET_CSUM_BLANK,
            .gso = o.v6 ? LEAT_NET_GSO_TCPV6 : LEAT_NET_GSO_TCPV4,
            .gso_size = (uint16_t)(1000 + i / 6 % 2)};
        memset(&g, 0, sizeof(g));
        g.of = o;
        g.most = frame.meta.gso_size;
        MUST(leat_net_finish(&frame, LEAT_NET_OFFLOAD_CSUM4, buffer, &copies,
                             piece, &g));
        cr_assert_eq(g.at, o.payload);
        cr_assert_eq(g.n, (o.payload + g.most - 1) / g.most);
    }
}

Test(net_finish, segments_that_cannot_be)
{
    static struct got g;
    struct leat_copies copies = {{0}, {0}};
    struct leat_net_frame frame;
    struct leat_shared segs[2];

    frame_make(&f, (struct frame_of){
                       .protocol = F_TCP, .payload = 60000, .blank = true});
    frame = in_pieces(f.end, 2, segs);
    frame.meta = (struct leat_net_meta){.gso = LEAT_NET_GSO_TCPV4};
    cr_assert_eq(leat_net_finish(&frame, 0, buffer, &copies, keep, &g),
                 LEAT_E_PROTO, "of no size");
    frame.meta.gso_size = 40;
    cr_assert_eq(leat_net_finish(&frame, 0, buffer, &copies, keep, &g),
                 LEAT_E_PROTO, "F4");
    cr_assert_eq(g.n, 0);
    frame.meta.gso_size = 41;
    MUST(leat_net_finish(&frame, 0, buffer, &copies, keep, &g));
    cr_assert_eq(g.n, 1464);
    /* The receiver fails in the middle: no more comes. */
    memset(&g, 0, sizeof(g));
    g.fail_at = 7;
    cr_assert_eq(leat_net_finish(&frame, 0, buffer, &copies, keep, &g),
                 LEAT_E_AGAIN);
    cr_assert_eq(g.n, 7);
    /* Its length lies. */
    segs[0].len++;
    cr_assert_eq(leat_net_finish(&frame, 0, buffer, &copies, keep, &g),
                 LEAT_E_RANGE);
    segs[0].len -= 2;
    cr_assert_eq(leat_net_finish(&frame, 0, buffer, &copies, keep, &g),
                 LEAT_E_RANGE);
    frame.len = 65536;
    cr_assert_eq(leat_net_finish(&frame, 0, buffer, &copies, keep, &g),
                 LEAT_E_LENGTH);
    frame_make(&f, (struct frame_of){.protocol = F_UDP, .payload = 9000});
    frame = in_pieces(f.end, 2, segs);
    frame.meta =
        (struct leat_net_meta){.gso = LEAT_NET_GSO_TCPV4, .gso_size = 500};
    cr_assert_eq(leat_net_finish(&frame, 0, buffer, &copies, keep, &g),
                 LEAT_E_PROTO, "UDP");
}

Test(net_finish, the_pseudo_header_is_made)
{
    unsigned char was[2];

    for (int v6 = 0; v6 < 2; v6++) {
        frame_make(&f, (struct frame_of){.v6 = v6,
                                         .protocol = F_TCP,
                                         .payload = 4000,
                                         .blank = true});
        memcpy(was, f.bytes + f.l4 + 16, 2);
        frame_put16(f.bytes + f.l4 + 16, 0xabcd);
        MUST(leat_net_pseudo(f.bytes, 200, f.len));
        cr_assert_arr_eq(f.bytes + f.l4 + 16, was, 2);
        cr_assert_eq(leat_net_pseudo(f.bytes, f.l4 + 10, f.len), LEAT_E_LENGTH);
    }
    frame_make(&f, (struct frame_of){.protocol = F_UDP, .payload = 40});
    cr_assert_eq(leat_net_pseudo(f.bytes, f.len, f.len), LEAT_E_PROTO);
}
