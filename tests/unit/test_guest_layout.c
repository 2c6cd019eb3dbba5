/* SPDX-License-Identifier: ISC */

/*
 * What the guest of tests/xen/guest says to Xen, against Xen's public headers,
 * which this is built with.
 */

#include <criterion/criterion.h>
#include <stddef.h>
#include <string.h>

#include "xen/guest/xen.h"

/* Of today: without it, sched_op is the call of old. */
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#include <xen/xen.h>
/* After it. */
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/io/console.h>
#include <xen/io/xs_wire.h>
#include <xen/sched.h>

#define SAME_SIZE(ours, theirs) \
    _Static_assert(sizeof(ours) == sizeof(theirs), #ours)
#define SAME_PLACE(ours, field, theirs, there)                         \
    _Static_assert(offsetof(ours, field) == offsetof(theirs, there) && \
                       sizeof(((ours *)0)->field) ==                   \
                           sizeof(((theirs *)0)->there),               \
                   #field)

#define START(field, there) \
    SAME_PLACE(struct xen_start_info, field, struct start_info, there)
START(magic, magic);
START(nr_pages, nr_pages);
START(shared_info, shared_info);
START(flags, flags);
START(store_frame, store_mfn);
START(store_port, store_evtchn);
START(console_frame, console.domU.mfn);
START(console_port, console.domU.evtchn);
START(pt_base, pt_base);
START(nr_pt_frames, nr_pt_frames);
START(mfn_list, mfn_list);
START(mod_start, mod_start);
START(mod_len, mod_len);
START(cmd_line, cmd_line);

#define TIME(field, there) \
    SAME_PLACE(struct xen_time, field, struct vcpu_time_info, there)
SAME_SIZE(struct xen_time, struct vcpu_time_info);
TIME(version, version);
TIME(tsc, tsc_timestamp);
TIME(system, system_time);
TIME(mul, tsc_to_system_mul);
TIME(shift, tsc_shift);

#define SHARED(field, there) \
    SAME_PLACE(struct xen_shared_info, field, struct shared_info, there)
SAME_SIZE(struct xen_vcpu_info, struct vcpu_info);
SAME_PLACE(struct xen_vcpu_info, time, struct vcpu_info, time);
SHARED(vcpu, vcpu_info);
SHARED(pending, evtchn_pending);
SHARED(mask, evtchn_mask);
SHARED(max_pfn, arch.max_pfn);
SHARED(frame_list_list, arch.pfn_to_mfn_frame_list_list);
SHARED(p2m_cr3, arch.p2m_cr3);
SHARED(p2m_vaddr, arch.p2m_vaddr);
SHARED(p2m_generation, arch.p2m_generation);

SAME_SIZE(struct xen_console, struct xencons_interface);
SAME_PLACE(struct xen_console, out, struct xencons_interface, out);
SAME_PLACE(struct xen_console, out_cons, struct xencons_interface, out_cons);
SAME_PLACE(struct xen_console, out_prod, struct xencons_interface, out_prod);

#define RING(field)                                                            \
    SAME_PLACE(struct xen_store_ring, field, struct xenstore_domain_interface, \
               field)
RING(req);
RING(rsp);
RING(req_cons);
RING(req_prod);
RING(rsp_cons);
RING(rsp_prod);
SAME_SIZE(struct xen_store_head, struct xsd_sockmsg);
SAME_PLACE(struct xen_store_head, type, struct xsd_sockmsg, type);
SAME_PLACE(struct xen_store_head, id, struct xsd_sockmsg, req_id);
SAME_PLACE(struct xen_store_head, transaction, struct xsd_sockmsg, tx_id);
SAME_PLACE(struct xen_store_head, len, struct xsd_sockmsg, len);

SAME_SIZE(struct xen_shutdown, struct sched_shutdown);
SAME_SIZE(struct xen_poll, struct sched_poll);
SAME_PLACE(struct xen_poll, nports, struct sched_poll, nr_ports);
SAME_PLACE(struct xen_poll, timeout, struct sched_poll, timeout);
SAME_SIZE(struct xen_alloc_unbound, struct evtchn_alloc_unbound);
SAME_PLACE(struct xen_alloc_unbound, remote, struct evtchn_alloc_unbound,
           remote_dom);
SAME_PLACE(struct xen_alloc_unbound, port, struct evtchn_alloc_unbound, port);
SAME_SIZE(struct xen_setup_table, struct gnttab_setup_table);
SAME_PLACE(struct xen_setup_table, nframes, struct gnttab_setup_table,
           nr_frames);
SAME_PLACE(struct xen_setup_table, status, struct gnttab_setup_table, status);
SAME_PLACE(struct xen_setup_table, frames, struct gnttab_setup_table,
           frame_list);

/* Numbers: ours, and the header's. */
static const struct {
    const char *name;
    unsigned long ours, theirs;
} numbers[] = {
#define NUMBER(ours, theirs)                                  \
    {                                                         \
#ours, (unsigned long)(ours), (unsigned long)(theirs) \
    }
    NUMBER(XEN_DOMID_SELF, DOMID_SELF),
    NUMBER(XEN_UPDATE_VA_MAPPING, __HYPERVISOR_update_va_mapping),
    NUMBER(XEN_GRANT_TABLE_OP, __HYPERVISOR_grant_table_op),
    NUMBER(XEN_SCHED_OP, __HYPERVISOR_sched_op),
    NUMBER(XEN_EVENT_CHANNEL_OP, __HYPERVISOR_event_channel_op),
    NUMBER(XEN_SCHED_SHUTDOWN, SCHEDOP_shutdown),
    NUMBER(XEN_SCHED_POLL, SCHEDOP_poll),
    NUMBER(XEN_EVENT_CLOSE, EVTCHNOP_close),
    NUMBER(XEN_EVENT_SEND, EVTCHNOP_send),
    NUMBER(XEN_EVENT_ALLOC_UNBOUND, EVTCHNOP_alloc_unbound),
    NUMBER(XEN_GRANT_SETUP_TABLE, GNTTABOP_setup_table),
    NUMBER(XEN_SHUTDOWN_POWEROFF, SHUTDOWN_poweroff),
    NUMBER(XEN_SHUTDOWN_SUSPEND, SHUTDOWN_suspend),
    NUMBER(XEN_SHUTDOWN_CRASH, SHUTDOWN_crash),
    NUMBER(XEN_INVALIDATE, UVMF_INVLPG),
    NUMBER(XEN_STORE_READ, XS_READ),
    NUMBER(XEN_STORE_WATCH, XS_WATCH),
    NUMBER(XEN_STORE_WRITE, XS_WRITE),
    NUMBER(XEN_STORE_EVENT, XS_WATCH_EVENT),
    NUMBER(XEN_STORE_ERROR, XS_ERROR),
    NUMBER(XEN_STORE_PAYLOAD_MAX, XENSTORE_PAYLOAD_MAX),
};

Test(guest_layout, numbers_are_those_of_the_headers)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        cr_assert_eq(numbers[i].ours, numbers[i].theirs, "%s: %lu, not %lu",
                     numbers[i].name, numbers[i].ours, numbers[i].theirs);
}
