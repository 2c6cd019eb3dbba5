/* SPDX-License-Identifier: ISC */

/*
 * Requests and replies, and what errors of Xen are to leat.
 *
 * The reply of a hypervisor is checked too, as far as its lengths go: what is
 * wrong with it is taken for its death.
 */

#include <errno.h>
#include <unistd.h>

#include "domain.h"

int sim_error(int rc)
{
    switch (rc) {
    case 0:
        return 0;
    case -EINVAL:
    case -ENOSYS:
    case -EBADMSG:
        return LEAT_E_INVALID;
    case -ENOMEM:
        return LEAT_E_NOMEM;
    case -ENOSPC:
    case -ENFILE:
    case -EMFILE:
        return LEAT_E_LIMIT;
    case -ESRCH:
        return LEAT_E_DOMAIN;
    case -ENOTCONN:
    case -ENOENT:
        return LEAT_E_REFERENCE;
    case -EACCES:
    case -EPERM:
        return LEAT_E_REFUSED;
    case -EAGAIN:
        return LEAT_E_AGAIN;
    case -EEXIST:
    case -EBUSY:
        return LEAT_E_BUSY;
    case -E2BIG:
        return LEAT_E_LENGTH;
    default:
        return LEAT_E_SYSTEM;
    }
}

int sim_grant_error(int status)
{
    switch (status) {
    case SIM_OKAY:
        return 0;
    case SIM_BAD_DOMAIN:
        return LEAT_E_DOMAIN;
    case SIM_GENERAL_ERROR:
    case SIM_PERMISSION:
        return LEAT_E_ACCESS;
    case SIM_NO_SPACE:
        return LEAT_E_LIMIT;
    case SIM_EAGAIN:
        return LEAT_E_AGAIN;
    case SIM_BAD_HANDLE:
    case SIM_BAD_COPY:
        return LEAT_E_INVALID;
    default:
        return LEAT_E_REFERENCE;
    }
}

int sim_gone(struct leat_sim_domain *d)
{
    if (!__atomic_exchange_n(&d->gone, true, __ATOMIC_ACQ_REL))
        d->link.died(d->link.self);
    return LEAT_E_GONE;
}

void *sim_begin(struct leat_sim_domain *d, size_t len)
{
    pthread_mutex_lock(&d->lock);
    d->in_len = 0;
    d->nfds = 0;
    d->out_len = sizeof(struct sim_head) + len;
    memset(d->out, 0, d->out_len);
    return d->out + sizeof(struct sim_head);
}

int sim_rc(const struct leat_sim_domain *d)
{
    return ((const struct sim_head *)(const void *)d->in)->rc;
}

static void close_fds(struct leat_sim_domain *d)
{
    while (d->nfds)
        close(d->fds[--d->nfds]);
}

int sim_exchange(struct leat_sim_domain *d, enum sim_op op, uint32_t n, int fd)
{
    struct sim_head *out = (void *)d->out;
    const struct sim_head *in = (const void *)d->in;

    if (sim_is_gone(d))
        return LEAT_E_GONE;
    close_fds(d);
    out->op = op;
    out->seq = ++d->seq;
    out->n = n;
    if (d->link.exchange(d->link.self, d->out, d->out_len, fd, d->in,
                         &d->in_len, d->fds, &d->nfds))
        return sim_gone(d);
    if (d->in_len < sizeof(*in) || in->op != op || in->seq != out->seq ||
        in->rc > 0)
        return sim_gone(d);
    return sim_error(in->rc);
}

void sim_end(struct leat_sim_domain *d)
{
    close_fds(d);
    pthread_mutex_unlock(&d->lock);
}

const void *sim_reply(struct leat_sim_domain *d, uint32_t n, size_t size)
{
    const struct sim_head *in = (const void *)d->in;

    if (in->n != n || d->in_len != sizeof(*in) + n * size)
        return NULL;
    return in + 1;
}

int sim_take_fd(struct leat_sim_domain *d)
{
    int fd = d->nfds ? d->fds[0] : -1;

    if (d->nfds)
        memmove(d->fds, d->fds + 1, --d->nfds * sizeof(d->fds[0]));
    return fd;
}
