/* SPDX-License-Identifier: ISC */

/*
 * The life of a domain.
 *
 *     joining --> RUNNING --asked--> ASKED --agrees--> IS_SUSPENDED
 *                  |  ^                |                    |
 *                  |  +----refuses-----+------resumed-------+
 *                  +--leaves--> DYING --nothing mapped--> gone
 *
 *   H4  a domain id is in use  <=>  its domain lives or is dying
 */

#include "hv_internal.h"

static size_t window_bytes(const struct hv *hv)
{
    return ((size_t)hv->config.window_pages + 1) * SIM_PAGE;
}

void hv_state(struct hv *hv, struct hv_domain *d, enum sim_domain_state state)
{
    struct sim_life *life;

    d->state = state;
    if (d->window) {
        life = (void *)(d->window + window_bytes(hv) - SIM_PAGE);
        __atomic_store_n(&life->generation, d->generation, __ATOMIC_RELAXED);
        __atomic_store_n(&life->state, state, __ATOMIC_RELEASE);
    }
}

static void free_domain(struct hv *hv, struct hv_domain *d)
{
    const struct hv_host *host = &hv->host;
    uint32_t i;

    if (d->table)
        host->memory_end(host->self, d->table_fd, d->table,
                         (size_t)hv->config.frames * SIM_PAGE);
    if (d->window)
        host->memory_end(host->self, d->window_fd, d->window, window_bytes(hv));
    if (d->notice_fd >= 0)
        host->close(host->self, d->notice_fd);
    if (d->notice_far >= 0)
        host->close(host->self, d->notice_far);
    for (i = 1; i < d->nunits; i++)
        free(d->units[i]); /* V2: there are none */
    hv_fds_give(hv, d, d->fds);
    free(d->units);
    free(d->handles);
    free(d->ports);
    free(d->active);
    free(d);
}

void hv_reap(struct hv *hv, struct hv_domain *d)
{
    if (d->state != SIM_DYING || d->mapped)
        return;
    hv->domains[d->id] = NULL; /* H4 */
    hv->present--;
    free_domain(hv, d);
}

void hv_leave(struct hv *hv, struct hv_domain *d)
{
    hv_txs_drop(d);
    hv_watches_drop(d);
    if (d->admin) {
        struct hv_domain **at = &hv->admins;

        while (*at != d)
            at = &(*at)->next;
        *at = d->next;
        free_domain(hv, d);
        return;
    }
    hv_state(hv, d, SIM_DYING);
    hv->living--;
    d->mapped++; /* it can have mapped itself, and must stay until the end */
    hv_ports_close(hv, d);
    hv_handles_drop(hv, d);
    hv_units_hide(hv, d);
    hv_store_release(hv, d);
    d->mapped--;
    hv_reap(hv, d);
}

/* An id that was free longest, as the toolstack counts. */
static uint32_t choose(struct hv *hv, uint32_t want)
{
    uint32_t i, id;

    if (want != SIM_ANY)
        return want < HV_IDS && !hv->domains[want] ? want : NONE;
    for (i = 0; i < HV_IDS; i++) {
        id = (hv->next_id + i) % HV_IDS;
        if (!hv->domains[id]) {
            hv->next_id = (id + 1) % HV_IDS;
            return id;
        }
    }
    return NONE;
}

static int equip(struct hv *hv, struct hv_domain *d)
{
    const struct hv_host *host = &hv->host;
    void *base;
    int pair[2];
    int rc;

    d->refs = hv->config.frames * (uint32_t)SIM_PER_FRAME;
    d->active = calloc(d->refs, sizeof(*d->active));
    d->units = calloc(1, sizeof(struct hv_unit *));
    if (!d->active || !d->units)
        return -ENOMEM;
    /* Table, window, two sockets, and the one that the transport has. */
    if (!hv_fds_take(hv, d, 5))
        return -ENFILE;
    rc =
        host->memory(host->self, "leat-table",
                     (size_t)hv->config.frames * SIM_PAGE, &d->table_fd, &base);
    if (rc)
        return rc;
    d->table = base;
    rc = host->memory(host->self, "leat-window", window_bytes(hv),
                      &d->window_fd, &base);
    if (rc)
        return rc;
    d->window = base;
    hv_state(hv, d, SIM_RUNNING);
    rc = host->pair(host->self, false, pair);
    if (rc)
        return rc;
    d->notice_fd = pair[0];
    d->notice_far = pair[1];
    return hv_store_introduce(hv, d);
}

int hv_joining(struct hv_call *c, struct hv_domain **out)
{
    const struct sim_join *j = hv_body(c, 1, sizeof(*j));
    struct hv *hv = c->hv;
    struct sim_joined *answer;
    struct hv_domain *d;
    uint32_t id;
    int rc = 0;

    if (!j || c->n != 1 || j->version != SIM_VERSION || hv->stopped)
        return -EINVAL;
    id = j->domain == SIM_ADMIN ? SIM_ADMIN : choose(hv, j->domain);
    if (id == NONE)
        return j->domain < HV_IDS ? -EEXIST : -EINVAL;
    if (id != SIM_ADMIN && hv->present >= hv->config.domains)
        return -ENOSPC;
    d = calloc(1, sizeof(*d));
    if (!d)
        return -ENOMEM;
    d->id = id;
    d->pid = c->request->pid;
    d->admin = id == SIM_ADMIN;
    d->state = SIM_RUNNING;
    d->handle_free = NONE;
    d->notice_fd = d->notice_far = -1;
    d->last_event = &d->events;
    if (!d->admin) {
        hv->domains[id] = d; /* H4: so that its nodes are counted */
        hv->present++;
        rc = equip(hv, d);
    }
    if (rc) {
        if (!d->admin) {
            hv_store_release(hv, d);
            hv->domains[id] = NULL;
            hv->present--;
        }
        free_domain(hv, d);
        return rc;
    }
    answer = hv_answer(c, 1, sizeof(*answer));
    answer->domain = id;
    if (d->admin) {
        d->next = hv->admins;
        hv->admins = d;
    } else {
        hv->living++;
        hv->joins++;
        answer->frames = hv->config.frames;
        answer->window_pages = hv->config.window_pages;
        answer->handles = hv->config.handles;
        hv_attach(c, d->table_fd, HV_LEND);
        hv_attach(c, d->window_fd, HV_LEND);
        hv_attach(c, d->notice_far, HV_GIVE);
        d->notice_far = -1;
        hv_fds_give(hv, d, 1);
        hv_watch_fire(hv, NULL, "@introduceDomain", false);
    }
    *out = d;
    return 0;
}
