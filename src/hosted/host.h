/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_HOST_H
#define LEAT_SRC_HOST_H

/* What libleat keeps for the process: its pools, so that fork() can tell them. */

#include "../core/internal.h"

/* The host's lock: the list of pools, and the threads' lists of magazines. */
void leat_host_lock(void);
void leat_host_unlock(void);

/*
 * A pool comes, and is given its serial and numbers that no other has:
 * LEAT_E_LIMIT where there are none. A pool goes.
 */
int leat_host_pool_add(struct leat_pool *pool);
void leat_host_pool_remove(struct leat_pool *pool);

/* In a forked child: the thread has no magazines any more. */
void leat_host_thread_forget(void);

#endif
