/* SPDX-License-Identifier: ISC */

/*
 * Grant copy. Local bytes pass through the window, for the hypervisor sees no
 * other memory of this domain.
 */

#include "domain.h"

static bool is_gref(const struct leat_copy_side *s)
{
    return !s->local;
}

static bool fits(const struct leat_copy_side *s, uint32_t len)
{
    return !is_gref(s) || (s->off <= SIM_PAGE && len <= SIM_PAGE - s->off);
}

static unsigned char *local(const struct leat_copy_side *s)
{
    return (unsigned char *)s->local + s->off;
}

/* Whether a segment is the hypervisor's business. */
static bool granted(const struct leat_copy_seg *s)
{
    return is_gref(&s->from) || is_gref(&s->to);
}

/* What it takes of the window. */
static size_t windowed(const struct leat_copy_seg *s)
{
    return is_gref(&s->from) && is_gref(&s->to) ? 0 : s->len;
}

static void describe(const struct leat_copy_side *s, uint32_t off,
                     struct sim_side *out)
{
    out->is_ref = is_gref(s);
    out->domain = is_gref(s) ? s->gref.domain : 0;
    out->ref = is_gref(s) ? s->gref.ref : 0;
    out->off = is_gref(s) ? s->off : off;
}

/* As many segments from (segs) on as go into one message; tells how many. */
static int copy_some(struct leat_sim_domain *d, struct leat_copy_seg *segs,
                     size_t n, size_t *done)
{
    struct sim_seg *out = (void *)(d->out + sizeof(struct sim_head));
    size_t room = (size_t)d->window_pages * SIM_PAGE, i;
    const struct sim_status *r;
    uint32_t many = 0, off = 0;
    int err;

    for (i = 0; i < n && many < SIM_BATCH; i++) {
        if (!granted(&segs[i]))
            continue;
        if (off + windowed(&segs[i]) > room)
            break;
        describe(&segs[i].from, off, &out[many].from);
        describe(&segs[i].to, off, &out[many].to);
        out[many++].len = segs[i].len;
        if (!is_gref(&segs[i].from))
            memcpy(d->window + off, local(&segs[i].from), segs[i].len);
        off += (uint32_t)windowed(&segs[i]);
    }
    *done = i;
    if (!many)
        return 0;
    d->out_len = sizeof(struct sim_head) + many * sizeof(*out);
    err = sim_exchange(d, SIM_COPY, many, -1);
    if (err)
        return err;
    r = sim_reply(d, many, sizeof(*r));
    if (!r)
        return sim_gone(d);
    for (i = 0, off = 0; i < *done; i++) {
        if (!granted(&segs[i]))
            continue;
        segs[i].status = sim_grant_error(r++->status);
        if (!segs[i].status && !is_gref(&segs[i].to))
            memcpy(local(&segs[i].to), d->window + off, segs[i].len);
        off += (uint32_t)windowed(&segs[i]);
    }
    return 0;
}

int sim_copy(void *self, struct leat_copy_seg *segs, size_t n)
{
    struct leat_sim_domain *d = self;
    size_t i, done;
    int err = 0;

    if (!segs || !n)
        return LEAT_E_INVALID;
    for (i = 0; i < n; i++) {
        if (!fits(&segs[i].from, segs[i].len) ||
            !fits(&segs[i].to, segs[i].len))
            return LEAT_E_RANGE;
    }
    sim_begin(d, 0);
    for (; n && !err; n -= done, segs += done) {
        err = copy_some(d, segs, n, &done);
        for (i = 0; i < done && !err; i++) {
            if (granted(&segs[i]))
                continue;
            memmove(local(&segs[i].to), local(&segs[i].from), segs[i].len);
            segs[i].status = 0;
        }
    }
    sim_end(d);
    return err;
}
