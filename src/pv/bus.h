/* SPDX-License-Identifier: ISC */
#ifndef LEAT_PV_BUS_H
#define LEAT_PV_BUS_H

/* What the parts of the bus share; src/pv/bus.c has the theory. */

#include <string.h>

#include <leat/bus.h>
#include <leat/bus_device.h>
#include <leat/grant_ops.h>

/* The line that a port stands in. */
enum {
    BUS_NO_LINE = 0,
    BUS_AGAIN = 1, /* to be called by the next poll */
    BUS_FIRED = 2, /* called by this one, to be unmasked, or to stand again */
};

/* Sets (w), which tells what it was told before as well: U2. */
int leat_bus_watch_set(struct leat_bus *b, struct leat_bus_watch *w);

/* Takes events of watches, and of ports: 0, LEAT_E_AGAIN, or an error. */
int leat_bus_watch_take(struct leat_bus *b);
int leat_bus_port_take(struct leat_bus *b);

/* Calls those whose (again) is set; the ports that stand in line; all at most
 * (*budget). */
int leat_bus_watch_retry(struct leat_bus *b, uint32_t *budget);
void leat_bus_port_retry(struct leat_bus *b, uint32_t *budget);

/* Ends a poll: unmasks. */
int leat_bus_port_settle(struct leat_bus *b);

/* After a resume. */
void leat_bus_ports_resume(struct leat_bus *b);
void leat_bus_watches_resume(struct leat_bus *b);
void leat_bus_ends_resume(struct leat_bus *b);

/* Whether a state is one in which rings are there. */
static inline bool leat_bus_up(enum leat_bus_state s)
{
    return s == LEAT_BUS_INITIALISED || s == LEAT_BUS_CONNECTED ||
           s == LEAT_BUS_RECONFIGURING || s == LEAT_BUS_RECONFIGURED;
}

static inline bool leat_bus_same(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

/* Reads a text as decimal digits: whether it is a number, at most (max). */
bool leat_bus_number(const char *text, size_t len, uint64_t max, uint64_t *out);

/* The digits of (x), with a NUL. Gives how many. */
size_t leat_bus_digits(char out[21], uint64_t x);

/*
 * Puts (a), "/" and (b) into (out) of (size). Errors: LEAT_E_LENGTH, or
 * LEAT_E_INVALID of a (b) that is empty or begins with a slash.
 */
int leat_bus_join(char *out, size_t size, const char *a, const char *b);

/* Adds (s) to the end's text, as much as there is room for. */
size_t leat_bus_add(struct leat_bus_end *e, size_t at, const char *s);

/* Begins the text of a lie with the end's path, and gives where it goes on; 0
 * where there is one already. */
size_t leat_bus_lie(struct leat_bus_end *e);

/* Whether the other, seen at (from), can be at (to); src/pv/bus_step.c. */
bool leat_bus_follows(const struct leat_bus_end *e, enum leat_bus_state to);

#endif
