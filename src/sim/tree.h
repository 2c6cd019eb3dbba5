/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_SIM_TREE_H
#define LEAT_SRC_SIM_TREE_H

/*
 * The store's tree. It is never written: a change gives a new root, which
 * shares with the old one what is the same. So a transaction's view costs one
 * reference.
 */

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

#define TREE_PERMS    16u
#define TREE_DEPTH    64u
#define TREE_CHILDREN 4096u

/* What a node says; shared by the copies of the node. */
struct tree_data {
    uint32_t refs;
    uint32_t nperms; /* perms[0] names the owner, and what all others may */
    struct sim_perm perms[TREE_PERMS];
    uint32_t len;
    char *name;
    unsigned char bytes[]; /* the value, then the name */
};

struct tree_node {
    uint32_t refs;
    uint32_t nchild;
    uint64_t number; /* changes with the value, the perms, or the names below */
    struct tree_data *data;
    struct tree_node *child[]; /* by name */
};

/* A root with nothing below it, that all may read; NULL: no memory. */
struct tree_node *tree_root(uint64_t number);

struct tree_node *tree_get(struct tree_node *n);
void tree_put(struct tree_node *n);

/* The node at an absolute path; NULL: there is none. */
struct tree_node *tree_find(struct tree_node *root, const char *path);

/*
 * Gives a new root where the node at (path), whose parent is there, has this
 * value and these permissions. (value) NULL: the value as it was. -ENOMEM,
 * -ENOENT, -ENOSPC (too many children).
 */
int tree_set(struct tree_node *root, const char *path, const void *value,
             uint32_t len, const struct sim_perm *perms, uint32_t nperms,
             uint64_t number, struct tree_node **out);

/* Gives a new root without the node at (path) and what is below it. */
int tree_remove(struct tree_node *root, const char *path, uint64_t number,
                struct tree_node **out);

/* Calls (fn) for (n) and each node below it, with its path. */
void tree_walk(struct tree_node *n, const char *path,
               void (*fn)(void *arg, const struct tree_node *n,
                          const char *path),
               void *arg);

#endif
