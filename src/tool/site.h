/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_SITE_H
#define LEAT_SRC_TOOL_SITE_H

/*
 * Where the verbs of grants work: in a simulation or on Xen, which are a table
 * of operations each. A site is chosen by --on, by LEAT_ON, or found; then it is
 * opened as a domain, or by one that only looks.
 *
 * What gives an int gives 0 or a leat error; what gives a bool has told why not.
 */

#include <leat/grant_map.h>
#include <leat/leat.h>
#include <leat/sim.h>
#include <leat/store.h>

#include "tool.h"

#define SITE_ANY    LEAT_SIM_ANY
#define SITE_LOOKER 0xfffffffeu

#define SITE_OPTIONS                       \
    {"on", required_argument, NULL, 'o'},  \
    {                                      \
        "as", required_argument, NULL, 'a' \
    }

struct site {
    const struct site_ops *ops;
    char *on;          /* "xen", or "sim:" and a directory              */
    const char *label; /* of its figures: simulated, emulated, real     */
    uint32_t domain;   /* this process's                                */
    struct leat_store store;
    void *self;
};

struct site_ops {
    const char *name;

    /* Tells whether there is one that needs no name; or (why) not. */
    bool (*here)(char *why, size_t size);

    /* As the domain (as), SITE_ANY, or SITE_LOOKER. */
    bool (*open)(struct site *s, uint32_t as);
    void (*close)(struct site *s);

    /* What pages for (peer) are made of, in units of (unit), where (pages) are
     * wanted, if that is known; a site shares once. */
    bool (*share)(struct site *s, uint32_t peer, enum leat_access access,
                  size_t unit, size_t pages, struct leat_backend *backend,
                  struct leat_share *share);
    bool (*map)(struct site *s, struct leat_map *map);
    /* Tells why pages were refused, where more is known than the error. */
    void (*why)(struct site *s, char *text, size_t size);

    /* Readable when attend() has something to do, which goes through a suspend
     * or finds that the hypervisor is gone; -1: never. */
    int (*fd)(struct site *s);
    int (*attend)(struct site *s, struct leat_lifecycle *life);

    /* Each domain, and each entry of a domain's table that grants something or
     * is in use. LEAT_E_REFUSED: it may not be read. */
    int (*domains)(struct site *s, int (*fn)(void *arg, uint32_t domain),
                   void *arg);
    int (*entries)(struct site *s, uint32_t domain,
                   int (*fn)(void *arg, uint32_t ref,
                             const struct leat_grant_entry *entry),
                   void *arg);

    /* Requests of (domain) to the hypervisor so far; LEAT_E_UNSUPPORTED. */
    int (*requests)(struct site *s, uint32_t domain, uint64_t *n);
};

extern const struct site_ops site_sim;
extern const struct site_ops site_xen;

/*
 * Chooses: by (on), or LEAT_ON where it is NULL, or what is found. Gives 0, or an
 * exit status. Not yet open; in any case site_close() ends it.
 */
int site_choose(struct site *s, const struct verb *verb, const char *on);
bool site_open(struct site *s, uint32_t as);
void site_close(struct site *s);

/* A domain's number. */
bool site_domain(const char *text, uint32_t *out);

/* site-store.c: a key's value, with a NUL; set, or removed where it is NULL; and
 * the names below one. */
int site_read(struct site *s, const char *path, char *buf, size_t size);
int site_write(struct site *s, const char *path, const char *value);
int site_list(struct site *s, const char *path,
              int (*fn)(void *arg, const char *name), void *arg);

/* ------------------------------------------------------------- references */

/* "8-11 20", at most (max) bytes of it, (between) between; gives how many
 * references that is. */
size_t site_refs(char *text, size_t max, const uint32_t *refs, size_t n,
                 char between);
/* Reads one word of that, "8" or "8-11", into (refs), which has room for (max);
 * false: it is none, or there is no room. */
bool site_refs_read(const char *word, uint32_t *refs, size_t max, size_t *n);

/* -------------------------------------------------------------- published */

/*
 * What a holder of grants writes into the store, below its domain's own part,
 * so that others can tell whose a grant is and how old: a table does not show
 * that.
 */
struct published {
    uint32_t peer;
    enum leat_access access;
    double since; /* seconds of the epoch */
    uint32_t pid;
    char owner[64];
    const uint32_t *refs;
    size_t nrefs;
};

/* Writes it anew; without references, removes it. */
int publish(struct site *s, const struct published *p);
/* Calls (fn) for each of (domain)'s that can be read. */
void published_each(struct site *s, uint32_t domain,
                    void (*fn)(void *arg, const struct published *p),
                    void *arg);

#endif
