/* SPDX-License-Identifier: ISC */

/*
 * Mapping what others granted: pages of their units, in addresses of our own.
 *
 *   M1  a mapping is in the list  <=>  its addresses are reserved for it
 *   M2  the hypervisor's handles of this domain == those of the mappings of
 * this
 *       generation, and the leftover ones
 *
 * Addresses are reserved first, so that pages of many units come to lie side by
 * side, and a batch that fails half-way is undone.
 */

#include <errno.h>
#include <sys/mman.h>

#include "domain.h"

/* Gives handles back; those that the hypervisor did not take are kept. */
static int give_back(struct leat_sim_domain *d, const uint32_t *handles,
                     size_t n)
{
    struct sim_number *h = (void *)(d->out + sizeof(struct sim_head));
    uint32_t some, i;
    int err = 0;

    for (; n && !err; n -= some, handles += some) {
        some = n < SIM_BATCH ? (uint32_t)n : SIM_BATCH;
        for (i = 0; i < some; i++)
            h[i].value = handles[i];
        d->out_len = sizeof(struct sim_head) + some * sizeof(*h);
        err = sim_exchange(d, SIM_UNMAP, some, -1);
        if (err && err != LEAT_E_GONE) {
            uint32_t *more =
                realloc(d->leftover, (d->nleftover + n) * sizeof(*more));

            if (more) {
                memcpy(more + d->nleftover, handles, n * sizeof(*more));
                d->leftover = more;
                d->nleftover += n; /* M2 */
            }
        }
    }
    return err;
}

static void give_leftover(struct leat_sim_domain *d)
{
    uint32_t *handles = d->leftover;
    size_t n = d->nleftover;

    if (!n)
        return;
    d->leftover = NULL;
    d->nleftover = 0;
    give_back(d, handles, n);
    free(handles);
}

/* Maps [at, at + n) of what a reply named; the descriptors are in d->fds. */
static int place(struct leat_sim_domain *d, unsigned char *base,
                 const struct sim_mapped *m, uint32_t n, bool read_only)
{
    int prot = PROT_READ | (read_only ? 0 : PROT_WRITE);
    uint32_t i, run;
    size_t bytes;

    for (i = 0; i < n; i += run) {
        for (run = 1; i + run < n && m[i + run].fd == m[i].fd &&
                      m[i + run].page == m[i].page + run;)
            run++;
        bytes = (size_t)run * SIM_PAGE;
        if (m[i].fd >= d->nfds)
            return LEAT_E_LIMIT; /* this process can hold no more */
        if (mmap(base + (size_t)i * SIM_PAGE, bytes, prot,
                 MAP_SHARED | MAP_FIXED, d->fds[m[i].fd],
                 (off_t)m[i].page * SIM_PAGE) == MAP_FAILED)
            return errno == ENOMEM ? LEAT_E_NOMEM : LEAT_E_ACCESS;
        madvise(base + (size_t)i * SIM_PAGE, bytes, MADV_DONTFORK);
    }
    return 0;
}

/* One message of a batch; (*got) says how many handles it brought. */
static int map_some(struct leat_sim_domain *d, const struct leat_gref *grefs,
                    uint32_t n, bool read_only, unsigned char *base,
                    uint32_t *handles, uint32_t *got, int *status)
{
    struct sim_map *m = (void *)(d->out + sizeof(struct sim_head));
    struct sim_gref *g = (void *)(m + 1);
    const struct sim_mapped *r;
    uint32_t i;
    int err;

    *got = 0;
    m->read_only = read_only;
    for (i = 0; i < n; i++) {
        g[i].domain = grefs[i].domain;
        g[i].ref = grefs[i].ref;
    }
    d->out_len = sizeof(struct sim_head) + sizeof(*m) + n * sizeof(*g);
    err = sim_exchange(d, SIM_MAP, n, -1);
    r = err && err != LEAT_E_INVALID ? NULL : sim_reply(d, n, sizeof(*r));
    for (i = 0; i < n; i++)
        status[i] = r ? sim_grant_error(r[i].status) : err;
    if (err == LEAT_E_INVALID && r) {
        for (i = 0; i < n; i++) {
            if (status[i])
                return status[i];
        }
    }
    if (err)
        return err;
    if (!r)
        return sim_gone(d);
    for (i = 0; i < n; i++)
        handles[i] = r[i].handle;
    *got = n;
    err = place(d, base, r, n, read_only);
    for (i = 0; i < n && err; i++)
        status[i] = err;
    return err;
}

static int map_all(struct leat_sim_domain *d, const struct leat_gref *grefs,
                   size_t n, bool read_only, struct mapping *m, int *status)
{
    size_t at, have = 0;
    uint32_t some, got;
    int err = 0, one;

    /* Those after a bad one are tried too, for what is to be said of them. */
    for (at = 0; at < n; at += some) {
        some = n - at < SIM_BATCH ? (uint32_t)(n - at) : SIM_BATCH;
        one = map_some(d, grefs + at, some, read_only,
                       (unsigned char *)m->base + at * SIM_PAGE,
                       m->handles + have, &got, status + at);
        have += got;
        if (one && !err)
            err = one;
    }
    if (err)
        give_back(d, m->handles, have);
    return err;
}

static int sim_map(void *self, const struct leat_gref *grefs, size_t n,
                   enum leat_access access, void **base, void **cookie,
                   int *status)
{
    struct leat_sim_domain *d = self;
    struct mapping *m;
    int err;

    if (!grefs || !n || !base || !cookie ||
        (access != LEAT_READ_WRITE && access != LEAT_READ_ONLY))
        return LEAT_E_INVALID;
    if (n > (SIZE_MAX - sizeof(*m)) / SIM_PAGE)
        return LEAT_E_OVERFLOW;
    m = malloc(sizeof(*m) + n * (sizeof(m->handles[0]) + sizeof(*status)));
    if (!m)
        return LEAT_E_NOMEM;
    if (!status) /* nobody asks: behind the handles */
        status = (int *)(m->handles + n);
    m->n = n;
    m->base = mmap(NULL, n * SIM_PAGE, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (m->base == MAP_FAILED) {
        free(m);
        return LEAT_E_NOMEM;
    }
    sim_begin(d, 0);
    give_leftover(d);
    err = map_all(d, grefs, n, access == LEAT_READ_ONLY, m, status);
    if (!err) {
        m->life = d->generation;
        m->next = d->mappings;
        d->mappings = m; /* M1 */
        *base = m->base;
        *cookie = m;
    }
    sim_end(d);
    if (err) {
        munmap(m->base, n * SIM_PAGE);
        free(m);
    }
    return err;
}

/* Ends one that is out of the list; the lock is held. */
static int unmap(struct leat_sim_domain *d, struct mapping *m)
{
    int err = 0;

    munmap(m->base, m->n * SIM_PAGE);
    if (m->life == d->generation)
        err = give_back(d, m->handles, m->n);
    free(m);
    return err;
}

static int sim_unmap(void *self, void *base, size_t n, void *cookie)
{
    struct leat_sim_domain *d = self;
    struct mapping **at, *m;
    int err = LEAT_E_INVALID;

    sim_begin(d, 0);
    give_leftover(d);
    for (at = &d->mappings; (m = *at); at = &m->next) {
        if (m != cookie)
            continue;
        if (m->base == base && m->n == n) {
            *at = m->next;
            err = unmap(d, m);
        }
        break;
    }
    sim_end(d);
    return err;
}

void sim_unmap_all(struct leat_sim_domain *d)
{
    struct mapping *m;

    sim_begin(d, 0);
    while ((m = d->mappings)) {
        d->mappings = m->next;
        unmap(d, m);
    }
    sim_end(d);
}

static size_t sim_pages_max(void *self)
{
    (void)self;
    return 65536; /* mappings of Linux, and the hypervisor's own limit */
}

static const struct leat_map_ops map_ops = {
    .name = "sim",
    .caps = LEAT_MAP_MAP | LEAT_MAP_COPY,
    .map = sim_map,
    .unmap = sim_unmap,
    .copy = sim_copy,
    .pages_max = sim_pages_max,
};

struct leat_map leat_sim_map(struct leat_sim_domain *d)
{
    struct leat_map map = {.ops = &map_ops, .self = d};

    return map;
}
