/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_SIM_SIDE_H
#define LEAT_SRC_TOOL_SIM_SIDE_H

/*
 * What is beside the front end of a device that a word of leat sim runs: a
 * simulation of its own, the toolstack's part, and the back end's process, which
 * is this command once more.
 */

#include <sys/types.h>

#include <leat/bus_device.h>
#include <leat/grant.h>

#include "sim.h"

#define SIDE_FRONT 1u /* domains */
#define SIDE_BACK  2u

/* Of the back end's process: where it writes its statistics when it ends. */
#define SIDE_STATS_FD 3

struct side {
    const char *word; /* "sim block", for messages */
    const struct leat_bus_device *devices;
    int ndevices;
    const char *back[8]; /* the arguments of the back end's command, from its
                            word on, NULL at the end; "": the simulation */
    void *stats;         /* what it writes at its end */
    size_t stats_bytes;

    char *scratch; /* a directory of our own, if asked for */
    char *sim;     /* the simulation's                      */
    struct leat_sim_domain *toolstack;
    pid_t pid; /* of the back end; 0: there is none */
    int stats_fd;
    bool have_stats;
};

/* Makes (s->scratch), which must be empty again when it stops. */
bool side_scratch(struct side *s);
/* (dir)/(name), to be freed; NULL: there is no memory. */
char *side_path(const char *dir, const char *name);

/* The simulation, and the first back end. */
bool side_start(struct side *s);
bool side_start_back(struct side *s);
bool side_kill_back(struct side *s);

/* The devices' directories: both ends', or the back end's alone. */
bool side_make(struct side *s, bool both);
/* The devices are to close for good. */
bool side_take_offline(struct side *s);

/* Another process asks domain 1 to suspend, and resumes it; -1: it was said why
 * not. */
pid_t side_suspend(const struct side *s);

/* Waits until the back end has ended, by itself where all is (good); ends all
 * the rest. */
bool side_wait(struct side *s, bool good);
bool side_stop(struct side *s, bool good);

/* A device's directory. Static, until the next call but seven. */
const char *side_device(const struct side *s, enum leat_bus_side side,
                        int device);

/* Sleeps for a millisecond. */
void side_nap(void);

/* The back end joins (dir): the one before may not be gone yet. */
int side_join_back(const char *dir, struct leat_sim_domain **out);
/* What each end has of its domain. The bus is told of suspends as the table is. */
int side_open(struct leat_sim_domain *domain, struct leat_grants_config config,
              struct leat_grants **table, struct leat_bus *bus);

#endif
