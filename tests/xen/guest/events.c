/* SPDX-License-Identifier: ISC */

/* Event channels, without an upcall: their bits are looked at. */

#include "guest.h"

uint32_t guest_port(uint32_t domain)
{
    struct xen_alloc_unbound a = {.domain = XEN_DOMID_SELF,
                                  .remote = (uint16_t)domain};

    MUST(!guest_call(XEN_EVENT_CHANNEL_OP, XEN_EVENT_ALLOC_UNBOUND,
                     (uintptr_t)&a, 0));
    return a.port;
}

void guest_port_close(uint32_t port)
{
    guest_call(XEN_EVENT_CHANNEL_OP, XEN_EVENT_CLOSE, (uintptr_t)&port, 0);
}

void guest_notify(uint32_t port)
{
    guest_call(XEN_EVENT_CHANNEL_OP, XEN_EVENT_SEND, (uintptr_t)&port, 0);
}

bool guest_taken(uint32_t port)
{
    uint64_t bit = (uint64_t)1 << port % 64;

    return __atomic_fetch_and(&guest_shared->pending[port / 64], ~bit,
                              __ATOMIC_SEQ_CST) &
           bit;
}

void guest_wait(const uint32_t *ports, uint32_t n, uint64_t ns)
{
    struct xen_poll p = {
        .ports = ports, .nports = n, .timeout = guest_now_ns() + ns};

    guest_call(XEN_SCHED_OP, XEN_SCHED_POLL, (uintptr_t)&p, 0);
}
