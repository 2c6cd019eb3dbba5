/* SPDX-License-Identifier: ISC */

/*
 * Map and unmap.
 *
 * The mapper gets the descriptor of each unit once a message, and the number of
 * the page in it; the mapping itself it makes. A handle stands for each
 * mapping, as in Xen, and a batch with a bad reference maps nothing.
 *
 *   H3  mappings == handles in use;  a domain's mapped == handles of all
 * domains
 *       on it, and copies under way
 */

#include "hv_internal.h"

/* Takes a handle; NONE: there are no more. */
static uint32_t take(struct hv *hv, struct hv_domain *d)
{
    uint32_t room, i, at;
    struct hv_handle *more;

    if (d->handle_free == NONE) {
        room = d->nhandles ? 2 * d->nhandles : 64;
        if (room > hv->config.handles)
            room = hv->config.handles;
        if (room == d->nhandles)
            return NONE;
        more = realloc(d->handles, room * sizeof(*more));
        if (!more)
            return NONE;
        for (i = d->nhandles; i < room; i++) {
            more[i].owner = NONE;
            more[i].ref = i + 1 < room ? i + 1 : NONE;
        }
        d->handle_free = d->nhandles;
        d->handles = more;
        d->nhandles = room;
    }
    at = d->handle_free;
    d->handle_free = d->handles[at].ref;
    d->mappings++;
    return at;
}

static void give(struct hv_domain *d, uint32_t at)
{
    d->handles[at].owner = NONE;
    d->handles[at].ref = d->handle_free;
    d->handle_free = at;
    d->mappings--;
}

static int release(struct hv *hv, struct hv_domain *d, uint32_t at)
{
    struct hv_handle h;

    if (at >= d->nhandles || d->handles[at].owner == NONE)
        return SIM_BAD_HANDLE;
    h = d->handles[at];
    give(d, at);
    /* A domain that is mapped is not reaped, so it is there. */
    hv_unpin(hv, hv_find(hv, h.owner), h.ref, h.frame, h.read_only, h.life);
    return SIM_OKAY;
}

void hv_handles_drop(struct hv *hv, struct hv_domain *d)
{
    uint32_t i;

    for (i = 0; i < d->nhandles; i++)
        release(hv, d, i);
}

static int map_one(struct hv_call *c, const struct sim_gref *g, bool read_only,
                   uint32_t *out)
{
    struct hv_handle h = {.owner = g->domain, .ref = g->ref};
    uint32_t at = take(c->hv, c->d);
    int status;

    if (at == NONE)
        return SIM_NO_SPACE;
    status = hv_pin(c->hv, c->d->id, g->domain, g->ref, read_only, &h.frame);
    if (status) {
        give(c->d, at);
        return status;
    }
    h.life = hv_find(c->hv, g->domain)->generation;
    h.read_only = read_only;
    c->d->handles[at] = h;
    *out = at;
    return SIM_OKAY;
}

/* The number of the unit's descriptor in this reply. */
static uint32_t attach(struct hv_call *c, const struct hv_unit *u,
                       bool read_only)
{
    size_t i = c->reply->nfds;

    /* Neighbours in a batch are of one unit more often than not. */
    while (i--) {
        if (c->reply->fds[i].fd == u->fd)
            return (uint32_t)i;
    }
    return hv_attach(c, u->fd, read_only ? HV_LEND_READ : HV_LEND);
}

int hv_map(struct hv_call *c)
{
    const struct sim_map *m = (const void *)c->body;
    const struct sim_gref *g = (const void *)(m + 1);
    struct sim_mapped *out;
    bool failed = false;
    uint32_t i;

    if (!c->n || c->n > SIM_BATCH || c->len != sizeof(*m) + c->n * sizeof(*g) ||
        m->read_only > 1)
        return -EINVAL;
    out = hv_answer(c, c->n, sizeof(*out));
    for (i = 0; i < c->n; i++) {
        out[i].status = map_one(c, &g[i], m->read_only, &out[i].handle);
        failed |= out[i].status != SIM_OKAY;
    }
    for (i = 0; i < c->n; i++) {
        struct hv_handle *h = &c->d->handles[out[i].handle];

        if (out[i].status)
            continue;
        if (failed) {
            release(c->hv, c->d, out[i].handle);
            out[i].handle = 0;
            continue;
        }
        out[i].fd = attach(c, hv_unit_of(hv_find(c->hv, h->owner), h->frame),
                           m->read_only);
        out[i].page = h->frame & 0xffff;
    }
    return failed ? -EINVAL : 0;
}

int hv_unmap(struct hv_call *c)
{
    const struct sim_number *h = hv_body(c, c->n, sizeof(*h));
    struct sim_status *out;
    uint32_t i;

    if (!h || !c->n || c->n > SIM_BATCH)
        return -EINVAL;
    out = hv_answer(c, c->n, sizeof(*out));
    for (i = 0; i < c->n; i++)
        out[i].status = release(c->hv, c->d, h[i].value);
    return 0;
}
