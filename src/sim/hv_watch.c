/* SPDX-License-Identifier: ISC */

/*
 * Watches, and the events that wait for their domains.
 *
 * A watch fires once when it is set, then for each change at its path, below
 * it, and above it where that removed it. A domain that does not fetch its
 * events holds EVENTS of them at most; what is more becomes one event at the
 * watch's own path, which says that something changed there or below.
 *
 *   H8  nevents == length of the list <= EVENTS + nwatches;  no two events of a
 *       watch have the same path
 */

#include "hv_internal.h"

#define EVENTS 64u

static void queue(struct hv_domain *d, struct hv_watch *w, const char *path)
{
    struct hv_event *e;
    size_t len;

    for (e = d->events; e; e = e->next) {
        if (e->watch == w && !strcmp(e->path, path))
            return; /* H8 */
    }
    if (d->nevents >= EVENTS) {
        if (w->overflow)
            return;
        w->overflow = true;
        path = w->path;
        for (e = d->events; e; e = e->next) {
            if (e->watch == w && !strcmp(e->path, path))
                return;
        }
    }
    len = strlen(path);
    e = malloc(sizeof(*e) + len + 1);
    if (!e) {
        w->overflow = true; /* the next one that can be kept says it */
        return;
    }
    e->next = NULL;
    e->watch = w;
    memcpy(e->path, path, len + 1);
    *d->last_event = e;
    d->last_event = &e->next;
    d->nevents++;
}

static void drop_event(struct hv_domain *d, struct hv_event **at)
{
    struct hv_event *e = *at;

    *at = e->next;
    if (d->last_event == &e->next)
        d->last_event = at;
    d->nevents--;
    free(e);
}

int hv_watch_add(struct hv *hv, struct hv_domain *d, const char *path,
                 size_t skip, const char *token, size_t len)
{
    struct hv_watch *w;

    for (w = d->watches; w; w = w->next) {
        if (!strcmp(w->path, path) && strlen(w->token) == len &&
            !memcmp(w->token, token, len))
            return -EEXIST;
    }
    if (d->nwatches >= hv->config.watches)
        return -ENOSPC;
    w = calloc(1, sizeof(*w) + strlen(path) + len + 2);
    if (!w)
        return -ENOMEM;
    w->path = (char *)(w + 1);
    strcpy(w->path, path);
    w->token = w->path + strlen(path) + 1;
    memcpy(w->token, token, len);
    w->skip = skip;
    w->next = d->watches;
    d->watches = w;
    d->nwatches++;
    queue(d, w, path);
    return 0;
}

static void remove_watch(struct hv_domain *d, struct hv_watch **at)
{
    struct hv_watch *w = *at;
    struct hv_event **e = &d->events;

    while (*e) {
        if ((*e)->watch == w)
            drop_event(d, e);
        else
            e = &(*e)->next;
    }
    *at = w->next;
    d->nwatches--;
    free(w);
}

int hv_watch_remove(struct hv_domain *d, const char *path, const char *token,
                    size_t len)
{
    struct hv_watch **w;

    for (w = &d->watches; *w; w = &(*w)->next) {
        if (!strcmp((*w)->path, path) && strlen((*w)->token) == len &&
            !memcmp((*w)->token, token, len)) {
            remove_watch(d, w);
            return 0;
        }
    }
    return -ENOENT;
}

void hv_watches_drop(struct hv_domain *d)
{
    while (d->watches)
        remove_watch(d, &d->watches);
}

/* Whether (d) may hear of it: it could read it before, or can now. */
static bool may_hear(struct hv *hv, const struct hv_domain *d,
                     struct tree_node *before, const char *path)
{
    return path[0] == '@' || hv_may(d, hv->root, path, 1) ||
           (before && hv_may(d, before, path, 1));
}

static void fire_one(struct hv *hv, struct hv_domain *d, struct hv_watch *w,
                     struct tree_node *before, const char *path, bool removed)
{
    if (!hv_path_under(path, w->path)) {
        if (!removed || !hv_path_under(w->path, path) ||
            !tree_find(before, w->path))
            return;
        path = w->path;
    }
    if (may_hear(hv, d, before, path))
        queue(d, w, path);
}

void hv_watch_fire(struct hv *hv, struct tree_node *before, const char *path,
                   bool removed)
{
    struct hv_domain *d;
    struct hv_watch *w;
    size_t seen = 0;
    uint32_t i;

    for (i = 0; i < HV_IDS && seen < hv->present; i++) {
        d = hv->domains[i];
        seen += d != NULL;
        for (w = d ? d->watches : NULL; w; w = w->next)
            fire_one(hv, d, w, before, path, removed);
    }
}

/* ---------------------------------------------------------------- notices */

/* A suspended domain hears of no watch until it is resumed. */
static bool listens(const struct hv_domain *d)
{
    return d->events && d->state != SIM_IS_SUSPENDED;
}

struct hv_domain *hv_noisy(struct hv *hv, struct hv_domain *d)
{
    uint32_t i = d ? d->id + 1 : 0;
    size_t seen = 0;

    for (; i < HV_IDS && seen < hv->present; i++) {
        if (!hv->domains[i])
            continue;
        seen++;
        if (hv->domains[i]->told || listens(hv->domains[i]))
            return hv->domains[i];
    }
    return NULL;
}

int hv_notice_fd(const struct hv_domain *d)
{
    return d->notice_fd;
}

size_t hv_notice(struct hv_domain *d, const void **bytes)
{
    struct sim_head *head = (void *)d->notice;
    unsigned char *p = d->notice + sizeof(*head);
    const struct hv_event *e = d->events;
    size_t path, token;

    memset(head, 0, sizeof(*head));
    *bytes = head;
    if (d->told) {
        head->op = (uint32_t)__builtin_ctz(d->told);
        head->n = d->generation;
        return sizeof(*head);
    }
    if (!listens(d))
        return 0;
    head->op = SIM_NOTICE_WATCH;
    path = strlen(e->path) - e->watch->skip;
    token = strlen(e->watch->token);
    head->n = (uint32_t)path;
    memcpy(p, e->path + e->watch->skip, path + 1);
    memcpy(p + path + 1, e->watch->token, token + 1);
    return sizeof(*head) + path + token + 2;
}

void hv_notice_drop(struct hv *hv, struct hv_domain *d)
{
    (void)hv;
    if (d->told) {
        d->told &= d->told - 1;
    } else if (listens(d)) {
        if (!strcmp(d->events->path, d->events->watch->path))
            d->events->watch->overflow = false;
        drop_event(d, &d->events);
    }
}
