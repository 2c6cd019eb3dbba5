/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_NET_TCP_H
#define LEAT_BENCH_NET_TCP_H

/*
 * Two network namespaces, and what joins them. In each there is an interface,
 * with the address of its end.
 */

#include <sys/types.h>

#include "device.h"

struct tcp_link {
    int ns[2];  /* descriptors of the namespaces                          */
    pid_t pid;  /* who carries the frames; 0: the kernel                  */
    int leaves; /* closed, it ends; -1: it is killed                      */
};

/* "veth", "relay", or "leat-" and a way to receive; false: no such variant. */
bool tcp_link_open(struct tcp_link *l, const char *variant);
void tcp_link_close(struct tcp_link *l);
void tcp_enter(const struct tcp_link *l, int end);

extern const char *const tcp_addresses[2];

#endif
