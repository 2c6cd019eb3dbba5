/* SPDX-License-Identifier: ISC */

/*
 * The control ring: static grants. Of hashes the guest is told that there are
 * none, so which queue a frame comes by is ours to choose.
 *
 *   K1  each request is answered, with its own id and type
 *   K2  a list is copied out of the guest's page once, and used as it was then
 *   K3  a list is at most a page of entries, so each message costs a bounded
 *       time
 */

#include <string.h>

#include "netback.h"

#define LIST_MAX ((uint32_t)(LEAT_PAGE_SIZE / sizeof(struct netif_gref)))

/* Copies a list of (count) entries from, or back to, the guest's page. */
static int carry(struct leat_netback *n, uint32_t ref, uint32_t count,
                 bool back)
{
    const struct leat_gref gref = {n->domain, ref};
    struct nb_scratch *s = n->scratch;
    struct leat_view list = {(unsigned char *)s->list,
                             count * sizeof(s->list[0])};
    struct leat_copy_seg seg;
    struct leat_copy_batch batch;
    size_t which;
    int status;
    int err =
        leat_copy_init(&batch, n->config.grants, &seg, 1, &n->stats.message);

    if (err)
        return err;
    err = back ? leat_copy_to(&batch, &gref, 1, 0, leat_view_const(list))
               : leat_copy_from(&batch, &gref, 1, 0, list);
    if (!err) {
        err = leat_copy_run(&batch);
        n->stats.copies++;
        n->stats.grant_calls++;
    }
    (void)leat_copy_failed(&batch, &which, &status);
    return err;
}

static uint32_t add(struct nb_queue *q, const struct netif_ctrl_request *req)
{
    struct leat_netback *n = q->n;
    uint32_t count = req->data[2];

    if (count > LIST_MAX || count > q->statics.max - q->statics.n ||
        (count && carry(n, req->data[1], count, false)) ||
        leat_nb_static_add(n, &q->statics, n->scratch->list, count))
        return NETIF_CTRL_INVALID_PARAMETER;
    return NETIF_CTRL_SUCCESS;
}

static uint32_t del(struct nb_queue *q, const struct netif_ctrl_request *req,
                    uint32_t *done)
{
    struct leat_netback *n = q->n;
    struct netif_gref *list = n->scratch->list;
    uint32_t count = req->data[2], i;

    if (count > LIST_MAX || (count && carry(n, req->data[1], count, false)))
        return NETIF_CTRL_INVALID_PARAMETER;
    for (i = 0; i < count; i++) {
        bool gone = !leat_nb_static_del(n, &q->statics, list[i].ref);

        *done += gone;
        list[i].status =
            gone ? NETIF_CTRL_SUCCESS : NETIF_CTRL_INVALID_PARAMETER;
    }
    /* Where it cannot be told which, it is told how many. */
    if (count)
        (void)carry(n, req->data[1], count, true);
    return NETIF_CTRL_SUCCESS;
}

static void serve(struct leat_netback *n, const struct netif_ctrl_request *req,
                  struct netif_ctrl_response *rsp)
{
    struct nb_queue *q;

    switch (req->type) {
    case NETIF_CTRL_GET_GREF_MAPPING_SIZE:
    case NETIF_CTRL_ADD_GREF_MAPPING:
    case NETIF_CTRL_DEL_GREF_MAPPING:
        break;
    default:
        rsp->status = NETIF_CTRL_NOT_SUPPORTED;
        return;
    }
    if (req->data[0] >= n->nqueues) {
        rsp->status = NETIF_CTRL_INVALID_PARAMETER;
        return;
    }
    q = &n->queues[req->data[0]];
    if (req->type == NETIF_CTRL_GET_GREF_MAPPING_SIZE) {
        rsp->status = NETIF_CTRL_SUCCESS;
        rsp->data = q->statics.max;
    } else if (req->type == NETIF_CTRL_ADD_GREF_MAPPING) {
        rsp->status = add(q, req);
    } else {
        rsp->status = del(q, req, &rsp->data);
    }
}

int leat_nb_ctrl_poll(struct leat_netback *n, uint32_t budget, bool *more)
{
    struct netif_ctrl_request req;
    struct netif_ctrl_response rsp;
    bool notify = false, again = false;
    uint32_t i, most = budget < 16 ? budget : 16; /* K3: they cost more */
    int err = 0;

    if (!n->has_ctrl)
        return 0;
    for (i = 0; i < most; i++) {
        err = leat_ring_take(&n->ctrl, &req, sizeof(req));
        if (err)
            break;
        memset(&rsp, 0, sizeof(rsp));
        rsp.id = req.id;
        rsp.type = req.type;
        serve(n, &req, &rsp);
        n->stats.controls++;
        n->stats.controls_refused += rsp.status != NETIF_CTRL_SUCCESS;
        err = leat_ring_put(&n->ctrl, &rsp, sizeof(rsp));
        if (err)
            break;
    }
    if (err && err != LEAT_E_AGAIN)
        return err;
    err = leat_ring_push(&n->ctrl, &notify);
    if (!err && notify) {
        leat_bus_port_notify(&n->ctrl_port);
        n->stats.notifies++;
    }
    if (!err && !n->awake)
        err = leat_ring_sleep(&n->ctrl, &again);
    *more |= !err && again;
    return err;
}
