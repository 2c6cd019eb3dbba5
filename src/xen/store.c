/* SPDX-License-Identifier: ISC */

/*
 * Xenstore: libxenstore's calls with leat's errors, and results in the caller's
 * memory.
 *
 *   W1  a watch is in the list  <=>  it was set here, and not taken back
 *
 * In a domU the kernel stands between, which takes a watch twice, and takes back
 * one that is not there, without a word; so they are found in a list here.
 *
 * An event that did not fit its buffers is kept, and is the next.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

#include <leat/xen_store.h>

#include "parts.h"

struct watch {
    struct watch *next;
    char *token; /* after the path, in the same piece */
    char path[];
};

struct leat_xen_store {
    struct xs_handle *handle; /* (c) */
    pthread_mutex_t lock;
    struct watch *watches; /* (l) */
    char **event;          /* (l) taken from the library, and not from us */
};

/* Entries of a list of permissions. */
#define PERMS 64u

static int of_errno(int error)
{
    switch (error) {
    case ENOENT:
        return LEAT_E_REFERENCE;
    case EACCES:
    case EPERM:
    case EROFS:
        return LEAT_E_REFUSED;
    case E2BIG:
        return LEAT_E_LENGTH;
    case ENOSPC:
        return LEAT_E_LIMIT;
    case EINVAL:
        return LEAT_E_INVALID;
    case EAGAIN:
        return LEAT_E_AGAIN;
    case ENOMEM:
        return LEAT_E_NOMEM;
    case EBADF:
    case EPIPE:
    case ECONNRESET:
        return LEAT_E_GONE;
    case EEXIST:
        return LEAT_E_BUSY;
    default:
        return LEAT_E_SYSTEM;
    }
}

static int done(bool good)
{
    return good ? 0 : of_errno(errno);
}

static int check(const char *path)
{
    if (!path)
        return LEAT_E_INVALID;
    return strlen(path) > LEAT_STORE_PATH_MAX ? LEAT_E_LENGTH : 0;
}

static struct xs_handle *handle(void *self)
{
    return ((struct leat_xen_store *)self)->handle;
}

static int store_read(void *self, uint32_t tx, const char *path, char *buf,
                      size_t size, size_t *len)
{
    unsigned got = 0;
    char *value;
    int err = check(path);

    if (err || !buf)
        return err ? err : LEAT_E_INVALID;
    value = xs_read(handle(self), tx, path, &got);
    if (!value)
        return of_errno(errno);
    if (got >= size) {
        err = LEAT_E_RANGE;
    } else {
        memcpy(buf, value, got);
        buf[got] = '\0';
        if (len)
            *len = got;
    }
    free(value);
    return err;
}

static int store_write(void *self, uint32_t tx, const char *path,
                       const void *value, size_t len)
{
    int err = check(path);

    if (err || (!value && len))
        return err ? err : LEAT_E_INVALID;
    if (len > LEAT_STORE_VALUE_MAX)
        return LEAT_E_LENGTH;
    return done(
        xs_write(handle(self), tx, path, value ? value : "", (unsigned)len));
}

static int store_mkdir(void *self, uint32_t tx, const char *path)
{
    int err = check(path);

    return err ? err : done(xs_mkdir(handle(self), tx, path));
}

static int store_remove(void *self, uint32_t tx, const char *path)
{
    int err = check(path);

    return err ? err : done(xs_rm(handle(self), tx, path));
}

static int store_list(void *self, uint32_t tx, const char *path, char *buf,
                      size_t size, size_t *names)
{
    unsigned n = 0;
    size_t bytes = 0;
    char **got;
    int err = check(path);

    if (err || !buf || !names)
        return err ? err : LEAT_E_INVALID;
    got = xs_directory(handle(self), tx, path, &n);
    if (!got)
        return of_errno(errno);
    for (unsigned i = 0; i < n; i++)
        bytes += strlen(got[i]) + 1;
    if (bytes > size) {
        err = LEAT_E_RANGE;
    } else {
        for (unsigned i = 0; i < n; i++) {
            size_t len = strlen(got[i]) + 1;

            memcpy(buf, got[i], len);
            buf += len;
        }
        *names = n;
    }
    free(got);
    return err;
}

static int store_get_perms(void *self, uint32_t tx, const char *path,
                           struct leat_store_perm *perms, size_t max, size_t *n)
{
    struct xs_permissions *got;
    unsigned count = 0;
    int err = check(path);

    if (err || !perms || !n)
        return err ? err : LEAT_E_INVALID;
    got = xs_get_permissions(handle(self), tx, path, &count);
    if (!got)
        return of_errno(errno);
    if (count > max)
        err = LEAT_E_RANGE;
    for (unsigned i = 0; !err && i < count; i++) {
        perms[i].domain = got[i].id;
        perms[i].access = (got[i].perms & XS_PERM_READ ? LEAT_STORE_READ : 0) |
                          (got[i].perms & XS_PERM_WRITE ? LEAT_STORE_WRITE : 0);
    }
    if (!err)
        *n = count;
    free(got);
    return err;
}

static int store_set_perms(void *self, uint32_t tx, const char *path,
                           const struct leat_store_perm *perms, size_t n)
{
    struct xs_permissions *set;
    int err = check(path);

    if (err || !perms || !n || n > PERMS)
        return err ? err : LEAT_E_INVALID;
    set = calloc(n, sizeof(*set));
    if (!set)
        return LEAT_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        set[i].id = perms[i].domain;
        set[i].perms =
            ((perms[i].access & LEAT_STORE_READ ? XS_PERM_READ : 0) |
             (perms[i].access & LEAT_STORE_WRITE ? XS_PERM_WRITE : 0));
    }
    err = done(xs_set_permissions(handle(self), tx, path, set, (unsigned)n));
    free(set);
    return err;
}

/* The watch in the list, or where one would be hung in. Under the lock. */
static struct watch **find(struct leat_xen_store *s, const char *path,
                           const char *token)
{
    struct watch **w = &s->watches;

    while (*w && (strcmp((*w)->path, path) || strcmp((*w)->token, token)))
        w = &(*w)->next;
    return w;
}

static int store_watch(void *self, const char *path, const char *token)
{
    struct leat_xen_store *s = self;
    struct watch *w, **at;
    size_t len;
    int err = check(path);

    if (err || !token)
        return err ? err : LEAT_E_INVALID;
    if (strlen(token) > LEAT_STORE_TOKEN_MAX)
        return LEAT_E_LENGTH;
    len = strlen(path) + 1;
    w = malloc(sizeof(*w) + len + strlen(token) + 1);
    if (!w)
        return LEAT_E_NOMEM;
    w->next = NULL;
    w->token = w->path + len;
    memcpy(w->path, path, len);
    memcpy(w->token, token, strlen(token) + 1);
    pthread_mutex_lock(&s->lock);
    at = find(s, path, token);
    if (*at)
        err = LEAT_E_BUSY;
    if (!err)
        err = done(xs_watch(s->handle, path, token));
    if (!err)
        *at = w; /* W1 */
    else
        free(w);
    pthread_mutex_unlock(&s->lock);
    return err;
}

static int store_unwatch(void *self, const char *path, const char *token)
{
    struct leat_xen_store *s = self;
    struct watch *w, **at;
    int err = check(path);

    if (err || !token)
        return err ? err : LEAT_E_INVALID;
    pthread_mutex_lock(&s->lock);
    at = find(s, path, token);
    w = *at;
    err = w ? done(xs_unwatch(s->handle, path, token)) : LEAT_E_REFERENCE;
    if (!err) {
        *at = w->next;
        free(w);
    }
    pthread_mutex_unlock(&s->lock);
    return err;
}

static int store_event(void *self, char *path, size_t path_size, char *token,
                       size_t token_size)
{
    struct leat_xen_store *s = self;
    const char *p, *t;
    int err = 0;

    if (!path || !token)
        return LEAT_E_INVALID;
    pthread_mutex_lock(&s->lock);
    if (!s->event)
        s->event = xs_check_watch(s->handle);
    if (!s->event) {
        err = errno == EAGAIN ? LEAT_E_AGAIN : of_errno(errno);
        goto out;
    }
    p = s->event[XS_WATCH_PATH];
    t = s->event[XS_WATCH_TOKEN];
    if (strlen(p) >= path_size || strlen(t) >= token_size) {
        err = LEAT_E_RANGE;
        goto out;
    }
    memcpy(path, p, strlen(p) + 1);
    memcpy(token, t, strlen(t) + 1);
    free(s->event);
    s->event = NULL;
out:
    pthread_mutex_unlock(&s->lock);
    return err;
}

static int store_begin(void *self, uint32_t *tx)
{
    xs_transaction_t t;

    if (!tx)
        return LEAT_E_INVALID;
    t = xs_transaction_start(handle(self));
    if (t == XBT_NULL)
        return of_errno(errno);
    *tx = t;
    return 0;
}

static int store_end(void *self, uint32_t tx, bool commit)
{
    if (tx == LEAT_STORE_NOW)
        return LEAT_E_REFERENCE;
    return done(xs_transaction_end(handle(self), tx, !commit));
}

static int store_fd(void *self)
{
    return xs_fileno(handle(self));
}

static const struct leat_store_ops store_ops = {
    .name = "xen",
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

int leat_xen_store_open(struct leat_xen_store **out, struct leat_xen_why *why)
{
    struct leat_xen_store *s;
    int err;

    leat_xen_tell(why, 0, LEAT_XEN_NOTHING, 0, NULL, 0, "%s", "");
    if (!out)
        return LEAT_E_INVALID;
    err = leat_xen_probe(LEAT_XEN_STORE, why);
    if (err)
        return err;
    s = calloc(1, sizeof(*s));
    if (!s)
        return LEAT_E_NOMEM;
    s->handle = xs_open(0);
    if (!s->handle) {
        err = leat_xen_unopened(LEAT_XEN_STORE, errno, why);
        free(s);
        return err;
    }
    pthread_mutex_init(&s->lock, NULL);
    *out = s;
    return 0;
}

void leat_xen_store_close(struct leat_xen_store *s)
{
    struct watch *w;

    if (!s)
        return;
    xs_close(s->handle);
    while ((w = s->watches)) {
        s->watches = w->next;
        free(w);
    }
    free(s->event);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

struct leat_store leat_xen_store_ops(struct leat_xen_store *s)
{
    struct leat_store store = {.ops = &store_ops, .self = s};

    return store;
}
