/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_SIM_SERVER_H
#define LEAT_SRC_SIM_SERVER_H

#include "hv.h"
#include "place.h"

/*
 * Serves the domains that come to (place), until it is told to stop, by a
 * request or by SIGTERM, SIGINT or SIGHUP, which the caller has blocked; or,
 * with (until_empty), until the last one that came has left. 0, or a leat
 * error.
 */
int sim_server_run(struct sim_place *place, struct hv *hv, bool until_empty);

#endif
