/* SPDX-License-Identifier: ISC */

/*
 * Whether O_DIRECT and io_uring, plain and registered, take pages that are shared
 * and pages that are mapped as they are. What they do not take goes by the
 * library's counted bounce, which is shown to work.
 *
 * What is found is held against a table: a kernel that does otherwise is worth
 * knowing of.
 */

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/syscall.h>

#include "grants.h"

#define DISK  "/dev/ram0"
#define PAGES 8

enum how {
    PREAD,
    PWRITE,
    URING_READ,
    URING_WRITE,
    FIXED_READ,
    FIXED_WRITE
};

static const char *const names[] = {
    "O_DIRECT read",  "O_DIRECT write",           "io_uring read",
    "io_uring write", "io_uring registered read", "io_uring registered write",
};

/* A ring of a few entries, by the system's calls alone. */
struct ring {
    int fd;
    struct io_uring_params p;
    unsigned char *sq, *cq;
    struct io_uring_sqe *sqes;
};

static void ring_open(struct ring *r)
{
    memset(r, 0, sizeof(*r));
    r->fd = (int)syscall(SYS_io_uring_setup, 4, &r->p);
    MUST(r->fd >= 0);
    r->sq = mmap(NULL, r->p.sq_off.array + r->p.sq_entries * 4,
                 PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
    r->cq = mmap(
        NULL, r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe),
        PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
    r->sqes = mmap(NULL, r->p.sq_entries * sizeof(*r->sqes),
                   PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQES);
    MUST(r->sq != MAP_FAILED && r->cq != MAP_FAILED &&
         (void *)r->sqes != MAP_FAILED);
}

/* One request, waited for: its result, or -errno. */
static int ring_do(struct ring *r, const struct io_uring_sqe *sqe)
{
    unsigned *tail = (unsigned *)(r->sq + r->p.sq_off.tail);
    unsigned *array = (unsigned *)(r->sq + r->p.sq_off.array);
    unsigned *head = (unsigned *)(r->cq + r->p.cq_off.head);
    unsigned mask = *(unsigned *)(r->sq + r->p.sq_off.ring_mask);
    unsigned cmask = *(unsigned *)(r->cq + r->p.cq_off.ring_mask);
    struct io_uring_cqe *cqes = (void *)(r->cq + r->p.cq_off.cqes);
    int res;

    r->sqes[*tail & mask] = *sqe;
    array[*tail & mask] = *tail & mask;
    __atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
    if (syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL,
                0) < 0)
        return -errno;
    res = cqes[*head & cmask].res;
    __atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
    return res;
}

static int uring(int fd, void *base, size_t bytes, bool write, bool fixed)
{
    struct iovec iov = {.iov_base = base, .iov_len = bytes};
    struct io_uring_sqe sqe = {
        .fd = fd, .addr = (uintptr_t)base, .len = (uint32_t)bytes, .off = 0};
    struct ring r;
    int res = 0;

    sqe.opcode = fixed ? (write ? IORING_OP_WRITE_FIXED : IORING_OP_READ_FIXED)
                       : (write ? IORING_OP_WRITE : IORING_OP_READ);
    ring_open(&r);
    if (fixed && syscall(SYS_io_uring_register, r.fd, IORING_REGISTER_BUFFERS,
                         &iov, 1) < 0)
        res = -errno;
    if (!res)
        res = ring_do(&r, &sqe);
    close(r.fd);
    return res;
}

/* Bytes moved, or -errno. */
static int try(enum how how, int fd, void *base, size_t bytes)
{
    ssize_t n;

    switch (how) {
    case PREAD:
        n = pread(fd, base, bytes, 0);
        return n < 0 ? -errno : (int)n;
    case PWRITE:
        n = pwrite(fd, base, bytes, 0);
        return n < 0 ? -errno : (int)n;
    case URING_READ:
    case URING_WRITE:
        return uring(fd, base, bytes, how == URING_WRITE, false);
    default:
        return uring(fd, base, bytes, how == FIXED_WRITE, true);
    }
}

/* Ordinary memory, to see what is on the disk. */
static unsigned char *plain(void)
{
    void *m = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    MUST(m != MAP_FAILED);
    return m;
}

static bool writes(enum how how)
{
    return how == PWRITE || how == URING_WRITE || how == FIXED_WRITE;
}

/* Tries each way with memory of one kind. (readable) alone is not read into. */
static void kind(const char *what, int fd, unsigned char *base,
                 unsigned char *alias, bool readable, const bool *works)
{
    unsigned char *disk = plain();

    for (enum how how = PREAD; how <= FIXED_WRITE; how++) {
        unsigned seed = 100 + how;
        bool moved;
        int n;

        if (readable && (!writes(how) || how == FIXED_WRITE))
            continue; /* a registered buffer must be writable */
        fill(writes(how) ? alias : disk, PAGES, seed);
        if (!writes(how))
            MUST(pwrite(fd, disk, PAGES * PAGE, 0) == PAGES * PAGE);
        n = try(how, fd, base, PAGES * PAGE);
        memset(disk, 0, PAGES * PAGE);
        if (writes(how))
            MUST(pread(fd, disk, PAGES * PAGE, 0) == PAGES * PAGE);
        moved = n == PAGES * PAGE &&
                filled(writes(how) ? disk : alias, PAGES, seed);
        tap_note("%s: %s: %s", what, names[how],
                 moved   ? "works"
                 : n < 0 ? strerror(-n)
                         : "wrong bytes");
        OK(moved == works[how], "%s: %s %s", what, names[how],
           works[how] ? "works" : "is refused");
        OK(moved || n < 0, "%s: %s moves all or fails", what, names[how]);
    }
    munmap(disk, PAGES * PAGE);
}

/*
 * What io_uring does not register goes by pages of a pool that it does: the export
 * refuses it, or bounces and counts it, as a constraint of such buffers asks.
 */
static void bounced(const char *what, int fd, unsigned char *base)
{
    const struct leat_constraint need = {.flags = LEAT_NEED_REGISTERED};
    struct leat_mmap backend = {0};
    struct leat_pool_config config = {0};
    const struct leat_copies *copies;
    struct leat_view view, segs[4];
    struct leat_export ex = {
        .segs = segs, .max_segs = COUNT(segs), .dir = LEAT_TO_DEVICE};
    struct leat_chunk own;
    unsigned char *disk = plain();
    int n;

    MUST(!leat_mmap_init(&backend));
    config.backend = leat_mmap(&backend);
    MUST(!leat_pool_create(&ex.pool, &config));
    ex.owner = ex.pool;
    copies = leat_pool_copies(ex.pool);
    MUST(!leat_view_of(base, PAGES * PAGE, &view));
    fill(base, PAGES, 77);
    OK(leat_export(&view, 1, &need, LEAT_REFUSE, &ex) == LEAT_E_FOREIGN &&
           ex.why == LEAT_WHY_REGISTERED,
       "%s: refused, where only registered memory will do", what);
    MUST(!leat_export(&view, 1, &need, LEAT_BOUNCE, &ex));
    MUST(ex.nsegs == 1 && ex.why == LEAT_WHY_REGISTERED);
    n = uring(fd, segs[0].data, segs[0].len, true, true);
    MUST(pread(fd, disk, PAGES * PAGE, 0) == PAGES * PAGE);
    OK(n == PAGES * PAGE && filled(disk, PAGES, 77),
       "%s: by a bounce it is written, registered", what);
    OK(copies->count[LEAT_WHY_REGISTERED] == 1 &&
           copies->bytes[LEAT_WHY_REGISTERED] == PAGES * PAGE,
       "%s: which was counted", what);
    MUST(!leat_export_end(&ex, SIZE_MAX));

    fill(disk, PAGES, 78);
    MUST(pwrite(fd, disk, PAGES * PAGE, 0) == PAGES * PAGE);
    ex.dir = LEAT_FROM_DEVICE;
    MUST(!leat_export(&view, 1, &need, LEAT_BOUNCE, &ex));
    n = uring(fd, segs[0].data, segs[0].len, false, true);
    MUST(!leat_export_end(&ex, SIZE_MAX));
    OK(n == PAGES * PAGE && filled(base, PAGES, 78), "%s: and read, registered",
       what);

    MUST(!leat_pool_get(ex.pool, PAGES, &own));
    view = leat_chunk_view(own);
    MUST(!leat_export(&view, 1, &need, LEAT_BOUNCE, &ex));
    n = uring(fd, segs[0].data, segs[0].len, false, true);
    MUST(!leat_export_end(&ex, SIZE_MAX));
    OK(n == PAGES * PAGE && filled(view.data, PAGES, 78) &&
           copies->count[LEAT_WHY_REGISTERED] == 1,
       "%s: a page of the pool's own needs no copy", what);
    MUST(!leat_pool_put(ex.pool, own));
    MUST(!leat_pool_destroy(ex.pool));
    munmap(disk, PAGES * PAGE);
}

int main(void)
{
    /* io_uring registers no memory of a file that is not hugetlbfs or shmem, and
     * these are files of drivers: EOPNOTSUPP. */
    static const bool works[] = {true, true, true, true, false, false};
    struct leat_xen_share_config config = {0};
    static struct shared s;
    static struct mapped w, ro;
    struct leat_xen_map *m = open_map();
    int fd = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);

    MUST(fd >= 0);
    config.domain = own_domain();
    MUST(!share(&s, config, PAGES, config.domain));
    MUST(!map(m, &w, s.grefs, PAGES, LEAT_READ_WRITE));
    MUST(!map(m, &ro, s.grefs, PAGES, LEAT_READ_ONLY));
    kind("shared", fd, s.slab.base, s.slab.base, false, works);
    kind("mapped", fd, w.base, s.slab.base, false, works);
    kind("mapped read-only", fd, ro.base, s.slab.base, true, works);
    bounced("shared", fd, s.slab.base);
    bounced("mapped", fd, w.base);
    MUST(!unmap(m, &w) && !unmap(m, &ro));
    unshare(&s);
    close(fd);
    MUST(!leat_xen_map_close(m));
    return tap_end();
}
