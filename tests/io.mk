# SPDX-License-Identifier: ISC
#
# The tests of disks: libleat-pv's of memory, and libleat-io.

unit_tests += tests/unit/test_memory_disk
tests_unit_test_memory_disk_LDADD = $(pv_unit_ldadd)

plain_tests += \
    tests/errors/errors-blkback-short-meta \
    tests/errors/errors-disk-unaligned \
    $(NULL)
tests_errors_errors_blkback_short_meta_LDADD = $(pv_ldadd)
tests_errors_errors_disk_unaligned_LDADD = $(pv_ldadd)

if HAVE_LIBURING
plain_tests += tests/errors/errors-file-disk-close-busy
tests_errors_errors_file_disk_close_busy_LDADD = libleat-io.la $(pv_ldadd) \
    $(IO_LIBS)
sim_tests += tests/sim/blkback tests/sim/block
tests_sim_block_LDADD = libleat-io.la libleat-pv.la libleat-sim.la \
    libleat-grant.la $(LDADD) $(IO_LIBS)
tests_sim_blkback_LDADD = libleat-io.la libleat-pv.la libleat-sim.la $(LDADD) \
    $(IO_LIBS)
unit_tests += tests/unit/test_file_disk
tests_unit_test_file_disk_LDADD = libleat-io.la $(pv_unit_ldadd) $(IO_LIBS)
endif

unit_tests += tests/unit/test_tap
tests_unit_test_tap_LDADD = libleat-io.la $(pv_unit_ldadd) $(IO_LIBS)

if HAVE_PCAP
unit_tests += tests/unit/test_pcap
tests_unit_test_pcap_LDADD = libleat-io.la $(pv_unit_ldadd) $(IO_LIBS)
endif
