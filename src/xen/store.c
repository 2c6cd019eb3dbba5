/* SPDX-License-Identifier: ISC */

/*
 * Xenstore: libxenstore's calls with leat's errors, and results in the caller's
 * memory.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

#include <leat/xen_store.h>

#include "xen.h"

struct leat_xen_store {
    struct xs_handle *handle; /* (c) */
};

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
    case EISDIR:
    default:
        return LEAT_E_SYSTEM;
    }
}

static int done(bool good)
{
    return good ? 0 : of_errno(errno);
}

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
    *out = s;
    return 0;
}

void leat_xen_store_close(struct leat_xen_store *s)
{
    if (!s)
        return;
    xs_close(s->handle);
    free(s);
}

int leat_xen_store_read(struct leat_xen_store *s, uint32_t transaction,
                        const char *path, char *buf, size_t room, size_t *len)
{
    unsigned got = 0;
    char *value;
    int err = 0;

    if (!s || !path || !buf)
        return LEAT_E_INVALID;
    value = xs_read(s->handle, transaction, path, &got);
    if (!value)
        return of_errno(errno);
    if (got >= room) {
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

int leat_xen_store_write(struct leat_xen_store *s, uint32_t transaction,
                         const char *path, const void *value, size_t len)
{
    if (!s || !path || (!value && len))
        return LEAT_E_INVALID;
    if (len > LEAT_XEN_STORE_MAX)
        return LEAT_E_LENGTH;
    return done(xs_write(s->handle, transaction, path, value ? value : "",
                         (unsigned)len));
}

int leat_xen_store_remove(struct leat_xen_store *s, uint32_t transaction,
                          const char *path)
{
    if (!s || !path)
        return LEAT_E_INVALID;
    return done(xs_rm(s->handle, transaction, path));
}

int leat_xen_store_list(struct leat_xen_store *s, uint32_t transaction,
                        const char *path,
                        int (*fn)(void *arg, const char *name), void *arg)
{
    unsigned n = 0;
    char **names;
    int err = 0;

    if (!s || !path || !fn)
        return LEAT_E_INVALID;
    names = xs_directory(s->handle, transaction, path, &n);
    if (!names)
        return of_errno(errno);
    for (unsigned i = 0; i < n && !err; i++)
        err = fn(arg, names[i]);
    free(names);
    return err;
}

int leat_xen_store_begin(struct leat_xen_store *s, uint32_t *transaction)
{
    xs_transaction_t t;

    if (!s || !transaction)
        return LEAT_E_INVALID;
    t = xs_transaction_start(s->handle);
    if (t == XBT_NULL)
        return of_errno(errno);
    *transaction = t;
    return 0;
}

int leat_xen_store_end(struct leat_xen_store *s, uint32_t transaction,
                       bool commit)
{
    if (!s || transaction == LEAT_XEN_STORE_ALONE)
        return LEAT_E_INVALID;
    return done(xs_transaction_end(s->handle, transaction, !commit));
}

int leat_xen_store_watch(struct leat_xen_store *s, const char *path,
                         const char *token)
{
    if (!s || !path || !token)
        return LEAT_E_INVALID;
    return done(xs_watch(s->handle, path, token));
}

int leat_xen_store_unwatch(struct leat_xen_store *s, const char *path,
                           const char *token)
{
    if (!s || !path || !token)
        return LEAT_E_INVALID;
    return done(xs_unwatch(s->handle, path, token));
}

int leat_xen_store_fd(struct leat_xen_store *s)
{
    return s ? xs_fileno(s->handle) : LEAT_E_INVALID;
}

int leat_xen_store_fired(struct leat_xen_store *s, char *path, size_t path_room,
                         char *token, size_t token_room)
{
    char **fired;

    if (!s)
        return LEAT_E_INVALID;
    fired = xs_check_watch(s->handle);
    if (!fired)
        return errno == EAGAIN ? LEAT_E_AGAIN : of_errno(errno);
    if (path && path_room)
        snprintf(path, path_room, "%s", fired[XS_WATCH_PATH]);
    if (token && token_room)
        snprintf(token, token_room, "%s", fired[XS_WATCH_TOKEN]);
    free(fired);
    return 0;
}
