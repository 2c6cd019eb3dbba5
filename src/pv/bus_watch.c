/* SPDX-License-Identifier: ISC */

/* Watches of a bus, by their tokens; U1, U2, U5 of src/pv/bus.c. */

#include "bus.h"

#define TOKEN "leat-bus-"

/* As many digits for each. */
static void token_of(const struct leat_bus_watch *w, char out[24])
{
    size_t n = sizeof(TOKEN) - 1, i;

    memcpy(out, TOKEN, n);
    for (i = 0; i < 8; i++)
        out[n + i] = "0123456789abcdef"[w->number >> (28 - 4 * i) & 15];
    out[n + 8] = '\0';
}

static struct leat_bus_watch *find(struct leat_bus *b, const char *token)
{
    struct leat_bus_watch *w;
    char own[24];

    for (w = b->watches; w; w = w->next) {
        token_of(w, own);
        if (!memcmp(own, token, sizeof(TOKEN) + 8))
            return w;
    }
    return NULL;
}

/* 0 too where it is set already: after a resume it may be. */
static int set(struct leat_bus *b, struct leat_bus_watch *w)
{
    char token[24];
    int err;

    token_of(w, token);
    err = b->store.ops->watch(b->store.self, w->path, token);
    w->unset = err && err != LEAT_E_BUSY;
    return w->unset ? err : 0;
}

int leat_bus_watch_set(struct leat_bus *b, struct leat_bus_watch *w)
{
    struct leat_bus_watch *other;
    int err;

    do {
        w->number = ++b->number;
        for (other = b->watches; other && other->number != w->number;)
            other = other->next;
    } while (other); /* U2 */
    w->again = false;
    err = set(b, w);
    if (err)
        return err;
    w->bus = b;
    w->next = b->watches;
    b->watches = w;
    return 0;
}

int leat_bus_watch(struct leat_bus *b, struct leat_bus_watch *w,
                   const char *path,
                   int (*changed)(void *arg, const char *path), void *arg)
{
    size_t len = 0;

    if (!b || !b->store.ops || !w || !path || !path[0] || !changed)
        return LEAT_E_INVALID;
    if (w->bus)
        return LEAT_E_BUSY;
    while (len <= LEAT_BUS_PATH_MAX && path[len])
        len++;
    if (len > LEAT_BUS_PATH_MAX)
        return LEAT_E_LENGTH;
    memcpy(w->path, path, len + 1);
    w->changed = changed;
    w->arg = arg;
    return leat_bus_watch_set(b, w);
}

int leat_bus_unwatch(struct leat_bus_watch *w)
{
    struct leat_bus_watch **at;
    struct leat_bus *b;
    char token[24];
    int err = 0;

    if (!w)
        return LEAT_E_INVALID;
    b = w->bus;
    if (!b)
        return LEAT_E_STATE;
    for (at = &b->watches; *at != w;)
        at = &(*at)->next;
    *at = w->next;
    w->bus = NULL;
    if (b->looking == w)
        b->looking = NULL;
    token_of(w, token);
    if (!w->unset)
        err = b->store.ops->unwatch(b->store.self, w->path, token);
    return err == LEAT_E_REFERENCE ? 0 : err;
}

/* Calls (w), which may be gone afterwards. */
static int call(struct leat_bus *b, struct leat_bus_watch *w, const char *path)
{
    int err;

    w->again = false;
    b->looking = w;
    err = w->changed(w->arg, path);
    if (err && b->looking == w)
        w->again = true; /* U2 */
    b->looking = NULL;
    return err;
}

int leat_bus_watch_retry(struct leat_bus *b, uint32_t *budget)
{
    struct leat_bus_watch *w;
    int err;

    while (*budget) {
        for (w = b->watches; w && !w->again;)
            w = w->next;
        if (!w)
            break;
        --*budget;
        err = w->unset ? set(b, w) : 0;
        if (!err)
            err = call(b, w, w->path);
        if (err)
            return err;
    }
    return 0;
}

int leat_bus_watch_take(struct leat_bus *b)
{
    struct leat_bus_watch *w;
    int err;

    err = b->store.ops->event(b->store.self, b->path, sizeof(b->path), b->token,
                              sizeof(b->token));
    if (err)
        return err;
    b->watch_events++;
    w = find(b, b->token);
    if (!w) {
        b->dropped++;
        return 0;
    }
    err = call(b, w, b->path);
    /* That is the callback's; only LEAT_E_AGAIN means that there was none. */
    return err == LEAT_E_AGAIN ? LEAT_E_BUSY : err;
}

void leat_bus_watches_resume(struct leat_bus *b)
{
    struct leat_bus_watch *w;

    for (w = b->watches; w; w = w->next) {
        set(b, w); /* what fails is tried again */
        w->again = true;
    }
}
