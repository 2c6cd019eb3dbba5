/* SPDX-License-Identifier: ISC */

/*
 * In-use marks: a grant is pinned while it is mapped or copied.
 *
 *   H1  an entry is active (readers + writers > 0)  =>  its frame and domain
 * are
 *       kept here, and what its owner writes to it changes nothing
 *   H2  GTF_reading is set by the first pin, GTF_writing by the first for
 *       writing; each is cleared by the last
 *
 * The first pin compares and swaps the entry's word, so either the owner's
 * ending of the grant comes first and the pin fails, or it comes after and
 * fails. An owner who changes the word without pause is not waited for
 * (XSA-295).
 *
 * Source: _set_status_v1() in its effects, and xen/grant_table.h.
 */

#include "hv_internal.h"

#define TRIES 5

/* Sets the marks of a use by (by). */
static int mark(struct sim_entry *e, uint32_t by, bool read_only)
{
    uint32_t want = SIM_GTF_READ | (read_only ? 0 : SIM_GTF_WRITE);
    uint32_t word = __atomic_load_n(&e->word, __ATOMIC_ACQUIRE);
    int i;

    for (i = 0; i < TRIES; i++) {
        if ((word & SIM_GTF_TYPE) != SIM_GTF_PERMIT || word >> 16 != by)
            return SIM_BAD_GNTREF;
        if (word & SIM_GTF_RO && !read_only)
            return SIM_GENERAL_ERROR;
        if (__atomic_compare_exchange_n(&e->word, &word, word | want, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE))
            return SIM_OKAY;
    }
    return SIM_EAGAIN;
}

static void unmark(struct sim_entry *e, uint32_t marks)
{
    __atomic_fetch_and(&e->word, ~marks, __ATOMIC_SEQ_CST);
}

static bool hidden(const struct hv_unit *u, uint32_t page)
{
    return u->hidden[page / 8] >> page % 8 & 1;
}

int hv_pin(struct hv *hv, uint32_t by, uint32_t owner, uint32_t ref,
           bool read_only, uint32_t *frame)
{
    struct hv_domain *d = hv_alive(hv, owner);
    struct hv_active *a;
    struct sim_entry *e;
    struct hv_unit *u;
    uint32_t f;
    int status = SIM_OKAY;

    if (!d)
        return SIM_BAD_DOMAIN;
    if (ref >= d->refs)
        return SIM_BAD_GNTREF;
    e = &d->table[ref];
    a = &d->active[ref];
    if (a->readers + a->writers && a->domain != by)
        return SIM_BAD_GNTREF;
    if (!a->readers && !a->writers) {
        status = mark(e, by, read_only);
        f = __atomic_load_n(&e->frame, __ATOMIC_RELAXED);
    } else {
        if (!read_only && !a->writers)
            status = mark(e, by, false);
        f = a->frame; /* H1 */
    }
    if (status)
        return status;
    u = hv_unit_of(d, f);
    if (!u || hidden(u, f & 0xffff))
        status = SIM_BAD_PAGE;
    else if (u->read_only && !read_only)
        status = SIM_GENERAL_ERROR;
    if (status) {
        /* H2 */
        unmark(e, (a->readers + a->writers ? 0 : SIM_GTF_READ) |
                      (read_only || a->writers ? 0 : SIM_GTF_WRITE));
        return status;
    }
    a->frame = *frame = f;
    a->domain = (uint16_t)by;
    if (read_only)
        a->readers++;
    else
        a->writers++;
    u->maps++;
    d->mapped++;
    return SIM_OKAY;
}

void hv_unpin(struct hv *hv, struct hv_domain *owner, uint32_t ref,
              uint32_t frame, bool read_only, uint32_t life)
{
    struct hv_active *a = &owner->active[ref];

    /* A table of before a resume had marks of its own. */
    if (life == owner->generation) {
        if (read_only)
            a->readers--;
        else if (!--a->writers)
            unmark(&owner->table[ref], SIM_GTF_WRITE); /* H2 */
        if (!a->readers && !a->writers)
            unmark(&owner->table[ref], SIM_GTF_READ);
    }
    hv_unit_let_go(hv, owner, frame);
    owner->mapped--;
    hv_reap(hv, owner);
}
