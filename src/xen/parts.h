/* SPDX-License-Identifier: ISC */
#ifndef LEAT_XEN_INTERNAL_H
#define LEAT_XEN_INTERNAL_H

/* What the parts of libleat-xen share. */

#include <pthread.h>

#include <xentoollog.h>

#include <leat/backend.h>
#include <leat/grant_ops.h>
#include <leat/xen.h>

/* The libraries below print what goes wrong; with this they do not (R8). */
extern xentoollog_logger leat_xen_quiet;

/*
 * Writes (*why), unless it is NULL, and gives (err). The text is the rest, a
 * format.
 */
int leat_xen_tell(struct leat_xen_why *why, int err, enum leat_xen_lack lack,
                  int system_errno, const char *name, uint64_t value,
                  const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* leat_xen_probe() on a machine whose files are below (root). */
int leat_xen_probe_at(const char *root, enum leat_xen_part part,
                      struct leat_xen_why *why);

/* The part is all there, and yet opening it failed with (system_errno). */
int leat_xen_unopened(enum leat_xen_part part, int system_errno,
                      struct leat_xen_why *why);

/* Reads a number from the file at (path); false: there is none. */
bool leat_xen_number(const char *path, size_t *out);

/* Metadata of a pool or a table: operations of a backend. */
int leat_xen_meta_get(void *self, size_t bytes, void **out);
void leat_xen_meta_put(void *self, void *mem, size_t bytes);

/*
 * A range of addresses that is the library's for as long as it is open: where
 * nothing is mapped it is inaccessible. The caller locks.
 */
struct leat_xen_range {
    unsigned char *base; /* (c) */
    size_t pages;        /* (c) */
    unsigned char *used; /* (l) of each page: RANGE_* */
    size_t next;         /* (l) where to look first   */
    size_t out;          /* (l) pages taken           */
    size_t lost;         /* (l) pages lost            */
};

enum {
    RANGE_FREE = 0,
    RANGE_OUT = 1,
    RANGE_LOST = 2, /* another thread's mapping came into a hole */
};

int leat_xen_range_init(struct leat_xen_range *r, size_t pages);
void leat_xen_range_fini(struct leat_xen_range *r);

/* Takes (n) contiguous pages. LEAT_E_LIMIT: there are none. */
int leat_xen_range_take(struct leat_xen_range *r, size_t n, size_t *first);

/*
 * Gives them back: makes them inaccessible, whatever is mapped there. Where a
 * failed mmap(MAP_FIXED) has left a (hole), what came into it stays.
 */
void leat_xen_range_give(struct leat_xen_range *r, size_t first, size_t n,
                         bool hole);

/* Gives up on free pages. */
void leat_xen_range_lose(struct leat_xen_range *r, size_t first, size_t n);

/* Whether [page, page + n pages) lies in it; and as which page. */
bool leat_xen_range_find(const struct leat_xen_range *r, const void *page,
                         size_t n, size_t *first);

/* NULL, or what is wrong. */
const char *leat_xen_range_check(const struct leat_xen_range *r);

#endif
