/* SPDX-License-Identifier: ISC */

/*
 * The pages of the device's own, of one direction of a queue.
 *
 *   F1  a page is free, used, with a reader, or parked; those that are free are
 *       in the line, each once, and all below (cap)
 *   F2  (n) pages are there, and are blocks that are out of the persistent pool
 *
 *     free --get--> used --put--> free;  beyond (cap): parked
 *
 * Blocks are got once, and kept while the device is there: what a frame needs to
 * know of its page lies in one array, and no lock is between. The line is first in,
 * first out, so that a page lies for as long as can be before it is used again, and
 * its lines of the cache have left the other CPU by then (PERF.md of the design:
 * 1024 pages or more); or, where both ends share a CPU, last in, first out.
 */

#include "netfront.h"

static int add(struct nf_pages *p)
{
    struct nf_page *page = &p->page[p->n];
    struct leat_shared bytes;
    uint32_t off;
    int err = leat_persist_get(p->persist, &p->block[p->n]);

    if (err)
        return err;
    err = leat_block_ref(p->block[p->n], &page->ref, &off);
    if (!err)
        err = leat_block_shared(p->block[p->n], &bytes);
    if (err) {
        (void)leat_persist_put(p->block[p->n]);
        return err;
    }
    /* Of what is sent this is the only writer. */
    page->bytes = (unsigned char *)(uintptr_t)bytes.peer_bytes;
    page->off = (uint16_t)off;
    p->life[p->n] = 1;
    return 0;
}

int leat_nf_pages_fill(struct nf_pages *p)
{
    int err = 0;

    if (p->cap < p->max)
        leat_nf_pages_cap(p, p->max);
    while (p->n < p->max && !err) {
        err = add(p);
        if (!err)
            nf_page_put(p, p->n++);
    }
    return p->n >= NF_PAGES_MIN ? 0 : err;
}

int leat_nf_pages_renew(struct nf_pages *p)
{
    uint32_t i, off;
    int err = 0;

    for (i = 0; i < p->n && !err; i++)
        err = leat_block_ref(p->block[i], &p->page[i].ref, &off);
    return err;
}

void leat_nf_pages_drop(struct nf_pages *p)
{
    uint32_t i;

    for (i = 0; i < p->n; i++)
        (void)leat_persist_put(p->block[i]);
    p->n = p->head = p->tail = 0;
}

void leat_nf_pages_cap(struct nf_pages *p, uint32_t cap)
{
    uint32_t i;

    p->cap = cap;
    p->head = p->tail = 0;
    for (i = 0; i < p->n; i++) {
        if (p->page[i].state == NF_FREE || p->page[i].state == NF_PARKED)
            nf_page_put(p, i);
    }
}

const char *leat_nf_pages_check(const struct nf_pages *p)
{
    uint32_t i, free = 0;

    if (p->n > p->max)
        return "F2";
    for (i = 0; i < p->n; i++) {
        free += p->page[i].state == NF_FREE;
        if ((p->page[i].state == NF_FREE && i >= p->cap) ||
            (p->page[i].state == NF_PARKED && i < p->cap))
            return "F1";
    }
    if (free != nf_pages_free(p))
        return "F1";
    for (i = p->head; i != p->tail; i++) {
        if (p->line[i & p->mask] >= p->n ||
            p->page[p->line[i & p->mask]].state != NF_FREE)
            return "F1";
    }
    return NULL;
}
