/* SPDX-License-Identifier: ISC */

/*
 * Direct I/O through chunks: a block is read into a run of pages and written
 * from it, without a copy; or, to show what alignment costs, through views at
 * an odd offset and of odd lengths, all of which bounce.
 *
 * The last sector of a file is seldom full. It is written padded with zeros,
 * and the file is then cut to its length: direct I/O to its end.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "transfer.h"

#define BLOCK ((size_t)1 << 20)
/* The run, and the page into which an odd offset pushes its end. */
#define RUN_PAGES (BLOCK / LEAT_PAGE_SIZE + 1)
/* The run, the bounces of a block, and as much again: slabs are whole. */
#define LIMIT_PAGES (4 * LEAT_UNIT_PAGES)

/* Two odd lengths that make two pages; a block's pieces, and one more. */
#define ODD_SHORT  ((size_t)4095)
#define ODD_LONG   ((size_t)4097)
#define PIECES_MAX (BLOCK / LEAT_PAGE_SIZE + 2)

struct engine {
    struct transfer *t;
    struct leat_mmap memory;
    struct leat_pool *pool;
    struct leat_chunk run;
    struct leat_view window; /* where a block lies in the run */
    int src;
    struct target dst;
    struct leat_view pieces[PIECES_MAX];
    struct leat_view segs[PIECES_MAX];
    struct iovec iov[PIECES_MAX];
};

static bool refused(const char *what, int err)
{
    return tool_fail("%s: %s (%s)", what, leat_strerror(err),
                     leat_error_name(err));
}

/* Bytes [off, off + len) of the window, as the pieces that are exported. */
static size_t cut(struct engine *e, size_t off, size_t len)
{
    size_t n = 0, part;

    for (; len; off += part, len -= part) {
        part = len;
        if (e->t->odd)
            part = n % 2 ? ODD_LONG : ODD_SHORT;
        if (part > len || n == PIECES_MAX - 1)
            part = len;
        leat_view_slice(e->window, off, part, &e->pieces[n++]);
    }
    return n;
}

/*
 * One system call for bytes [from, to) of the window, at (at) in the file.
 * Gives the bytes moved; or -1, and has told why.
 */
static ssize_t move(struct engine *e, enum leat_direction dir, size_t from,
                    size_t to, uint64_t at)
{
    struct transfer *t = e->t;
    bool out = dir == LEAT_TO_DEVICE;
    struct leat_export ex = {
        .segs = e->segs,
        .max_segs = PIECES_MAX,
        .dir = dir,
        .pool = e->pool,
    };
    size_t n = cut(e, from, to - from);
    ssize_t moved = -1;
    int err, why = 0;

    err = leat_export(e->pieces, n, &t->need,
                      t->odd ? LEAT_BOUNCE : LEAT_REFUSE, &ex);
    if (err) {
        refused("cannot show memory to the disk", err);
        return -1;
    }
    err = leat_views_iovec(ex.segs, ex.nsegs, e->iov);
    while (!err && !tool_interrupted()) {
        if (out)
            moved = pwritev(e->dst.fd, e->iov, (int)ex.nsegs, (off_t)at);
        else
            moved = preadv(e->src, e->iov, (int)ex.nsegs, (off_t)at);
        why = errno;
        if (moved >= 0 || why != EINTR)
            break;
    }
    if (tool_interrupted())
        tool_fail("interrupted");
    else if (!err && moved < 0)
        tool_fail("%s: cannot %s at byte %llu: %s", out ? t->dst : t->src,
                  out ? "write" : "read", (unsigned long long)at,
                  strerror(why));
    if (!err)
        err = leat_export_end(&ex, moved < 0 ? 0 : (size_t)moved);
    if (err) {
        refused("export", err);
        moved = -1;
    }
    return tool_interrupted() ? -1 : moved;
}

/* Reads (want) bytes; asks for whole sectors, which the file's end cuts. */
static bool fill(struct engine *e, size_t want, size_t whole, uint64_t at)
{
    size_t have = 0;

    while (have < want) {
        ssize_t n = move(e, LEAT_FROM_DEVICE, have, whole, at + have);

        if (n < 0)
            return false;
        have += (size_t)n;
        if (n == 0 || (have < want && have % e->t->need.multiple))
            return tool_fail("%s: became shorter while it was read", e->t->src);
    }
    return true;
}

static bool drain(struct engine *e, size_t whole, uint64_t at)
{
    size_t gone = 0;

    while (gone < whole) {
        ssize_t n = move(e, LEAT_TO_DEVICE, gone, whole, at + gone);

        if (n < 0)
            return false;
        gone += (size_t)n;
        if (n == 0 || gone % e->t->need.multiple)
            return tool_fail("%s: the disk takes no whole sector at byte %llu",
                             e->t->dst, (unsigned long long)(at + gone));
    }
    return true;
}

static bool blocks(struct engine *e)
{
    struct transfer *t = e->t;
    size_t sector = t->need.multiple;
    struct progress progress;
    bool good = true;
    uint64_t at;

    t->tail = t->bytes % sector;
    progress_begin(&progress, t->what, t->bytes / BLOCK);
    for (at = 0; at < t->bytes && good; at += BLOCK) {
        size_t want = t->bytes - at < BLOCK ? (size_t)(t->bytes - at) : BLOCK;
        size_t whole = (want + sector - 1) / sector * sector;

        good = fill(e, want, whole, at);
        if (good && whole > want)
            good = !leat_view_fill(e->window, want, whole - want, 0);
        good = good && drain(e, whole, at);
        if (good)
            progress_at(&progress, at / BLOCK + 1);
    }
    progress_end(&progress);
    if (good && t->tail && ftruncate(e->dst.fd, (off_t)t->bytes))
        good = tool_fail("%s: cannot cut it to its length: %s", t->dst,
                         strerror(errno));
    return good;
}

static bool open_source(struct engine *e, struct stat *st)
{
    const char *src = e->t->src;

    if (stat(src, st))
        return tool_fail("%s: %s", src, strerror(errno));
    if (!S_ISREG(st->st_mode))
        return tool_fail("%s: is not a regular file", src);
    e->src = open(src, O_RDONLY | O_CLOEXEC | O_DIRECT);
    if (e->src < 0 && errno == EINVAL)
        return tool_fail("%s: its file system does no direct I/O (O_DIRECT)",
                         src);
    if (e->src < 0)
        return tool_fail("%s: cannot open: %s", src, strerror(errno));
    e->t->bytes = (uint64_t)st->st_size;
    return true;
}

static bool asks(const char *path, int fd, struct leat_constraint *need)
{
    int err = leat_constraint_file(fd, need);

    if (err == LEAT_E_UNSUPPORTED)
        return tool_fail("%s: the kernel does not say what direct I/O needs "
                         "there (a file system in memory, such as tmpfs, has "
                         "no disk under it)",
                         path);
    return !err || refused(path, err);
}

/* What both files ask for: every address and length will do for both. */
static bool agree(struct engine *e)
{
    struct transfer *t = e->t;
    struct leat_constraint from, to;
    int err;

    if (!asks(t->src, e->src, &from) || !asks(t->dst, e->dst.fd, &to))
        return false;
    err = leat_constraint_merge(&from, &to, &t->need);
    if (err)
        return refused("the two files ask for what excludes each other", err);
    if (!t->need.multiple || BLOCK % t->need.multiple ||
        t->need.align > LEAT_PAGE_SIZE)
        return tool_fail("sectors of %zu bytes are not served",
                         t->need.multiple);
    return true;
}

static bool memory(struct engine *e)
{
    struct leat_pool_config config = {
        .backend = leat_mmap(&e->memory),
        .limit_pages = LIMIT_PAGES,
        .zero = LEAT_ZERO_ON_REQUEST,
        .name = "copy",
    };
    int err = leat_mmap_init(&e->memory);

    if (!err)
        err = leat_pool_create(&e->pool, &config);
    if (!err)
        err = leat_pool_get(e->pool, RUN_PAGES, &e->run);
    if (!err)
        err = leat_view_slice(leat_chunk_view(e->run), e->t->odd, BLOCK,
                              &e->window);
    return !err || refused("no memory for the copy", err);
}

static bool give_back(struct engine *e)
{
    int err = 0;

    if (!e->pool)
        return true;
    if (e->run.pool)
        err = leat_pool_put(e->pool, e->run);
    leat_copies_read(leat_pool_copies(e->pool), &e->t->copies);
    if (!err)
        err = leat_pool_destroy(e->pool);
    return !err || refused("the pool of the copy", err);
}

static bool verify(struct engine *e)
{
    struct transfer *t = e->t;
    char copy[DIGEST_HEX];

    if (!digest_file(t->src, false, t->sha256) ||
        !digest_file(e->dst.temp, true, copy))
        return false;
    if (strcmp(t->sha256, copy))
        return tool_fail("%s: SHA-256 %s, but its copy read back from the disk "
                         "has %s",
                         t->src, t->sha256, copy);
    return true;
}

bool transfer_run(struct transfer *t)
{
    struct engine *e = calloc(1, sizeof *e);
    bool good = false;
    struct stat st;
    double from;

    if (!e)
        return tool_fail("out of memory");
    e->t = t;
    e->src = e->dst.fd = -1;
    if (!open_source(e, &st) || !target_open(&e->dst, t->dst, &st))
        goto out;
    if (!agree(e) || !memory(e))
        goto out;
    from = tool_now();
    if (!blocks(e) || !target_sync(&e->dst))
        goto out;
    t->seconds = tool_now() - from;
    good = verify(e);
out:
    if (!give_back(e))
        good = false;
    if (good)
        good = target_commit(&e->dst);
    target_close(&e->dst);
    if (e->src >= 0)
        close(e->src);
    free(e);
    return good;
}

const char *transfer_reasons(const struct leat_copies *copies, char *buf,
                             size_t len)
{
    size_t used = 0;
    int why;

    snprintf(buf, len, "none");
    for (why = 0; why < LEAT_REASONS && used < len; why++) {
        if (copies->count[why])
            used += (size_t)snprintf(buf + used, len - used, "%s%s %llu",
                                     used ? ", " : "",
                                     leat_reason_name((enum leat_reason)why),
                                     (unsigned long long)copies->count[why]);
    }
    return buf;
}
