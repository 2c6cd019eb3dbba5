# SPDX-License-Identifier: ISC
#
# The grant suite, a program a fixture. `make check-suite' runs it over those that
# need no Xen, and prints the table of cases and fixtures.

suite_sources = \
    tests/suite/copy.c \
    tests/suite/errors.c \
    tests/suite/fail.c \
    tests/suite/fixture.h \
    tests/suite/limits.c \
    tests/suite/main.c \
    tests/suite/peer.c \
    tests/suite/peer.h \
    tests/suite/persist.c \
    tests/suite/process.c \
    tests/suite/receive.c \
    tests/suite/revoke.c \
    tests/suite/seam.c \
    tests/suite/seam.h \
    tests/suite/share.c \
    tests/suite/sim.h \
    tests/suite/suite.h \
    tests/suite/suspend.c \
    tests/suite/world.c \
    $(NULL)

suite_programs = \
    tests/suite/array \
    tests/suite/sim \
    tests/suite/threads \
    $(NULL)

plain_tests += tests/suite/array tests/suite/sim
tsan_tests += tests/suite/threads

tests_suite_array_SOURCES = tests/suite/array.c $(suite_sources)
tests_suite_sim_SOURCES = tests/suite/sim.c $(suite_sources)
tests_suite_threads_SOURCES = tests/suite/threads.c $(suite_sources)
tests_suite_sim_LDADD = libleat-sim.la $(LDADD)
tests_suite_threads_LDADD = libleat-sim.la $(LDADD)
