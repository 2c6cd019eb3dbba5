/* SPDX-License-Identifier: ISC */
#ifndef LEAT_CORE_H
#define LEAT_CORE_H

/* Everything that the freestanding core, libleat-core.a, has. */

#include <leat/attr.h>
#include <leat/backend.h>
#include <leat/builder.h>
#include <leat/chunk.h>
#include <leat/constraint.h>
#include <leat/copies.h>
#include <leat/error.h>
#include <leat/export.h>
#include <leat/iov.h>
#include <leat/lifecycle.h>
#include <leat/magazine.h>
#include <leat/page.h>
#include <leat/pool.h>
#include <leat/port.h>
#include <leat/ref.h>
#include <leat/shared.h>
#include <leat/static.h>
#include <leat/stats.h>
#include <leat/view.h>

#endif
