/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_LEAT_END_H
#define LEAT_BENCH_LEAT_END_H

/* What leat's own ends have in common, of blocks and frames. */

#include <leat/port.h>
#include <leat/receive.h>

#include "device.h"

#define LEAT_FRONT 1u /* domains: of the first process, */
#define LEAT_BACK  2u /* and of the second              */

_Noreturn void leat_die(const char *what, int err);
const struct leat_port *leat_bench_port(void);
/* "WAY,SPIN", of a variant; false: it is none. */
bool leat_parse(const char *variant, enum leat_receive_mode *mode,
                uint64_t *spin_ns);

#endif
