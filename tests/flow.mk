# SPDX-License-Identifier: ISC
#
# The tests of libleat-flow. They are as those in tests/local.mk, which has what
# is common to all, but linked with it.

flow_unit_tests = \
    tests/unit/test_flow \
    tests/unit/test_flow_buffer \
    tests/unit/test_flow_frame \
    tests/unit/test_flow_leave \
    tests/unit/test_flow_pin \
    tests/unit/test_flow_pool \
    tests/unit/test_flow_refusal \
    tests/unit/test_flow_retain \
    tests/unit/test_flow_segment \
    tests/unit/test_flow_wait \
    $(NULL)

test_headers += tests/unit/flow_fixture.h
shell_tests += tests/link/flow.sh

flow_ldadd = libleat-flow.la libleat.la
flow_unit_ldadd = $(flow_ldadd) $(CRITERION_LIBS) $(JANSSON_LIBS)

tests_unit_test_flow_LDADD = $(flow_unit_ldadd)
tests_unit_test_flow_buffer_LDADD = $(flow_unit_ldadd)
tests_unit_test_flow_frame_LDADD = libleat-flow.la libleat-pv.la \
    libleat-grant.la libleat.la $(CRITERION_LIBS) $(JANSSON_LIBS)
tests_unit_test_flow_leave_LDADD = $(flow_unit_ldadd) $(FLOW_TEST_URING_LIBS)
tests_unit_test_flow_leave_CPPFLAGS = $(AM_CPPFLAGS) $(FLOW_TEST_URING_CPPFLAGS)
tests_unit_test_flow_pin_LDADD = $(flow_unit_ldadd)
tests_unit_test_flow_pool_LDADD = $(flow_unit_ldadd)
tests_unit_test_flow_refusal_LDADD = $(flow_unit_ldadd)
tests_unit_test_flow_retain_LDADD = $(flow_unit_ldadd)
tests_unit_test_flow_segment_LDADD = $(flow_unit_ldadd)
tests_unit_test_flow_wait_LDADD = $(flow_unit_ldadd)
tests_errors_errors_flow_destroy_with_refs_LDADD = $(flow_ldadd)
tests_errors_errors_flow_drop_twice_LDADD = $(flow_ldadd)
tests_errors_errors_flow_give_stale_LDADD = $(flow_ldadd)
tests_errors_errors_flow_write_after_close_LDADD = $(flow_ldadd)
tests_stress_flow_LDADD = $(flow_ldadd)
tests_stress_flow_buffers_LDADD = $(flow_ldadd)

FLOW_TEST_URING_LIBS =
FLOW_TEST_URING_CPPFLAGS =
if HAVE_LIBURING
FLOW_TEST_URING_LIBS += $(URING_LIBS)
FLOW_TEST_URING_CPPFLAGS += -DHAVE_LIBURING=1
endif

# ------------------------------------------------------------- accounting
#
# Flows once more, their copies wrapped by the linker as in tests/local.mk.

accounting_tests += tests/accounting/flow
check_PROGRAMS += tests/accounting/flow
check_LIBRARIES += tests/accounting/libflow.a

tests_accounting_libflow_a_SOURCES = $(flow_sources) $(flow_arena)
EXTRA_tests_accounting_libflow_a_SOURCES = \
    $(EXTRA_libleat_flow_la_SOURCES)
tests_accounting_libflow_a_CPPFLAGS = $(AM_CPPFLAGS) $(FLOW_CPPFLAGS) \
    -U_FORTIFY_SOURCE
tests_accounting_libflow_a_CFLAGS = $(accounting_cflags)

tests_accounting_flow_SOURCES = \
    tests/accounting/flow.c \
    tests/accounting/payload.c \
    tests/accounting/payload.h \
    $(NULL)
tests_accounting_flow_CPPFLAGS = $(AM_CPPFLAGS) -U_FORTIFY_SOURCE
tests_accounting_flow_CFLAGS = $(accounting_cflags)
tests_accounting_flow_LDFLAGS = $(accounting_wraps)
tests_accounting_flow_LDADD = tests/accounting/libflow.a \
    tests/accounting/libcounted.a $(FLOW_LIBS)

EXTRA_DIST += tests/link/flow.c
