/* SPDX-License-Identifier: ISC */
#ifndef LEAT_MMAP_H
#define LEAT_MMAP_H

/*
 * The mmap backend (libleat): anonymous memory in slabs, by default of 2 MiB
 * and aligned to it.
 *
 * Each option says when the machine refuses it: at leat_mmap_init(), which tries
 * it out, and again at the slab that could not have it. Nothing is silently done
 * without.
 */

#include <leat/backend.h>

LEAT_BEGIN_DECLS

#define LEAT_MMAP_THP      1u  /* transparent huge pages: madvise(2)          */
#define LEAT_MMAP_HUGETLB  2u  /* explicit huge pages of 2 MiB: MAP_HUGETLB   */
#define LEAT_MMAP_PREFAULT 4u  /* touch all pages when the slab is made       */
#define LEAT_MMAP_LOCK     8u  /* mlock(2): never paged out                   */
#define LEAT_MMAP_NUMA     16u /* bind to the node (numa_node)                */
#define LEAT_MMAP_MEMFD \
    32u /* memfd_create(2): can be shared with other
                                  processes; unmapped in a forked child       */

struct leat_mmap {
    size_t slab_bytes;  /* (c) a multiple of 2 MiB; 0: 2 MiB                 */
    size_t limit_bytes; /* (c) the most it gives; 0: the machine's memory, or
                           RLIMIT_AS where that is less                      */
    uint32_t flags;     /* (c) LEAT_MMAP_*                                   */
    int numa_node;      /* (c) with LEAT_MMAP_NUMA                           */

    /* After a failure: the option that was refused, and errno. */
    uint32_t refused;
    int system_errno;

    /* Private. */
    size_t pages_max;
    size_t pages_given; /* (a) in slabs that are out */
};

/*
 * Checks the options against this machine.
 *
 * Owner:   (*m) is the caller's and must outlive the pools made of it.
 * Errors:  LEAT_E_INVALID  slab_bytes, unknown flags, or both kinds of huge page
 *          LEAT_E_REFUSED  m->refused names the option, m->system_errno says why
 */
LEAT_API int leat_mmap_init(struct leat_mmap *m);

/*
 * Names (*m) as a backend. Any number of pools may use it, from any thread.
 * A slab that cannot have an option fails with LEAT_E_REFUSED, one for which
 * there is no memory with LEAT_E_NOMEM.
 */
LEAT_API struct leat_backend leat_mmap(struct leat_mmap *m);

/*
 * Gives the memfd of a slab of a pool made with LEAT_MMAP_MEMFD; the slab begins
 * at its offset 0.
 *
 * Owner:   borrowed: closed when the slab goes.
 * Errors:  LEAT_E_UNSUPPORTED  it has none
 */
LEAT_API int leat_mmap_fd(const struct leat_slab *slab, int *fd);

LEAT_END_DECLS

#endif
