/* SPDX-License-Identifier: ISC */

/*
 * The store's tree, unchanging.
 *
 *   N1  refs of a node == roots and parents that point to it
 *   N2  children are in the order of their names, each once
 *   N3  two nodes at one path with one number say the same and have children of
 *       the same names
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

static struct tree_data *make_data(const char *name, size_t name_len,
                                   const void *value, uint32_t len,
                                   const struct sim_perm *perms,
                                   uint32_t nperms)
{
    struct tree_data *d = malloc(sizeof(*d) + len + name_len + 1);

    if (!d)
        return NULL;
    d->refs = 1;
    d->nperms = nperms;
    memcpy(d->perms, perms, nperms * sizeof(*perms));
    d->len = len;
    if (len)
        memcpy(d->bytes, value, len);
    d->name = (char *)d->bytes + len;
    memcpy(d->name, name, name_len);
    d->name[name_len] = 0;
    return d;
}

static void put_data(struct tree_data *d)
{
    if (d && !--d->refs)
        free(d);
}

/* A node with room for (nchild) children, and the data (d), which it takes. */
static struct tree_node *make_node(struct tree_data *d, uint32_t nchild,
                                   uint64_t number)
{
    struct tree_node *n;

    if (!d)
        return NULL;
    n = calloc(1, sizeof(*n) + nchild * sizeof(n->child[0]));
    if (!n) {
        put_data(d);
        return NULL;
    }
    n->refs = 1;
    n->nchild = nchild;
    n->number = number;
    n->data = d;
    return n;
}

struct tree_node *tree_root(uint64_t number)
{
    static const struct sim_perm all = {0, 1};

    return make_node(make_data("", 0, "", 0, &all, 1), 0, number);
}

struct tree_node *tree_get(struct tree_node *n)
{
    n->refs++;
    return n;
}

void tree_put(struct tree_node *n)
{
    uint32_t i;

    if (!n || --n->refs) /* N1 */
        return;
    for (i = 0; i < n->nchild; i++)
        tree_put(n->child[i]);
    put_data(n->data);
    free(n);
}

/* The length of the next name of a path, which begins with '/'. */
static size_t next_name(const char *path)
{
    const char *end = strchr(path + 1, '/');

    return end ? (size_t)(end - path - 1) : strlen(path + 1);
}

static int compare(const struct tree_node *n, const char *name, size_t len)
{
    int way = strncmp(n->data->name, name, len);

    return way ? way : n->data->name[len] != 0;
}

/* Where the child is, or belongs (N2). */
static uint32_t place(const struct tree_node *n, const char *name, size_t len,
                      bool *there)
{
    uint32_t low = 0, high = n->nchild, mid;
    int way;

    *there = false;
    while (low < high) {
        mid = low + (high - low) / 2;
        way = compare(n->child[mid], name, len);
        if (!way) {
            *there = true;
            return mid;
        }
        if (way < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

struct tree_node *tree_find(struct tree_node *root, const char *path)
{
    struct tree_node *n = root;
    size_t len;
    uint32_t at;
    bool there;

    while (n && *path && path[1]) {
        len = next_name(path);
        at = place(n, path + 1, len, &there);
        n = there ? n->child[at] : NULL;
        path += 1 + len;
    }
    return n;
}

/*
 * Copies (n) with the child (at) put in, replaced or, for NULL, left out; takes
 * the reference of (child).
 */
static struct tree_node *with_child(struct tree_node *n, uint32_t at,
                                    struct tree_node *child, bool there,
                                    uint64_t number)
{
    uint32_t nchild = n->nchild + !there - !child, i, from = 0;
    struct tree_node *copy;

    n->data->refs++;
    copy = make_node(n->data, nchild, !there || !child ? number : n->number);
    if (!copy) {
        tree_put(child);
        return NULL;
    }
    for (i = 0; i < nchild; i++, from++) {
        if (child && i == at) {
            copy->child[i] = child;
            from -= !there;
            continue;
        }
        from += !child && from == at;
        copy->child[i] = tree_get(n->child[from]);
    }
    return copy;
}

struct change {
    const void *value;
    uint32_t len;
    const struct sim_perm *perms;
    uint32_t nperms;
    uint64_t number;
    bool removes;
};

/* A copy of (n), the node of the path's last name, or of none, as changed. */
static struct tree_node *changed(struct tree_node *n, const char *name,
                                 size_t len, const struct change *c)
{
    const void *value = c->value ? c->value : n ? n->data->bytes : NULL;
    uint32_t value_len = c->value ? c->len : n ? n->data->len : 0;
    struct tree_node *copy =
        make_node(make_data(name, len, value, value_len, c->perms, c->nperms),
                  n ? n->nchild : 0, c->number);
    uint32_t i;

    for (i = 0; copy && i < copy->nchild; i++)
        copy->child[i] = tree_get(n->child[i]);
    return copy;
}

static int edit(struct tree_node *n, const char *path, const struct change *c,
                struct tree_node **out)
{
    size_t len = next_name(path);
    bool there, last = !path[1 + len];
    uint32_t at = place(n, path + 1, len, &there);
    struct tree_node *child = NULL;
    int rc;

    if (!there && (!last || c->removes))
        return -ENOENT;
    if (!there && n->nchild >= TREE_CHILDREN)
        return -ENOSPC;
    if (!last) {
        rc = edit(n->child[at], path + 1 + len, c, &child);
        if (rc)
            return rc;
    } else if (!c->removes) {
        child = changed(there ? n->child[at] : NULL, path + 1, len, c);
        if (!child)
            return -ENOMEM;
    }
    *out = with_child(n, at, child, there, c->number);
    return *out ? 0 : -ENOMEM;
}

int tree_set(struct tree_node *root, const char *path, const void *value,
             uint32_t len, const struct sim_perm *perms, uint32_t nperms,
             uint64_t number, struct tree_node **out)
{
    struct change c = {value, len, perms, nperms, number, false};

    if (!path[1]) {
        *out = changed(root, "", 0, &c);
        return *out ? 0 : -ENOMEM;
    }
    return edit(root, path, &c, out);
}

int tree_remove(struct tree_node *root, const char *path, uint64_t number,
                struct tree_node **out)
{
    struct change c = {.number = number, .removes = true};

    return edit(root, path, &c, out);
}

void tree_walk(struct tree_node *n, const char *path,
               void (*fn)(void *arg, const struct tree_node *n,
                          const char *path),
               void *arg)
{
    char below[SIM_PATH + 1];
    size_t len = strlen(path), name;
    uint32_t i;

    fn(arg, n, path);
    if (len && path[len - 1] == '/')
        len--;
    for (i = 0; i < n->nchild; i++) {
        name = strlen(n->child[i]->data->name);
        if (len + 1 + name > SIM_PATH)
            continue;
        memcpy(below, path, len);
        below[len] = '/';
        memcpy(below + len + 1, n->child[i]->data->name, name + 1);
        tree_walk(n->child[i], below, fn, arg);
    }
}
