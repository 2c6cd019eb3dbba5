/* SPDX-License-Identifier: ISC */

/*
 * How a persistent pool ends, and how it goes on after a resume.
 *
 *     open --close--> closing --last block put, no unit under way--> ending
 *        --each unit revoked once, out of the table's list--> closed()
 *
 *   B6  no call is in it when it ends: each counts itself, and the last one that
 *       goes ends it
 *   B5  one thread ends it: the one that sets (ending); or, where it had to put
 *       that off, the one that finds (due)
 *
 * It is put off while the table is suspended, and while a resume has it pinned:
 * whoever resumes then goes on with it.
 */

#include <string.h>

#include "persist.h"

void leat_persist_join(struct leat_persist *p)
{
    struct leat_grants *t = p->config.grants;

    lock(t);
    p->resumed = t->stats.generation;
    p->next = t->persists;
    t->persists = p;
    unlock(t);
}

/* Tells whether the end must be put off; if so, it is due. */
static bool put_off(struct leat_persist *p)
{
    struct leat_grants *t = p->config.grants;
    bool off;

    lock(t);
    off = p->pinned || t->suspended;
    p->due = off;
    unlock(t);
    return off;
}

/* Leaves the table's list, unless the end must be put off. */
static bool leave(struct leat_persist *p)
{
    struct leat_grants *t = p->config.grants;
    struct leat_persist **at = &t->persists;
    bool off;

    lock(t);
    off = p->pinned;
    p->due = off;
    if (!off) {
        while (*at != p)
            at = &(*at)->next;
        *at = p->next;
    }
    unlock(t);
    return !off;
}

/* Revokes the units that are left, and is done. It may be put off anywhere. */
static void end(struct leat_persist *p)
{
    void (*closed)(void *, size_t) = p->closed;
    void *arg = p->arg;
    uint32_t i;
    size_t held;
    int err;

    for (i = 0; i < p->config.units_max; i++) {
        struct unit *u = &p->units[i];

        if (!u->base)
            continue;
        do {
            err = u->grant.table ? leat_grant_revoke(u->grant) : LEAT_E_STALE;
            if (err == LEAT_E_STATE && put_off(p))
                return;
        } while (err == LEAT_E_STATE);
        if (err == LEAT_E_STALE) /* a resume took it, and nobody zeroed it */
            memset(u->base, 0, p->config.unit_pages * LEAT_PAGE_SIZE);
        else if (err)
            p->held++;
        leat_pool_put(p->config.pool, u->chunk);
        memset(u, 0, sizeof(*u));
    }
    held = p->held;
    if (!leave(p))
        return;
    leat_layer_lock_fini(&p->lock);
    if (closed)
        closed(arg, held);
}

void leat_persist_end(struct leat_persist *p)
{
    bool now;

    leat_layer_lock_take(&p->lock);
    p->calls--;
    now = p->closing && !p->ending && !p->out && !p->growing && !p->serving &&
          !p->oldest && !p->calls;
    p->ending |= now;
    leat_layer_lock_drop(&p->lock);
    if (now)
        end(p);
}

int leat_persist_close(struct leat_persist *p,
                       void (*closed)(void *arg, size_t held), void *arg)
{
    int err = 0;

    if (!p)
        return LEAT_E_INVALID;
    leat_layer_lock_take(&p->lock);
    p->calls++;
    if (p->closing) {
        err = LEAT_E_CLOSED;
    } else {
        p->closing = true;
        p->closed = closed;
        p->arg = arg;
        leat_block_serve(p); /* those in line are told */
    }
    leat_layer_lock_drop(&p->lock);
    leat_persist_end(p);
    return err;
}

/* Shares all units again that the resume took. */
static void share_again(struct leat_persist *p)
{
    uint32_t i;

    for (i = 0; i < p->config.units_max; i++) {
        struct unit *u = &p->units[i];
        uint32_t ref;
        bool mine;

        leat_layer_lock_take(&p->lock);
        mine = u->base && !u->sharing && !p->ending &&
               leat_grant_ref(u->grant, &ref) == LEAT_E_STALE;
        if (mine)
            u->sharing = true;
        leat_layer_lock_drop(&p->lock);
        if (mine) /* where it fails, leat_block_ref() tries again */
            leat_persist_share(p, i);
    }
}

void leat_persists_resumed(struct leat_grants *t)
{
    struct leat_persist *p;

    lock(t);
    for (;;) {
        bool again, due;

        for (p = t->persists; p; p = p->next) {
            if (p->resumed != t->stats.generation || p->due)
                break;
        }
        if (!p)
            break;
        again = p->resumed != t->stats.generation;
        due = p->due;
        p->resumed = t->stats.generation;
        p->due = false;
        p->pinned = !due;
        unlock(t);
        if (due) {
            end(p);
            lock(t);
            continue;
        }
        if (again)
            share_again(p);
        lock(t);
        p->pinned = false; /* if it is due by now, it is found again */
    }
    unlock(t);
}
