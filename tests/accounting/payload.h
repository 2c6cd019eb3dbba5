/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PAYLOAD_H
#define LEAT_TESTS_PAYLOAD_H

#include <stddef.h>
#include <stdint.h>

/*
 * The linker's --wrap brings each memcpy, memmove, read and write of the library
 * here. Bytes are payload when their source or destination touches a range that
 * was named; all others are the library's own affair.
 */

/* Names (len) bytes at (base) as payload. */
void payload_add(const void *base, size_t len);

/* Tells how many bytes of payload have moved so far. */
uint64_t payload_moved(void);

#endif
