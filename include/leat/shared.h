/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SHARED_H
#define LEAT_SHARED_H

/*
 * Shared memory: bytes that a peer can still write (rule R4).
 *
 * It is a type of its own. No call takes it for a view and none gives its
 * address as one: bytes come out by a copy into private memory, or by one
 * aligned read of a word, and are checked there. So nothing is ever read twice
 * and checked in between (XSA-155, CVE-2015-8550).
 *
 * Owner:   a window over a page that its maker keeps; a value, like a view.
 * Threads: any call beside any other; what the peer writes meanwhile may come
 *          out torn between words, never within one aligned word.
 *
 * Errors that all of these calls share:
 *   LEAT_E_RANGE    [off, off + len) leaves the memory, or overflows
 *   LEAT_E_INVALID  a needed pointer is NULL
 */

#include <leat/copies.h>
#include <leat/error.h>

LEAT_BEGIN_DECLS

struct leat_shared {
    volatile unsigned char *peer_bytes; /* (p): not to be read directly */
    size_t len;
};

/*
 * Names (len) bytes at (addr) as shared memory: for those who map a peer's
 * pages, or show a peer their own.
 *
 * Errors:  LEAT_E_OVERFLOW  addr + len wraps around
 */
LEAT_API int leat_shared_of(volatile void *addr, size_t len,
                            struct leat_shared *out);

/* Narrows: bytes [off, off + len) of (s). */
LEAT_API int leat_shared_slice(struct leat_shared s, size_t off, size_t len,
                               struct leat_shared *out);

/*
 * Copies (len) bytes out of shared memory to private (dst), each byte read
 * exactly once, or in from private (src). Counted as LEAT_WHY_SHARED.
 * (dst) and (src) must not lie in the shared memory.
 */
LEAT_API int leat_shared_copy_out(struct leat_shared s, size_t off, void *dst,
                                  size_t len, struct leat_copies *copies);
LEAT_API int leat_shared_copy_in(struct leat_shared s, size_t off,
                                 const void *src, size_t len,
                                 struct leat_copies *copies);

/*
 * Reads one word exactly once, or writes it once, in the host's byte order.
 *
 * Errors:  LEAT_E_ALIGN  the word's address is not a multiple of its size
 */
LEAT_API int leat_shared_read_u8(struct leat_shared s, size_t off,
                                 uint8_t *out);
LEAT_API int leat_shared_read_u16(struct leat_shared s, size_t off,
                                  uint16_t *out);
LEAT_API int leat_shared_read_u32(struct leat_shared s, size_t off,
                                  uint32_t *out);
LEAT_API int leat_shared_read_u64(struct leat_shared s, size_t off,
                                  uint64_t *out);
LEAT_API int leat_shared_write_u8(struct leat_shared s, size_t off, uint8_t x);
LEAT_API int leat_shared_write_u16(struct leat_shared s, size_t off,
                                   uint16_t x);
LEAT_API int leat_shared_write_u32(struct leat_shared s, size_t off,
                                   uint32_t x);
LEAT_API int leat_shared_write_u64(struct leat_shared s, size_t off,
                                   uint64_t x);

LEAT_END_DECLS

#endif
