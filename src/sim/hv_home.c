/* SPDX-License-Identifier: ISC */

/*
 * What a toolstack does in the store when a domain comes and goes: it makes
 * /local/domain/N, the domain's own to write, and removes it with all that the
 * domain left elsewhere.
 */

#include <stdio.h>

#include "hv_internal.h"

static void home(const struct hv_domain *d, const char *name,
                 char out[SIM_PATH + 1])
{
    snprintf(out, SIM_PATH + 1, "/local/domain/%u%s%s", (unsigned)d->id,
             *name ? "/" : "", name);
}

/* The toolstack, where no request stands for it. */
static int as_toolstack(struct hv *hv, enum sim_store_op op, const char *path,
                        const void *value, size_t len)
{
    struct hv_domain toolstack = {.id = SIM_ADMIN, .admin = true};

    return hv_store_change(hv, &toolstack, op, path, value, (uint32_t)len);
}

int hv_store_introduce(struct hv *hv, struct hv_domain *d)
{
    struct sim_perm own = {d->id, 0};
    char path[SIM_PATH + 1], number[16];
    int rc;

    hv_store_recount(hv); /* H7: there may be nodes of this id */
    home(d, "", path);
    rc = as_toolstack(hv, SIM_STORE_MKDIR, path, "", 0);
    if (!rc)
        rc = as_toolstack(hv, SIM_STORE_SET_PERMS, path, &own, sizeof(own));
    if (!rc) {
        snprintf(number, sizeof(number), "%u", (unsigned)d->id);
        home(d, "domid", path);
        rc = as_toolstack(hv, SIM_STORE_WRITE, path, number, strlen(number));
    }
    return rc;
}

/* One node of a dead domain's, if there is any. */
struct left {
    uint32_t owner;
    char path[SIM_PATH + 1];
};

static void find_left(void *arg, const struct tree_node *n, const char *path)
{
    struct left *l = arg;

    if (!l->path[0] && n->data->perms[0].domain == l->owner)
        strcpy(l->path, path);
}

void hv_store_release(struct hv *hv, struct hv_domain *d)
{
    struct left l = {.owner = d->id};
    char path[SIM_PATH + 1];

    home(d, "", path);
    as_toolstack(hv, SIM_STORE_REMOVE, path, NULL, 0);
    while (d->id && d->nodes) {
        l.path[0] = 0;
        tree_walk(hv->root, "/", find_left, &l);
        if (!l.path[0] || as_toolstack(hv, SIM_STORE_REMOVE, l.path, NULL, 0))
            break;
    }
    hv_watch_fire(hv, NULL, "@releaseDomain", false);
}

void hv_store_shutdown(struct hv *hv, struct hv_domain *d, const char *value)
{
    char path[SIM_PATH + 1];

    home(d, "control/shutdown", path);
    if (value)
        as_toolstack(hv, SIM_STORE_WRITE, path, value, strlen(value));
    else
        as_toolstack(hv, SIM_STORE_REMOVE, path, NULL, 0);
}
