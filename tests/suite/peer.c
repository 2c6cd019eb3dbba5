/* SPDX-License-Identifier: ISC */

/* See peer.h. */

#include <setjmp.h>
#include <signal.h>
#include <string.h>

#include <leat/grant_copy.h>

#include "fixture.h"

/* ------------------------------------------------------------------ touch */

static __thread sigjmp_buf touch_jump;

static void touched(int sig)
{
    siglongjmp(touch_jump, sig);
}

int touch(volatile unsigned char *at, bool write)
{
    struct sigaction action = {.sa_handler = touched}, segv, bus;
    int sig;

    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &segv);
    sigaction(SIGBUS, &action, &bus);
    sig = sigsetjmp(touch_jump, 1);
    if (!sig) {
        unsigned char byte = *at;

        if (write)
            *at = byte;
    }
    sigaction(SIGSEGV, &segv, NULL);
    sigaction(SIGBUS, &bus, NULL);
    return sig;
}

/* ------------------------------------------------------------------- serve */

static int map(struct peer *p, const struct ask *a, struct answer *out)
{
    struct leat_gref grefs[PEER_REFS];
    struct leat_mapping m;
    int status[PEER_REFS] = {0}, err;
    uint32_t i;

    for (i = 0; i < a->n; i++)
        grefs[i] = (struct leat_gref){a->domain, a->refs[i]};
    err = leat_grant_map(p->party->table, grefs, a->n,
                         (enum leat_access)a->access, status, &m);
    for (i = 0; i < a->n; i++)
        out->status[i] = status[i];
    if (err)
        return err;
    p->slot[a->slot].mapping = m;
    p->slot[a->slot].access = (enum leat_access)a->access;
    return leat_mapping_shared(m, (enum leat_access)a->access,
                               &p->slot[a->slot].shared);
}

/* Bytes of what is mapped, a page at a time: to write, or to be compared. */
static int fill(struct leat_shared s, uint32_t seed)
{
    unsigned char page[LEAT_PAGE_SIZE];
    struct leat_copies copies = {0};
    int err = 0;

    for (size_t at = 0; at < s.len && !err; at += sizeof(page)) {
        for (size_t i = 0; i < sizeof(page); i++)
            page[i] = pattern(seed, at + i);
        err = leat_shared_copy_in(s, at, page, sizeof(page), &copies);
    }
    return err;
}

/* How many bytes are as (seed) says: the pattern, or the byte itself. */
static int count(struct leat_shared s, uint32_t seed, bool byte, uint32_t *n)
{
    unsigned char page[LEAT_PAGE_SIZE];
    struct leat_copies copies = {0};
    int err = 0;

    *n = 0;
    for (size_t at = 0; at < s.len && !err; at += sizeof(page)) {
        err = leat_shared_copy_out(s, at, page, sizeof(page), &copies);
        for (size_t i = 0; i < sizeof(page) && !err; i++)
            *n +=
                page[i] == (byte ? (unsigned char)seed : pattern(seed, at + i));
    }
    return err;
}

static int copy(struct peer *p, const struct ask *a, struct answer *out)
{
    struct leat_copy_seg segs[PEER_DATA / LEAT_PAGE_SIZE + 2];
    unsigned char bytes[PEER_DATA];
    struct leat_gref grefs[4];
    struct leat_copies copies = {0};
    struct leat_copy_batch batch;
    struct leat_view v = {bytes, a->len};
    int err = leat_copy_init(&batch, p->party->table, segs,
                             sizeof(segs) / sizeof(segs[0]), &copies);

    for (uint32_t i = 0; i < a->n && i < 4; i++)
        grefs[i] = (struct leat_gref){a->domain, a->refs[i]};
    memcpy(bytes, a->data, sizeof(bytes));
    if (!err && a->op == PEER_COPY_FROM)
        err = leat_copy_from(&batch, grefs, a->n, a->off, v);
    else if (!err)
        err = leat_copy_to(&batch, grefs, a->n, a->off, leat_view_const(v));
    if (!err)
        err = leat_copy_run(&batch);
    memcpy(out->data, bytes, sizeof(bytes));
    return err;
}

static int share(struct peer *p, const struct ask *a, struct answer *out)
{
    struct leat_pool *pool = party_pool(p->party, MEMORY_PEER_1);
    struct leat_chunk c;
    struct leat_view v;
    struct leat_grant g;
    int err = leat_pool_get(pool, a->n, &c);

    if (err)
        return err;
    v = leat_chunk_view(c);
    for (size_t i = 0; i < v.len; i++)
        v.data[i] = pattern(a->seed, i);
    err = leat_grant_share(p->party->table, c, a->domain,
                           (enum leat_access)a->access, &g);
    if (err) {
        leat_pool_put(pool, c);
        return err;
    }
    p->slot[a->slot].chunk = c;
    p->slot[a->slot].grant = g;
    return leat_grant_refs(g, out->refs, PEER_REFS);
}

static uint32_t own(struct peer *p, const struct ask *a)
{
    struct leat_view v = leat_chunk_view(p->slot[a->slot].chunk);
    struct leat_shared s;
    uint32_t n = 0;

    if (!leat_shared_of(v.data, v.len, &s))
        count(s, a->seed, false, &n);
    return v.len && n == v.len;
}

static int end_share(struct peer *p, const struct ask *a)
{
    struct leat_chunk c = p->slot[a->slot].chunk;

    if (p->slot[a->slot].grant.table && !(p->party->f->can & CAN_KNOW_LETGO))
        leat_grant_told(p->slot[a->slot].grant);
    if (c.pool) /* the share keeps it */
        leat_pool_put(c.pool, c);
    p->slot[a->slot].chunk = (struct leat_chunk){0};
    return leat_grant_revoke(p->slot[a->slot].grant);
}

static bool idle(struct peer *p)
{
    struct leat_grants_stats s;

    return !leat_grants_stats(p->party->table, &s) && !s.refs_granted &&
           !s.refs_held && !s.mappings && !s.quarantined &&
           !leat_grants_check(p->party->table);
}

void peer_serve(struct peer *p, const struct ask *a, struct answer *out)
{
    struct leat_copies copies = {0};
    struct leat_shared s = p->slot[a->slot].shared;
    int err = 0;

    out->value = 0;
    switch ((enum peer_op)a->op) {
    case PEER_HELLO:
        out->value = p->party->id;
        break;
    case PEER_MAP:
        err = map(p, a, out);
        break;
    case PEER_UNMAP:
        err = leat_grant_unmap(p->slot[a->slot].mapping);
        break;
    case PEER_FILL:
        err = fill(s, a->seed);
        break;
    case PEER_FILLED:
        err = count(s, a->seed, false, &out->value);
        out->value = s.len && out->value == s.len;
        break;
    case PEER_WRITE:
        err = leat_shared_copy_in(s, a->off, a->data, a->len, &copies);
        break;
    case PEER_READ:
        err = leat_shared_copy_out(s, a->off, out->data, a->len, &copies);
        break;
    case PEER_COUNT:
        err = count(s, a->seed, true, &out->value);
        break;
    case PEER_FAULT:
        out->value = (uint32_t)touch(s.peer_bytes + a->off, a->seed);
        break;
    case PEER_COPY_FROM:
    case PEER_COPY_TO:
        err = copy(p, a, out);
        break;
    case PEER_SHARE:
        err = share(p, a, out);
        break;
    case PEER_OWN:
        out->value = own(p, a);
        break;
    case PEER_REVOKE:
        err = end_share(p, a);
        break;
    case PEER_IDLE:
        out->value = idle(p);
        break;
    case PEER_LEAVE:
        break;
    default:
        err = LEAT_E_INVALID;
    }
    out->result = err;
}
