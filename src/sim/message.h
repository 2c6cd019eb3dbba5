/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_SIM_MESSAGE_H
#define LEAT_SRC_SIM_MESSAGE_H

/* Datagrams with descriptors, over a socket of a domain or the hypervisor. */

#include <stdbool.h>
#include <stddef.h>

#include "hv.h"

/* Sends one; 0, or a negated errno. Never a signal. */
int sim_send(int fd, const void *bytes, size_t len, const int *fds, size_t nfds,
             bool wait);

/*
 * Receives one into (bytes), of SIM_MESSAGE, and its descriptors into (fds), of
 * SIM_FDS: how many bytes; 0: the other end is gone; or a negated errno, and
 * then no descriptor is left open. -EBADMSG: it was longer. Where this process
 * can hold no more descriptors, the message comes without any.
 */
long sim_receive(int fd, void *bytes, int *fds, size_t *nfds, bool wait);

/*
 * Makes the descriptors of a reply: those lent for reading are opened anew.
 * close_sent() closes those that are the reply's alone.
 */
int sim_reply_fds(const struct hv_reply *reply, int fds[SIM_FDS]);
void sim_reply_close(const struct hv_reply *reply, const int fds[SIM_FDS]);

/* Sends the notices that wait, as far as their domains take them. Those that do
 * not take more are told to (full). */
void sim_notices(struct hv *hv, void (*full)(void *arg, struct hv_domain *d),
                 void *arg);

/* Memory and descriptors of this process, for a hypervisor in it. */
struct hv_host sim_host(void);

#endif
