/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_NET_H
#define LEAT_BENCH_NET_H

/*
 * The loop of the peers of "leat bench net": frames of one size, from the second
 * process to the first, or both ways. They are counted where they arrive.
 *
 * Every byte of a frame is written by who sends it, and read by who receives it,
 * by every peer: net_fill() and net_take().
 */

#include <string.h>

#include "device.h"

#define NET_BURST  32u
#define NET_HEADER 14u

struct net_case {
    const char *name;
    uint32_t bytes;
    bool two; /* directions */
};

struct net_peer {
    void *arg;
    /* Sends up to (n) frames and gives how many it did; never blocks long. */
    unsigned (*send)(void *arg, unsigned n);
    /* Takes what is there, likewise. */
    unsigned (*receive)(void *arg);
    /* Nothing moved: waits for a while, bounded; NULL: tries again. */
    void (*wait)(void *arg, bool sends);
    /* NULL, or: frames are counted from now on; and no more. */
    void (*count)(void *arg, bool begins);
};

/* NULL: no such case. */
const struct net_case *net_find(const char *name);
/* The whole of it, by both processes; leaves when both have stopped sending. */
void net_measure(struct device *d, const struct net_case *c,
                 const struct net_peer *p);
_Noreturn void net_torn(void);

/* Ethernet: to a station that nobody has seen, an experiment's type. */
static inline void net_fill(unsigned char *frame, size_t bytes, unsigned nth)
{
    static const unsigned char header[NET_HEADER] = {2, 0, 0, 0, 0, 1,    2,
                                                     0, 0, 0, 0, 2, 0x88, 0xb5};

    memcpy(frame, header, NET_HEADER);
    memset(frame + NET_HEADER, (int)(nth & 0x7f), bytes - NET_HEADER);
    DEVICE_USE(frame);
}

/* No byte of a frame has its highest bit set: looking for one reads them all. */
static inline void net_take(const unsigned char *frame, size_t bytes)
{
    const unsigned char *data = frame + NET_HEADER;
    size_t len = bytes - NET_HEADER;

    if (memchr(data, 0xff, len) || data[0] != data[len - 1])
        net_torn();
}

#endif
