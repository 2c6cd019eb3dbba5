/* SPDX-License-Identifier: ISC */

/*
 * The negative control of the accounting: the same program, with one copy that
 * nobody counts. It passes when that copy is found, to the byte.
 */
#define LEAT_SILENT_COPY 1
#include "accounting.c"
