/* SPDX-License-Identifier: ISC */

#include "sim_fixture.h"

static struct played p;

static int alloc_port(struct hv_domain *d, uint32_t remote, uint32_t *port)
{
    struct sim_number r = {remote};
    int rc = ask(&p, d, SIM_PORT_ALLOC, 1, &r, sizeof(r));

    if (!rc)
        *port = ((struct sim_number *)body(&p))->value;
    return rc;
}

static int bind_port(struct hv_domain *d, uint32_t domain, uint32_t remote,
                     uint32_t *port)
{
    struct sim_gref r = {domain, remote};
    int rc = ask(&p, d, SIM_PORT_BIND, 1, &r, sizeof(r));

    if (!rc) {
        cr_assert_eq(p.reply.nfds, 1);
        *port = ((struct sim_number *)body(&p))->value;
    }
    return rc;
}

static int close_port(struct hv_domain *d, uint32_t port)
{
    struct sim_number r = {port};

    return ask(&p, d, SIM_PORT_CLOSE, 1, &r, sizeof(r));
}

static struct sim_port_status status_of(struct hv_domain *d, uint32_t port)
{
    struct sim_number r = {port};

    cr_assert_eq(ask(&p, d, SIM_PORT_STATUS, 1, &r, sizeof(r)), 0);
    return *(struct sim_port_status *)body(&p);
}

Test(sim_port, errors_are_those_of_xen)
{
    struct hv_domain *a, *b, *c;
    uint32_t port, bound = 0;

    play(&p, (struct hv_config){0});
    a = joined(&p, 0);
    b = joined(&p, 1);
    c = joined(&p, 2);
    cr_assert_eq(alloc_port(a, HV_IDS, &port), -ESRCH);
    cr_assert_eq(alloc_port(a, 1, &port), 0);
    cr_assert_eq(bind_port(b, 0, port + 1, &bound), -EINVAL);
    cr_assert_eq(bind_port(b, 0, 0, &bound), -EINVAL);
    cr_assert_eq(bind_port(b, 0, ~0u, &bound), -EINVAL);
    cr_assert_eq(bind_port(b, 9, port, &bound), -ESRCH);
    cr_assert_eq(bind_port(c, 0, port, &bound), -EINVAL, "for another");
    cr_assert_eq(bind_port(b, 0, port, &bound), 0);
    cr_assert_eq(bind_port(b, 0, port, &bound), -EINVAL, "bound already");
    cr_assert_eq(close_port(a, 0), -ENOTCONN);
    cr_assert_eq(close_port(a, 99), -ENOTCONN);
    cr_assert_eq(status_of(a, 99).state, SIM_PORT_CLOSED);
    cr_assert_eq(status_of(a, port).state, SIM_PORT_INTERDOMAIN);
    cr_assert_eq(status_of(a, port).port, bound);
    curtain(&p);
}

Test(sim_port, what_the_peer_closes_can_be_bound_again)
{
    struct hv_domain *a, *b;
    uint32_t port, bound;

    play(&p, (struct hv_config){0});
    a = joined(&p, 0);
    b = joined(&p, 1);
    cr_assert_eq(alloc_port(a, 1, &port), 0);
    cr_assert_eq(bind_port(b, 0, port, &bound), 0);
    cr_assert_eq(close_port(b, bound), 0);
    cr_assert_eq(status_of(a, port).state, SIM_PORT_UNBOUND);
    cr_assert_eq(bind_port(b, 0, port, &bound), 0);
    hv_leave(p.hv, b);
    cr_assert_null(hv_check(p.hv));
    cr_assert_eq(status_of(a, port).state, SIM_PORT_UNBOUND);
    b = joined(&p, 1);
    cr_assert_eq(bind_port(b, 0, port, &bound), 0);
    cr_assert_eq(close_port(a, port), 0);
    cr_assert_eq(status_of(b, bound).state, SIM_PORT_UNBOUND);
    /* The other way round: what its maker closed, that one can bind. */
    cr_assert_null(hv_check(p.hv));
    cr_assert_eq(bind_port(a, 1, bound, &port), 0);
    cr_assert_eq(status_of(b, bound).port, port);
    cr_assert_eq(close_port(b, bound), 0);
    cr_assert_eq(status_of(a, port).state, SIM_PORT_UNBOUND);
    cr_assert_null(hv_check(p.hv));
    curtain(&p);
}

Test(sim_port, a_loop_and_a_quota)
{
    uint32_t port, bound = 0;
    struct hv_domain *a;
    int n = 2;

    play(&p, (struct hv_config){.ports = 40});
    a = joined(&p, 0);
    cr_assert_eq(alloc_port(a, 0, &port), 0);
    cr_assert_eq(bind_port(a, 0, port, &bound), 0);
    cr_assert(port != bound);
    while (!alloc_port(a, 5, &port))
        n++;
    cr_assert_eq(n, 40);
    curtain(&p);
}

Test(sim_port, suspend_and_resume)
{
    struct hv_domain *a, *b, *t = NULL;
    struct sim_number who = {0}, good = {0}, bad = {EBUSY};
    struct sim_gref resume = {0, 0}, cancel = {0, 1};
    uint32_t port, bound, h, old;
    const void *bytes;

    play(&p, (struct hv_config){0});
    a = joined(&p, 0);
    b = joined(&p, 1);
    cr_assert_eq(try_join(&p, SIM_ADMIN, &t), 0);
    cr_assert_eq(alloc_port(a, 1, &port), 0);
    cr_assert_eq(bind_port(b, 0, port, &bound), 0);
    shared(&p, a, 1, 1, 8, SIM_GTF_PERMIT);
    cr_assert_eq(map1(&p, b, 0, 8, false, &h), SIM_OKAY);
    cr_assert_eq(ask(&p, b, SIM_SUSPEND, 1, &who, sizeof(who)), -EPERM);
    cr_assert_eq(ask(&p, a, SIM_SUSPENDED, 1, &good, sizeof(good)), -EINVAL);
    /* Asked, and refuses. */
    cr_assert_eq(ask(&p, t, SIM_SUSPEND, 1, &who, sizeof(who)), 0);
    cr_assert(reads(&p, a, 0, "control/shutdown", "suspend"));
    cr_assert(hv_notice(a, &bytes));
    cr_assert_eq(((const struct sim_head *)bytes)->op, SIM_NOTICE_SUSPEND);
    hv_notice_drop(p.hv, a);
    cr_assert_eq(ask(&p, a, SIM_SUSPENDED, 1, &bad, sizeof(bad)), 0);
    cr_assert_eq(a->state, SIM_RUNNING);
    cr_assert_eq(key(&p, a, SIM_STORE_READ, 0, "control/shutdown", NULL, 0),
                 -ENOENT);
    /* Agrees, and nothing is done for it meanwhile. */
    cr_assert_eq(ask(&p, t, SIM_SUSPEND, 1, &who, sizeof(who)), 0);
    cr_assert_eq(ask(&p, a, SIM_SUSPENDED, 1, &good, sizeof(good)), 0);
    cr_assert_eq(alloc_port(a, 1, &old), -EBUSY);
    cr_assert_eq(ask(&p, t, SIM_RESUME, 1, &resume, sizeof(resume)), 0);
    cr_assert(a->generation == 1 && a->table[8].word == 0);
    cr_assert_eq(status_of(a, port).state, SIM_PORT_CLOSED);
    cr_assert_eq(status_of(b, bound).state, SIM_PORT_UNBOUND);
    /* A mapping of before ends without touching the new table. */
    shared(&p, a, 1, 1, 8, SIM_GTF_PERMIT);
    cr_assert_eq(map1(&p, b, 0, 8, false, &old), SIM_OKAY);
    cr_assert_eq(unmap1(&p, b, h), SIM_OKAY);
    cr_assert(a->table[8].word & SIM_GTF_WRITE);
    cr_assert_eq(unmap1(&p, b, old), SIM_OKAY);
    /* Cancelled: as it was. */
    cr_assert_eq(ask(&p, t, SIM_SUSPEND, 1, &who, sizeof(who)), 0);
    cr_assert_eq(ask(&p, a, SIM_SUSPENDED, 1, &good, sizeof(good)), 0);
    cr_assert_eq(ask(&p, t, SIM_RESUME, 1, &cancel, sizeof(cancel)), 0);
    cr_assert(a->generation == 1 && a->table[8].word);
    cr_assert_eq(ask(&p, t, SIM_RESUME, 1, &resume, sizeof(resume)), -EBUSY);
    curtain(&p);
}
