/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_SIM_PLACE_H
#define LEAT_SRC_SIM_PLACE_H

/* The directory where a simulation is found. */

#include <stdbool.h>
#include <stddef.h>

/* Held by the hypervisor; int functions give 0 or a leat error. */
struct sim_place {
    char *dir; /* absolute */
    int dir_fd;
    int lock_fd;
    int listen_fd;
};

/* Takes the directory for a hypervisor, and listens there. */
int sim_place_take(struct sim_place *place, const char *dir);

/* Stops listening, and removes what was made. */
void sim_place_leave(struct sim_place *place);

/* Connects to the hypervisor; checks that it is the same user's. */
int sim_place_connect(const char *dir, int *fd);

/*
 * Removes what a dead hypervisor left. Harmless while one lives, or where there
 * is nothing.
 */
void sim_place_sweep(const char *dir);

#endif
