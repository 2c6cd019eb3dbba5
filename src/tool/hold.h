/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_HOLD_H
#define LEAT_SRC_TOOL_HOLD_H

/*
 * What "leat share" and "leat map" have in common: they hold pages until they are
 * told otherwise, by lines of the standard input or by a signal.
 */

#include <leat/lifecycle.h>
#include <leat/mmap.h>

#include "site.h"

struct hold;

/* A line's first word, and what is done by it. (rest) is what follows, "" if
 * nothing does. Gives false when it failed, which was told. */
struct hold_word {
    const char *name;
    const char *args;
    bool (*run)(struct hold *h, char *rest);
};

struct hold {
    const struct verb *verb;
    const struct hold_word *words; /* a name of NULL ends them */
    struct site site;
    struct leat_lifecycle life;
    struct leat_mmap memory; /* of the table's metadata */
    struct leat_grants *table;

    /* The page (i) of what is held, for (access): for "read" and "write". */
    size_t pages;
    int (*page)(struct hold *h, size_t i, enum leat_access access,
                struct leat_shared *out);
    /* Called now and then. */
    void (*tick)(struct hold *h);

    bool failed; /* something that was asked for was not done */
    bool over;   /* "quit" was said */
    bool gone;   /* the hypervisor is */
};

/* Opens the site, and a table with what (config) has of it. */
bool hold_open(struct hold *h, uint32_t as);
bool hold_table(struct hold *h, struct leat_grants_config *config);
void hold_close(struct hold *h);

/* Runs lines until "quit", the end of the input, or a signal. */
void hold_run(struct hold *h);

/* Tells (err) of (what), and remembers it; false. */
bool hold_failed(struct hold *h, const char *what, int err);
bool hold_wrong(struct hold *h, const char *text);

/* Words of both. */
bool hold_read(struct hold *h, char *rest);
bool hold_write(struct hold *h, char *rest);

const char *hold_access(enum leat_access access);

#endif
