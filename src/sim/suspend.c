/* SPDX-License-Identifier: ISC */

/*
 * Suspend, as a domain goes through it: hooks, the hypervisor's word, and what
 * a resume has taken away. Whether it was asked, and what it is now, it reads
 * in the page of life; notices only wake it.
 */

#include <errno.h>

#include "domain.h"

static uint32_t state(const struct leat_sim_domain *d)
{
    return __atomic_load_n(&d->life->state, __ATOMIC_ACQUIRE);
}

bool leat_sim_suspend_asked(struct leat_sim_domain *d)
{
    if (!d || !d->life || sim_is_gone(d))
        return false;
    sim_notices_looked(d);
    return state(d) == SIM_ASKED;
}

static int tell(struct leat_sim_domain *d, uint32_t why)
{
    struct sim_number *r = sim_begin(d, sizeof(*r));
    int err;

    r->value = why;
    err = sim_exchange(d, SIM_SUSPENDED, 1, -1);
    sim_end(d);
    return err;
}

static int sleep_on(struct leat_sim_domain *d)
{
    int err = 0;

    while (!err && state(d) == SIM_IS_SUSPENDED) {
        err = leat_sim_wait(d, d->notice_fd, UINT64_MAX);
        if (err == LEAT_E_AGAIN)
            err = 0;
    }
    return err;
}

/* What a resume has ended is ended here, too. */
static void begin_anew(struct leat_sim_domain *d, uint32_t generation)
{
    sim_events_close(d, true);
    pthread_mutex_lock(&d->lock);
    d->generation = generation;
    d->nleftover = 0;
    pthread_mutex_unlock(&d->lock);
    sim_conceal_all(d);
}

int leat_sim_suspend(struct leat_sim_domain *d, struct leat_lifecycle *list,
                     enum leat_resumed *how, struct leat_hook **refused)
{
    enum leat_resumed was = LEAT_CANCELLED;
    uint32_t generation;
    int err;

    if (!d || !list)
        return LEAT_E_INVALID;
    if (sim_is_gone(d))
        return LEAT_E_GONE;
    if (!d->life || state(d) != SIM_ASKED)
        return LEAT_E_STATE;
    sim_notices_looked(d);
    err = leat_lifecycle_suspend(list, refused);
    if (err) {
        tell(d, EBUSY);
        return err;
    }
    err = tell(d, 0);
    if (!err)
        err = sleep_on(d);
    else if (err == LEAT_E_INVALID)
        err = LEAT_E_STATE; /* cancelled before it was told */
    generation = __atomic_load_n(&d->life->generation, __ATOMIC_ACQUIRE);
    if (!err && generation != d->generation) {
        begin_anew(d, generation);
        was = LEAT_RESUMED;
    }
    leat_lifecycle_resume(list, was);
    if (!err && how)
        *how = was;
    return err;
}

uint32_t leat_sim_generation(const struct leat_sim_domain *d)
{
    return d->generation;
}
