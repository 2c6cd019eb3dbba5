/* SPDX-License-Identifier: ISC */

/*
 * The pages of what a guest sends: those that it had mapped for good are there;
 * those of the rest are copied, or mapped, for all frames of a round together.
 *
 *   G20  a slot whose frame is still to be sent has its bytes; one whose page
 *        could not be had has its frame refused, and no other
 *   G21  what is mapped here is in (maps), and unmapped before the guest is
 *        answered
 */

#include "netback.h"

static struct leat_shared private_bytes(unsigned char *at, size_t len)
{
    struct leat_shared s = {at, len};

    return s;
}

/* What of the frames is not there yet: the slots that have (part). */
static uint32_t gather(struct nb_queue *q, uint32_t nframes)
{
    struct nb_scratch *s = q->n->scratch;
    uint32_t i, j, parts = 0;

    for (i = 0; i < nframes; i++) {
        struct nb_frame *f = &s->frames[i];

        f->priv = f->send && f->status == NETIF_RSP_OKAY;
        for (j = 0; f->send && f->status == NETIF_RSP_OKAY && j < f->n; j++) {
            struct nb_slot *slot = &f->slots[j];
            const struct nb_static *page;

            slot->bytes = private_bytes(NULL, 0);
            if (!slot->len)
                continue;
            page = leat_nb_static_find(&q->statics, slot->ref, LEAT_READ_ONLY);
            if (page) {
                leat_shared_slice(page->bytes, slot->off, slot->len,
                                  &slot->bytes);
                f->priv = false;
                q->n->stats.tx_static++;
                continue;
            }
            slot->part = (uint16_t)parts;
            s->owner[parts] = (uint8_t)i;
            s->refs[parts++] = (struct leat_gref){q->n->domain, slot->ref};
        }
    }
    return parts;
}

/* None of the parts could be had. */
static void refuse(struct nb_scratch *s, uint32_t parts)
{
    uint32_t i;

    for (i = 0; i < parts; i++)
        s->frames[s->owner[i]].status = NETIF_RSP_ERROR; /* G20 */
}

static void copy(struct nb_queue *q, uint32_t nframes, uint32_t parts)
{
    struct leat_netback *n = q->n;
    struct nb_scratch *s = n->scratch;
    struct leat_copy_batch batch;
    uint32_t i, j, at = 0;
    size_t seg;
    int status, err;

    err = leat_copy_init(&batch, n->config.grants, s->segs, NB_SEGS,
                         &n->stats.copied);
    if (err) {
        refuse(s, parts);
        return;
    }
    for (i = 0; i < nframes && !err; i++) {
        struct nb_frame *f = &s->frames[i];

        at = (at + 63) & ~63u;
        f->at = s->stage + at;
        for (j = 0; j < f->n && !err; j++) {
            struct nb_slot *slot = &f->slots[j];
            struct leat_view to = {s->stage + at, slot->len};

            if (slot->part == NB_NONE)
                continue;
            err =
                leat_copy_from(&batch, &s->refs[slot->part], 1, slot->off, to);
            slot->bytes = private_bytes(to.data, to.len);
            at += slot->len;
            n->stats.tx_copied++;
        }
    }
    if (!err) {
        err = leat_copy_run(&batch);
        n->stats.copies += batch.n;
        n->stats.grant_calls++;
    }
    while (!leat_copy_failed(&batch, &seg, &status)) {
        s->frames[s->owner[seg]].status = NETIF_RSP_ERROR;
        err = 0;
    }
    if (err) /* not one of them ran */
        refuse(s, parts);
}

static void use(struct nb_queue *q, struct nb_frame *f, struct leat_shared all,
                uint32_t from)
{
    uint32_t j;

    for (j = 0; j < f->n; j++) {
        struct nb_slot *slot = &f->slots[j];

        if (slot->part == NB_NONE)
            continue;
        leat_shared_slice(
            all, (size_t)(slot->part - from) * LEAT_PAGE_SIZE + slot->off,
            slot->len, &slot->bytes);
        q->n->stats.tx_mapped++;
    }
}

/* Maps the parts [from, to), which are those of the frames [first, end). */
static int map_some(struct nb_queue *q, struct nb_mapped *maps, uint32_t from,
                    uint32_t to, uint32_t first, uint32_t end)
{
    struct nb_scratch *s = q->n->scratch;
    struct leat_shared all;
    uint32_t i;
    int err = leat_nb_map(q->n, &s->refs[from], to - from, LEAT_READ_ONLY,
                          &maps->m[maps->n]);

    if (err)
        return err;
    err = leat_mapping_shared(maps->m[maps->n], LEAT_READ_ONLY, &all);
    maps->pages[maps->n++] = to - from; /* G21 */
    for (i = first; i < end && !err; i++)
        use(q, &s->frames[i], all, from);
    return err;
}

/* All at once; where that fails, frame by frame, to find out whose it is. */
static void map(struct nb_queue *q, uint32_t nframes, uint32_t parts,
                struct nb_mapped *maps)
{
    struct nb_scratch *s = q->n->scratch;
    uint32_t i, from, to = 0;

    if (!map_some(q, maps, 0, parts, 0, nframes))
        return;
    for (i = 0; i < nframes; i++) {
        for (from = to; to < parts && s->owner[to] == i; to++)
            ;
        if (from < to && map_some(q, maps, from, to, i, i + 1))
            s->frames[i].status = NETIF_RSP_ERROR; /* G20 */
    }
}

void leat_nb_pages_get(struct nb_queue *q, uint32_t nframes,
                       struct nb_mapped *maps)
{
    uint32_t i, parts = gather(q, nframes);

    if (!parts)
        return;
    if (q->n->config.way == LEAT_NETBACK_COPY) {
        copy(q, nframes, parts);
        return;
    }
    for (i = 0; i < nframes; i++)
        q->n->scratch->frames[i].priv = false;
    map(q, nframes, parts, maps);
}
