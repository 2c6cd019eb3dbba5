/* SPDX-License-Identifier: ISC */

/*
 * Sharing: a run of pages is shown to one peer.
 *
 *   G4  a share owns its chunk (a ref) from before its first entry is written
 *       until the peer has let go of its last page
 *   G7  shares that have a page in common have the same run, peer and access
 *
 * The table books a share before the backend is asked, and the backend is asked
 * without the lock, so that nobody else shares the pages meanwhile. A failure
 * goes back the same way.
 */

#include <string.h>

#include "internal.h"

/* A share that is wanted. */
struct want {
    struct leat_ref keeps;
    struct leat_pages run;
    uint32_t domain;
    enum leat_access access;
    uint32_t flags;
    const uint32_t *refs; /* NULL: any */
    bool again;           /* the run is shared already */
};

/* R2: whether the pages of (c) may be shown to (domain). */
static int may_show(struct leat_chunk c, uint32_t domain, uint32_t flags)
{
    struct leat_origin from;
    int err = leat_chunk_origin(c, &from);

    if (err)
        return err;
    if (from.mixed || (from.peer != LEAT_NO_PEER && from.peer != domain))
        return LEAT_E_PEER;
    if (flags & (LEAT_SHARE_VOUCH | LEAT_SHARE_ZERO))
        return 0;
    return from.adopted || from.zero != LEAT_ZERO_ALWAYS ? LEAT_E_PEER : 0;
}

/* Whether the run is free to be shared so; or is, so, already. G7 */
static int check_run(const struct leat_grants *t, uint32_t peer,
                     struct want *want)
{
    size_t i;
    uint32_t r;

    want->again = false;
    for (i = 0; i < want->run.pages; i++) {
        r = leat_hash_find(t, want->run.base + i * LEAT_PAGE_SIZE, NONE);
        if (r != NONE && i && !want->again)
            return t->shares[t->refs[r].first].peer == peer ? LEAT_E_BUSY
                                                            : LEAT_E_PEER;
        for (; r != NONE; r = leat_hash_more(t, r)) {
            const struct share *s = &t->shares[t->refs[r].first];

            if (s->peer != peer)
                return LEAT_E_PEER;
            if (s->state != LEAT_GRANT_LIVE || want->flags & LEAT_SHARE_ZERO ||
                s->keeps.view.data != want->run.base || s->n != want->run.pages)
                return LEAT_E_BUSY;
            if (s->access != want->access)
                return LEAT_E_ACCESS;
            want->again = true;
        }
    }
    return 0;
}

/* Chains the references that the caller has, each once. */
static int chain_given(struct leat_grants *t, const struct want *want,
                       uint32_t *first)
{
    size_t n = want->run.pages, i;
    int err = 0;

    for (i = 0; i < n && !err; i++) {
        err = leat_refs_held(t, want->refs[i]);
        if (!err)
            t->refs[want->refs[i]].state = REF_GRANTED; /* not twice */
    }
    if (err) {
        for (i--; i--;)
            t->refs[want->refs[i]].state = REF_HELD;
        return err;
    }
    for (i = 0; i < n; i++)
        t->refs[want->refs[i]].next = i + 1 < n ? want->refs[i + 1] : NONE;
    *first = want->refs[0];
    return 0;
}

/* Chains the references with which the pages were born. */
static int chain_born(struct leat_grants *t, const struct want *want,
                      uint32_t *first)
{
    const struct leat_share *b = &t->config.share;
    uint32_t i, ref, domain, last = NONE;
    enum leat_access access;
    int err = 0;

    *first = NONE;
    for (i = 0; i < want->run.pages && !err; i++) {
        err = b->ops->born(b->self, want->run.base + i * LEAT_PAGE_SIZE, &ref,
                           &domain, &access);
        if (!err && domain != want->domain)
            err = LEAT_E_PEER;
        else if (!err && access != want->access)
            err = LEAT_E_ACCESS;
        else if (!err && (ref >= t->nrefs || ref < LEAT_GRANT_RESERVED))
            err = LEAT_E_LIMIT;
        else if (!err && t->refs[ref].state != REF_FREE)
            err = LEAT_E_BUSY;
        if (err)
            break;
        t->refs[ref].state = REF_GRANTED;
        *(last == NONE ? first : &t->refs[last].next) = ref;
        last = ref;
        t->refs[ref].next = NONE;
    }
    for (ref = *first; err && ref != NONE; ref = t->refs[ref].next)
        t->refs[ref].state = REF_FREE;
    if (err)
        return err;
    t->stats.refs_free -= i;
    t->stats.refs_held += i;
    return 0;
}

/* The references of the share that is wanted, as a chain. */
static int chain(struct leat_grants *t, const struct want *want,
                 uint32_t *first)
{
    if (t->born)
        return chain_born(t, want, first);
    if (want->refs)
        return chain_given(t, want, first);
    return leat_refs_take(t, first, want->run.pages);
}

/* Books the share; it is this thread's. Under the lock. */
static int book(struct leat_grants *t, struct want *want, uint32_t *first)
{
    uint32_t n = (uint32_t)want->run.pages;
    struct leat_quota more = {.refs = n};
    struct share *s;
    uint32_t peer, r, i;
    int err;

    if (t->suspended)
        return LEAT_E_STATE;
    err = leat_peer_find(t, want->domain, true, &peer);
    if (!err)
        err = check_run(t, peer, want);
    if (err)
        return err;
    more.pages = want->again ? 0 : n;
    err = leat_peer_room(t, peer, &more);
    if (!err)
        err = chain(t, want, first);
    if (err)
        return err;

    for (r = *first, i = 0; r != NONE; r = t->refs[r].next, i++) {
        t->refs[r].page = want->run.base + (size_t)i * LEAT_PAGE_SIZE;
        t->refs[r].first = *first;
        t->refs[r].state = REF_GRANTED;
        leat_hash_add(t, r);
    }
    t->stats.refs_held -= n;
    t->stats.refs_granted += n;
    t->stats.pages_shared += more.pages;
    t->peers[peer].cost.refs += n;
    t->peers[peer].cost.pages += more.pages;
    s = &t->shares[*first];
    s->keeps = want->keeps;
    s->tag = 0;
    s->since_ns = now_ns(t);
    s->n = n;
    s->held = n;
    s->peer = peer;
    s->newer = s->older = NONE;
    s->state = SHARE_SHARING;
    s->access = (uint8_t)want->access;
    s->keep = s->told = s->never = false;
    s->in_the_way = s->concealed = s->quiet = false;
    return 0;
}

/* The references of a share, some at a time, for the backend. */
#define SOME 64u

/* Writes the entries of the booked share at (first), all or none. */
int leat_share_grant(struct leat_grants *t, uint32_t first)
{
    const struct leat_share *b = &t->config.share;
    struct share *s = &t->shares[first];
    uint32_t domain = t->peers[s->peer].domain;
    uint32_t some[SOME], r = first, n, done = 0;
    int err;

    if (t->born)
        return 0;
    while (r != NONE) {
        for (n = 0; r != NONE && n < SOME; r = t->refs[r].next)
            some[n++] = r;
        err = b->ops->grant(b->self,
                            s->keeps.view.data + (size_t)done * LEAT_PAGE_SIZE,
                            n, domain, (enum leat_access)s->access, some);
        if (err)
            break;
        done += n;
    }
    if (r == NONE && done == s->n) {
        lock(t);
        t->stats.grants += done;
        unlock(t);
        return 0;
    }
    /* What was not written has no peer to let go of it. */
    lock(t);
    t->stats.grants += done;
    for (r = first, n = 0; r != NONE; r = t->refs[r].next, n++) {
        if (n >= done) {
            t->refs[r].state = REF_ENDED;
            s->held--;
        }
    }
    unlock(t);
    return err;
}

/* It failed: the way back. The bytes are the caller's still. */
static void undo(struct leat_grants *t, uint32_t first, bool exposed)
{
    size_t all = SIZE_MAX;
    int err;

    lock(t);
    t->shares[first].keep = true;
    t->stats.refused++;
    unlock(t);
    err = leat_share_end(t, first, &all);
    if (!err)
        err = leat_share_finish(t, first, exposed);
    if (err) {
        lock(t);
        leat_quarantine_add(t, first);
        unlock(t);
    }
}

static int share(struct leat_grants *t, struct want *want,
                 struct leat_grant *out)
{
    const struct leat_share *b = &t->config.share;
    bool expose, exposed;
    uint32_t first = NONE;
    int err;

    lock(t);
    err = book(t, want, &first);
    if (err)
        t->stats.refused++;
    unlock(t);
    if (err) {
        leat_ref_drop(&want->keeps);
        return err;
    }
    if (want->flags & LEAT_SHARE_ZERO)
        memset(want->run.base, 0, want->run.pages * LEAT_PAGE_SIZE);
    expose = !want->again && b->ops->expose;
    if (expose)
        err = b->ops->expose(b->self, want->run.base, want->run.pages,
                             want->domain, want->access);
    exposed = !err;
    if (err) {
        uint32_t r;

        lock(t);
        for (r = first; r != NONE; r = t->refs[r].next)
            t->refs[r].state = REF_ENDED;
        t->shares[first].held = 0;
        unlock(t);
    } else {
        err = leat_share_grant(t, first);
    }
    if (err) {
        undo(t, first, exposed);
        return err;
    }
    lock(t);
    t->shares[first].state = LEAT_GRANT_LIVE;
    t->stats.shares++;
    t->stats.shares_live++;
    out->table = t;
    out->id = (uint64_t)t->shares[first].life << 32 | first;
    unlock(t);
    return 0;
}

int leat_grant_share_by(struct leat_grants *t, struct leat_chunk c,
                        struct leat_view view, uint32_t domain,
                        enum leat_access access, uint32_t flags,
                        const uint32_t *refs, size_t n, struct leat_grant *out)
{
    struct want want = {.domain = domain, .access = access, .flags = flags};
    int err;

    if (!t || !out || (n && !refs) ||
        flags & ~(LEAT_SHARE_VOUCH | LEAT_SHARE_ZERO) ||
        (access != LEAT_READ_WRITE && access != LEAT_READ_ONLY))
        return LEAT_E_INVALID;
    if (!t->config.share.ops || (refs && t->born))
        return LEAT_E_UNSUPPORTED;
    err = leat_peer_check(domain);
    if (!err)
        err = leat_chunk_check(c);
    if (!err)
        err = leat_view_pages(view, &want.run);
    if (!err && !want.run.pages)
        err = LEAT_E_RANGE;
    if (!err && want.run.pages > t->nrefs)
        err = LEAT_E_LIMIT;
    if (!err && refs && n != want.run.pages)
        err = LEAT_E_LENGTH;
    if (!err)
        err = may_show(c, domain, flags);
    if (!err)
        err = leat_ref_take(c, view, &want.keeps); /* G4 */
    if (err)
        return err;
    want.refs = refs;
    return share(t, &want, out);
}

int leat_grant_share_view(struct leat_grants *t, struct leat_chunk c,
                          struct leat_view view, uint32_t domain,
                          enum leat_access access, uint32_t flags,
                          struct leat_grant *out)
{
    return leat_grant_share_by(t, c, view, domain, access, flags, NULL, 0, out);
}

int leat_grant_share(struct leat_grants *t, struct leat_chunk c,
                     uint32_t domain, enum leat_access access,
                     struct leat_grant *out)
{
    return leat_grant_share_by(t, c, leat_chunk_view(c), domain, access, 0,
                               NULL, 0, out);
}
