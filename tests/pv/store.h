/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_PV_STORE_H
#define LEAT_TESTS_PV_STORE_H

/*
 * A store and event channels in plain arrays, for several domains in one
 * thread, whose failures a test writes down. Transactions are done on the store
 * itself and taken back; nothing is done meanwhile by others.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <leat/bus.h>
#include <leat/bus_device.h>

enum {
    TABLE_KEYS = 128,
    TABLE_CLIENTS = 4,
    TABLE_EVENTS = 256,
    TABLE_WATCHES = 32,
    TABLE_PORTS = 64,
};

struct table_key {
    char path[300];
    char value[LEAT_STORE_VALUE_MAX + 1];
    size_t len;
    struct leat_store_perm perms[2];
    bool used;
};

struct table_event {
    char path[300], token[64];
};

struct table_port {
    uint32_t owner, meant, peer; /* clients; peer: the other port, or 0 */
    bool open, pending, masked;
};

struct table {
    struct table_key key[TABLE_KEYS], before[TABLE_KEYS];
    struct table_port port[TABLE_PORTS]; /* 0 is none */
    struct table_client {
        struct table *t;
        uint32_t id;
        struct table_event watch[TABLE_WATCHES], event[TABLE_EVENTS];
        uint32_t watches, events;
        uint64_t polls; /* of pending */
    } client[TABLE_CLIENTS];
    uint32_t tx; /* 0: none is open */
    struct {
        char path[300];
        bool removed;
    } changed[TABLE_KEYS];
    uint32_t nchanged;
    uint32_t conflicts; /* how many commits conflict from here on        */
    uint64_t begun;     /* transactions                                  */
    uint32_t fail_in;   /* the operation from here that fails; 0: none   */
    int fail_with;
    const char *refuse; /* reads of this path are refused                */
    const char *last;   /* the read of this path comes too late: (dies)  */
    const char *dies;   /* is removed before it                          */
    /* Called whenever a port is notified; NULL: nobody is. */
    void (*told)(void *arg);
    void *told_arg;
};

static inline void table_open(struct table *t)
{
    memset(t, 0, sizeof(*t));
    for (uint32_t i = 0; i < TABLE_CLIENTS; i++) {
        t->client[i].t = t;
        t->client[i].id = i;
    }
}

/* Whether this operation is the one that fails. */
static inline int table_fails(struct table *t)
{
    return t->fail_in && !--t->fail_in ? t->fail_with : 0;
}

static inline bool table_under(const char *path, const char *above)
{
    size_t n = strlen(above);

    return !strncmp(path, above, n) && (!path[n] || path[n] == '/');
}

static inline struct table_key *table_find(struct table *t, const char *path)
{
    for (uint32_t i = 0; i < TABLE_KEYS; i++) {
        if (t->key[i].used && !strcmp(t->key[i].path, path))
            return &t->key[i];
    }
    return NULL;
}

static inline void table_tell(struct table_client *c, const char *path,
                              const char *token)
{
    for (uint32_t i = 0; i < c->events; i++) {
        if (!strcmp(c->event[i].path, path) &&
            !strcmp(c->event[i].token, token))
            return;
    }
    if (c->events == TABLE_EVENTS)
        abort();
    strcpy(c->event[c->events].path, path);
    strcpy(c->event[c->events++].token, token);
}

static inline void table_fire(struct table *t, const char *path, bool removed)
{
    if (t->tx) {
        strcpy(t->changed[t->nchanged].path, path);
        t->changed[t->nchanged++].removed = removed;
        return;
    }
    for (uint32_t i = 0; i < TABLE_CLIENTS; i++) {
        struct table_client *c = &t->client[i];

        for (uint32_t k = 0; k < c->watches; k++) {
            if (table_under(path, c->watch[k].path))
                table_tell(c, path, c->watch[k].token);
            else if (removed && table_under(c->watch[k].path, path))
                table_tell(c, c->watch[k].path, c->watch[k].token);
        }
    }
}

/* Puts a key, and those above it; (above) gives its permissions. */
static inline struct table_key *table_make(struct table *t, const char *path)
{
    struct table_key *k = table_find(t, path), *parent = NULL;
    char up[300];
    char *slash;

    if (k)
        return k;
    strcpy(up, path);
    slash = strrchr(up, '/');
    if (slash && slash != up) {
        *slash = '\0';
        parent = table_make(t, up);
    }
    for (uint32_t i = 0; i < TABLE_KEYS; i++) {
        k = &t->key[i];
        if (!k->used) {
            memset(k, 0, sizeof(*k));
            k->used = true;
            strcpy(k->path, path);
            if (parent)
                memcpy(k->perms, parent->perms, sizeof(k->perms));
            return k;
        }
    }
    abort();
}

/* What a peer, or a toolstack, writes and removes. */
static inline void table_put(struct table *t, const char *path,
                             const void *value, size_t len)
{
    struct table_key *k = table_make(t, path);

    memcpy(k->value, value, len);
    k->len = len;
    table_fire(t, path, false);
}

static inline void table_set(struct table *t, const char *path,
                             const char *value)
{
    table_put(t, path, value, strlen(value));
}

static inline bool table_drop(struct table *t, const char *path)
{
    bool was = false;

    for (uint32_t i = 0; i < TABLE_KEYS; i++) {
        if (t->key[i].used && table_under(t->key[i].path, path)) {
            t->key[i].used = false;
            was = true;
        }
    }
    if (was)
        table_fire(t, path, true);
    return was;
}

static inline const char *table_get(struct table *t, const char *path)
{
    struct table_key *k = table_find(t, path);

    return k ? k->value : NULL;
}

static inline struct table *table_of(void *self)
{
    return ((struct table_client *)self)->t;
}

static inline int table_read(void *self, uint32_t tx, const char *path,
                             char *buf, size_t size, size_t *len)
{
    struct table *t = table_of(self);
    struct table_key *k;
    int err = table_fails(t);

    if (err)
        return err;
    if (tx != t->tx)
        return LEAT_E_REFERENCE;
    if (t->last && !strcmp(t->last, path)) {
        t->last = NULL;
        table_drop(t, t->dies);
    }
    k = table_find(t, path);
    if (t->refuse && !strcmp(t->refuse, path))
        return LEAT_E_REFUSED;
    if (!k)
        return LEAT_E_REFERENCE;
    if (k->len >= size)
        return LEAT_E_RANGE;
    memcpy(buf, k->value, k->len);
    buf[k->len] = '\0';
    if (len)
        *len = k->len;
    return 0;
}

static inline int table_write(void *self, uint32_t tx, const char *path,
                              const void *value, size_t len)
{
    struct table *t = table_of(self);
    struct table_key *k;
    int err = table_fails(t);

    if (err)
        return err;
    if (tx != t->tx)
        return LEAT_E_REFERENCE;
    if (len > LEAT_STORE_VALUE_MAX)
        return LEAT_E_LENGTH;
    table_put(t, path, value, len);
    k = table_find(t, path);
    k->value[len] = '\0';
    return 0;
}

static inline int table_mkdir(void *self, uint32_t tx, const char *path)
{
    struct table *t = table_of(self);
    int err = table_fails(t);

    if (err || tx != t->tx)
        return err ? err : LEAT_E_REFERENCE;
    table_make(t, path);
    table_fire(t, path, false);
    return 0;
}

static inline int table_remove(void *self, uint32_t tx, const char *path)
{
    struct table *t = table_of(self);
    int err = table_fails(t);

    if (err || tx != t->tx)
        return err ? err : LEAT_E_REFERENCE;
    return table_drop(t, path) ? 0 : LEAT_E_REFERENCE;
}

static inline int table_list(void *self, uint32_t tx, const char *path,
                             char *buf, size_t size, size_t *names)
{
    struct table *t = table_of(self);
    size_t n = 0, used = 0, above = strlen(path), len;
    int err = table_fails(t);

    if (err || tx != t->tx || !table_find(t, path))
        return err ? err : LEAT_E_REFERENCE;
    for (uint32_t i = 0; i < TABLE_KEYS; i++) {
        const char *p = t->key[i].path;

        if (!t->key[i].used || !table_under(p, path) || !p[above] ||
            strchr(p + above + 1, '/'))
            continue;
        len = strlen(p + above + 1) + 1;
        if (used + len > size)
            return LEAT_E_RANGE;
        memcpy(buf + used, p + above + 1, len);
        used += len;
        n++;
    }
    *names = n;
    return 0;
}

static inline int table_get_perms(void *self, uint32_t tx, const char *path,
                                  struct leat_store_perm *perms, size_t max,
                                  size_t *n)
{
    struct table_key *k = table_find(table_of(self), path);

    if (!k || tx != table_of(self)->tx || max < 2)
        return LEAT_E_REFERENCE;
    memcpy(perms, k->perms, sizeof(k->perms));
    *n = 2;
    return 0;
}

static inline int table_set_perms(void *self, uint32_t tx, const char *path,
                                  const struct leat_store_perm *perms, size_t n)
{
    struct table *t = table_of(self);
    struct table_key *k = table_find(t, path);
    int err = table_fails(t);

    if (err || !k || tx != t->tx || n != 2)
        return err ? err : LEAT_E_REFERENCE;
    memcpy(k->perms, perms, sizeof(k->perms));
    return 0;
}

static inline int table_watch(void *self, const char *path, const char *token)
{
    struct table_client *c = self;
    int err = table_fails(c->t);

    if (err)
        return err;
    for (uint32_t i = 0; i < c->watches; i++) {
        if (!strcmp(c->watch[i].path, path) &&
            !strcmp(c->watch[i].token, token))
            return LEAT_E_BUSY;
    }
    if (c->watches == TABLE_WATCHES)
        return LEAT_E_LIMIT;
    strcpy(c->watch[c->watches].path, path);
    strcpy(c->watch[c->watches++].token, token);
    table_tell(c, path, token);
    return 0;
}

static inline int table_unwatch(void *self, const char *path, const char *token)
{
    struct table_client *c = self;
    uint32_t i, k;

    for (i = 0; i < c->watches; i++) {
        if (!strcmp(c->watch[i].path, path) &&
            !strcmp(c->watch[i].token, token))
            break;
    }
    if (i == c->watches)
        return LEAT_E_REFERENCE;
    c->watch[i] = c->watch[--c->watches];
    for (i = k = 0; i < c->events; i++) {
        if (strcmp(c->event[i].token, token))
            c->event[k++] = c->event[i];
    }
    c->events = k;
    return 0;
}

static inline int table_event(void *self, char *path, size_t path_size,
                              char *token, size_t token_size)
{
    struct table_client *c = self;
    int err = table_fails(c->t);

    if (err || !c->events)
        return err ? err : LEAT_E_AGAIN;
    if (strlen(c->event[0].path) >= path_size ||
        strlen(c->event[0].token) >= token_size)
        return LEAT_E_RANGE;
    strcpy(path, c->event[0].path);
    strcpy(token, c->event[0].token);
    memmove(c->event, c->event + 1, --c->events * sizeof(c->event[0]));
    return 0;
}

static inline int table_begin(void *self, uint32_t *tx)
{
    struct table *t = table_of(self);
    int err = table_fails(t);

    if (err || t->tx)
        return err ? err : LEAT_E_LIMIT;
    memcpy(t->before, t->key, sizeof(t->key));
    t->tx = (uint32_t)++t->begun;
    t->nchanged = 0;
    *tx = t->tx;
    return 0;
}

static inline int table_end(void *self, uint32_t tx, bool commit)
{
    struct table *t = table_of(self);
    bool conflict = commit && t->conflicts;

    if (!t->tx || tx != t->tx)
        return LEAT_E_REFERENCE;
    t->tx = 0;
    t->conflicts -= conflict;
    if (conflict || !commit) {
        memcpy(t->key, t->before, sizeof(t->key));
        return conflict ? LEAT_E_AGAIN : 0;
    }
    for (uint32_t i = 0; i < t->nchanged; i++)
        table_fire(t, t->changed[i].path, t->changed[i].removed);
    return 0;
}

static inline int table_fd(void *self)
{
    (void)self;
    return -1;
}

static inline struct leat_store table_store(struct table *t, uint32_t client)
{
    static const struct leat_store_ops ops = {
        .name = "table",
        .read = table_read,
        .write = table_write,
        .mkdir = table_mkdir,
        .remove = table_remove,
        .list = table_list,
        .get_perms = table_get_perms,
        .set_perms = table_set_perms,
        .watch = table_watch,
        .unwatch = table_unwatch,
        .event = table_event,
        .begin = table_begin,
        .end = table_end,
        .fd = table_fd,
    };
    struct leat_store s = {&ops, &t->client[client]};

    return s;
}

/* A client dies: what the store and the hypervisor kept for it is gone. */
static inline void table_die(struct table *t, uint32_t client)
{
    t->client[client].watches = t->client[client].events = 0;
    for (uint32_t i = 1; i < TABLE_PORTS; i++) {
        if (t->port[i].owner == client)
            t->port[i].open = false;
    }
}

#endif
