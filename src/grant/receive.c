/* SPDX-License-Identifier: ISC */

/*
 * Three ways to receive.
 *
 *   D1  bytes that the reader gets as private are in no page that the peer can
 *       still write: they were copied out once, or the share has ended
 *   D2  no mode stands in for another: what cannot be had in the mode that was
 *       chosen is an error
 */

#include <string.h>

#include <leat/receive.h>

#include "internal.h"

static void count(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

int leat_receive_init(struct leat_receive *r)
{
    if (!r || leat_peer_check(r->domain))
        return LEAT_E_INVALID;
    switch (r->mode) {
    case LEAT_RECEIVE_COPY:
        if (!r->persist || !r->to)
            return LEAT_E_INVALID;
        if (leat_pool_peer(r->to) != LEAT_NO_PEER)
            return LEAT_E_PEER;
        break;
    case LEAT_RECEIVE_REVOKE:
        if (!r->grants || !r->shown)
            return LEAT_E_INVALID;
        if (leat_pool_peer(r->shown) != r->domain)
            return LEAT_E_PEER;
        break;
    case LEAT_RECEIVE_SHARED:
        if (!r->grants || !r->persist)
            return LEAT_E_INVALID;
        if (!leat_grants_trusted(r->grants, r->domain))
            return LEAT_E_PEER;
        break;
    default:
        return LEAT_E_INVALID;
    }
    memset(&r->counts, 0, sizeof(r->counts));
    return 0;
}

static int post_page(struct leat_receive *r, struct leat_posted *out)
{
    struct leat_origin from;
    uint32_t flags;
    int err = leat_pool_get(r->shown, 1, &out->chunk);

    if (err)
        return err;
    leat_chunk_origin(out->chunk, &from);
    flags = from.zero == LEAT_ZERO_ALWAYS ? 0 : LEAT_SHARE_ZERO;
    count(&r->counts.shares, 1);
    err = leat_grant_share_view(r->grants, out->chunk,
                                leat_chunk_view(out->chunk), r->domain,
                                LEAT_READ_WRITE, flags, &out->grant);
    if (!err) {
        err = leat_grant_ref(out->grant, &out->ref);
        if (err)
            leat_grant_revoke(out->grant);
    }
    if (err)
        leat_pool_put(r->shown, out->chunk);
    out->len = (uint32_t)LEAT_PAGE_SIZE;
    return err;
}

static int post_block(struct leat_receive *r, struct leat_posted *out)
{
    struct leat_shared s;
    int err = leat_persist_get(r->persist, &out->block);

    if (err)
        return err;
    err = leat_block_ref(out->block, &out->ref, &out->off);
    if (!err)
        err = leat_block_shared(out->block, &s);
    if (err)
        leat_persist_put(out->block);
    else
        out->len = (uint32_t)s.len;
    return err;
}

int leat_receive_post(struct leat_receive *r, struct leat_posted *out)
{
    struct leat_posted p;
    int err;

    if (!r || !out)
        return LEAT_E_INVALID;
    memset(&p, 0, sizeof(p));
    p.r = r;
    err = r->mode == LEAT_RECEIVE_REVOKE ? post_page(r, &p) : post_block(r, &p);
    if (err)
        return err;
    count(&r->counts.posts, 1);
    *out = p;
    return 0;
}

/* A ref to (view) of the chunk becomes its only owner. */
static int hand_over(struct leat_chunk c, struct leat_view all, size_t off,
                     size_t len, struct leat_ref *out)
{
    struct leat_view v;
    int err = leat_view_slice(all, off, len, &v);

    if (!err)
        err = leat_ref_take(c, v, out);
    if (!err)
        leat_pool_put(c.pool, c);
    return err;
}

static int take_copy(struct leat_posted *p, size_t off, size_t len,
                     struct leat_received *out)
{
    struct leat_receive *r = p->r;
    struct leat_shared s;
    struct leat_chunk c;
    int err = leat_block_shared(p->block, &s);

    if (!err)
        err = leat_pool_get(r->to, 1, &c);
    if (err)
        return err;
    err = leat_shared_copy_out(s, off, leat_chunk_view(c).data, len,
                               leat_pool_copies(r->to));
    if (!err)
        err = hand_over(c, leat_chunk_view(c), 0, len, &out->bytes);
    if (err) {
        leat_pool_put(r->to, c);
        return err;
    }
    count(&r->counts.copies, 1);
    count(&r->counts.copied_bytes, len);
    return leat_persist_put(p->block);
}

static int take_page(struct leat_posted *p, size_t off, size_t len,
                     struct leat_received *out)
{
    struct leat_receive *r = p->r;
    int err;

    count(&r->counts.revokes, 1);
    err = leat_grant_revoke_keep(p->grant);
    /* It drained by a poll meanwhile: its bytes were kept, too. */
    if (err == LEAT_E_STALE && p->tried)
        err = 0;
    p->tried = true;
    if (err == LEAT_E_BUSY)
        count(&r->counts.held, 1);
    if (err)
        return err;
    return hand_over(p->chunk, leat_chunk_view(p->chunk), off, len,
                     &out->bytes);
}

static int take_shared(struct leat_posted *p, size_t off, size_t len,
                       struct leat_received *out)
{
    struct leat_shared s;
    int err;

    if (!leat_grants_trusted(p->r->grants, p->r->domain))
        return LEAT_E_PEER;
    err = leat_block_shared(p->block, &s);
    if (!err)
        err = leat_shared_slice(s, off, len, &out->shared);
    if (!err)
        out->block = p->block;
    return err;
}

int leat_receive_take(struct leat_posted *p, size_t off, size_t len,
                      struct leat_received *out)
{
    struct leat_received got;
    int err;

    if (!p || !out)
        return LEAT_E_INVALID;
    if (!p->r)
        return LEAT_E_STALE;
    if (off > p->len || len > p->len - off)
        return LEAT_E_RANGE;
    memset(&got, 0, sizeof(got));
    got.r = p->r;
    if (p->r->mode == LEAT_RECEIVE_COPY)
        err = take_copy(p, off, len, &got);
    else if (p->r->mode == LEAT_RECEIVE_REVOKE)
        err = take_page(p, off, len, &got);
    else
        err = take_shared(p, off, len, &got);
    if (err)
        return err;
    count(&p->r->counts.takes, 1);
    p->r = NULL;
    *out = got;
    return 0;
}

int leat_receive_drop(struct leat_posted *p)
{
    struct leat_receive *r;
    int err = 0;

    if (!p)
        return LEAT_E_INVALID;
    r = p->r;
    if (!r)
        return LEAT_E_STALE;
    p->r = NULL;
    count(&r->counts.drops, 1);
    if (r->mode != LEAT_RECEIVE_REVOKE)
        return leat_persist_put(p->block);
    count(&r->counts.revokes, 1);
    if (leat_grant_revoke(p->grant) == LEAT_E_BUSY)
        count(&r->counts.held, 1);
    /* The share keeps the page for as long as the peer does. */
    err = leat_pool_put(r->shown, p->chunk);
    return err;
}

int leat_receive_done(struct leat_received *received)
{
    if (!received)
        return LEAT_E_INVALID;
    if (!received->r)
        return LEAT_E_STALE;
    received->r = NULL;
    if (received->block.from)
        return leat_persist_put(received->block);
    if (received->bytes.chunk.pool)
        return leat_ref_drop(&received->bytes);
    return 0;
}

int leat_receive_counts(struct leat_receive *r, struct leat_receive_counts *out)
{
    const uint64_t *from;
    uint64_t *to;
    size_t i;

    if (!r || !out)
        return LEAT_E_INVALID;
    from = (const uint64_t *)&r->counts;
    to = (uint64_t *)out;
    for (i = 0; i < sizeof(*out) / sizeof(*to); i++)
        to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
    return 0;
}
