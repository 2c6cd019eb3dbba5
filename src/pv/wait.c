/* SPDX-License-Identifier: ISC */

/* A bounded spin, then sleep. */

#include <leat/wait.h>

/* Polls between two looks at the clock. */
#define BATCH 16u

/* Polls until there is something, an error, or spin_ns are over. */
static int spin(struct leat_wait *w, uint64_t start)
{
    uint32_t i;
    int err;

    do {
        for (i = 0; i < BATCH; i++) {
            err = w->poll(w->arg, false);
            if (err != LEAT_E_AGAIN)
                return err;
            if (w->port && w->port->relax)
                w->port->relax(w->port->self);
        }
    } while (leat_port_now_ns(w->port) - start < w->spin_ns);
    return LEAT_E_AGAIN;
}

int leat_wait(struct leat_wait *w, uint64_t timeout_ns)
{
    uint64_t start, past;
    int err = LEAT_E_AGAIN;

    if (!w || !w->poll || !w->sleep)
        return LEAT_E_INVALID;
    start = leat_port_now_ns(w->port);
    if (w->spin_ns && start)
        err = spin(w, start);
    if (err == LEAT_E_AGAIN)
        err = w->poll(w->arg, true);
    if (err != LEAT_E_AGAIN) {
        w->spins++;
        return err;
    }
    past = leat_port_now_ns(w->port) - start;
    if (timeout_ns != UINT64_MAX)
        timeout_ns -= past < timeout_ns ? past : timeout_ns;
    w->sleeps++;
    err = w->sleep(w->arg, timeout_ns);
    return err ? err : w->poll(w->arg, true);
}
