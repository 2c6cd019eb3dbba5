/* SPDX-License-Identifier: ISC */

/*
 * Grant copy: between grants, and between a grant and the caller's window,
 * which is memory that the hypervisor and the caller share. So a copier sees
 * the bytes that it asked for, and never the page.
 *
 * A segment that leaves a page or the window refuses the call; what concerns a
 * grant is in its status.
 */

#include "hv_internal.h"

static bool inside(const struct hv_call *c, const struct sim_side *s,
                   uint32_t len)
{
    uint64_t most =
        s->is_ref ? SIM_PAGE : (uint64_t)c->hv->config.window_pages * SIM_PAGE;

    return s->is_ref <= 1 && (uint64_t)s->off + len <= most;
}

/* One side of a segment, pinned where it is a grant. */
struct side {
    struct hv_domain *owner; /* NULL: the window */
    uint32_t frame;
    bool read_only;
};

static int pin(struct hv_call *c, const struct sim_side *s, bool read_only,
               struct side *out)
{
    int status;

    out->owner = NULL;
    out->read_only = read_only;
    if (!s->is_ref)
        return SIM_OKAY;
    status = hv_pin(c->hv, c->d->id, s->domain, s->ref, read_only, &out->frame);
    if (!status)
        out->owner = hv_find(c->hv, s->domain);
    return status;
}

static void unpin(struct hv_call *c, const struct sim_side *s,
                  const struct side *side)
{
    if (side->owner)
        hv_unpin(c->hv, side->owner, s->ref, side->frame, side->read_only,
                 side->owner->generation);
}

static int move(struct hv_call *c, const struct sim_seg *s,
                const struct side *from, const struct side *to)
{
    const struct hv_host *host = &c->hv->host;
    unsigned char *window = c->d->window, page[SIM_PAGE];
    unsigned char *bytes = page;
    uint64_t at;
    int rc = 0;

    if (!from->owner)
        bytes = window + s->from.off;
    else if (!to->owner)
        bytes = window + s->to.off;
    if (from->owner) {
        at = (uint64_t)(from->frame & 0xffff) * SIM_PAGE + s->from.off;
        rc = host->read(host->self, hv_unit_of(from->owner, from->frame)->fd,
                        at, bytes, s->len);
    }
    if (!rc && to->owner) {
        at = (uint64_t)(to->frame & 0xffff) * SIM_PAGE + s->to.off;
        rc = host->write(host->self, hv_unit_of(to->owner, to->frame)->fd, at,
                         bytes, s->len);
    }
    if (!from->owner && !to->owner)
        memmove(window + s->to.off, window + s->from.off, s->len);
    return rc ? SIM_GENERAL_ERROR : SIM_OKAY;
}

static int copy_one(struct hv_call *c, const struct sim_seg *s)
{
    struct side from = {0}, to = {0};
    int status = pin(c, &s->from, true, &from);

    if (!status)
        status = pin(c, &s->to, false, &to);
    if (!status)
        status = move(c, s, &from, &to);
    unpin(c, &s->from, &from);
    unpin(c, &s->to, &to);
    return status;
}

int hv_copy(struct hv_call *c)
{
    const struct sim_seg *s = hv_body(c, c->n, sizeof(*s));
    struct sim_status *out;
    uint32_t i;

    if (!s || !c->n || c->n > SIM_BATCH)
        return -EINVAL;
    for (i = 0; i < c->n; i++) {
        if (!inside(c, &s[i].from, s[i].len) || !inside(c, &s[i].to, s[i].len))
            return -EINVAL;
    }
    out = hv_answer(c, c->n, sizeof(*out));
    for (i = 0; i < c->n; i++)
        out[i].status = copy_one(c, &s[i]);
    return 0;
}
