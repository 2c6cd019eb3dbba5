/* SPDX-License-Identifier: ISC */

/*
 * Sharing: runs of pages move into memfds and back.
 *
 *     private --expose--> exposed --conceal--> private, in fresh memory
 *
 *   E1  exposed runs are in the order of their addresses and do not overlap
 *   E2  a run is here  =>  its pages are mapped from its unit's memfd
 *
 * A page moves by mremap() of a mapping that was made ready elsewhere, so it is
 * never seen without its contents. Whatever can fail comes before what cannot
 * be taken back: a hypervisor that refuses leaves the pages as they were.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "domain.h"

/* The first run that ends after (page). */
static size_t find(const struct leat_sim_domain *d, const unsigned char *page)
{
    size_t low = 0, high = d->nexposed, mid;

    while (low < high) {
        mid = low + (high - low) / 2;
        if (d->exposed[mid].base + (size_t)d->exposed[mid].pages * SIM_PAGE <=
            page)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool overlaps(const struct leat_sim_domain *d, unsigned char *base,
                     size_t n)
{
    size_t at = find(d, base);

    return at < d->nexposed && d->exposed[at].base < base + n * SIM_PAGE;
}

/* Room for two more runs: a conceal can split one. */
static int reserve(struct leat_sim_domain *d)
{
    size_t room = d->exposed_room ? 2 * d->exposed_room : 64;
    struct exposed *more;

    if (d->nexposed + 2 <= d->exposed_room)
        return 0;
    more = realloc(d->exposed, room * sizeof(*more));
    if (!more)
        return LEAT_E_NOMEM;
    d->exposed = more;
    d->exposed_room = room;
    return 0;
}

static void insert(struct leat_sim_domain *d, size_t at,
                   const struct exposed *run)
{
    memmove(&d->exposed[at + 1], &d->exposed[at],
            (d->nexposed - at) * sizeof(*run));
    d->exposed[at] = *run;
    d->nexposed++;
}

/* Puts the memory at (from) where (to) is. */
static int move(void *from, void *to, size_t bytes, bool fork)
{
    if (mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) ==
        MAP_FAILED)
        return LEAT_E_NOMEM;
    /* A child of this process is no domain. */
    madvise(to, bytes, fork ? MADV_DOFORK : MADV_DONTFORK);
    return 0;
}

static int memory_error(void)
{
    return errno == EMFILE || errno == ENFILE ? LEAT_E_LIMIT : LEAT_E_NOMEM;
}

/* A sealed memfd with the bytes of (base), and where it is mapped. */
static int make_unit(const void *base, size_t bytes, bool read_only, int *fd,
                     void **at)
{
    int seals = F_SEAL_SHRINK | F_SEAL_GROW;

    *at = MAP_FAILED;
    *fd = memfd_create("leat-unit", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (*fd < 0)
        return memory_error();
    if (!ftruncate(*fd, (off_t)bytes))
        *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    if (*at == MAP_FAILED) {
        close(*fd);
        return LEAT_E_NOMEM;
    }
    memcpy(*at, base, bytes);
    if (read_only)
        seals |= F_SEAL_FUTURE_WRITE;
    if (fcntl(*fd, F_ADD_SEALS, seals | F_SEAL_SEAL)) {
        munmap(*at, bytes);
        close(*fd);
        return LEAT_E_SYSTEM;
    }
    return 0;
}

/* Tells the hypervisor of a unit, or that its pages go; the lock is held. */
static int tell_register(struct leat_sim_domain *d, struct exposed *run, int fd)
{
    struct sim_register *r = (void *)(d->out + sizeof(struct sim_head));
    const struct sim_number *unit;
    int err;

    d->out_len = sizeof(struct sim_head) + sizeof(*r);
    r->pages = run->pages;
    r->read_only = run->read_only;
    err = sim_exchange(d, SIM_REGISTER, 1, fd);
    if (err)
        return err;
    unit = sim_reply(d, 1, sizeof(*unit));
    if (!unit)
        return sim_gone(d);
    run->unit = unit->value;
    return 0;
}

static int tell_conceal(struct leat_sim_domain *d, uint32_t unit,
                        uint32_t first, uint32_t pages)
{
    struct sim_conceal *r = (void *)(d->out + sizeof(struct sim_head));

    d->out_len = sizeof(struct sim_head) + sizeof(*r);
    r->unit = unit;
    r->first = first;
    r->pages = pages;
    return sim_exchange(d, SIM_CONCEAL, 1, -1);
}

static int expose(struct leat_sim_domain *d, unsigned char *base, size_t n,
                  bool read_only)
{
    struct exposed run = {
        .base = base,
        .pages = (uint32_t)n,
        .read_only = read_only,
    };
    size_t bytes = n * SIM_PAGE;
    void *at;
    int fd, err;

    if (overlaps(d, base, n))
        return LEAT_E_BUSY;
    err = reserve(d);
    if (err)
        return err;
    err = make_unit(base, bytes, read_only, &fd, &at);
    if (err)
        return err;
    err = tell_register(d, &run, fd);
    if (!err) {
        err = move(at, base, bytes, false);
        if (err)
            tell_conceal(d, run.unit, 0, run.pages);
    }
    close(fd);
    if (err)
        munmap(at, bytes);
    else
        insert(d, find(d, base), &run); /* E1 */
    return err;
}

static bool valid(const struct leat_sim_domain *d, const void *base, size_t n)
{
    return d && base && (uintptr_t)base % SIM_PAGE == 0 && n &&
           n <= LEAT_SIM_UNIT_PAGES;
}

int leat_sim_expose(struct leat_sim_domain *d, void *base, size_t n,
                    enum leat_access access)
{
    int err;

    if (!valid(d, base, n) ||
        (access != LEAT_READ_WRITE && access != LEAT_READ_ONLY))
        return LEAT_E_INVALID;
    sim_begin(d, 0);
    err = expose(d, base, n, access == LEAT_READ_ONLY);
    sim_end(d);
    return err;
}

/* Takes [off, off + n) pages out of the run (at). */
static void cut(struct leat_sim_domain *d, size_t at, uint32_t off, uint32_t n)
{
    struct exposed *run = &d->exposed[at], after = *run;

    after.base += (size_t)(off + n) * SIM_PAGE;
    after.first += off + n;
    after.pages -= off + n;
    run->pages = off;
    if (after.pages)
        insert(d, at + 1, &after);
    if (!d->exposed[at].pages) {
        d->nexposed--;
        memmove(&d->exposed[at], &d->exposed[at + 1],
                (d->nexposed - at) * sizeof(*run));
    }
}

/* Moves pages of one run to fresh memory. */
static int conceal(struct leat_sim_domain *d, size_t at, uint32_t off,
                   uint32_t n, bool tells)
{
    struct exposed *run = &d->exposed[at];
    unsigned char *base = run->base + (size_t)off * SIM_PAGE;
    size_t bytes = (size_t)n * SIM_PAGE;
    void *fresh = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int err;

    if (fresh == MAP_FAILED)
        return LEAT_E_NOMEM;
    memcpy(fresh, base, bytes);
    err = tells ? tell_conceal(d, run->unit, run->first + off, n) : 0;
    /* A dead hypervisor shows pages to nobody, nor does one that has dropped
     * the unit, as an earlier try or a resume makes it. */
    if (err == LEAT_E_GONE || err == LEAT_E_INVALID)
        err = 0;
    if (!err)
        err = move(fresh, base, bytes, true);
    if (err) {
        munmap(fresh, bytes);
        return err;
    }
    cut(d, at, off, n);
    return 0;
}

int leat_sim_conceal(struct leat_sim_domain *d, void *base, size_t n)
{
    unsigned char *p = base, *end;
    uint32_t off, pages;
    size_t at;
    int err;

    if (!valid(d, base, n))
        return LEAT_E_INVALID;
    end = p + n * SIM_PAGE;
    sim_begin(d, 0);
    err = reserve(d);
    while (!err) {
        at = find(d, p);
        if (at >= d->nexposed || d->exposed[at].base >= end)
            break;
        if (p < d->exposed[at].base)
            p = d->exposed[at].base;
        off = (uint32_t)((size_t)(p - d->exposed[at].base) / SIM_PAGE);
        pages = d->exposed[at].pages - off;
        if (pages > (size_t)(end - p) / SIM_PAGE)
            pages = (uint32_t)((size_t)(end - p) / SIM_PAGE);
        err = conceal(d, at, off, pages, true);
        p += (size_t)pages * SIM_PAGE;
        if (!err)
            err = reserve(d);
    }
    sim_end(d);
    return err;
}

int sim_conceal_all(struct leat_sim_domain *d)
{
    int err = 0;

    pthread_mutex_lock(&d->lock);
    while (d->nexposed && !err)
        err = conceal(d, d->nexposed - 1, 0, d->exposed[d->nexposed - 1].pages,
                      false);
    pthread_mutex_unlock(&d->lock);
    return err;
}

int leat_sim_frame(struct leat_sim_domain *d, const void *page, uint32_t *frame)
{
    const unsigned char *p = page;
    int err = LEAT_E_FOREIGN;
    size_t at;

    if (!d || !page || !frame)
        return LEAT_E_INVALID;
    pthread_mutex_lock(&d->lock);
    at = find(d, p);
    if (at < d->nexposed && d->exposed[at].base <= p) {
        *frame = SIM_FRAME(
            d->exposed[at].unit,
            d->exposed[at].first +
                (uint32_t)((size_t)(p - d->exposed[at].base) / SIM_PAGE));
        err = 0;
    }
    pthread_mutex_unlock(&d->lock);
    return err;
}

void *const *leat_sim_frames(struct leat_sim_domain *d, uint32_t *n)
{
    if (n)
        *n = d ? d->frames : 0;
    return d ? d->frame : NULL;
}
