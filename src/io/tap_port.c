/* SPDX-License-Identifier: ISC */

/*
 * The frames of a TAP device: one system call each, from and to the guest's own
 * pages. The kernel copies each byte once, and what it decides by, it decides by
 * its own copy.
 */

#include <errno.h>
#include <linux/virtio_net.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io.h"
#include "tap.h"

/* Ahead of the frame: its virtio header. Behind its room: a byte that shows that
 * it was longer. */
#define PIECES (LEAT_NET_SEGMENTS + 2)

/* Shared memory, for the kernel to copy. */
static struct iovec piece_of(struct leat_shared s)
{
    return (struct iovec){(void *)(uintptr_t)s.peer_bytes, s.len};
}

/* What the frame leaves open, in the kernel's words. */
static int header_out(const struct leat_net_frame *frame,
                      struct virtio_net_hdr *h)
{
    struct leat_net_meta meta = frame->meta;
    struct leat_net_headers found;
    int err;

    *h = (struct virtio_net_hdr){.flags = 0};
    if (meta.gso == LEAT_NET_GSO_NONE && !(meta.flags & LEAT_NET_CSUM_BLANK)) {
        if (meta.flags & LEAT_NET_CSUM_VALID)
            h->flags = VIRTIO_NET_HDR_F_DATA_VALID;
        return 0;
    }
    err = leat_net_meta_find(frame->head, frame->len, &meta);
    if (err)
        return err;
    h->flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    h->csum_start = meta.csum_start;
    h->csum_offset = meta.csum_offset;
    if (meta.gso == LEAT_NET_GSO_NONE)
        return 0;
    err = leat_net_headers(frame->head, frame->len, &found);
    if (err)
        return err;
    h->gso_type = meta.gso == LEAT_NET_GSO_TCPV4 ? VIRTIO_NET_HDR_GSO_TCPV4
                                                 : VIRTIO_NET_HDR_GSO_TCPV6;
    h->gso_size = meta.gso_size;
    h->hdr_len = found.end;
    return 0;
}

static void longest(struct leat_tap *t, size_t len)
{
    if (len > t->stats.longest)
        t->stats.longest = len;
}

static int send(void *self, const struct leat_net_frame *frame)
{
    struct leat_tap *t = self;
    struct virtio_net_hdr h;
    struct iovec v[PIECES];
    size_t n = 0, i;
    ssize_t put;
    int err;

    if (frame->nsegs > LEAT_NET_SEGMENTS)
        return LEAT_E_SEGMENTS;
    err = header_out(frame, &h);
    if (err) {
        t->stats.refused++;
        return err;
    }
    v[n++] = (struct iovec){&h, sizeof(h)};
    if (frame->head.len)
        v[n++] = (struct iovec){(void *)(uintptr_t)frame->head.data,
                                frame->head.len};
    for (i = 0; i < frame->nsegs; i++)
        v[n++] = piece_of(frame->segs[i]);
    do
        put = writev(t->fds[0], v, (int)n);
    while (put < 0 && errno == EINTR);
    if (put < 0 && (errno == EAGAIN || errno == ENOBUFS)) {
        t->stats.full++;
        return LEAT_E_AGAIN;
    }
    if (put < 0) {
        t->stats.refused++;
        return errno == EBADFD ? LEAT_E_GONE : leat_io_error(errno);
    }
    t->stats.sent++;
    t->stats.sent_bytes += frame->len;
    t->stats.sent_gso += frame->meta.gso != LEAT_NET_GSO_NONE;
    longest(t, frame->len);
    return 0;
}

static void header_in(const struct virtio_net_hdr *h,
                      struct leat_net_meta *meta)
{
    const uint8_t gso = h->gso_type & (uint8_t)~VIRTIO_NET_HDR_GSO_ECN;

    *meta = (struct leat_net_meta){.flags = 0};
    if (h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) {
        meta->flags = LEAT_NET_CSUM_BLANK;
        meta->csum_start = h->csum_start;
        meta->csum_offset = h->csum_offset;
    } else if (h->flags & VIRTIO_NET_HDR_F_DATA_VALID) {
        meta->flags = LEAT_NET_CSUM_VALID;
    }
    if (gso == VIRTIO_NET_HDR_GSO_TCPV4)
        meta->gso = LEAT_NET_GSO_TCPV4;
    if (gso == VIRTIO_NET_HDR_GSO_TCPV6)
        meta->gso = LEAT_NET_GSO_TCPV6;
    if (meta->gso != LEAT_NET_GSO_NONE)
        meta->gso_size = h->gso_size;
}

static int receive(void *self, uint32_t queue, const struct leat_net_room *room,
                   struct leat_net_meta *meta, size_t *len)
{
    struct leat_tap *t = self;
    struct virtio_net_hdr h;
    struct iovec v[PIECES];
    unsigned char beyond;
    size_t n = 0, i;
    ssize_t got;

    if (queue >= t->queues)
        return LEAT_E_INVALID;
    if (room->nsegs > LEAT_NET_SEGMENTS)
        return LEAT_E_SEGMENTS;
    v[n++] = (struct iovec){&h, sizeof(h)};
    for (i = 0; i < room->nsegs; i++)
        v[n++] = piece_of(room->segs[i]);
    v[n++] = (struct iovec){&beyond, 1};
    do
        got = readv(t->fds[queue], v, (int)n);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN   ? LEAT_E_AGAIN
               : errno == EBADFD ? LEAT_E_GONE
                                 : leat_io_error(errno);
    if ((size_t)got < sizeof(h))
        return LEAT_E_SYSTEM;
    if ((size_t)got - sizeof(h) > room->bytes) {
        t->stats.too_long++;
        return LEAT_E_LENGTH;
    }
    header_in(&h, meta);
    *len = (size_t)got - sizeof(h);
    t->stats.received++;
    t->stats.received_bytes += *len;
    t->stats.received_gso += meta->gso != LEAT_NET_GSO_NONE;
    longest(t, *len);
    return 0;
}

static int offloads(void *self, uint32_t offload)
{
    return leat_tap_leave(self, offload);
}

static int no_offloads(void *self, uint32_t offload)
{
    (void)offload;
    return leat_tap_leave(self, 0);
}

static uint32_t queues(void *self)
{
    return ((struct leat_tap *)self)->queues;
}

static int fd(void *self, uint32_t queue)
{
    struct leat_tap *t = self;

    return queue < t->queues ? t->fds[queue] : -1;
}

const struct leat_netport_ops leat_tap_ops = {
    .name = "tap",
    .offload = LEAT_NET_OFFLOAD_ALL,
    .send = send,
    .receive = receive,
    .offloads = offloads,
    .queues = queues,
    .fd = fd,
};

const struct leat_netport_ops leat_tap_plain_ops = {
    .name = "tap",
    .send = send,
    .receive = receive,
    .offloads = no_offloads,
    .queues = queues,
    .fd = fd,
};
