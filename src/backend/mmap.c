/* SPDX-License-Identifier: ISC */

/*
 * The mmap backend: anonymous memory, in slabs aligned to 2 MiB so that a huge
 * page fits each.
 *
 * A slab's cookie is its file descriptor plus one, or NULL; what else is known
 * of it follows from the options. Metadata is mapped without reservation: arrays
 * are sized for all the memory there could be and touched as slabs come.
 */

#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <leat/mmap.h>

#define HUGE_BYTES ((size_t)2 << 20)
#define NODES_MAX  1024u /* Linux has no more: CONFIG_NODES_SHIFT is 10 */

#define KNOWN_FLAGS                                                            \
    (LEAT_MMAP_THP | LEAT_MMAP_HUGETLB | LEAT_MMAP_PREFAULT | LEAT_MMAP_LOCK | \
     LEAT_MMAP_NUMA | LEAT_MMAP_MEMFD)

static int slab_fd(const struct leat_slab *slab)
{
    return (int)(intptr_t)slab->cookie - 1;
}

/* What option the machine refused, and why. Kept for the first of a time. */
static int refuse(struct leat_mmap *m, uint32_t option)
{
    /* No memory is no refusal of an option. */
    if (errno == ENOMEM && option != LEAT_MMAP_HUGETLB &&
        option != LEAT_MMAP_LOCK)
        return LEAT_E_NOMEM;
    __atomic_store_n(&m->system_errno, errno, __ATOMIC_RELAXED);
    __atomic_store_n(&m->refused, option, __ATOMIC_RELAXED);
    return LEAT_E_REFUSED;
}

/* Reserves (bytes) of addresses aligned to a huge page. */
static void *reserve(size_t bytes)
{
    size_t span = bytes + HUGE_BYTES;
    unsigned char *base, *at;
    size_t head;

    if (span < bytes)
        return NULL;
    base = mmap(NULL, span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    at = (unsigned char *)(((uintptr_t)base + HUGE_BYTES - 1) &
                           ~(uintptr_t)(HUGE_BYTES - 1));
    head = (size_t)(at - base);
    if (head)
        munmap(base, head);
    munmap(at + bytes, span - bytes - head);
    return at;
}

/* Maps the slab's memory over its reserved addresses. */
static int map_over(struct leat_mmap *m, void *at, size_t bytes, int *fd)
{
    int flags = MAP_FIXED;
    unsigned memfd = MFD_CLOEXEC;

    *fd = -1;
    if (m->flags & LEAT_MMAP_MEMFD) {
        if (m->flags & LEAT_MMAP_HUGETLB)
            memfd |= MFD_HUGETLB;
        *fd = memfd_create("leat", memfd);
        if (*fd < 0 || ftruncate(*fd, (off_t)bytes))
            return refuse(m, LEAT_MMAP_MEMFD);
        flags |= MAP_SHARED;
    } else {
        flags |= MAP_PRIVATE | MAP_ANONYMOUS;
        if (m->flags & LEAT_MMAP_HUGETLB)
            flags |= MAP_HUGETLB;
    }
    if (mmap(at, bytes, PROT_READ | PROT_WRITE, flags, *fd, 0) == MAP_FAILED)
        return m->flags & LEAT_MMAP_HUGETLB ? refuse(m, LEAT_MMAP_HUGETLB)
                                            : LEAT_E_NOMEM;
    return 0;
}

/* Applies the options that work on memory which is mapped already. */
static int advise(struct leat_mmap *m, void *at, size_t bytes)
{
    if (m->flags & LEAT_MMAP_NUMA) {
        unsigned long mask[NODES_MAX / (8 * sizeof(long))] = {0};
        unsigned node = (unsigned)m->numa_node;

        if (node >= NODES_MAX) {
            errno = EINVAL;
            return refuse(m, LEAT_MMAP_NUMA);
        }
        mask[node / (8 * sizeof(*mask))] = 1ul << node % (8 * sizeof(*mask));
        if (syscall(SYS_mbind, at, bytes, MPOL_BIND, mask, 8 * sizeof(mask), 0))
            return refuse(m, LEAT_MMAP_NUMA);
    }
    if (m->flags & LEAT_MMAP_THP && madvise(at, bytes, MADV_HUGEPAGE))
        return refuse(m, LEAT_MMAP_THP);
    if (m->flags & LEAT_MMAP_MEMFD && madvise(at, bytes, MADV_DONTFORK))
        return refuse(m, LEAT_MMAP_MEMFD);
    if (m->flags & LEAT_MMAP_PREFAULT &&
        madvise(at, bytes, MADV_POPULATE_WRITE))
        return refuse(m, LEAT_MMAP_PREFAULT);
    /* Not mlock(), which AddressSanitizer makes do nothing. */
    if (m->flags & LEAT_MMAP_LOCK && syscall(SYS_mlock, at, bytes))
        return refuse(m, LEAT_MMAP_LOCK);
    return 0;
}

/* Counts what is given against the most that there is, of all pools. */
static void give_back(struct leat_mmap *m, size_t bytes)
{
    __atomic_fetch_sub(&m->pages_given, bytes >> LEAT_PAGE_SHIFT,
                       __ATOMIC_RELAXED);
}

static int give(struct leat_mmap *m, size_t bytes)
{
    size_t pages = bytes >> LEAT_PAGE_SHIFT;
    size_t huge = HUGE_BYTES >> LEAT_PAGE_SHIFT;
    size_t most = (m->pages_max + huge - 1) / huge * huge; /* whole slabs */
    size_t given = __atomic_load_n(&m->pages_given, __ATOMIC_RELAXED);

    do {
        if (given > most || pages > most - given)
            return LEAT_E_NOMEM;
    } while (!__atomic_compare_exchange_n(&m->pages_given, &given,
                                          given + pages, true, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return 0;
}

static int mmap_slab_get(void *self, size_t pages, struct leat_slab *out)
{
    struct leat_mmap *m = self;
    size_t bytes = pages << LEAT_PAGE_SHIFT;
    void *at;
    int fd = -1;
    int err;

    if (pages > m->pages_max)
        return LEAT_E_NOMEM;
    bytes = (bytes + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1);
    err = give(m, bytes);
    if (err)
        return err;
    at = reserve(bytes);
    if (!at) {
        give_back(m, bytes);
        return LEAT_E_NOMEM;
    }
    err = map_over(m, at, bytes, &fd);
    if (!err)
        err = advise(m, at, bytes);
    if (err) {
        munmap(at, bytes);
        if (fd >= 0)
            close(fd);
        give_back(m, bytes);
        return err;
    }
    out->base = at;
    out->pages = bytes >> LEAT_PAGE_SHIFT;
    out->cookie = (void *)((intptr_t)fd + 1);
    return 0;
}

static void mmap_slab_put(void *self, const struct leat_slab *slab)
{
    munmap(slab->base, slab->pages << LEAT_PAGE_SHIFT);
    if (slab_fd(slab) >= 0)
        close(slab_fd(slab));
    give_back(self, slab->pages << LEAT_PAGE_SHIFT);
}

static int mmap_discard(void *self, const struct leat_slab *slab, size_t first,
                        size_t pages)
{
    struct leat_mmap *m = self;
    int advice = m->flags & LEAT_MMAP_MEMFD ? MADV_REMOVE : MADV_DONTNEED;

    /* A huge page is dropped whole or not at all; locked memory never. */
    if (m->flags & (LEAT_MMAP_HUGETLB | LEAT_MMAP_LOCK))
        return LEAT_E_UNSUPPORTED;
    if (madvise(slab->base + (first << LEAT_PAGE_SHIFT),
                pages << LEAT_PAGE_SHIFT, advice))
        return LEAT_E_SYSTEM;
    return 0;
}

static size_t mmap_pages_max(void *self)
{
    return ((struct leat_mmap *)self)->pages_max;
}

static size_t mmap_slab_pages(void *self)
{
    return ((struct leat_mmap *)self)->slab_bytes >> LEAT_PAGE_SHIFT;
}

static int mmap_meta_get(void *self, size_t bytes, void **out)
{
    void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    (void)self;
    if (mem == MAP_FAILED)
        return LEAT_E_NOMEM;
    *out = mem;
    return 0;
}

static void mmap_meta_put(void *self, void *mem, size_t bytes)
{
    (void)self;
    munmap(mem, bytes);
}

static const struct leat_backend_ops mmap_ops = {
    .name = "mmap",
    .caps = LEAT_CAP_GROW | LEAT_CAP_RETURN | LEAT_CAP_META | LEAT_CAP_DISCARD |
            LEAT_CAP_ZEROED,
    .slab_get = mmap_slab_get,
    .slab_put = mmap_slab_put,
    .discard = mmap_discard,
    .pages_max = mmap_pages_max,
    .slab_pages = mmap_slab_pages,
    .meta_get = mmap_meta_get,
    .meta_put = mmap_meta_put,
};

/* All of the machine's memory, or what RLIMIT_AS leaves of it. */
static size_t memory_bytes(void)
{
    size_t pages = (size_t)sysconf(_SC_PHYS_PAGES);
    size_t bytes = pages * (size_t)sysconf(_SC_PAGESIZE);
    struct rlimit as;

    if (!getrlimit(RLIMIT_AS, &as) && as.rlim_cur != RLIM_INFINITY &&
        as.rlim_cur < bytes)
        bytes = as.rlim_cur;
    return bytes;
}

int leat_mmap_init(struct leat_mmap *m)
{
    struct leat_slab trial;
    int err;

    if (!m)
        return LEAT_E_INVALID;
    if (m->flags & ~KNOWN_FLAGS || m->slab_bytes % HUGE_BYTES)
        return LEAT_E_INVALID;
    if (m->flags & LEAT_MMAP_THP && m->flags & LEAT_MMAP_HUGETLB)
        return LEAT_E_INVALID;
    if (m->flags & LEAT_MMAP_NUMA && m->numa_node < 0)
        return LEAT_E_INVALID;
    if (!m->slab_bytes)
        m->slab_bytes = HUGE_BYTES;
    m->pages_max =
        (m->limit_bytes ? m->limit_bytes : memory_bytes()) >> LEAT_PAGE_SHIFT;
    m->pages_given = 0;
    m->refused = 0;
    m->system_errno = 0;
    if (!m->flags)
        return 0;
    err = mmap_slab_get(m, 1, &trial);
    if (!err)
        mmap_slab_put(m, &trial);
    return err;
}

struct leat_backend leat_mmap(struct leat_mmap *m)
{
    struct leat_backend b = {.ops = &mmap_ops, .self = m};

    return b;
}

int leat_mmap_fd(const struct leat_slab *slab, int *fd)
{
    if (!slab || !fd)
        return LEAT_E_INVALID;
    if (slab_fd(slab) < 0)
        return LEAT_E_UNSUPPORTED;
    *fd = slab_fd(slab);
    return 0;
}
