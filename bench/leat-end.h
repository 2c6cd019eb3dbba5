/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_LEAT_END_H
#define LEAT_BENCH_LEAT_END_H

/*
 * What leat's own ends have in common, of blocks and frames: each has a domain, a
 * table of grants and a bus; the front has a pool that is born shared, and plays
 * the toolstack.
 */

#include <leat/bus_poll.h>
#include <leat/gnttab.h>
#include <leat/leat.h>
#include <leat/port.h>
#include <leat/receive.h>
#include <leat/sim_domain.h>

#include "device.h"

#define LEAT_FRONT 1u /* domains: of the first process, */
#define LEAT_BACK  2u /* and of the second              */

struct leat_end {
    struct leat_sim_domain *domain;
    struct leat_bus bus;
    struct leat_grants *table;
    /* Of the front alone. */
    struct leat_sim_domain *toolstack;
    struct leat_gnttab table_pages;
    struct leat_pool *pool;
};

/* Joins the simulation in (dir): what was opened when it fails is the process's. */
int leat_end_front(struct leat_end *e, const char *dir);
int leat_end_back(struct leat_end *e, const char *dir);
/* The toolstack's part, by the front: it makes the device, and has the back go. */
int leat_end_make(struct leat_end *e, const char *type, uint32_t number);
int leat_end_offline(struct leat_end *e, const char *back_path);
/* After the device itself is gone. */
int leat_end_close(struct leat_end *e);

/* To sleep until there is something to do. */
static inline int leat_end_rest(const struct leat_end *e, uint64_t timeout_ns)
{
    int err = leat_sim_wait(e->domain, -1, timeout_ns);

    return err == LEAT_E_AGAIN ? 0 : err;
}

_Noreturn void leat_die(const char *what, int err);
const struct leat_port *leat_bench_port(void);
/* "WAY,SPIN", of a variant; false: it is none. */
bool leat_parse(const char *variant, enum leat_receive_mode *mode,
                uint64_t *spin_ns);

#endif
