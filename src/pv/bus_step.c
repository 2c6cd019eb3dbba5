/* SPDX-License-Identifier: ISC */

/*
 * The order: which state may follow which, and what an end does in each pair of
 * states.
 *
 * States are looked at, not heard: between two looks at the other it may have
 * gone through several, so what may follow is what can be reached, given that
 * each end waits for the other where the protocol says so. A front goes up (to 3
 * or 4) from 1 alone, and after it found its back at 2; so a front that was seen
 * at 4, 5 or 6 cannot be at 3 unless this back was at 2 meanwhile. A back goes
 * to 4 after it was at 2; a front that follows the steps below and saw 5 or 6
 * goes up only when it has seen a 2 since.
 *
 *   front, mine \ other   0          1          2          3     4        5    6
 *   0, 1                  wait       wait       negotiate  wait  wait     f    f
 *   3                     unwind 1   unwind 1   a          wait  connect  -> 6
 *   4                     unwind 1   unwind 1   unwind 1   wait  wait     -> 6
 *   5, 6                  unwind 1   unwind 1   unwind 1   wait  wait     b
 *
 *   a  wait; unwind 1 if it went there since
 *   b  5 -> 6;  6 -> 1 where the back is at 6, online; else wait
 *   f  wait; offline and at 6: -> 6, done
 *
 *   back, mine \ other    0          1          3, 4       5     6
 *   0, 1                  announce   announce   wait; 0: -> 1    announce (1)
 *   2                     wait       wait       connect    -> 5  -> 6
 *   4                     unwind 1   unwind 1   wait       -> 5  -> 6
 *   5                     unwind 6   unwind 1   wait       wait  -> 6
 *   6                     (2)        announce   wait       wait  (2)
 *
 *   stale, at 2 or 4: unwind 1
 *   (1)  also at 5    (2)  done, if it is not online; else wait
 */

#include "bus.h"

#define S(state) (1u << (state))

bool leat_bus_follows(const struct leat_bus_end *e, enum leat_bus_state to)
{
    const enum leat_bus_state from = e->other;
    const bool reconfigures =
        to == LEAT_BUS_RECONFIGURING || to == LEAT_BUS_RECONFIGURED;

    if (e->side == LEAT_BUS_BACK && to == LEAT_BUS_INIT_WAIT)
        return false;
    if (!e->seen || to == from || !leat_bus_up(to))
        return true;
    if (reconfigures)
        return leat_bus_up(from) ||
               (e->side == LEAT_BUS_FRONT && from == LEAT_BUS_INIT_WAIT);
    if (from == LEAT_BUS_UNKNOWN || from == LEAT_BUS_INITIALISING)
        return true;
    if (e->side == LEAT_BUS_BACK) {
        if (to == LEAT_BUS_CONNECTED && leat_bus_up(from))
            return true;
        return e->offered;
    }
    return to == LEAT_BUS_INITIALISED || from == LEAT_BUS_INIT_WAIT ||
           leat_bus_up(from);
}

/* A front that does not want to close. */
static enum leat_bus_step front_step(const struct leat_bus_end *e)
{
    switch (e->mine) {
    case LEAT_BUS_CLOSING:
    case LEAT_BUS_CLOSED:
        if (leat_bus_up(e->other))
            return LEAT_BUS_WAIT;
        if (e->mine == LEAT_BUS_CLOSED && !e->online &&
            e->other == LEAT_BUS_UNKNOWN)
            return LEAT_BUS_DONE;
        if (e->mine == LEAT_BUS_CLOSING || e->other <= LEAT_BUS_INIT_WAIT)
            return LEAT_BUS_UNWIND;
        if (e->other == LEAT_BUS_CLOSING)
            return LEAT_BUS_WAIT;
        return e->online ? LEAT_BUS_UNWIND : LEAT_BUS_DONE;
    case LEAT_BUS_UNKNOWN:
    case LEAT_BUS_INITIALISING:
        if (e->other == LEAT_BUS_INIT_WAIT)
            return LEAT_BUS_NEGOTIATE;
        return e->other == LEAT_BUS_CLOSED && !e->online ? LEAT_BUS_UNWIND
                                                         : LEAT_BUS_WAIT;
    default:
        if (e->stale || e->other == LEAT_BUS_UNKNOWN ||
            e->other == LEAT_BUS_CLOSING || e->other == LEAT_BUS_CLOSED)
            return LEAT_BUS_UNWIND;
        return e->mine == LEAT_BUS_INITIALISED && e->other == LEAT_BUS_CONNECTED
                   ? LEAT_BUS_CONNECT
                   : LEAT_BUS_WAIT;
    }
}

static enum leat_bus_step back_step(const struct leat_bus_end *e)
{
    switch (e->mine) {
    case LEAT_BUS_UNKNOWN:
    case LEAT_BUS_INITIALISING:
        if (!leat_bus_up(e->other))
            return LEAT_BUS_ANNOUNCE;
        return e->mine == LEAT_BUS_UNKNOWN ? LEAT_BUS_UNWIND : LEAT_BUS_WAIT;
    case LEAT_BUS_CLOSING:
        return leat_bus_up(e->other) || e->other == LEAT_BUS_CLOSING
                   ? LEAT_BUS_WAIT
                   : LEAT_BUS_UNWIND;
    case LEAT_BUS_CLOSED:
        if (e->other == LEAT_BUS_INITIALISING)
            return e->online ? LEAT_BUS_ANNOUNCE : LEAT_BUS_DONE;
        if (e->other == LEAT_BUS_UNKNOWN || e->other == LEAT_BUS_CLOSED)
            return e->online ? LEAT_BUS_WAIT : LEAT_BUS_DONE;
        return LEAT_BUS_WAIT;
    default:
        if (leat_bus_up(e->other)) {
            if (e->stale)
                return LEAT_BUS_UNWIND;
            return e->mine == LEAT_BUS_INIT_WAIT ? LEAT_BUS_CONNECT
                                                 : LEAT_BUS_WAIT;
        }
        return e->mine == LEAT_BUS_INIT_WAIT &&
                       e->other <= LEAT_BUS_INITIALISING
                   ? LEAT_BUS_WAIT
                   : LEAT_BUS_UNWIND;
    }
}

/* One that closes: 5 --the other does not use it any more--> 6. */
static enum leat_bus_step closing_step(const struct leat_bus_end *e)
{
    const uint32_t front = S(LEAT_BUS_UNKNOWN) | S(LEAT_BUS_INITIALISING) |
                           S(LEAT_BUS_CLOSING) | S(LEAT_BUS_CLOSED);
    const uint32_t back =
        S(LEAT_BUS_UNKNOWN) | S(LEAT_BUS_INITIALISING) | S(LEAT_BUS_CLOSED);

    if (e->mine != LEAT_BUS_CLOSED)
        return (e->side == LEAT_BUS_FRONT ? front : back) & S(e->other)
                   ? LEAT_BUS_UNWIND
                   : LEAT_BUS_WAIT;
    return e->other == LEAT_BUS_CLOSED || e->other == LEAT_BUS_UNKNOWN ||
                   (e->side == LEAT_BUS_BACK &&
                    e->other == LEAT_BUS_INITIALISING)
               ? LEAT_BUS_DONE
               : LEAT_BUS_WAIT;
}

enum leat_bus_step leat_bus_step(const struct leat_bus_end *e)
{
    if (!e || !e->bus || !e->seen)
        return LEAT_BUS_WAIT;
    if (e->error)
        return e->mine == LEAT_BUS_CLOSING || e->mine == LEAT_BUS_CLOSED
                   ? LEAT_BUS_WAIT
                   : LEAT_BUS_UNWIND;
    if (e->closing)
        return closing_step(e);
    return e->side == LEAT_BUS_FRONT ? front_step(e) : back_step(e);
}

/* Where an end goes that was unwound. */
static enum leat_bus_state after(const struct leat_bus_end *e)
{
    const bool front = e->side == LEAT_BUS_FRONT;

    if (e->error)
        return LEAT_BUS_CLOSING;
    if (e->closing)
        return LEAT_BUS_CLOSED;
    switch (e->other) {
    case LEAT_BUS_CLOSING:
        return front ? LEAT_BUS_CLOSED : LEAT_BUS_CLOSING;
    case LEAT_BUS_CLOSED:
        return front && e->mine == LEAT_BUS_CLOSED && e->online
                   ? LEAT_BUS_INITIALISING
                   : LEAT_BUS_CLOSED;
    case LEAT_BUS_UNKNOWN:
        return !e->online || (!front && e->mine == LEAT_BUS_CLOSING)
                   ? LEAT_BUS_CLOSED
                   : LEAT_BUS_INITIALISING;
    default:
        return LEAT_BUS_INITIALISING;
    }
}

int leat_bus_unwound(struct leat_bus_end *e)
{
    if (!e)
        return LEAT_E_INVALID;
    if (leat_bus_step(e) != LEAT_BUS_UNWIND)
        return LEAT_E_STATE;
    return leat_bus_switch(e, after(e));
}
