/* SPDX-License-Identifier: ISC */

/* The store, as a domain asks it. */

#include "domain.h"

/* Sends a request; the lock is held from here until sim_end(). */
static int ask(struct leat_sim_domain *d, enum sim_store_op op, uint32_t tx,
               uint32_t arg, const char *path, const void *value, size_t len)
{
    size_t path_len = path ? strlen(path) : 0;
    struct sim_store *s;
    unsigned char *p;

    if (path_len > SIM_PATH || len > SIM_VALUE || (path && !path_len)) {
        sim_begin(d, 0);
        return path && !path_len ? LEAT_E_INVALID : LEAT_E_LENGTH;
    }
    s = sim_begin(d, sizeof(*s) + path_len + len);
    s->op = op;
    s->tx = tx;
    s->arg = arg;
    s->path = (uint32_t)path_len;
    s->value = (uint32_t)len;
    p = (unsigned char *)(s + 1);
    if (path_len)
        memcpy(p, path, path_len);
    if (len)
        memcpy(p + path_len, value, len);
    return sim_exchange(d, SIM_STORE, 1, -1);
}

/* One that answers nothing. */
static int tell(struct leat_sim_domain *d, enum sim_store_op op, uint32_t tx,
                uint32_t arg, const char *path, const void *value, size_t len)
{
    int err = ask(d, op, tx, arg, path, value, len);

    sim_end(d);
    return err;
}

/* The bytes of the reply; their count is that of the message. */
static const char *bytes(struct leat_sim_domain *d, size_t *len)
{
    *len = d->in_len - sizeof(struct sim_head);
    return (const char *)d->in + sizeof(struct sim_head);
}

static int store_read(void *self, uint32_t tx, const char *path, char *buf,
                      size_t size, size_t *len)
{
    struct leat_sim_domain *d = self;
    const char *value;
    size_t n;
    int err;

    if (!path || !buf)
        return LEAT_E_INVALID;
    err = ask(d, SIM_STORE_READ, tx, 0, path, NULL, 0);
    if (!err) {
        value = bytes(d, &n);
        if (n < size) {
            memcpy(buf, value, n);
            buf[n] = 0;
            if (len)
                *len = n;
        } else {
            err = LEAT_E_RANGE;
        }
    }
    sim_end(d);
    return err;
}

static int store_write(void *self, uint32_t tx, const char *path,
                       const void *value, size_t len)
{
    if (!path || (len && !value))
        return LEAT_E_INVALID;
    return tell(self, SIM_STORE_WRITE, tx, 0, path, value, len);
}

static int store_mkdir(void *self, uint32_t tx, const char *path)
{
    return path ? tell(self, SIM_STORE_MKDIR, tx, 0, path, NULL, 0)
                : LEAT_E_INVALID;
}

static int store_remove(void *self, uint32_t tx, const char *path)
{
    return path ? tell(self, SIM_STORE_REMOVE, tx, 0, path, NULL, 0)
                : LEAT_E_INVALID;
}

static int store_list(void *self, uint32_t tx, const char *path, char *buf,
                      size_t size, size_t *names)
{
    struct leat_sim_domain *d = self;
    const struct sim_head *head = (const void *)d->in;
    size_t have = 0, n, used = 0;
    const char *some;
    uint32_t got;
    int err;

    if (!path || (size && !buf) || !names)
        return LEAT_E_INVALID;
    do {
        err = ask(d, SIM_STORE_LIST, tx, (uint32_t)have, path, NULL, 0);
        got = 0;
        if (!err) {
            got = head->n;
            some = bytes(d, &n);
            if (n > size - used)
                err = LEAT_E_RANGE;
            else
                memcpy(buf + used, some, n);
            used += n;
            have += got;
        }
        sim_end(d);
    } while (!err && got);
    if (!err)
        *names = have;
    return err;
}

static int store_get_perms(void *self, uint32_t tx, const char *path,
                           struct leat_store_perm *perms, size_t max, size_t *n)
{
    struct leat_sim_domain *d = self;
    const struct sim_perm *got;
    size_t len, i;
    int err;

    if (!path || !perms || !n)
        return LEAT_E_INVALID;
    err = ask(d, SIM_STORE_GET_PERMS, tx, 0, path, NULL, 0);
    if (!err) {
        got = (const void *)bytes(d, &len);
        len /= sizeof(*got);
        for (i = 0; i < len && len <= max; i++) {
            perms[i].domain = got[i].domain;
            perms[i].access = got[i].access;
        }
        if (len > max)
            err = LEAT_E_RANGE;
        else
            *n = len;
    }
    sim_end(d);
    return err;
}

static int store_set_perms(void *self, uint32_t tx, const char *path,
                           const struct leat_store_perm *perms, size_t n)
{
    struct sim_perm set[TREE_PERMS];
    size_t i;

    if (!path || !perms || !n || n > TREE_PERMS)
        return LEAT_E_INVALID;
    for (i = 0; i < n; i++) {
        set[i].domain = perms[i].domain;
        set[i].access = perms[i].access;
    }
    return tell(self, SIM_STORE_SET_PERMS, tx, 0, path, set,
                n * sizeof(set[0]));
}

static int store_watch(void *self, const char *path, const char *token)
{
    if (!path || !token)
        return LEAT_E_INVALID;
    if (strlen(token) > SIM_TOKEN)
        return LEAT_E_LENGTH;
    return tell(self, SIM_STORE_WATCH, 0, 0, path, token, strlen(token));
}

static int store_unwatch(void *self, const char *path, const char *token)
{
    struct leat_sim_domain *d = self;
    struct notice **at, *n;
    int err;

    if (!path || !token)
        return LEAT_E_INVALID;
    if (strlen(token) > SIM_TOKEN)
        return LEAT_E_LENGTH;
    err = tell(d, SIM_STORE_UNWATCH, 0, 0, path, token, strlen(token));
    if (err)
        return err;
    /* Its events that are on their way come to nobody. */
    sim_notices_read(d);
    pthread_mutex_lock(&d->lock);
    for (at = &d->notices; (n = *at);) {
        if (strcmp(n->text + n->path, token) ||
            strncmp(n->text, path, strlen(path))) {
            at = &n->next;
            continue;
        }
        *at = n->next;
        d->nnotices--;
        free(n);
    }
    d->last_notice = at;
    sim_notices_kept(d);
    pthread_mutex_unlock(&d->lock);
    return 0;
}

static int store_event(void *self, char *path, size_t path_size, char *token,
                       size_t token_size)
{
    struct leat_sim_domain *d = self;
    struct notice *n;
    size_t token_len;
    int err = sim_notices_read(d);

    if (!path || !token)
        return LEAT_E_INVALID;
    pthread_mutex_lock(&d->lock);
    n = d->notices;
    if (n) {
        token_len = strlen(n->text + n->path) + 1;
        err = n->path > path_size || token_len > token_size ? LEAT_E_RANGE : 0;
        if (!err) {
            memcpy(path, n->text, n->path);
            memcpy(token, n->text + n->path, token_len);
            d->notices = n->next;
            if (!d->notices)
                d->last_notice = &d->notices;
            d->nnotices--;
            free(n);
            sim_notices_kept(d);
        }
    } else if (!err) {
        err = LEAT_E_AGAIN; /* it was of another kind */
    }
    pthread_mutex_unlock(&d->lock);
    return err;
}

static int store_begin(void *self, uint32_t *tx)
{
    struct leat_sim_domain *d = self;
    const struct sim_number *r;
    int err;

    if (!tx)
        return LEAT_E_INVALID;
    err = ask(d, SIM_STORE_BEGIN, 0, 0, NULL, NULL, 0);
    if (!err) {
        r = sim_reply(d, 1, sizeof(*r));
        if (r)
            *tx = r->value;
        else
            err = sim_gone(d);
    }
    sim_end(d);
    return err;
}

static int store_end(void *self, uint32_t tx, bool commit)
{
    return tell(self, SIM_STORE_END, tx, commit, NULL, NULL, 0);
}

static int store_fd(void *self)
{
    return ((struct leat_sim_domain *)self)->store_fd;
}

static const struct leat_store_ops store_ops = {
    .name = "sim",
    .read = store_read,
    .write = store_write,
    .mkdir = store_mkdir,
    .remove = store_remove,
    .list = store_list,
    .get_perms = store_get_perms,
    .set_perms = store_set_perms,
    .watch = store_watch,
    .unwatch = store_unwatch,
    .event = store_event,
    .begin = store_begin,
    .end = store_end,
    .fd = store_fd,
};

struct leat_store leat_sim_store(struct leat_sim_domain *d)
{
    struct leat_store store = {.ops = &store_ops, .self = d};

    return store;
}
