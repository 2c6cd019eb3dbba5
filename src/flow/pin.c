/* SPDX-License-Identifier: ISC */

/*
 * What refs pin: a few bytes that keep many. They are reported, and copied out
 * where the caller, or the pool's policy, says from which ratio on.
 */

#include <time.h>

#include "internal.h"

static bool above(size_t pinned, size_t used, size_t ratio)
{
    return used ? pinned / used >= ratio && pinned > used * ratio : pinned > 0;
}

static void age(const struct leat_flow_buffer *b, struct leat_pin *out)
{
    struct leat_pin pin;
    struct timespec t;

    out->tracked = false;
    out->age_ns = 0;
    if (b->since_ns) {
        clock_gettime(CLOCK_MONOTONIC, &t);
        out->tracked = true;
        out->age_ns = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec -
                      b->since_ns;
    } else if (b->cell.kind == CELL_REF && !leat_ref_pin(&b->ref, &pin)) {
        out->tracked = pin.tracked;
        out->age_ns = pin.age_ns;
    }
}

int leat_flow_ref_pin(const struct leat_flow_ref *ref, struct leat_pin *out)
{
    int err = flow_ref_owned(ref);

    if (err || !out)
        return err ? err : LEAT_E_INVALID;
    out->used = ref->view.len;
    out->pinned = ref->buffer->pinned;
    age(ref->buffer, out);
    return 0;
}

struct walk {
    size_t ratio;
    int (*fn)(void *arg, const struct leat_pin *pin);
    void *arg;
};

static int look(void *arg, struct cell *cell)
{
    const struct leat_flow_buffer *b = (const struct leat_flow_buffer *)cell;
    const struct walk *w = arg;
    struct leat_pin pin;

    if (cell->kind != CELL_SLOT && cell->kind != CELL_PAGES &&
        cell->kind != CELL_REF)
        return 0;
    /* One that is just coming has no owner yet. */
    if (!__atomic_load_n(&b->refs, __ATOMIC_ACQUIRE))
        return 0;
    pin.pinned = b->pinned;
    pin.used = __atomic_load_n(&b->used, __ATOMIC_RELAXED);
    if (!above(pin.pinned, pin.used, w->ratio))
        return 0;
    age(b, &pin);
    return w->fn(w->arg, &pin);
}

int leat_flow_pool_pins(struct leat_flow_pool *fp, size_t ratio,
                        int (*fn)(void *arg, const struct leat_pin *pin),
                        void *arg)
{
    struct walk w = {ratio, fn, arg};
    int err = flow_alive(fp);

    if (err || !fn)
        return err ? err : LEAT_E_INVALID;
    flow_lock(fp);
    err = flow_cells_each(fp, look, &w);
    flow_unlock(fp);
    return err;
}

/*
 * Copies the window to a buffer of its own, if the policy has it so and the old
 * one pins more than the new one will.
 */
int leat_flow_ref_compact(struct leat_flow_ref *ref, size_t ratio, bool *copied)
{
    struct flow_ask ask = {0};
    struct leat_flow_ref fresh;
    struct leat_flow_pool *fp;
    int err = flow_ref_owned(ref);

    if (err)
        return err;
    fp = ref->buffer->fp;
    ask.bytes = ask.window = ref->view.len;
    if (!ask.bytes || !above(ref->buffer->pinned, ask.bytes, ratio) ||
        flow_buffer_size(fp, ask.bytes) >= ref->buffer->pinned) {
        if (copied)
            *copied = false;
        return 0;
    }
    err = flow_buffer_get(fp, &ask, &fresh);
    if (err)
        return err;
    leat_copy_counted(fresh.view.data, ref->view.data, ask.bytes, &fp->copies,
                      LEAT_WHY_RETAIN);
    (void)leat_flow_ref_drop(ref);
    *ref = fresh;
    if (copied)
        *copied = true;
    return 0;
}
