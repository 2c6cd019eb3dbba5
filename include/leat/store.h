/* SPDX-License-Identifier: ISC */
#ifndef LEAT_STORE_H
#define LEAT_STORE_H

/*
 * The store: keys and directories by which domains find each other. A table of
 * operations, so that a device is written once: over the simulation
 * (leat_sim_store()), or xenstore.
 *
 * A path that does not begin with a slash is meant from the domain's own
 * directory, /local/domain/N. A key has a value and can have keys below it.
 * Every operation takes a transaction, or LEAT_STORE_NOW.
 *
 * Errors of all:  LEAT_E_REFERENCE  no such key, or transaction
 *                 LEAT_E_REFUSED    its permissions forbid it
 *                 LEAT_E_INVALID    not a path
 *                 LEAT_E_LENGTH     longer than the store takes
 *                 LEAT_E_LIMIT      a quota of this domain's
 *                 LEAT_E_GONE
 *
 * Source: docs/misc/xenstore.txt, xen/io/xs_wire.h.
 */

#include <leat/error.h>

LEAT_BEGIN_DECLS

/* Not in a transaction. */
#define LEAT_STORE_NOW 0u

/* The most bytes of a path, a value and a token, without a NUL. */
#define LEAT_STORE_PATH_MAX  1024u
#define LEAT_STORE_VALUE_MAX 2048u
#define LEAT_STORE_TOKEN_MAX 256u

#define LEAT_STORE_READ  1u
#define LEAT_STORE_WRITE 2u

/*
 * What a domain may do with a key. The first of a list names the owner, who may
 * all, and what those may that the list does not name.
 */
struct leat_store_perm {
    uint32_t domain;
    uint32_t access; /* LEAT_STORE_READ, LEAT_STORE_WRITE */
};

struct leat_store_ops {
    const char *name; /* one lower-case word, static */

    /*
     * Reads a value into (buf) of (size), with a NUL after it; (*len), unless
     * NULL, is its length without.
     * Errors:  LEAT_E_RANGE  (buf) is too short
     */
    int (*read)(void *self, uint32_t tx, const char *path, char *buf,
                size_t size, size_t *len);

    /* Writes a value; what is missing above it is made, and is the writer's. */
    int (*write)(void *self, uint32_t tx, const char *path, const void *value,
                 size_t len);

    /* Makes a key with no value, unless it is there. */
    int (*mkdir)(void *self, uint32_t tx, const char *path);

    /* Removes a key and what is below it; 0 too if only the key is missing. */
    int (*remove)(void *self, uint32_t tx, const char *path);

    /*
     * Lists the names below a key, a NUL after each, into (buf) of (size);
     * (*names) is how many.
     * Errors:  LEAT_E_RANGE  (buf) is too short
     */
    int (*list)(void *self, uint32_t tx, const char *path, char *buf,
                size_t size, size_t *names);

    /* Reads a key's permissions, at most (max); sets them. */
    int (*get_perms)(void *self, uint32_t tx, const char *path,
                     struct leat_store_perm *perms, size_t max, size_t *n);
    int (*set_perms)(void *self, uint32_t tx, const char *path,
                     const struct leat_store_perm *perms, size_t n);

    /*
     * Watches (path), "@introduceDomain" or "@releaseDomain": there is one
     * event at once, and one for each change there or below. (token) comes with
     * it. Errors:  LEAT_E_BUSY  it is watched with this token
     */
    int (*watch)(void *self, const char *path, const char *token);
    int (*unwatch)(void *self, const char *path, const char *token);

    /*
     * Takes the oldest event: where something changed, and the token, each with
     * a NUL. Where too many came, one at the watch's own path stands for them.
     * Errors:  LEAT_E_AGAIN  there is none
     *          LEAT_E_RANGE  a buffer is too short: it is kept
     */
    int (*event)(void *self, char *path, size_t path_size, char *token,
                 size_t token_size);

    /*
     * Begins a transaction, which sees the store as it is now; ends it.
     * Errors:  LEAT_E_AGAIN  end: what it had looked at was changed since, and
     *                        nothing was done; begin anew
     */
    int (*begin)(void *self, uint32_t *tx);
    int (*end)(void *self, uint32_t tx, bool commit);

    /* A descriptor that polls readable when there may be an event; -1: none. */
    int (*fd)(void *self);
};

struct leat_store {
    const struct leat_store_ops *ops;
    void *self;
};

LEAT_END_DECLS

#endif
