/* SPDX-License-Identifier: ISC */

/*
 * Notices: what the hypervisor says unasked. They are read when somebody looks;
 * events of watches wait in a list, which is as long as the hypervisor lets it
 * be, and the rest is in the page of life anyway.
 *
 *   N1  kept_fd is readable   <=>  notices wait in the list
 *   N2  asked_fd is readable  <=>  a suspend is asked for, and nobody has looked
 *       whether one is
 *
 * Whoever reads the socket, for whatever he looks for, takes away what it was
 * readable for to others; so these two are.
 */

#include <errno.h>
#include <unistd.h>

#include "domain.h"

/* More than the hypervisor lets wait; the rest stays in the socket. */
#define KEPT 256u

static bool is_asked(const struct leat_sim_domain *d)
{
    return __atomic_load_n(&d->life->state, __ATOMIC_ACQUIRE) == SIM_ASKED;
}

/* Has (fd), which is readable if (*is), be so if (want). */
static void set(int fd, bool *is, bool want)
{
    uint64_t one = 1;
    ssize_t n = 0;

    if (want && !*is)
        n = write(fd, &one, sizeof(one));
    else if (!want && *is)
        n = read(fd, &one, sizeof(one));
    (void)n; /* its counter is ours, and is 0 or 1 */
    *is = want;
}

void sim_notices_kept(struct leat_sim_domain *d)
{
    set(d->kept_fd, &d->kept, d->notices != NULL); /* N1 */
}

void sim_notices_looked(struct leat_sim_domain *d)
{
    sim_notices_read(d);
    pthread_mutex_lock(&d->lock);
    set(d->asked_fd, &d->asked, false); /* N2 */
    pthread_mutex_unlock(&d->lock);
}

static int keep(struct leat_sim_domain *d, const struct sim_head *head,
                size_t len)
{
    size_t text = len - sizeof(*head);
    struct notice *n;
    const char *p = (const char *)(head + 1);

    /* Two strings: nothing is taken on trust. */
    if (text < 2 || head->n >= text - 1 || p[head->n] || p[text - 1])
        return LEAT_E_GONE;
    n = malloc(sizeof(*n) + text);
    if (!n)
        return LEAT_E_NOMEM;
    n->next = NULL;
    n->path = head->n + 1;
    memcpy(n->text, p, text);
    *d->last_notice = n;
    d->last_notice = &n->next;
    d->nnotices++;
    return 0;
}

int sim_notices_read(struct leat_sim_domain *d)
{
    const struct sim_head *head = (const void *)d->in;
    int err = LEAT_E_AGAIN, fds[SIM_FDS];
    bool asked = false;
    size_t nfds;
    long len;

    if (d->notice_fd < 0)
        return LEAT_E_AGAIN; /* the toolstack's */
    pthread_mutex_lock(&d->lock);
    while (!sim_is_gone(d) && d->nnotices < KEPT) {
        len = sim_receive(d->notice_fd, d->in, fds, &nfds, false);
        if (len == -EAGAIN)
            break;
        if (len < (long)sizeof(*head)) {
            sim_gone(d);
            break;
        }
        err = 0;
        asked |= head->op == SIM_NOTICE_SUSPEND;
        if (head->op == SIM_NOTICE_WATCH &&
            keep(d, head, (size_t)len) == LEAT_E_GONE)
            sim_gone(d);
    }
    if (asked || d->asked) /* perhaps it was cancelled */
        set(d->asked_fd, &d->asked, is_asked(d));
    sim_notices_kept(d);
    if (sim_is_gone(d))
        err = LEAT_E_GONE;
    pthread_mutex_unlock(&d->lock);
    return err;
}
