/* SPDX-License-Identifier: ISC */

/* Requests to the store. */

#include <stdio.h>

#include "hv_internal.h"

/* A request, taken apart. */
struct ask {
    enum sim_store_op op;
    uint32_t arg;
    uint32_t tx_id;
    char path[SIM_PATH + 1];
    size_t skip; /* of it, to make it what was asked for */
    const unsigned char *value;
    uint32_t len;
    struct hv_tx *tx;
    struct tree_node *root;
};

static bool has_path(enum sim_store_op op)
{
    return op != SIM_STORE_BEGIN && op != SIM_STORE_END;
}

static bool has_value(enum sim_store_op op)
{
    return op == SIM_STORE_WRITE || op == SIM_STORE_SET_PERMS ||
           op == SIM_STORE_WATCH || op == SIM_STORE_UNWATCH;
}

static bool watches(enum sim_store_op op)
{
    return op == SIM_STORE_WATCH || op == SIM_STORE_UNWATCH;
}

static int take_apart(struct hv_call *c, struct ask *a)
{
    const struct sim_store *s = (const void *)c->body;
    const char *path;
    int rc;

    if (c->n != 1 || c->len < sizeof(*s) || !s->op || s->op >= SIM_STORE_OPS)
        return -EINVAL;
    if (s->path > SIM_PATH || s->value > SIM_VALUE ||
        c->len != sizeof(*s) + s->path + s->value)
        return -EINVAL;
    a->op = (enum sim_store_op)s->op;
    a->arg = s->arg;
    a->tx_id = s->tx;
    if (has_path(a->op) != (s->path > 0) || (s->value && !has_value(a->op)))
        return -EINVAL;
    path = (const char *)(s + 1);
    a->value = (const unsigned char *)path + s->path;
    a->len = s->value;
    if (has_path(a->op)) {
        rc = hv_path(c->d, path, s->path, a->path);
        if (rc)
            return rc;
        a->skip = strlen(a->path) - s->path;
        if (a->path[0] == '@' && !watches(a->op))
            return -EINVAL;
    }
    a->root = c->hv->root;
    if (s->tx && has_path(a->op)) {
        a->tx = hv_tx_find(c->d, s->tx);
        if (!a->tx)
            return -ENOENT;
        a->root = a->tx->root;
    }
    return 0;
}

static int look(struct hv_call *c, struct ask *a, struct tree_node **out)
{
    int rc = a->tx ? hv_tx_touch(a->tx, a->path) : 0;

    if (rc)
        return rc;
    if (!hv_may(c->d, a->root, a->path, 1))
        return -EACCES;
    *out = tree_find(a->root, a->path);
    return *out ? 0 : -ENOENT;
}

static void list(struct hv_call *c, const struct tree_node *n, uint32_t skip)
{
    char *to = hv_answer(c, 0, 1);
    size_t room = SIM_MESSAGE - sizeof(struct sim_head), len;
    struct sim_head *head = (void *)c->reply->bytes;
    uint32_t i;

    for (i = skip; i < n->nchild; i++) {
        len = strlen(n->child[i]->data->name) + 1;
        if (len > room)
            break;
        memcpy(to, n->child[i]->data->name, len);
        to += len;
        room -= len;
        c->reply->len += len;
        head->n++;
    }
}

static int read_node(struct hv_call *c, struct ask *a)
{
    struct tree_node *n;
    int rc = look(c, a, &n);

    if (rc)
        return rc;
    if (a->op == SIM_STORE_LIST)
        list(c, n, a->arg);
    else if (a->op == SIM_STORE_GET_PERMS)
        memcpy(hv_answer(c, n->data->nperms, sizeof(struct sim_perm)),
               n->data->perms, n->data->nperms * sizeof(struct sim_perm));
    else
        memcpy(hv_answer(c, n->data->len, 1), n->data->bytes, n->data->len);
    return 0;
}

static int watch(struct hv_call *c, struct ask *a)
{
    if (c->d->admin)
        return -EPERM; /* it has no socket for notices */
    if (a->path[0] == '@' && strcmp(a->path, "@introduceDomain") &&
        strcmp(a->path, "@releaseDomain"))
        return -EINVAL;
    if (a->len > SIM_TOKEN || memchr(a->value, 0, a->len))
        return -EINVAL;
    if (a->op == SIM_STORE_UNWATCH)
        return hv_watch_remove(c->d, a->path, (const char *)a->value, a->len);
    return hv_watch_add(c->hv, c->d, a->path, a->skip, (const char *)a->value,
                        a->len);
}

int hv_store(struct hv_call *c)
{
    struct ask a = {0};
    struct sim_number *out;
    uint32_t id;
    int rc = take_apart(c, &a);

    if (rc)
        return rc;
    switch (a.op) {
    case SIM_STORE_READ:
    case SIM_STORE_LIST:
    case SIM_STORE_GET_PERMS:
        return read_node(c, &a);
    case SIM_STORE_WRITE:
    case SIM_STORE_MKDIR:
    case SIM_STORE_REMOVE:
    case SIM_STORE_SET_PERMS:
        return a.tx
                   ? hv_tx_change(c->hv, c->d, a.tx, a.op, a.path, a.value,
                                  a.len)
                   : hv_store_change(c->hv, c->d, a.op, a.path, a.value, a.len);
    case SIM_STORE_WATCH:
    case SIM_STORE_UNWATCH:
        return watch(c, &a);
    case SIM_STORE_BEGIN:
        rc = hv_tx_begin(c->hv, c->d, &id);
        if (rc)
            return rc;
        out = hv_answer(c, 1, sizeof(*out));
        out->value = id;
        return 0;
    case SIM_STORE_END:
        if (a.arg > 1)
            return -EINVAL;
        return hv_tx_end(c->hv, c->d, a.tx_id, a.arg);
    default:
        return -EINVAL;
    }
}
