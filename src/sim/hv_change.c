/* SPDX-License-Identifier: ISC */

/*
 * Changes of the store's tree: who may make them, and whose nodes they are.
 *
 *   H7  a domain's nodes == nodes of the store's tree that it owns
 *
 * A node is its owner's and the toolstack's (domain 0); others may what its
 * permissions say. What is made inherits the permissions of what is above it,
 * and is its maker's. Source: docs/misc/xenstore.txt, in its effects.
 */

#include "hv_internal.h"

/* In all, whoever owns them. */
#define NODES_MAX 262144u

enum {
    READ = 1,
    WRITE = 2,
};

static bool privileged(const struct hv_domain *d)
{
    return d->admin || !d->id;
}

static bool node_allows(const struct hv_domain *d, const struct tree_node *n,
                        uint32_t access)
{
    uint32_t i;

    if (privileged(d) || n->data->perms[0].domain == d->id)
        return true;
    for (i = 1; i < n->data->nperms; i++) {
        if (n->data->perms[i].domain == d->id)
            return (n->data->perms[i].access & access) == access;
    }
    return (n->data->perms[0].access & access) == access;
}

bool hv_may(const struct hv_domain *d, struct tree_node *root, const char *path,
            uint32_t access)
{
    char above[SIM_PATH + 1];
    struct tree_node *n = tree_find(root, path);

    strcpy(above, path);
    while (!n) {
        above[hv_path_parent(above)] = 0;
        n = tree_find(root, above);
    }
    return node_allows(d, n, access);
}

static void count(struct hv *hv, uint32_t owner, int by)
{
    struct hv_domain *d = hv_find(hv, owner);

    hv->nodes += (size_t)by;
    if (d)
        d->nodes += (uint32_t)by; /* H7 */
}

static void count_one(void *arg, const struct tree_node *n, const char *path)
{
    (void)path;
    count(arg, n->data->perms[0].domain, 1);
}

static void uncount_one(void *arg, const struct tree_node *n, const char *path)
{
    (void)path;
    count(arg, n->data->perms[0].domain, -1);
}

void hv_store_recount(struct hv *hv)
{
    uint32_t i;

    for (i = 0; i < HV_IDS; i++) {
        if (hv->domains[i])
            hv->domains[i]->nodes = 0;
    }
    hv->nodes = 0;
    tree_walk(hv->root, "/", count_one, hv);
}

static void replace(struct tree_node **root, struct tree_node *with)
{
    tree_put(*root);
    *root = with;
}

/* Makes the node at (path), and what is missing above it. */
static int make(struct hv *hv, struct hv_domain *d, struct tree_node **root,
                bool counts, const char *path, const void *value, uint32_t len)
{
    char above[SIM_PATH + 1];
    struct sim_perm perms[TREE_PERMS];
    struct tree_node *parent, *made;
    size_t end = hv_path_parent(path);
    int rc;

    memcpy(above, path, end);
    above[end] = 0;
    parent = tree_find(*root, above);
    if (!parent) {
        rc = make(hv, d, root, counts, above, "", 0);
        if (rc)
            return rc;
        parent = tree_find(*root, above);
    }
    if (!node_allows(d, parent, WRITE))
        return -EACCES;
    if (hv->nodes >= NODES_MAX ||
        (!privileged(d) && d->nodes >= hv->config.nodes))
        return -ENOSPC;
    memcpy(perms, parent->data->perms, sizeof(perms));
    if (!privileged(d))
        perms[0].domain = d->id;
    rc = tree_set(*root, path, value, len, perms, parent->data->nperms,
                  ++hv->tree_number, &made);
    if (rc)
        return rc;
    replace(root, made);
    if (counts)
        count(hv, perms[0].domain, 1);
    return 0;
}

static int write_node(struct hv *hv, struct hv_domain *d,
                      struct tree_node **root, bool counts, const char *path,
                      const void *value, uint32_t len)
{
    struct tree_node *n = tree_find(*root, path), *made;
    int rc;

    if (!n)
        return make(hv, d, root, counts, path, value, len);
    if (!node_allows(d, n, WRITE))
        return -EACCES;
    rc = tree_set(*root, path, value, len, n->data->perms, n->data->nperms,
                  ++hv->tree_number, &made);
    if (!rc)
        replace(root, made);
    return rc;
}

static int remove_node(struct hv *hv, struct hv_domain *d,
                       struct tree_node **root, bool counts, const char *path)
{
    struct tree_node *n = tree_find(*root, path), *made;
    char above[SIM_PATH + 1];
    int rc;

    if (!path[1])
        return -EINVAL;
    if (!n) {
        strcpy(above, path);
        above[hv_path_parent(path)] = 0;
        if (!tree_find(*root, above))
            return -ENOENT;
        return hv_may(d, *root, above, WRITE) ? 0 : -EACCES;
    }
    if (!node_allows(d, n, WRITE))
        return -EACCES;
    rc = tree_remove(*root, path, ++hv->tree_number, &made);
    if (rc)
        return rc;
    if (counts)
        tree_walk(n, path, uncount_one, hv);
    replace(root, made);
    return 0;
}

static int set_perms(struct hv *hv, struct hv_domain *d,
                     struct tree_node **root, bool counts, const char *path,
                     const void *value, uint32_t len)
{
    struct tree_node *n = tree_find(*root, path), *made;
    struct sim_perm perms[TREE_PERMS];
    uint32_t nperms = len / (uint32_t)sizeof(*perms), owner, i;
    int rc;

    if (!n)
        return -ENOENT;
    if (!nperms || nperms > TREE_PERMS || len % sizeof(*perms))
        return -EINVAL;
    memcpy(perms, value, len); /* it lies anywhere in a message */
    for (i = 0; i < nperms; i++) {
        if (perms[i].access > (READ | WRITE) || perms[i].domain >= HV_IDS)
            return -EINVAL;
    }
    owner = n->data->perms[0].domain;
    if (!privileged(d) && (owner != d->id || perms[0].domain != owner))
        return -EPERM;
    rc =
        tree_set(*root, path, NULL, 0, perms, nperms, ++hv->tree_number, &made);
    if (rc)
        return rc;
    replace(root, made);
    if (counts) {
        count(hv, owner, -1);
        count(hv, perms[0].domain, 1);
    }
    return 0;
}

int hv_change(struct hv *hv, struct hv_domain *d, struct tree_node **root,
              bool counts, enum sim_store_op op, const char *path,
              const void *value, uint32_t len)
{
    switch (op) {
    case SIM_STORE_WRITE:
        return write_node(hv, d, root, counts, path, value, len);
    case SIM_STORE_MKDIR:
        if (tree_find(*root, path))
            return hv_may(d, *root, path, WRITE) ? 0 : -EACCES;
        return make(hv, d, root, counts, path, "", 0);
    case SIM_STORE_REMOVE:
        return remove_node(hv, d, root, counts, path);
    case SIM_STORE_SET_PERMS:
        return set_perms(hv, d, root, counts, path, value, len);
    default:
        return -EINVAL;
    }
}

int hv_store_change(struct hv *hv, struct hv_domain *d, enum sim_store_op op,
                    const char *path, const void *value, uint32_t len)
{
    struct tree_node *before = tree_get(hv->root);
    int rc = hv_change(hv, d, &hv->root, true, op, path, value, len);

    /* What was made on the way to a failure is taken back. */
    if (rc && hv->root != before) {
        replace(&hv->root, tree_get(before));
        hv_store_recount(hv);
    }
    if (!rc && hv->root != before)
        hv_watch_fire(hv, before, path, op == SIM_STORE_REMOVE);
    tree_put(before);
    return rc;
}
