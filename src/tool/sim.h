/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_SIM_H
#define LEAT_SRC_TOOL_SIM_H

#include <leat/leat.h>
#include <leat/sim.h>
#include <leat/sim_admin.h>
#include <leat/sim_domain.h>
#include <leat/sim_fault.h>

#include "tool.h"

/* Each gives an exit status; argv[0] is the word after "sim". */
int sim_start(int argc, char **argv);
int sim_list(int argc, char **argv);
int sim_store(int argc, char **argv);
int sim_suspend(int argc, char **argv);
int sim_resume(int argc, char **argv);
int sim_stop(int argc, char **argv);
int sim_block(int argc, char **argv);
int sim_block_back(int argc, char **argv); /* its other process */
int sim_net(int argc, char **argv);
int sim_net_back(int argc, char **argv);

/* Opens the simulation of (dir) as its toolstack; NULL: it was said why not. */
struct leat_sim_domain *sim_open(const char *dir);

/* Says (err) of (what); EXIT_BAD. */
int sim_failed(const char *what, int err);

#endif
