/* SPDX-License-Identifier: ISC */
#ifndef LEAT_ATTR_H
#define LEAT_ATTR_H

/*
 * What every header of leat is written with: linkage, visibility, inlining,
 * and the size of a page.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define LEAT_BEGIN_DECLS extern "C" {
#define LEAT_END_DECLS   }
#else
#define LEAT_BEGIN_DECLS
#define LEAT_END_DECLS
#endif

#if defined(__GNUC__)
#define LEAT_API         __attribute__((visibility("default")))
#define LEAT_LIKELY(x)   __builtin_expect(!!(x), 1)
#define LEAT_UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define LEAT_API
#define LEAT_LIKELY(x)   (x)
#define LEAT_UNLIKELY(x) (x)
#endif

/*
 * A call that is worth inlining: the few that move pointers. Each also exists
 * as an ordinary symbol of the library, for other languages and for -O0.
 */
#define LEAT_INLINE LEAT_API inline

/* Bytes in a page, everywhere: what a Xen grant shows. */
#define LEAT_PAGE_SIZE  ((size_t)4096)
#define LEAT_PAGE_SHIFT 12

/* The most pages that a number of pages can name without overflow in bytes. */
#define LEAT_PAGES_MAX (SIZE_MAX >> LEAT_PAGE_SHIFT)

#endif
