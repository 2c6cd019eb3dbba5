# SPDX-License-Identifier: ISC
#
# The tests of disks: libleat-pv's of memory, and libleat-io.

unit_tests += tests/unit/test_memory_disk
tests_unit_test_memory_disk_LDADD = $(pv_unit_ldadd)

if HAVE_LIBURING
unit_tests += tests/unit/test_file_disk
tests_unit_test_file_disk_LDADD = libleat-io.la $(pv_unit_ldadd) $(IO_LIBS)
endif
