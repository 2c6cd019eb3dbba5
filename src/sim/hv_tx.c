/* SPDX-License-Identifier: ISC */

/*
 * Transactions of the store.
 *
 * One sees the tree as it was when it began, with its own changes. It remembers
 * which nodes it looked at or changed, by their numbers; it ends with -EAGAIN
 * if any has another number by then, and else its changes are made again on the
 * store's tree of that moment.
 */

#include "hv_internal.h"

#define ENTRIES 1024u

struct hv_tx *hv_tx_find(struct hv_domain *d, uint32_t id)
{
    struct hv_tx *tx = d->txs;

    while (tx && tx->id != id)
        tx = tx->next;
    return tx;
}

int hv_tx_begin(struct hv *hv, struct hv_domain *d, uint32_t *id)
{
    struct hv_tx *tx;

    if (d->ntxs >= hv->config.transactions)
        return -ENOSPC;
    tx = calloc(1, sizeof(*tx));
    if (!tx)
        return -ENOMEM;
    do
        tx->id = ++d->tx_next;
    while (!tx->id || hv_tx_find(d, tx->id));
    tx->base = tree_get(hv->root);
    tx->root = tree_get(hv->root);
    tx->last = &tx->changes;
    tx->next = d->txs;
    d->txs = tx;
    d->ntxs++;
    *id = tx->id;
    return 0;
}

static void drop(struct hv_domain *d, struct hv_tx *tx)
{
    struct hv_tx **at = &d->txs;
    struct hv_access *a;
    struct hv_change *c;

    while (*at != tx)
        at = &(*at)->next;
    *at = tx->next;
    d->ntxs--;
    while ((a = tx->accesses)) {
        tx->accesses = a->next;
        free(a);
    }
    while ((c = tx->changes)) {
        tx->changes = c->next;
        free(c);
    }
    tree_put(tx->base);
    tree_put(tx->root);
    free(tx);
}

void hv_txs_drop(struct hv_domain *d)
{
    while (d->txs)
        drop(d, d->txs);
}

static uint64_t number_at(struct tree_node *root, const char *path)
{
    const struct tree_node *n = tree_find(root, path);

    return n ? n->number : 0;
}

int hv_tx_touch(struct hv_tx *tx, const char *path)
{
    struct hv_access *a;

    for (a = tx->accesses; a; a = a->next) {
        if (!strcmp(a->path, path))
            return 0;
    }
    if (tx->entries >= ENTRIES)
        return -ENOSPC;
    a = malloc(sizeof(*a) + strlen(path) + 1);
    if (!a)
        return -ENOMEM;
    strcpy(a->path, path);
    a->seen = number_at(tx->base, path);
    a->next = tx->accesses;
    tx->accesses = a;
    tx->entries++;
    return 0;
}

int hv_tx_change(struct hv *hv, struct hv_domain *d, struct hv_tx *tx,
                 enum sim_store_op op, const char *path, const void *value,
                 uint32_t len)
{
    struct hv_change *c;
    int rc = hv_tx_touch(tx, path);

    if (rc)
        return rc;
    if (tx->entries >= ENTRIES)
        return -ENOSPC;
    c = malloc(sizeof(*c) + len + strlen(path) + 1);
    if (!c)
        return -ENOMEM;
    c->next = NULL;
    c->op = op;
    c->len = len;
    if (len)
        memcpy(c->bytes, value, len);
    c->path = (char *)c->bytes + len;
    strcpy(c->path, path);
    rc = hv_change(hv, d, &tx->root, false, op, path, value, len);
    if (rc) {
        free(c);
        return rc;
    }
    tx->entries++;
    *tx->last = c;
    tx->last = &c->next;
    return 0;
}

static bool conflicts(const struct hv *hv, const struct hv_tx *tx)
{
    const struct hv_access *a;

    for (a = tx->accesses; a; a = a->next) {
        if (number_at(hv->root, a->path) != a->seen)
            return true;
    }
    return false;
}

static int commit(struct hv *hv, struct hv_domain *d, struct hv_tx *tx)
{
    struct tree_node *before = tree_get(hv->root);
    struct hv_change *c;
    int rc = 0;

    for (c = tx->changes; c && !rc; c = c->next) {
        c->removed = c->op == SIM_STORE_REMOVE && tree_find(hv->root, c->path);
        rc =
            hv_change(hv, d, &hv->root, true, c->op, c->path, c->bytes, c->len);
    }
    if (rc) {
        tree_put(hv->root);
        hv->root = tree_get(before);
        hv_store_recount(hv);
    }
    for (c = tx->changes; c && !rc; c = c->next) {
        if (c->op != SIM_STORE_REMOVE || c->removed)
            hv_watch_fire(hv, before, c->path, c->removed);
    }
    tree_put(before);
    return rc;
}

int hv_tx_end(struct hv *hv, struct hv_domain *d, uint32_t id, bool commits)
{
    struct hv_tx *tx = hv_tx_find(d, id);
    int rc = 0;

    if (!tx)
        return -ENOENT;
    if (commits)
        rc = conflicts(hv, tx) ? -EAGAIN : commit(hv, d, tx);
    drop(d, tx);
    return rc;
}
