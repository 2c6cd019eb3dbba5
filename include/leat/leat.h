/* SPDX-License-Identifier: ISC */
#ifndef LEAT_LEAT_H
#define LEAT_LEAT_H

/* Everything that libleat has: the core, and what needs an operating system. */

#include <leat/core.h>
#include <leat/host.h>
#include <leat/mmap.h>

#endif
