# SPDX-License-Identifier: ISC
#
# The grant suite, a program a fixture. `make check-suite' runs it over those that
# need no Xen, and prints the table of cases and fixtures; the programs are in
# `make check', and that of Xen in `make check-xen', which prints its own.

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
    tests/suite/races.c \
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
tests_suite_xen_SOURCES = tests/suite/xen.c $(suite_sources)
tests_suite_sim_LDADD = libleat-sim.la $(LDADD)
tests_suite_threads_LDADD = libleat-sim.la $(LDADD)
tests_suite_xen_LDADD = libleat-xen.la $(LDADD) $(XEN_LIBS)

EXTRA_DIST += tests/suite/table
suite_table = $(srcdir)/tests/suite/table $(srcdir)/tests/non-passes

.PHONY: check-suite
check-suite:
	+@$(MAKE) --no-print-directory check TESTS='$(suite_programs)'
	@$(suite_table) \
	    array=check:tests/suite/array=tests/suite/array.log \
	    processes=check:tests/suite/sim=tests/suite/sim.log \
	    threads=check:tests/suite/threads=tests/suite/threads.log
