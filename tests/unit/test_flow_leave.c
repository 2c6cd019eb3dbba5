/* SPDX-License-Identifier: ISC */

/*
 * A flow's buffer leaves without a copy where the consumer's constraint allows:
 * to a file with O_DIRECT, to io_uring. To a peer it goes by a copy, where its
 * page holds other buffers.
 */

#include <fcntl.h>
#include <sys/uio.h>

#if HAVE_LIBURING
#include <liburing.h>
#endif

#include "flow_fixture.h"

/* A file that does direct I/O, or -1; and what that needs. */
static int direct_file(struct leat_constraint *need)
{
    char name[] = "/tmp/leat-flow.XXXXXX";
    int fd = mkstemp(name);

    cr_assert_geq(fd, 0);
    close(fd);
    fd = open(name, O_RDWR | O_DIRECT);
    unlink(name);
    if (fd >= 0 && leat_constraint_file(fd, need)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Exports, as it is or not at all, to one iovec. */
static void as_it_is(struct flow_fixture *f, const struct leat_flow_ref *ref,
                     const struct leat_constraint *need, struct leat_export *ex,
                     struct iovec *iov)
{
    static struct leat_view segs[1];

    memset(ex, 0, sizeof(*ex));
    ex->segs = segs;
    ex->max_segs = 1;
    ex->pool = f->p.pool;
    MUST(leat_export(&ref->view, 1, need, LEAT_REFUSE, ex));
    cr_assert_eq(segs[0].data, ref->view.data);
    MUST(leat_views_iovec(segs, 1, iov));
}

/* A buffer that a file takes: a segment of 4096 bytes, aligned as it asks. */
static struct leat_flow_ref aligned(struct flow_fixture *f,
                                    const struct leat_constraint *need)
{
    static unsigned char data[4096];
    struct leat_flow_segments how = {.bytes = 4096, .need.align = need->align};
    struct leat_cview from = {data, sizeof(data)};
    struct leat_flow_ref ref;
    size_t n;

    fill(data, sizeof(data), 9);
    MUST(leat_flow_segment(f->fp, &how, from, &ref, 1, &n));
    return ref;
}

Test(flow_leave, to_a_file)
{
    struct leat_constraint need = {0};
    int fd = direct_file(&need);
    struct flow_fixture f;
    struct leat_flow_ref ref, back;
    struct leat_export ex;
    struct iovec iov;

    if (fd < 0) {
        cr_log_warn("/tmp does no direct I/O: not tried");
        return;
    }
    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    ref = aligned(&f, &need);
    as_it_is(&f, &ref, &need, &ex, &iov);
    cr_assert_eq(pwritev(fd, &iov, 1, 0), 4096);
    MUST(leat_export_end(&ex, 0));
    memset(ref.view.data, 0, 4096);

    back = aligned(&f, &need);
    memset(back.view.data, 0, 4096);
    as_it_is(&f, &back, &need, &ex, &iov);
    cr_assert_eq(preadv(fd, &iov, 1, 0), 4096);
    MUST(leat_export_end(&ex, 0));
    cr_assert(filled(back.view.data, 4096, 9));
    cr_assert_eq(leat_copies_bytes(leat_pool_copies(f.p.pool)), 0);
    MUST(leat_flow_ref_drop(&ref));
    MUST(leat_flow_ref_drop(&back));
    close_flows(&f);
    close(fd);
}

#if HAVE_LIBURING
Test(flow_leave, to_io_uring)
{
    struct leat_constraint need, any;
    struct flow_fixture f;
    struct leat_flow_ref ref;
    struct leat_export ex;
    struct io_uring ring;
    struct io_uring_cqe *cqe;
    struct iovec iov;
    char got[300];
    int end[2];
    int err = io_uring_queue_init(4, &ring, 0);

    if (err) {
        cr_log_warn("no io_uring here (%d): not tried", err);
        return;
    }
    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    leat_constraint_uring(false, &any);
    need = any;
    MUST(leat_flow_buffer_get(f.fp, 300, &ref));
    fill(ref.view.data, 300, 1);
    as_it_is(&f, &ref, &need, &ex, &iov);
    cr_assert_eq(pipe(end), 0);
    io_uring_prep_writev(io_uring_get_sqe(&ring), end[1], &iov, 1, 0);
    cr_assert_eq(io_uring_submit(&ring), 1);
    cr_assert_eq(io_uring_wait_cqe(&ring, &cqe), 0);
    cr_assert_eq(cqe->res, 300);
    io_uring_cqe_seen(&ring, cqe);
    MUST(leat_export_end(&ex, 0));
    cr_assert_eq(read(end[0], got, 300), 300);
    cr_assert(filled(got, 300, 1));
    cr_assert_eq(leat_copies_bytes(leat_pool_copies(f.p.pool)), 0);
    io_uring_queue_exit(&ring);
    MUST(leat_flow_ref_drop(&ref));
    close_flows(&f);
}
#endif

Test(flow_leave, to_a_peer_by_a_copy)
{
    bool shares = leat_flow_caps() & LEAT_FLOW_CAP_SUBPAGE;
    struct leat_constraint need;
    struct flow_fixture f;
    struct leat_flow_ref ref, other, big;
    struct leat_view segs[4];
    struct leat_export ex = {.segs = segs, .max_segs = 4};
    const struct leat_copies *copies;

    open_flows(&f, 64, (struct leat_flow_pool_config){0});
    leat_constraint_netif(&need);
    ex.pool = ex.owner = f.p.pool;
    copies = leat_pool_copies(f.p.pool);
    MUST(leat_flow_buffer_get(f.fp, 300, &ref));
    MUST(leat_flow_buffer_get(f.fp, 300, &other));
    memset(other.view.data, 0x5e, 300); /* not the peer's */
    fill(ref.view.data, 300, 1);
    MUST(leat_export(&ref.view, 1, &need, LEAT_BOUNCE, &ex));
    cr_assert_eq(ex.why, shares ? LEAT_WHY_NEIGHBOURS : LEAT_WHY_NONE);
    cr_assert_eq(copies->bytes[LEAT_WHY_NEIGHBOURS], shares ? 300 : 0);
    cr_assert(filled(segs[0].data, 300, 1));
    if (shares) { /* nothing of the neighbour is in the page it sees */
        unsigned char *page = segs[0].data - (uintptr_t)segs[0].data % PAGE;

        for (size_t i = 0; i < PAGE; i++)
            cr_assert(page + i >= segs[0].data && page + i < segs[0].data + 300
                          ? true
                          : page[i] == 0);
    }
    MUST(leat_export_end(&ex, 0));
    if (shares)
        FAILS(LEAT_E_PEER, leat_export(&ref.view, 1, &need, LEAT_REFUSE, &ex));

    /* Whole pages have no neighbours. */
    MUST(leat_flow_buffer_get(f.fp, 20000, &big));
    MUST(leat_view_slice(big.view, 0, 4096, &segs[1]));
    MUST(leat_export(&segs[1], 1, &need, LEAT_REFUSE, &ex));
    cr_assert_eq(segs[0].data, big.view.data);
    MUST(leat_export_end(&ex, 0));
    MUST(leat_flow_ref_drop(&ref));
    MUST(leat_flow_ref_drop(&other));
    MUST(leat_flow_ref_drop(&big));
    close_flows(&f);
}
