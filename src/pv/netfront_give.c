/* SPDX-License-Identifier: ISC */

/*
 * Frames that are sent from where they are. Each piece is judged by itself; then
 * the last ones are bounced, too, as few as bring the slots down to what a frame
 * may have.
 *
 *     | as it is | bounced | as it is | SEGMENTS: bounced to the end |
 *                                     ^ cut
 *
 * Pieces that are bounced one after the other lie together in pages of the
 * device's own: a copy of each, no grant operation. Of those that go as they are
 * each page is granted, for reading, and this frame's grant of it is its own:
 * other frames may have grants of the same page.
 */

#include <string.h>

#include "../core/copy.h"
#include "netfront.h"

/* A frame, as it is being put together. */
struct plan {
    struct leat_netfront *f;
    struct nf_queue *q;
    struct leat_netfront_give *give;
    size_t len;
    size_t cut; /* the first piece that is bounced for the slots' sake        */
    uint32_t max;
    uint32_t n; /* pieces that are made                                       */
    struct nf_piece piece[LEAT_NETFRONT_SLOTS];
    uint32_t room;     /* bytes left in the page of the last bounced one      */
    unsigned char *at; /* there                                               */
    enum leat_reason why; /* of the first that is bounced,                    */
    size_t index;         /* and which it is                                  */
    size_t bounced;       /* bytes                                            */
};

static uint32_t pages_of(const struct leat_view *v)
{
    const uintptr_t at = (uintptr_t)v->data;

    return (uint32_t)((at % LEAT_PAGE_SIZE + v->len + LEAT_PAGE_SIZE - 1) /
                      LEAT_PAGE_SIZE);
}

static bool inside(struct leat_chunk c, struct leat_view v)
{
    const struct leat_view all = leat_chunk_view(c);

    return v.data >= all.data && v.len <= all.len &&
           (size_t)(v.data - all.data) <= all.len - v.len;
}

/* The chunk of a piece; where it does not say, one of the device's pool. */
static struct leat_chunk chunk_of(const struct leat_netfront *f,
                                  const struct leat_netfront_piece *p)
{
    static const struct leat_chunk none;
    struct leat_chunk c;

    if (p->chunk.pool)
        return p->chunk;
    return leat_chunk_around(f->config.pool, p->view.data, &c) ||
                   !inside(c, p->view)
               ? none
               : c;
}

/* Why a piece cannot be shown to the back as it is. */
static enum leat_reason judge(const struct leat_netfront *f,
                              const struct leat_netfront_piece *p)
{
    struct leat_chunk c;
    struct leat_origin from;

    if (f->strict)
        return LEAT_WHY_POLICY;
    c = chunk_of(f, p);
    if (!c.pool || leat_chunk_origin(c, &from) || from.adopted ||
        from.peer != leat_bus_peer(&f->end) || from.zero != LEAT_ZERO_ALWAYS)
        return LEAT_WHY_PEER;
    return from.mixed ? LEAT_WHY_NEIGHBOURS : LEAT_WHY_NONE;
}

/* 0, or what is wrong with the piece itself. */
static int sound(const struct leat_netfront_piece *p)
{
    int err;

    if (!p->view.data)
        return LEAT_E_STALE;
    if (!p->chunk.pool)
        return 0;
    err = leat_chunk_check(p->chunk);
    if (err)
        return err;
    return inside(p->chunk, p->view) ? 0 : LEAT_E_RANGE;
}

static int measure(struct plan *p)
{
    const struct leat_netfront_give *g = p->give;
    size_t i;
    int err;

    for (i = 0; i < g->n; i++) {
        err = sound(&g->pieces[i]);
        if (!err && g->pieces[i].view.len > LEAT_NET_FRAME_MAX - p->len)
            err = LEAT_E_LENGTH;
        if (err) {
            p->give->index = i;
            return err;
        }
        p->len += g->pieces[i].view.len;
    }
    return p->len < LEAT_NET_FRAME_MIN || p->len > p->f->info.frame_max
               ? LEAT_E_LENGTH
               : 0;
}

/* Where to cut: the last place from which all can be bounced. */
static int cut(struct plan *p, size_t *bounced)
{
    const struct leat_netfront_give *g = p->give;
    const uint32_t page = p->q->pages[NF_TX].bytes;
    size_t i, slots = 0, run = 0, gone = 0, own = 0;
    bool found = false;

    for (i = 0; i <= g->n; i++) {
        const size_t rest = run + p->len - gone;

        /* All before (i) as judged, what is left of it bounced. */
        if (slots + (rest + page - 1) / page <= p->max) {
            p->cut = i;
            *bounced = own + p->len - gone;
            found = true;
        }
        if (i == g->n)
            break;
        if (!g->pieces[i].view.len)
            continue;
        if (judge(p->f, &g->pieces[i]) != LEAT_WHY_NONE) {
            run += g->pieces[i].view.len;
            own += g->pieces[i].view.len;
        } else {
            slots += (run + page - 1) / page + pages_of(&g->pieces[i].view);
            run = 0;
        }
        gone += g->pieces[i].view.len;
        if (slots > p->max)
            break;
    }
    return found ? 0 : LEAT_E_LENGTH;
}

static enum leat_reason why_of(const struct plan *p, size_t i)
{
    enum leat_reason why = judge(p->f, &p->give->pieces[i]);

    return why == LEAT_WHY_NONE && i >= p->cut ? LEAT_WHY_SEGMENTS : why;
}

/* The first piece that is bounced, and why. */
static enum leat_reason offender(struct plan *p, size_t *index)
{
    enum leat_reason why = LEAT_WHY_NONE;
    size_t i;

    for (i = 0; i < p->give->n && why == LEAT_WHY_NONE; i++) {
        if (!p->give->pieces[i].view.len)
            continue;
        why = why_of(p, i);
        *index = i;
    }
    return why;
}

static void bounce(struct plan *p, struct leat_view v, enum leat_reason why)
{
    struct nf_pages *pages = &p->q->pages[NF_TX];
    struct leat_copies *copies = &p->f->copies;
    bool begins = true;

    while (v.len) {
        struct nf_piece *piece = &p->piece[p->n ? p->n - 1 : 0];
        size_t part;

        if (!p->room) {
            const uint32_t i = nf_page_get(pages);

            piece = &p->piece[p->n++];
            piece->page = (uint16_t)i;
            piece->ref = pages->page[i].ref;
            piece->off = pages->page[i].off;
            piece->len = 0;
            p->at = pages->page[i].bytes;
            p->room = pages->bytes;
        }
        part = v.len < p->room ? v.len : p->room;
        leat_copy_part(p->at, v.data, part, copies, why, begins);
        begins = false;
        p->at += part;
        p->room -= (uint32_t)part;
        piece->len = (uint16_t)(piece->len + part);
        v.data += part;
        v.len -= part;
    }
}

static int show(struct plan *p, const struct leat_netfront_piece *from)
{
    const uint32_t before = p->n;
    const struct leat_chunk c = chunk_of(p->f, from);
    struct leat_view v = from->view;
    int err = 0;

    p->room = 0; /* what is bounced next begins a page */
    while (v.len && !err) {
        struct nf_piece *piece = &p->piece[p->n];
        const size_t off = (uintptr_t)v.data % LEAT_PAGE_SIZE;
        const size_t fits = LEAT_PAGE_SIZE - off;
        const size_t part = v.len < fits ? v.len : fits;
        const struct leat_view page = {v.data - off, LEAT_PAGE_SIZE};

        err = leat_grant_share_view(p->f->config.grants, c, page,
                                    leat_bus_peer(&p->f->end), LEAT_READ_ONLY,
                                    0, &piece->grant);
        if (err)
            break;
        p->f->stats.shares++;
        piece->page = NF_NO_PAGE;
        piece->off = (uint16_t)off;
        piece->len = (uint16_t)part;
        p->n++;
        err = leat_grant_ref(piece->grant, &piece->ref);
        v.data += part;
        v.len -= part;
    }
    while (err && p->n > before)
        (void)leat_nf_revoke(p->f, p->piece[--p->n].grant);
    return err;
}

/*
 * Pages that the back can write already, as those that were born granted, cannot
 * be shown for reading alone: bounced, where there is room for that.
 */
static int show_or_bounce(struct plan *p,
                          const struct leat_netfront_piece *from, size_t index)
{
    const struct nf_pages *pages = &p->q->pages[NF_TX];
    const size_t need = (from->view.len + pages->bytes - 1) / pages->bytes;
    int err = show(p, from);

    if (err != LEAT_E_ACCESS || p->f->config.flags & LEAT_NETFRONT_STRICT ||
        p->n + need > p->max || need > nf_pages_free(pages))
        return err;
    bounce(p, from->view, LEAT_WHY_ACCESS);
    if (p->why == LEAT_WHY_NONE) {
        p->why = LEAT_WHY_ACCESS;
        p->index = index;
    }
    p->bounced += from->view.len;
    return 0;
}

static void undo(struct plan *p)
{
    while (p->n--) {
        if (p->piece[p->n].page != NF_NO_PAGE)
            nf_page_put(&p->q->pages[NF_TX], p->piece[p->n].page);
        else
            (void)leat_nf_revoke(p->f, p->piece[p->n].grant);
    }
}

static int make(struct plan *p)
{
    size_t i;
    int err = 0;

    for (i = 0; i < p->give->n && !err; i++) {
        const struct leat_netfront_piece *from = &p->give->pieces[i];
        enum leat_reason why;

        if (!from->view.len)
            continue;
        why = why_of(p, i);
        if (why == LEAT_WHY_NONE)
            err = show_or_bounce(p, from, i);
        else
            bounce(p, from->view, why);
    }
    if (err)
        undo(p);
    return err;
}

/* The frame's first bytes: the headers of its link are looked at, where the back
 * takes blank checksums of one kind alone. */
static int look(struct plan *p)
{
    unsigned char head[24];
    size_t i, k, n = 0;

    for (i = 0; i < p->give->n; i++) {
        const struct leat_view v = p->give->pieces[i].view;

        for (k = 0; k < v.len && n < sizeof(head); k++)
            head[n++] = v.data[k];
    }
    return leat_nf_tx_judge(p->f, &p->give->meta, head, n);
}

static int check(const struct leat_netfront *f,
                 const struct leat_netfront_give *g)
{
    if (!f || !g || (g->n && !g->pieces))
        return LEAT_E_INVALID;
    return leat_nf_tx_allowed(f, g->queue, &g->meta);
}

static uint16_t note(struct nf_queue *q, const struct leat_netfront_give *g,
                     uint32_t slots)
{
    const uint32_t i = q->free_given;

    if (!g->done)
        return NF_NO_FRAME;
    q->free_given = q->given[i].next;
    q->given[i] = (struct nf_given){
        .done = g->done, .arg = g->arg, .left = (uint16_t)slots};
    q->given_out++;
    return (uint16_t)i;
}

int leat_netfront_give(struct leat_netfront *f, struct leat_netfront_give *g)
{
    struct plan p = {.f = f, .give = g};
    int err = check(f, g);

    if (err)
        return err;
    p.q = &f->queues[g->queue];
    p.max = f->info.sg ? LEAT_NETFRONT_SLOTS : 1;
    g->why = LEAT_WHY_NONE;
    err = p.q->tx.error ? p.q->tx.error : measure(&p);
    if (!err)
        err = cut(&p, &p.bounced);
    if (!err)
        err = look(&p);
    if (err)
        return err;
    p.why = offender(&p, &p.index);
    if (p.why != LEAT_WHY_NONE && f->config.flags & LEAT_NETFRONT_STRICT) {
        g->why = p.why;
        g->index = p.index;
        return p.why == LEAT_WHY_SEGMENTS ? LEAT_E_SEGMENTS : LEAT_E_PEER;
    }
    if (!leat_nf_tx_room(p.q, p.max, p.bounced ? p.max : 0,
                         g->meta.gso != LEAT_NET_GSO_NONE))
        return LEAT_E_AGAIN;
    err = make(&p);
    if (err)
        return err;
    g->slots = p.n;
    g->bounced = p.bounced;
    g->why = p.why;
    g->index = p.index;
    f->stats.tx_bounced += p.bounced != 0;
    leat_nf_tx_put(p.q, p.piece, p.n, p.len, &g->meta, note(p.q, g, p.n));
    return 0;
}
