/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_MIRROR_H
#define LEAT_TESTS_PV_MIRROR_H

/*
 * What stands behind a network backend of the tests: it gives back what it was
 * sent, in order, and keeps at most MIRROR_FRAMES of them.
 */

#include <stdlib.h>
#include <string.h>

#include <leat/netport.h>

#define MIRROR_FRAMES 256u
#define MIRROR_BYTES  65536u

struct mirror {
    unsigned char *bytes; /* MIRROR_FRAMES of MIRROR_BYTES                   */
    size_t len[MIRROR_FRAMES];
    struct leat_net_meta meta[MIRROR_FRAMES];
    uint32_t first, n;
    uint32_t offload;
    uint64_t sent, full;
    struct leat_copies copies;
    struct leat_netport_ops ops;
};

static inline int mirror_send(void *self, const struct leat_net_frame *frame)
{
    struct mirror *m = self;
    const uint32_t i = (m->first + m->n) % MIRROR_FRAMES;
    unsigned char *to = m->bytes + (size_t)i * MIRROR_BYTES;
    size_t at = frame->head.len, k;

    if (m->n == MIRROR_FRAMES) {
        m->full++;
        return LEAT_E_AGAIN;
    }
    if (frame->len > LEAT_NET_FRAME_MAX || at > frame->len)
        abort();
    memcpy(to, frame->head.data, at);
    for (k = 0; k < frame->nsegs; k++) {
        if (frame->segs[k].len > frame->len - at ||
            leat_shared_copy_out(frame->segs[k], 0, to + at, frame->segs[k].len,
                                 &m->copies))
            abort();
        at += frame->segs[k].len;
    }
    if (at != frame->len)
        abort();
    m->len[i] = frame->len;
    m->meta[i] = frame->meta;
    m->n++;
    m->sent++;
    return 0;
}

static inline int mirror_receive(void *self, uint32_t queue,
                                 const struct leat_net_room *room,
                                 struct leat_net_meta *meta, size_t *len)
{
    struct mirror *m = self;
    const uint32_t i = m->first;
    const unsigned char *from = m->bytes + (size_t)i * MIRROR_BYTES;
    size_t left = m->len[i], k;

    (void)queue;
    if (!m->n)
        return LEAT_E_AGAIN;
    m->first = (m->first + 1) % MIRROR_FRAMES;
    m->n--;
    if (left > room->bytes)
        return LEAT_E_LENGTH;
    for (k = 0; left && k < room->nsegs; k++) {
        size_t part = left < room->segs[k].len ? left : room->segs[k].len;

        if (leat_shared_copy_in(room->segs[k], 0, from, part, &m->copies))
            abort();
        from += part;
        left -= part;
    }
    if (left)
        abort();
    *meta = m->meta[i];
    *len = m->len[i];
    return 0;
}

static inline int mirror_fd(void *self, uint32_t queue)
{
    (void)self, (void)queue;
    return -1;
}

static inline struct leat_netport mirror_open(struct mirror *m,
                                              uint32_t offload)
{
    memset(m, 0, sizeof(*m));
    m->bytes = malloc((size_t)MIRROR_FRAMES * MIRROR_BYTES);
    if (!m->bytes)
        abort();
    m->ops = (struct leat_netport_ops){
        .name = "mirror",
        .offload = offload,
        .send = mirror_send,
        .receive = mirror_receive,
        .fd = mirror_fd,
    };
    return (struct leat_netport){&m->ops, m};
}

static inline void mirror_close(struct mirror *m)
{
    free(m->bytes);
    m->bytes = NULL;
}

#endif
