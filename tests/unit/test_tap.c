/* SPDX-License-Identifier: ISC */

/*
 * A TAP device as a port: frames go to a kernel's interface, in a network
 * namespace of the test's own, and come from it. A packet socket is the witness.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <leat/tap.h>

#include "pool_fixture.h"
#include "pv/frames.h"

#define LOCAL 0x88b5u /* IEEE: for local experiments */

struct tap_world {
    struct leat_tap *tap;
    struct leat_netport port;
    int witness;
};

static struct tap_world W;
static struct made_frame F;

/* The interface, up, and a socket that sees its frames with their virtio header. */
static void open_world(struct leat_tap_config c)
{
    struct sockaddr_ll at = {.sll_family = AF_PACKET,
                             .sll_protocol = htons(ETH_P_ALL)};
    struct ifreq ifr = {.ifr_flags = IFF_UP};
    struct timeval second = {.tv_sec = 1};
    int one = 1, s;

    cr_assert_eq(unshare(CLONE_NEWNET), 0);
    MUST(leat_tap_open(&W.tap, &c));
    W.port = leat_tap(W.tap);
    s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    strcpy(ifr.ifr_name, leat_tap_name(W.tap));
    cr_assert_eq(ioctl(s, SIOCSIFFLAGS, &ifr), 0);
    ifr.ifr_mtu = 1500;
    cr_assert_eq(ioctl(s, SIOCSIFMTU, &ifr), 0);
    close(s);
    W.witness = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    at.sll_ifindex = (int)if_nametoindex(leat_tap_name(W.tap));
    cr_assert_eq(
        setsockopt(W.witness, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)),
        0);
    cr_assert_eq(
        setsockopt(W.witness, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second)),
        0);
    cr_assert_eq(bind(W.witness, (struct sockaddr *)&at, sizeof(at)), 0);
}

static void close_world(void)
{
    close(W.witness);
    MUST(leat_tap_close(W.tap));
}

/* Whether a frame is the test's: the kernel sends some of its own. */
static bool is_ours(const unsigned char *frame, unsigned ethertype)
{
    return !memcmp(frame + 6, "\2\0\0\0\0", 5) &&
           frame_get16(frame + 12) == ethertype;
}

/* The next frame with (ethertype) that the kernel sees: its length. */
static size_t witnessed(unsigned ethertype, unsigned char *bytes, size_t room,
                        struct virtio_net_hdr *h)
{
    static unsigned char all[70000];
    ssize_t n;

    for (int i = 0; i < 50; i++) {
        n = recv(W.witness, all, sizeof(all), 0);
        cr_assert_gt(n, (ssize_t)sizeof(*h), "nothing came: %s",
                     strerror(errno));
        if (!is_ours(all + sizeof(*h), ethertype))
            continue;
        memcpy(h, all, sizeof(*h));
        n -= (ssize_t)sizeof(*h);
        cr_assert_leq((size_t)n, room);
        memcpy(bytes, all + sizeof(*h), (size_t)n);
        return (size_t)n;
    }
    cr_assert(false, "not among the first 50");
    return 0;
}

/* The next frame with (ethertype) that the port gives. */
static int received(unsigned ethertype, const struct leat_net_room *room,
                    const unsigned char *bytes, struct leat_net_meta *meta,
                    size_t *len)
{
    struct pollfd p = {.fd = W.port.ops->fd(W.port.self, 0), .events = POLLIN};

    for (int i = 0; i < 50; i++) {
        int err = W.port.ops->receive(W.port.self, 0, room, meta, len);

        if (err == LEAT_E_AGAIN) {
            cr_assert_eq(poll(&p, 1, 1000), 1, "nothing comes");
            continue;
        }
        if (err || is_ours(bytes, ethertype))
            return err;
    }
    return LEAT_E_AGAIN;
}

static void experiment(unsigned char *frame, size_t len)
{
    memset(frame, 0xff, 6);
    memcpy(frame + 6, "\2\0\0\0\0\1", 6);
    frame_put16(frame + 12, LOCAL);
    for (size_t i = 14; i < len; i++)
        frame[i] = (unsigned char)(i * 7);
}

Test(tap, a_frame_in_pieces)
{
    static unsigned char frame[1514], seen[2000];
    struct leat_shared segs[3];
    struct leat_net_frame f = {.segs = segs, .nsegs = 3, .len = 1514};
    struct virtio_net_hdr h;
    struct leat_tap_stats s;

    open_world((struct leat_tap_config){0});
    experiment(frame, 1514);
    MUST(leat_view_of(frame, 20, &(struct leat_view){NULL, 0}));
    f.head = (struct leat_cview){frame, 20};
    MUST(leat_shared_of(frame + 20, 1, &segs[0]));
    MUST(leat_shared_of(frame + 21, 0, &segs[1]));
    MUST(leat_shared_of(frame + 21, 1493, &segs[2]));
    MUST(W.port.ops->send(W.port.self, &f));
    cr_assert_eq(witnessed(LOCAL, seen, sizeof(seen), &h), 1514);
    cr_assert_arr_eq(seen, frame, 1514);
    MUST(leat_tap_stats(W.tap, &s));
    cr_assert_eq(s.sent, 1);
    cr_assert_eq(s.sent_bytes, 1514);
    cr_assert_eq(s.longest, 1514);
    close_world();
}

Test(tap, a_frame_into_room)
{
    static unsigned char frame[10 + 1000], room_bytes[1500];
    struct leat_shared segs[2];
    struct leat_net_room room = {segs, 2, 1000};
    struct leat_net_meta meta;
    struct leat_tap_stats s;
    size_t len = 6;

    open_world((struct leat_tap_config){0});
    experiment(frame + 10, 1000);
    MUST(leat_shared_of(room_bytes, 300, &segs[0]));
    MUST(leat_shared_of(room_bytes + 300, 700, &segs[1]));
    cr_assert_eq(send(W.witness, frame, 1010, 0), 1010);
    MUST(received(LOCAL, &room, room_bytes, &meta, &len));
    cr_assert_eq(len, 1000);
    cr_assert_arr_eq(room_bytes, frame + 10, 1000);
    cr_assert_eq(meta.flags, 0);
    cr_assert_eq(meta.gso, LEAT_NET_GSO_NONE);

    /* Longer than there is room for: lost, and told. */
    room.bytes = 999;
    segs[1].len = 699;
    len = 6;
    cr_assert_eq(send(W.witness, frame, 1010, 0), 1010);
    FAILS(LEAT_E_LENGTH, received(LOCAL, &room, room_bytes, &meta, &len));
    cr_assert_eq(len, 6);
    MUST(leat_tap_stats(W.tap, &s));
    cr_assert_eq(s.too_long, 1);
    FAILS(LEAT_E_INVALID,
          W.port.ops->receive(W.port.self, 1, &room, &meta, &len));
    close_world();
}

/* A long segment of TCP, to be cut by who sends it on. */
static void long_segment(bool v6)
{
    static unsigned char seen[70000];
    const enum leat_net_gso gso = v6 ? LEAT_NET_GSO_TCPV6 : LEAT_NET_GSO_TCPV4;
    static unsigned char out[70000];
    struct virtio_net_hdr h;
    struct leat_shared seg;
    struct leat_net_room room = {&seg, 1, 65535};
    struct leat_net_meta meta;
    struct leat_net_frame f = {.segs = &seg, .nsegs = 1};
    struct leat_tap_stats s;
    size_t len = 0;

    open_world((struct leat_tap_config){0});
    frame_make(&F, (struct frame_of){.v6 = v6,
                                     .protocol = F_TCP,
                                     .payload = 60000,
                                     .blank = true,
                                     .tcp_flags = 0x10});
    f.head = (struct leat_cview){F.bytes, F.end};
    MUST(leat_shared_of(F.bytes + F.end, F.len - F.end, &seg));
    f.len = F.len;
    f.meta = (struct leat_net_meta){
        .flags = LEAT_NET_CSUM_BLANK, .gso = gso, .gso_size = 1400};
    MUST(W.port.ops->send(W.port.self, &f));
    cr_assert_eq(
        witnessed(v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP, seen, sizeof(seen), &h),
        F.len);
    cr_assert_arr_eq(seen, F.bytes, F.len);
    cr_assert_eq(h.gso_type & ~VIRTIO_NET_HDR_GSO_ECN,
                 v6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4);
    cr_assert_eq(h.gso_size, 1400);
    cr_assert(h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM);
    cr_assert_eq(h.csum_start, F.l4);

    /* And back: from the socket, with the same header. */
    memcpy(out, &h, sizeof(h));
    memcpy(out + sizeof(h), F.bytes, F.len);
    cr_assert_eq(send(W.witness, out, sizeof(h) + F.len, 0),
                 (ssize_t)(sizeof(h) + F.len));
    MUST(leat_shared_of(seen, 65535, &seg));
    MUST(
        received(v6 ? ETHERTYPE_IPV6 : ETHERTYPE_IP, &room, seen, &meta, &len));
    cr_assert_eq(len, F.len);
    cr_assert_arr_eq(seen, F.bytes, F.len);
    cr_assert_eq(meta.gso, gso);
    cr_assert_eq(meta.gso_size, 1400);
    cr_assert_eq(meta.flags, LEAT_NET_CSUM_BLANK);
    cr_assert_eq(meta.csum_start, F.l4);
    cr_assert_eq(meta.csum_offset, 16);
    MUST(leat_tap_stats(W.tap, &s));
    cr_assert_eq(s.sent_gso, 1);
    cr_assert_eq(s.received_gso, 1);
    close_world();
}

Test(tap, a_long_segment_4)
{
    long_segment(false);
}

Test(tap, a_long_segment_6)
{
    long_segment(true);
}

/* A guest that takes nothing open gets what the kernel has finished. */
Test(tap, finished_for_a_plain_guest)
{
    static unsigned char out[70000], seen[70000];
    struct virtio_net_hdr h = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                               .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                               .gso_size = 1000,
                               .csum_offset = 16};
    struct leat_shared seg;
    struct leat_net_room room = {&seg, 1, 65535};
    struct leat_net_meta meta;
    size_t len, sum = 0;

    open_world((struct leat_tap_config){.flags = LEAT_TAP_NO_OFFLOAD});
    cr_assert_eq(W.port.ops->offload, 0);
    frame_make(&F, (struct frame_of){.protocol = F_TCP,
                                     .payload = 5000,
                                     .blank = true,
                                     .tcp_flags = 0x10});
    h.csum_start = (uint16_t)F.l4;
    h.hdr_len = (uint16_t)F.end;
    memcpy(out, &h, sizeof(h));
    memcpy(out + sizeof(h), F.bytes, F.len);
    cr_assert_eq(send(W.witness, out, sizeof(h) + F.len, 0),
                 (ssize_t)(sizeof(h) + F.len));
    MUST(leat_shared_of(seen, 65535, &seg));
    while (sum < 5000) {
        MUST(received(ETHERTYPE_IP, &room, seen, &meta, &len));
        cr_assert_eq(meta.gso, LEAT_NET_GSO_NONE);
        cr_assert_eq(meta.flags & LEAT_NET_CSUM_BLANK, 0);
        cr_assert(frame_right(seen, len, F.l3, F.l4, false, F_TCP));
        cr_assert_arr_eq(seen + F.end, F.bytes + F.end + sum, len - F.end);
        sum += len - F.end;
    }
    cr_assert_eq(sum, 5000);
    close_world();
}

Test(tap, refusals)
{
    struct leat_tap *tap = NULL, *other = NULL;
    struct leat_tap_config c = {.name = "leattap0", .queues = 2};

    cr_assert_eq(unshare(CLONE_NEWNET), 0);
    FAILS(LEAT_E_INVALID, leat_tap_open(NULL, &c));
    FAILS(LEAT_E_INVALID, leat_tap_close(NULL));
    c.flags = 64;
    FAILS(LEAT_E_INVALID, leat_tap_open(&tap, &c));
    c.flags = 0;
    c.queues = LEAT_TAP_QUEUES + 1;
    FAILS(LEAT_E_INVALID, leat_tap_open(&tap, &c));
    c.queues = 2;
    c.name = "a-name-of-sixteen";
    FAILS(LEAT_E_LENGTH, leat_tap_open(&tap, &c));
    c.name = "lo";
    FAILS(LEAT_E_BUSY, leat_tap_open(&tap, &c));
    c.name = "leattap0";
    MUST(leat_tap_open(&tap, &c));
    cr_assert_str_eq(leat_tap_name(tap), "leattap0");
    cr_assert_eq(leat_tap(tap).ops->queues(tap), 2);
    cr_assert_neq(leat_tap(tap).ops->fd(tap, 0), leat_tap(tap).ops->fd(tap, 1));
    cr_assert_eq(leat_tap(tap).ops->fd(tap, 2), -1);
    c.queues = 1; /* another kind */
    FAILS(LEAT_E_BUSY, leat_tap_open(&other, &c));
    cr_assert_null(other);
    MUST(leat_tap_close(tap));
    cr_assert_eq(if_nametoindex("leattap0"), 0, "it went");
    c.flags = LEAT_TAP_PERSIST;
    MUST(leat_tap_open(&tap, &c));
    MUST(leat_tap_close(tap));
    cr_assert_neq(if_nametoindex("leattap0"), 0, "it stays");
}
