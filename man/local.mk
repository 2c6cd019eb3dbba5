# SPDX-License-Identifier: ISC

man_pages = \
    man/leat-align.7 \
    man/leat.1 \
    man/leat.7 \
    man/leat-porting.7 \
    man/leat-sim.7 \
    man/leat_backend.3 \
    man/leat_blkback.3 \
    man/leat_blkfront.3 \
    man/leat_builder.3 \
    man/leat_bus.3 \
    man/leat_bus_attach.3 \
    man/leat_chunk.3 \
    man/leat_constraint.3 \
    man/leat_copies.3 \
    man/leat_disk.3 \
    man/leat_event.3 \
    man/leat_export.3 \
    man/leat_gnttab.3 \
    man/leat_file_disk.3 \
    man/leat_flow.3 \
    man/leat_flow_frame.3 \
    man/leat_flow_pool.3 \
    man/leat_grant.3 \
    man/leat_grant_copy.3 \
    man/leat_grant_map.3 \
    man/leat_grant_refs_get.3 \
    man/leat_host.3 \
    man/leat_iov.3 \
    man/leat_lifecycle.3 \
    man/leat_magazine.3 \
    man/leat_netport.3 \
    man/leat_netback.3 \
    man/leat_netfront.3 \
    man/leat_page.3 \
    man/leat_pcap.3 \
    man/leat_persist.3 \
    man/leat_pool.3 \
    man/leat_port.3 \
    man/leat_receive.3 \
    man/leat_ref.3 \
    man/leat_ring.3 \
    man/leat_shared.3 \
    man/leat_sim.3 \
    man/leat_sim_admin.3 \
    man/leat_sim_domain.3 \
    man/leat_sim_thread.3 \
    man/leat_slots.3 \
    man/leat_stats.3 \
    man/leat_switch.3 \
    man/leat_store.3 \
    man/leat_strerror.3 \
    man/leat_tap.3 \
    man/leat_view.3 \
    man/leat_wait.3 \
    man/leat_xen.3 \
    man/leat_xen_event.3 \
    man/leat_xen_foreign.3 \
    man/leat_xen_map.3 \
    man/leat_xen_poll.3 \
    man/leat_xen_share.3 \
    man/leat_xen_store.3 \
    $(NULL)

man_MANS = $(man_pages)
EXTRA_DIST += $(man_pages)
