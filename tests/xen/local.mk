# SPDX-License-Identifier: ISC
#
# Programs that run on real Xen, booted under QEMU: tests/xen/plan says where,
# and HACKING.md how to add one. None is built by `make check'; they print TAP.

xen_programs = \
    tests/suite/xen \
    tests/xen/copies \
    tests/xen/cross \
    tests/xen/grants \
    tests/xen/io \
    tests/xen/layer \
    tests/xen/limit \
    tests/xen/machine \
    tests/xen/off \
    tests/xen/peer \
    tests/xen/store \
    tests/xen/table \
    tests/xen/unikernel \
    $(NULL)

EXTRA_DIST += \
    tests/xen/check \
    tests/xen/image \
    tests/xen/init \
    tests/xen/box.h \
    tests/xen/plan \
    tests/xen/replay \
    tests/xen/grants.h \
    tests/xen/peer.h \
    tests/xen/tap.h \
    tests/xen/unikernel.h \
    $(NULL)

if HAVE_XEN
EXTRA_PROGRAMS += $(xen_programs) $(guest_programs)
xen_built = $(xen_programs) $(guest_programs)
endif

# ---------------------------------------------------------------- guests
#
# Programs without an operating system: tests/xen/guest/start.c says how they
# begin. man/leat-porting.7 has this link line by hand.

guest_programs = \
    tests/xen/guest/driverless \
    tests/xen/guest/sharer \
    $(NULL)

guest_machine = \
    tests/xen/guest/console.c \
    tests/xen/guest/events.c \
    tests/xen/guest/guest.h \
    tests/xen/guest/machine.c \
    tests/xen/guest/memory.c \
    tests/xen/guest/start.c \
    tests/xen/guest/tap.h \
    tests/xen/guest/xen.h \
    $(NULL)

guest_cppflags = $(BASE_CPPFLAGS) $(CORE_CPPFLAGS) -I$(top_srcdir)/tests
guest_cflags = $(CORE_CFLAGS) -std=gnu11 -fno-pie -mno-red-zone $(WARN_CFLAGS) \
    $(WARN_TEST_CFLAGS)
guest_link = $(CC) $(CFLAGS) -nostdlib -static -no-pie \
    -Wl,-T,$(srcdir)/tests/xen/guest/guest.ld -Wl,--build-id=none \
    -Wl,-z,noexecstack -o $@

EXTRA_DIST += tests/xen/guest/guest.ld

tests_xen_guest_driverless_SOURCES = \
    tests/xen/guest/driverless.c \
    $(guest_machine) \
    $(NULL)
tests_xen_guest_driverless_CPPFLAGS = $(guest_cppflags)
tests_xen_guest_driverless_CFLAGS = $(guest_cflags)
tests_xen_guest_driverless_LINK = $(guest_link)
tests_xen_guest_driverless_LDADD = libleat-core.a
tests_xen_guest_driverless_DEPENDENCIES = libleat-core.a \
    tests/xen/guest/guest.ld

tests_xen_guest_sharer_SOURCES = \
    tests/xen/box.h \
    tests/xen/guest/orders.c \
    tests/xen/guest/peer.h \
    tests/xen/guest/sharer.c \
    tests/xen/guest/stops.c \
    tests/xen/guest/store.c \
    tests/xen/guest/table.c \
    tests/xen/guest/table.h \
    $(guest_machine) \
    $(NULL)
tests_xen_guest_sharer_CPPFLAGS = $(guest_cppflags)
tests_xen_guest_sharer_CFLAGS = $(guest_cflags)
tests_xen_guest_sharer_LINK = $(guest_link)
tests_xen_guest_sharer_LDADD = .libs/libleat-grant.a libleat-core.a
tests_xen_guest_sharer_DEPENDENCIES = libleat-core.a libleat-grant.la \
    tests/xen/guest/guest.ld

# Which to run, as shell patterns of dom0/NAME, domu/NAME and guest/NAME; all.
XEN_TESTS = *

# What they are linked with.
tests_xen_copies_LDADD = $(xen_ldadd)
tests_xen_cross_LDADD = $(xen_ldadd)
tests_xen_grants_LDADD = $(xen_ldadd)
tests_xen_io_LDADD = $(xen_ldadd)
tests_xen_layer_LDADD = $(xen_ldadd)
tests_xen_limit_LDADD = $(xen_ldadd)
tests_xen_machine_LDADD = $(xen_ldadd)
tests_xen_off_LDADD = $(xen_ldadd)
tests_xen_peer_LDADD = $(xen_ldadd)
tests_xen_store_LDADD = $(xen_ldadd)
tests_xen_table_LDADD = $(xen_ldadd)
tests_xen_unikernel_LDADD = $(xen_ldadd)
xen_ldadd = libleat-xen.la libleat-grant.la libleat.la $(XEN_LIBS)

# Boots, and leaves what each test printed in sub/xen, where the driver is then
# shown it as if the tests had run here. Then the table of the grant suite, where
# it was picked: over a simulation, and in both domains.
.PHONY: check-xen
check-xen: $(xen_built) tests/suite/sim
	+@XEN_TESTS='$(XEN_TESTS)' $(srcdir)/tests/xen/check $(srcdir) \
	    '$(XEN_CACHE)' sub/xen $(xen_built) && \
	$(MAKE) --no-print-directory check-TESTS check_PROGRAMS= \
	    check_LIBRARIES= TEST_SUITE_LOG=sub/xen/test-suite.log \
	    TESTS="`$(SED) 's|^|sub/xen/|' sub/xen/tests`" && \
	if grep -q '^dom0  *suite ' sub/xen/plan; then \
	    tests/suite/sim >sub/xen/simulation; \
	    $(suite_table) \
	        simulation=check:tests/suite/sim=sub/xen/simulation \
	        dom0=xen:dom0/suite=sub/xen/dom0/suite.xen \
	        domU=xen:domu/suite=sub/xen/domu/suite.xen; \
	fi
