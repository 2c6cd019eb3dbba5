/* SPDX-License-Identifier: ISC */

/*
 * What alignment costs at a file: requests of one size, at random positions of
 * a part of it, from and to a buffer that begins anywhere in a page.
 *
 * A file that is only read is opened for reading only.
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "align-file.h"

#define SEGS_MAX 1024

uint64_t file_position(struct file *f)
{
    f->random = f->random * 1664525u + 1013904223u;
    return f->run->from + (f->random >> 8) % f->slots * f->step + f->run->other;
}

static void took(const struct file *f, ssize_t n)
{
    if (n < 0)
        align_errno(errno);
    if ((size_t)n != f->run->size)
        align_error("short");
}

static uint64_t work_plain(void *what, uint64_t n)
{
    struct file *f = what;
    struct leat_view v = f->buffers[0];
    uint64_t from = align_now(), i;

    for (i = 0; i < n; i++) {
        off_t at = (off_t)file_position(f);

        took(f, f->write ? pwrite(f->fd, v.data, v.len, at)
                         : pread(f->fd, v.data, v.len, at));
    }
    return align_now() - from;
}

static struct leat_export export_of(struct file *f, struct leat_view *segs)
{
    struct leat_export ex = {
        .segs = segs,
        .max_segs = SEGS_MAX,
        .dir = f->write ? LEAT_TO_DEVICE : LEAT_FROM_DEVICE,
        .pool = f->pool,
    };

    return ex;
}

static uint64_t work_bounced(void *what, uint64_t n)
{
    struct file *f = what;
    static struct leat_view segs[SEGS_MAX];
    static struct iovec iov[SEGS_MAX];
    struct leat_export ex = export_of(f, segs);
    uint64_t from = align_now(), i;
    int err;

    for (i = 0; i < n; i++) {
        off_t at = (off_t)file_position(f);

        err = leat_export(f->buffers, 1, &f->need, f->mode, &ex);
        if (!err)
            err = leat_views_iovec(segs, ex.nsegs, iov);
        if (err)
            align_leat(err);
        if (!ex.bounced_views)
            align_die("nothing was bounced");
        took(f, f->write ? pwritev(f->fd, iov, (int)ex.nsegs, at)
                         : preadv(f->fd, iov, (int)ex.nsegs, at));
        err = leat_export_end(&ex, f->run->size);
        if (err)
            align_leat(err);
    }
    return align_now() - from;
}

/* What passes as it is is copied on purpose: the question is what that costs. */
static void choose_mode(struct file *f)
{
    static struct leat_view segs[SEGS_MAX];
    struct leat_export ex = export_of(f, segs);

    f->mode = LEAT_BOUNCE;
    if (!leat_export(f->buffers, 1, &f->need, LEAT_REFUSE, &ex)) {
        leat_export_end(&ex, 0);
        f->mode = LEAT_COPY;
    }
}

static bool take(const char **text, const char *word)
{
    size_t len = strlen(word);

    if (strncmp(*text, word, len) ||
        ((*text)[len] != '\0' && (*text)[len] != '-'))
        return false;
    *text += len + ((*text)[len] == '-');
    return true;
}

/* read|write [-uring] -direct|-cached [-bounced|-fixed] */
static bool parse(struct file *f, const char *way)
{
    f->write = take(&way, "write");
    if (!f->write && !take(&way, "read"))
        return false;
    f->uring = take(&way, "uring");
    f->direct = take(&way, "direct");
    if (!f->direct && !take(&way, "cached"))
        return false;
    f->bounce = take(&way, "bounced");
    f->fixed = take(&way, "fixed");
    return !*way;
}

/* Every page of the part that is used is in the page cache. */
static void warm(struct file *f)
{
    static char page[65536];
    uint64_t at, end = f->run->from + f->run->bytes;

    for (at = f->run->from; at < end; at += sizeof page) {
        if (pread(f->fd, page, sizeof page, (off_t)at) < 0)
            align_errno(errno);
    }
}

void align_go(const struct align_run *run)
{
    struct file f = {.run = run, .random = (uint32_t)align_now()};
    unsigned i;

    if (!parse(&f, run->way) || !run->path || !run->size ||
        run->batch > ALIGN_BATCH_MAX)
        return;
    f.step = (run->size + LEAT_PAGE_SIZE - 1) & ~(LEAT_PAGE_SIZE - 1);
    if (run->bytes < run->size + run->other)
        align_none("the file is shorter");
    f.slots = 1 + (run->bytes - run->size - run->other) / f.step;
    f.fd = open(run->path, (f.write ? O_RDWR : O_RDONLY) | O_CLOEXEC |
                               (f.direct ? O_DIRECT : 0));
    if (f.fd < 0)
        align_errno(errno);
    f.pool = align_pool();
    for (i = 0; i < run->batch; i++)
        f.buffers[i] = align_view(f.pool, run->off, run->size);
    /* The page cache asks for nothing; a cache line is what serves it best. */
    f.need = run->need;
    if (!f.direct)
        f.need = (struct leat_constraint){.align = 64};
    else if (f.bounce && !f.need.align)
        align_none("nobody says what the file needs");
    if (!f.direct)
        warm(&f);
    if (f.uring)
        align_tell(uring_measure(&f));
    if (f.bounce)
        choose_mode(&f);
    align_tell(align_measure(run, f.bounce ? work_bounced : work_plain, &f));
}
