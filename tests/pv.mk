# SPDX-License-Identifier: ISC
#
# The tests of libleat-pv. They are as those in tests/local.mk, which has what is
# common to all, but linked with it.

once_tests += tests/link/pv.sh

pv_ldadd = libleat-pv.la libleat-grant.la libleat.la
pv_unit_ldadd = $(pv_ldadd) $(CRITERION_LIBS)

tests_unit_test_bus_LDADD = $(pv_unit_ldadd)
tests_unit_test_bus_device_LDADD = $(pv_unit_ldadd)
tests_unit_test_bus_key_LDADD = $(pv_unit_ldadd)
tests_unit_test_bus_poll_LDADD = $(pv_unit_ldadd)
tests_unit_test_wait_LDADD = $(pv_unit_ldadd)
tests_errors_errors_blkfront_destroy_open_LDADD = $(pv_ldadd)
tests_errors_errors_blkfront_half_sector_LDADD = $(pv_ldadd)
tests_errors_errors_blkfront_page_put_twice_LDADD = $(pv_ldadd)
tests_errors_errors_bus_fini_attached_LDADD = $(pv_ldadd)
tests_errors_errors_netfront_destroy_open_LDADD = $(pv_ldadd)
tests_errors_errors_netfront_fill_too_much_LDADD = $(pv_ldadd)
tests_errors_errors_netfront_give_put_LDADD = $(pv_ldadd)
tests_errors_errors_ring_no_room_LDADD = $(pv_ldadd)
tests_errors_errors_ring_too_long_LDADD = $(pv_ldadd)
tests_errors_errors_slots_put_twice_LDADD = $(pv_ldadd)
tests_model_bus_LDADD = $(pv_ldadd)
tests_unit_test_netif_layout_LDADD = $(pv_unit_ldadd)
tests_unit_test_ring_LDADD = $(pv_unit_ldadd)
tests_unit_test_ring_hostile_LDADD = $(pv_unit_ldadd)
tests_unit_test_ring_layout_LDADD = $(pv_unit_ldadd)
tests_unit_test_slots_LDADD = $(pv_unit_ldadd)
tests_model_ring_LDADD = $(pv_ldadd)
tests_stress_ring_LDADD = $(pv_ldadd)
tests_sim_bus_LDADD = libleat-pv.la libleat-sim.la libleat-grant.la $(LDADD)
tests_sim_bus_threads_LDADD = libleat-pv.la libleat-sim.la libleat-grant.la $(LDADD)
tests_sim_ring_LDADD = libleat-pv.la libleat-sim.la libleat-grant.la $(LDADD)

blkfront_unit_tests = \
    tests/unit/test_blkfront \
    tests/unit/test_blkfront_again \
    tests/unit/test_blkfront_fail \
    tests/unit/test_blkfront_hostile \
    tests/unit/test_blkfront_keys \
    tests/unit/test_blkfront_life \
    tests/unit/test_blkfront_noise \
    tests/unit/test_blkfront_pages \
    tests/unit/test_blkfront_terms \
    tests/unit/test_blkfront_wire \
    $(NULL)
unit_tests += $(blkfront_unit_tests)
tests_unit_test_blkfront_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkfront_again_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkfront_fail_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkfront_hostile_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkfront_keys_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkfront_life_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkfront_noise_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkfront_pages_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkfront_terms_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkfront_wire_LDADD = $(pv_unit_ldadd)

blkback_unit_tests = \
    tests/unit/test_blkback \
    tests/unit/test_blkback_device \
    tests/unit/test_blkback_hostile \
    tests/unit/test_blkback_pages \
    tests/unit/test_blkback_states \
    tests/unit/test_blkif \
    $(NULL)
unit_tests += $(blkback_unit_tests)
tests_unit_test_blkback_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkback_device_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkback_hostile_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkback_pages_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkback_states_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkif_LDADD = $(pv_unit_ldadd)
tests_unit_test_blkif_layout_LDADD = $(pv_unit_ldadd)

net_unit_tests = \
    tests/unit/test_net_finish \
    tests/unit/test_netback \
    tests/unit/test_netback_deaths \
    tests/unit/test_netback_frames \
    tests/unit/test_netback_hostile \
    tests/unit/test_netback_life \
    tests/unit/test_netback_offload \
    tests/unit/test_netback_posted \
    tests/unit/test_net_headers \
    tests/unit/test_netswitch \
    tests/unit/test_netswitch_uplinks \
    $(NULL)
unit_tests += $(net_unit_tests)
tests_unit_test_net_finish_LDADD = $(pv_unit_ldadd)
tests_unit_test_netback_LDADD = $(pv_unit_ldadd)
tests_unit_test_netback_deaths_LDADD = $(pv_unit_ldadd)
tests_unit_test_netback_frames_LDADD = $(pv_unit_ldadd)
tests_unit_test_netback_hostile_LDADD = $(pv_unit_ldadd)
tests_unit_test_netback_life_LDADD = $(pv_unit_ldadd)
tests_unit_test_netback_offload_LDADD = $(pv_unit_ldadd)
tests_unit_test_netback_posted_LDADD = $(pv_unit_ldadd)
tests_unit_test_net_headers_LDADD = $(pv_unit_ldadd)
tests_unit_test_netswitch_LDADD = $(pv_unit_ldadd)
tests_unit_test_netswitch_uplinks_LDADD = $(pv_unit_ldadd)
tests_errors_errors_netback_destroy_connected_LDADD = $(pv_ldadd)
tests_errors_errors_switch_destroy_attached_LDADD = $(pv_ldadd)
netfront_unit_tests = \
    tests/unit/test_netfront \
    tests/unit/test_netfront_ctrl \
    tests/unit/test_netfront_device \
    tests/unit/test_netfront_give \
    tests/unit/test_netfront_hostile \
    tests/unit/test_netfront_read \
    tests/unit/test_netfront_states \
    $(NULL)
unit_tests += $(netfront_unit_tests)
tests_unit_test_netfront_LDADD = $(pv_unit_ldadd)
tests_unit_test_netfront_read_LDADD = $(pv_unit_ldadd)
tests_unit_test_netfront_states_LDADD = $(pv_unit_ldadd)
tests_unit_test_netfront_ctrl_LDADD = $(pv_unit_ldadd)
tests_unit_test_netfront_give_LDADD = $(pv_unit_ldadd)
tests_unit_test_netfront_hostile_LDADD = $(pv_unit_ldadd)
tests_unit_test_netfront_device_LDADD = $(pv_unit_ldadd)
sim_tests += tests/sim/net tests/sim/switch
tests_sim_net_LDADD = libleat-pv.la libleat-sim.la libleat-grant.la $(LDADD)
tests_sim_switch_LDADD = libleat-pv.la libleat-sim.la libleat-grant.la $(LDADD)
