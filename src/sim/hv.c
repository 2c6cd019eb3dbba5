/* SPDX-License-Identifier: ISC */

/*
 * The hypervisor: what it has, and the way of a request.
 *
 *   H5  fds == sum of the domains' fds <= host's;  each live domain can still
 *       get FDS_SURE, whatever the others do
 *
 * A request is hostile until it was checked: its length against the number of
 * its elements, each number in it against the table that it indexes.
 */

#include "hv_internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "an entry's flags are the low half of its word");
_Static_assert(sizeof(struct sim_entry) == 8, "an entry is eight bytes");

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
    return value ? value : otherwise;
}

int hv_create(struct hv **out, const struct hv_config *config,
              const struct hv_host *host)
{
    struct hv *hv = calloc(1, sizeof(*hv));
    struct hv_config *c;

    if (!hv)
        return -ENOMEM;
    hv->host = *host;
    hv->config = *config;
    c = &hv->config;
    c->frames = or_default(c->frames, 64);
    c->domains = or_default(c->domains, 256);
    c->window_pages = or_default(c->window_pages, 64);
    c->units = or_default(c->units, 16384);
    c->unit_pages = or_default(c->unit_pages, 1u << 20);
    c->handles = or_default(c->handles, 65536);
    c->ports = or_default(c->ports, 1023);
    c->nodes = or_default(c->nodes, 1000);
    c->watches = or_default(c->watches, 128);
    c->transactions = or_default(c->transactions, 10);
    hv->domains = calloc(HV_IDS, sizeof(struct hv_domain *));
    hv->root = tree_root(++hv->tree_number);
    if (c->frames > 256 || c->domains > 4096 || c->units >= SIM_UNIT_PAGES ||
        c->window_pages > 65536 || c->handles > 1u << 24 || c->ports > 65535 ||
        !hv->domains || !hv->root) {
        int rc = hv->domains && hv->root ? -EINVAL : -ENOMEM;

        hv_destroy(hv);
        return rc;
    }
    *out = hv;
    return 0;
}

void hv_destroy(struct hv *hv)
{
    uint32_t i;

    if (!hv)
        return;
    for (i = 0; hv->domains && i < HV_IDS; i++) {
        if (hv->domains[i] && hv->domains[i]->state != SIM_DYING)
            hv_leave(hv, hv->domains[i]);
    }
    while (hv->admins)
        hv_leave(hv, hv->admins);
    tree_put(hv->root);
    free(hv->domains);
    free(hv);
}

/* ------------------------------------------------------------ descriptors */

bool hv_fds_take(struct hv *hv, struct hv_domain *d, uint32_t n)
{
    size_t most = hv->host.fds(hv->host.self);
    size_t kept = 0;
    uint32_t i, seen = 0;

    /* What the others could still ask for, unless this is within its own. */
    for (i = 0; d->fds + n > FDS_SURE && seen < hv->present && i < HV_IDS;
         i++) {
        if (!hv->domains[i])
            continue;
        seen++;
        if (hv->domains[i] != d && hv->domains[i]->fds < FDS_SURE)
            kept += FDS_SURE - hv->domains[i]->fds;
    }
    if (hv->fds + n + kept > most)
        return false;
    hv->fds += n;
    d->fds += n;
    return true;
}

void hv_fds_give(struct hv *hv, struct hv_domain *d, uint32_t n)
{
    hv->fds -= n;
    d->fds -= n;
}

/* --------------------------------------------------------------- messages */

const void *hv_body(const struct hv_call *c, uint32_t n, size_t size)
{
    return n <= SIM_MESSAGE && c->len == n * size ? c->body : NULL;
}

void *hv_answer(const struct hv_call *c, uint32_t n, size_t size)
{
    struct sim_head *head = (void *)c->reply->bytes;

    head->n = n;
    c->reply->len = sizeof(*head) + n * size;
    memset(head + 1, 0, n * size);
    return head + 1;
}

uint32_t hv_attach(const struct hv_call *c, int fd, enum hv_send how)
{
    struct hv_reply *r = c->reply;

    r->fds[r->nfds].fd = fd;
    r->fds[r->nfds].how = how;
    return (uint32_t)r->nfds++;
}

void hv_tell(struct hv_domain *d, enum sim_notice what)
{
    d->told |= 1u << what;
}

/* --------------------------------------------------------------- requests */

static int stop(struct hv_call *c)
{
    if (!hv_body(c, 0, 1) || c->n)
        return -EINVAL;
    c->hv->stopped = true;
    return 0;
}

static const struct {
    int (*run)(struct hv_call *c);
    bool domain; /* of a domain's    */
    bool admin;  /* of the toolstack */
} ops[SIM_OPS] = {
    [SIM_REGISTER] = {hv_register, true, false},
    [SIM_CONCEAL] = {hv_conceal, true, false},
    [SIM_MAP] = {hv_map, true, false},
    [SIM_UNMAP] = {hv_unmap, true, false},
    [SIM_COPY] = {hv_copy, true, false},
    [SIM_PORT_ALLOC] = {hv_port_alloc, true, false},
    [SIM_PORT_BIND] = {hv_port_bind, true, false},
    [SIM_PORT_CLOSE] = {hv_port_close, true, false},
    [SIM_PORT_STATUS] = {hv_port_status, true, false},
    [SIM_STORE] = {hv_store, true, true},
    [SIM_SUSPENDED] = {hv_suspended, true, false},
    [SIM_FAULT] = {hv_fault_request, true, true},
    [SIM_LIST] = {hv_list, false, true},
    [SIM_GRANTS] = {hv_grants, false, true},
    [SIM_SUSPEND] = {hv_suspend, false, true},
    [SIM_RESUME] = {hv_resume, false, true},
    [SIM_STOP] = {stop, false, true},
};

static int dispatch(struct hv_call *c, uint32_t op)
{
    const struct hv_request *r = c->request;
    struct hv_domain *d = c->d;
    uint32_t arg = 0;

    d->requests++;
    if (op >= SIM_OPS || !ops[op].run)
        return -ENOSYS;
    if (d->admin ? !ops[op].admin : !ops[op].domain)
        return -EPERM;
    if (r->nfds > (op == SIM_REGISTER))
        return -EINVAL;
    if (d->state == SIM_IS_SUSPENDED)
        return -EBUSY;
    switch (hv_fault(c->hv, d, op, r->late, &arg)) {
    case SIM_FAULT_FAIL:
        return -(int)arg;
    case SIM_FAULT_DELAY:
        c->reply->delay_us = arg;
        return 0;
    case SIM_FAULT_KEEP:
        if (op == SIM_UNMAP && c->n && c->n <= SIM_BATCH) {
            hv_answer(c, c->n, sizeof(struct sim_status));
            return 0;
        }
        break;
    case SIM_FAULT_NONE:
        break;
    }
    return ops[op].run(c);
}

/* Takes the request apart, and closes what was not kept of it. */
static void serve(struct hv_call *c, struct hv_domain **joined)
{
    const struct hv_request *r = c->request;
    struct sim_head *out = (void *)c->reply->bytes;
    const struct sim_head *in = r->data;
    struct sim_head head = {0};
    size_t i;
    int rc;

    c->reply->nfds = 0;
    c->reply->delay_us = 0;
    c->reply->end = false;
    c->reply->len = sizeof(*out);
    if (r->len < sizeof(head) || r->len > SIM_MESSAGE) {
        rc = -EBADMSG;
        c->reply->end = true;
    } else {
        memcpy(&head, in, sizeof(head));
        c->n = head.n;
        c->body = (const unsigned char *)r->data + sizeof(head);
        c->len = r->len - sizeof(head);
        memset(out, 0, sizeof(*out));
        if (joined)
            rc = head.op == SIM_JOIN && !r->nfds ? hv_joining(c, joined)
                                                 : -EPROTO;
        else
            rc = dispatch(c, head.op);
    }
    if (c->reply->delay_us)
        return;
    for (i = rc > 0 ? 1 : 0; i < r->nfds; i++)
        c->hv->host.close(c->hv->host.self, r->fds[i]);
    if (rc < 0 && rc != -EINVAL) /* a failed batch has statuses */
        c->reply->len = sizeof(*out);
    out->op = head.op;
    out->seq = head.seq;
    out->rc = rc < 0 ? rc : 0;
    if (c->reply->len == sizeof(*out))
        out->n = 0;
}

void hv_join(struct hv *hv, const struct hv_request *request,
             struct hv_reply *reply, struct hv_domain **out)
{
    struct hv_call c = {.hv = hv, .request = request, .reply = reply};

    *out = NULL;
    serve(&c, out);
    if (!*out)
        reply->end = true;
}

void hv_request(struct hv *hv, struct hv_domain *d,
                const struct hv_request *request, struct hv_reply *reply)
{
    struct hv_call c = {.hv = hv, .d = d, .request = request, .reply = reply};

    serve(&c, NULL);
}

/* ----------------------------------------------------------- what is asked */

void hv_set_arg(struct hv_domain *d, void *arg)
{
    d->arg = arg;
}

void *hv_arg(const struct hv_domain *d)
{
    return d->arg;
}

uint32_t hv_id(const struct hv_domain *d)
{
    return d->id;
}

size_t hv_living(const struct hv *hv)
{
    return hv->living;
}

uint64_t hv_joins(const struct hv *hv)
{
    return hv->joins;
}

bool hv_stopped(const struct hv *hv)
{
    return hv->stopped;
}
