/* SPDX-License-Identifier: ISC */
#ifndef LEAT_PV_DEVICE_H
#define LEAT_PV_DEVICE_H

/* What the ends of all devices have in common. */

#include <leat/bus.h>

#include "bus.h"

/* Bytes of a line of the cache: what lies in a device's memory begins at one. */
#define DEVICE_LINE 64u

/* Takes (bytes) of what begins at (base), which is NULL to only count them. */
void *leat_device_take(unsigned char *base, size_t *at, size_t bytes);

/* Where a device begins in the memory that its owner gave. */
static inline unsigned char *leat_device_base(unsigned char *meta)
{
    return meta + (DEVICE_LINE - (uintptr_t)meta % DEVICE_LINE) % DEVICE_LINE;
}

/*
 * The steps of a device: what leat_bus_step() says is done, one after the other,
 * until there is nothing to do now. An event may come in the middle of it, from a
 * callback: then it goes on from there, and not inside.
 */
struct leat_device_steps {
    bool running, again;
};

/* More steps than there can be without the other doing something between. */
#define DEVICE_STEPS 16u

/* (step): 0, LEAT_E_AGAIN where there is nothing to do now, or an error, which is
 * given. */
int leat_device_advance(struct leat_device_steps *s, int (*step)(void *arg),
                        void *arg);

/* A text that is put together, as much as there is room for. */
struct leat_device_text {
    char text[LEAT_BUS_TEXT];
    size_t len;
};

/* Begins with (s). */
void leat_device_text(struct leat_device_text *t, const char *s);
void leat_device_add(struct leat_device_text *t, const char *s);
void leat_device_add_number(struct leat_device_text *t, uint32_t x);

/* The key (name) of a queue, which has a directory of its own where there are
 * several. */
void leat_device_key(struct leat_device_text *t, bool several, uint32_t queue,
                     const char *name);

/* Breaks (e), for what could not be done: "WHAT: the error"; the first text
 * stays. Not where the machine failed. Gives the error that it is then. */
int leat_device_fail(struct leat_bus_end *e, const char *what, int err);

/* Reads a number of the other's that must be there. */
int leat_device_need(struct leat_bus_end *e, const char *key, uint64_t *out);

/* Of an end that is broken: copies its text to (to), of LEAT_BUS_TEXT bytes, and
 * writes it into the store, where administrators look. */
void leat_device_broke(const struct leat_bus_end *e, char *to);

#endif
