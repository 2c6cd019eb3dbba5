/* SPDX-License-Identifier: ISC */

/*
 * Each option of the mmap backend works, and then the kernel says that the
 * memory has it, or is refused by name. Nothing is silently done without.
 */

#include "pool_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* Tells whether the mapping that holds (addr) has the VmFlags word (flag). */
static bool vm_flag(const void *addr, const char *flag)
{
    FILE *smaps = fopen("/proc/self/smaps", "r");
    uintptr_t from, to, want = (uintptr_t)addr;
    bool inside = false, found = false;
    char line[512];

    cr_assert_not_null(smaps);
    while (fgets(line, sizeof(line), smaps)) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = from <= want && want < to;
        else if (inside && !strncmp(line, "VmFlags:", 8))
            found = strstr(line, flag) != NULL;
    }
    fclose(smaps);
    return found;
}

static bool has_thp(const struct leat_slab *slab, unsigned char *page)
{
    (void)page;
    return vm_flag(slab->base, " hg ");
}

static bool has_hugetlb(const struct leat_slab *slab, unsigned char *page)
{
    (void)page;
    return vm_flag(slab->base, " ht ");
}

static bool has_prefault(const struct leat_slab *slab, unsigned char *page)
{
    static unsigned char resident[1 << 16];

    (void)page;
    cr_assert_leq(slab->pages, sizeof(resident));
    cr_assert_eq(mincore(slab->base, slab->pages * PAGE, resident), 0);
    for (size_t i = 0; i < slab->pages; i++)
        if (!(resident[i] & 1))
            return false;
    return true;
}

/* Linux does not mark huge pages as locked: they are never swapped. */
static bool has_lock(const struct leat_slab *slab, unsigned char *page)
{
    return vm_flag(slab->base, " lo ") || has_hugetlb(slab, page);
}

static bool has_node(const struct leat_slab *slab, unsigned char *page)
{
    unsigned long nodes[16] = {0};
    int mode = -1;

    (void)page;
    /* MPOL_F_ADDR is 2, MPOL_BIND is 2. */
    cr_assert_eq(syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8,
                         slab->base, 2),
                 0);
    return (mode & 0xff) == 2 && nodes[0] == 1;
}

static bool has_memfd(const struct leat_slab *slab, unsigned char *page)
{
    static const char text[] = "through the descriptor";
    int fd;

    MUST(leat_mmap_fd(slab, &fd));
    cr_assert_eq(pwrite(fd, text, sizeof(text), page - slab->base),
                 sizeof(text));
    return !memcmp(page, text, sizeof(text));
}

static const struct {
    uint32_t flag;
    bool (*has)(const struct leat_slab *slab, unsigned char *page);
} options[] = {
    {LEAT_MMAP_THP, has_thp},           {LEAT_MMAP_HUGETLB, has_hugetlb},
    {LEAT_MMAP_PREFAULT, has_prefault}, {LEAT_MMAP_LOCK, has_lock},
    {LEAT_MMAP_NUMA, has_node},         {LEAT_MMAP_MEMFD, has_memfd},
};

/* Opens a pool with (flags): each works, or one of them is named. */
static void works_or_is_refused(uint32_t flags)
{
    struct leat_pool_config config = {.limit_pages = 1024,
                                      .zero = LEAT_ZERO_NEVER};
    struct leat_mmap mmap = {.flags = flags};
    struct leat_pool *pool;
    struct leat_slab slab;
    struct leat_chunk c;
    int err, fd = -7;

    err = leat_mmap_init(&mmap);
    if (!err) {
        config.backend = leat_mmap(&mmap);
        MUST(leat_pool_create(&pool, &config));
        err = leat_pool_get(pool, 1, &c);
        if (err)
            MUST(leat_pool_destroy(pool));
    }
    if (err) {
        FAILS(LEAT_E_REFUSED, err);
        cr_assert_neq(mmap.refused & flags, 0);
        cr_assert_eq(mmap.refused & (mmap.refused - 1), 0, "one is named");
        cr_assert_gt(mmap.system_errno, 0);
        return;
    }
    MUST(leat_pool_slab(pool, 0, &slab));
    for (size_t i = 0; i < COUNT(options); i++)
        if (flags & options[i].flag)
            cr_assert(options[i].has(&slab, bytes_of(c)), "option %u of %u",
                      options[i].flag, flags);
    if (!(flags & LEAT_MMAP_MEMFD))
        FAILS(LEAT_E_UNSUPPORTED, leat_mmap_fd(&slab, &fd));
    memset(bytes_of(c), 1, PAGE);
    MUST(leat_pool_put(pool, c));
    MUST(leat_pool_destroy(pool));
}

Test(mmap_option, each)
{
    for (size_t i = 0; i < COUNT(options); i++)
        works_or_is_refused(options[i].flag);
}

Test(mmap_option, every_combination)
{
    for (uint32_t flags = 0; flags < 64; flags++)
        if ((flags & 3) != 3)
            works_or_is_refused(flags);
}

/* A pool of huge pages is not asked for here, so none may be there. */
Test(mmap_option, nothing_unasked)
{
    struct pool_fixture f;
    struct leat_slab slab;

    open_mmap(&f, 0, (struct leat_pool_config){0});
    MUST(leat_pool_put(f.pool, get(f.pool, 1)));
    MUST(leat_pool_slab(f.pool, 0, &slab));
    cr_assert_not(vm_flag(slab.base, " ht "));
    cr_assert_not(vm_flag(slab.base, " lo "));
    cr_assert_not(has_prefault(&slab, slab.base));
    close_pool(&f);
}

Test(mmap_option, no_such_node)
{
    static const int nodes[] = {1000, 1 << 20, INT32_MAX};

    for (size_t i = 0; i < COUNT(nodes); i++) {
        struct leat_mmap mmap = {.flags = LEAT_MMAP_NUMA,
                                 .numa_node = nodes[i]};

        FAILS(LEAT_E_REFUSED, leat_mmap_init(&mmap));
        cr_assert_eq(mmap.refused, LEAT_MMAP_NUMA);
        cr_assert_gt(mmap.system_errno, 0);
    }
}

/* In a child: no file may have a byte, at the start and at the first slab. */
static int no_file_bytes(void *arg)
{
    struct leat_mmap mmap = {.flags = LEAT_MMAP_MEMFD}, second = mmap;
    struct leat_pool_config config = {.limit_pages = 64};
    struct rlimit none = {0, 0};
    int fd = dup(STDOUT_FILENO);
    struct leat_pool *pool;
    struct leat_chunk c;

    (void)arg;
    CHILD(leat_mmap_init(&mmap) == 0);
    config.backend = leat_mmap(&mmap);
    CHILD(leat_pool_create(&pool, &config) == 0);
    close(fd);
    signal(SIGXFSZ, SIG_IGN);
    CHILD(setrlimit(RLIMIT_FSIZE, &none) == 0);
    CHILD(leat_mmap_init(&second) == LEAT_E_REFUSED);
    CHILD(second.refused == LEAT_MMAP_MEMFD && second.system_errno > 0);
    CHILD(leat_pool_get(pool, 1, &c) == LEAT_E_REFUSED);
    CHILD(mmap.refused == LEAT_MMAP_MEMFD && mmap.system_errno > 0);
    CHILD(dup(STDOUT_FILENO) == fd); /* no descriptor was left open */
    CHILD(leat_pool_check(pool) == NULL);
    CHILD(leat_pool_destroy(pool) == 0);
    return 0;
}

Test(mmap_option, memfd_refused)
{
    cr_assert_eq(line_in_child(no_file_bytes, NULL), 0);
}

/* In a child: nothing may be locked. */
static int no_locking(void *arg)
{
    struct leat_mmap mmap = {.flags = LEAT_MMAP_LOCK};
    struct rlimit none = {0, 0};

    (void)arg;
    CHILD(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
    CHILD(geteuid() != 0 || seteuid(65534) == 0);
    CHILD(leat_mmap_init(&mmap) == LEAT_E_REFUSED);
    CHILD(mmap.refused == LEAT_MMAP_LOCK && mmap.system_errno > 0);
    CHILD(getuid() != 0 || seteuid(0) == 0);
    return 0;
}

Test(mmap_option, lock_refused)
{
    cr_assert_eq(line_in_child(no_locking, NULL), 0);
}
