/* SPDX-License-Identifier: ISC */
#ifndef LEAT_IO_IO_H
#define LEAT_IO_IO_H

/* What the parts of libleat-io have in common. */

#include <leat/error.h>

/* What an error of the system's, a positive errno, is called here. */
int leat_io_error(int error);

#endif
