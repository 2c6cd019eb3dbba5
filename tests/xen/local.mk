# SPDX-License-Identifier: ISC
#
# Programs that run on real Xen, booted under QEMU: tests/xen/plan says where,
# and HACKING.md how to add one. None is built by `make check'; they print TAP.

xen_programs = \
    tests/suite/xen \
    tests/xen/across \
    tests/xen/blkfront \
    tests/xen/copies \
    tests/xen/cross \
    tests/xen/front \
    tests/xen/grants \
    tests/xen/io \
    tests/xen/layer \
    tests/xen/limit \
    tests/xen/machine \
    tests/xen/netback \
    tests/xen/netfront \
    tests/xen/peer \
    tests/xen/store \
    tests/xen/table \
    tests/xen/told \
    tests/xen/unikernel \
    tests/xen/unikernel-hold \
    tests/xen/unikernel-suspend \
    tests/xen/core-units \
    $(NULL)

# Disks of files; without them these tests of the plan fail.
if HAVE_LIBURING
xen_programs += tests/xen/blkback tests/xen/off tests/xen/pair
endif

# The core's own suite, with the Xen share backend below its pools: tests/xen/core.c
# says how. What has threads or is a program of its own is linked once more; the
# unit tests are one program, by a Criterion of our own (tests/xen/unit). What
# cannot pass over pages that are born granted is in tests/non-passes, case by case.
xen_core_tests = \
    tests/errors/errors-adopt-misaligned \
    tests/errors/errors-adopt-twice \
    tests/errors/errors-batch-given-twice \
    tests/errors/errors-builder-no-room \
    tests/errors/errors-cancel-not-waiting \
    tests/errors/errors-copies-null \
    tests/errors/errors-destroy-with-chunks-out \
    tests/errors/errors-double-put \
    tests/errors/errors-export-end-twice \
    tests/errors/errors-export-length \
    tests/errors/errors-export-misaligned \
    tests/errors/errors-export-peer \
    tests/errors/errors-export-unregistered \
    tests/errors/errors-foreign-put \
    tests/errors/errors-get-huge \
    tests/errors/errors-get-zero-pages \
    tests/errors/errors-interior-put \
    tests/errors/errors-iov-full \
    tests/errors/errors-lifecycle-inside \
    tests/errors/errors-lifecycle-twice \
    tests/errors/errors-null-arguments \
    tests/errors/errors-put-garbage-handle \
    tests/errors/errors-put-in-fork-child \
    tests/errors/errors-ref-dropped-twice \
    tests/errors/errors-ref-outside \
    tests/errors/errors-shared-length \
    tests/errors/errors-shared-unaligned \
    tests/errors/errors-split-with-refs \
    tests/errors/errors-stale-put \
    tests/errors/errors-too-many-magazines \
    tests/errors/errors-unknown-flags \
    tests/errors/errors-view-after-put \
    tests/errors/errors-view-not-pages \
    tests/errors/errors-view-slice-overflow \
    tests/errors/errors-view-void \
    tests/errors/errors-wait-on-non-exact \
    tests/errors/errors-wait-twice \
    tests/model/model \
    tests/stress/cancels \
    tests/stress/exits \
    tests/stress/handover \
    tests/stress/magazines \
    tests/stress/pages \
    tests/stress/plain \
    tests/stress/refs \
    tests/stress/stats \
    tests/stress/waiters \
    tests/stress/water \
    $(NULL)

xen_core_units = \
    tests/unit/test_adopt.c \
    tests/unit/test_backend.c \
    tests/unit/test_batch.c \
    tests/unit/test_builder.c \
    tests/unit/test_chunk.c \
    tests/unit/test_chunk_find.c \
    tests/unit/test_constraint.c \
    tests/unit/test_copies.c \
    tests/unit/test_copy.c \
    tests/unit/test_cview.c \
    tests/unit/test_destroy.c \
    tests/unit/test_error.c \
    tests/unit/test_export.c \
    tests/unit/test_export_bounce.c \
    tests/unit/test_export_end.c \
    tests/unit/test_export_random.c \
    tests/unit/test_export_registered.c \
    tests/unit/test_fork.c \
    tests/unit/test_host.c \
    tests/unit/test_iov.c \
    tests/unit/test_lifecycle.c \
    tests/unit/test_magazine.c \
    tests/unit/test_mix.c \
    tests/unit/test_mmap.c \
    tests/unit/test_mmap_option.c \
    tests/unit/test_page.c \
    tests/unit/test_pool.c \
    tests/unit/test_pool_bulk.c \
    tests/unit/test_pool_config.c \
    tests/unit/test_reclaim.c \
    tests/unit/test_ref.c \
    tests/unit/test_rlimit.c \
    tests/unit/test_shared.c \
    tests/unit/test_split.c \
    tests/unit/test_static.c \
    tests/unit/test_stats.c \
    tests/unit/test_thread.c \
    tests/unit/test_track.c \
    tests/unit/test_trim.c \
    tests/unit/test_view.c \
    tests/unit/test_waiter.c \
    tests/unit/test_waiter_cancel.c \
    tests/unit/test_waiter_threads.c \
    tests/unit/test_water.c \
    tests/unit/test_zero.c \
    $(NULL)

xen_core_wraps = -Wl,--wrap=leat_pool_create -Wl,--wrap=leat_pool_destroy

tests_xen_core_units_SOURCES = \
    tests/xen/core.c \
    tests/xen/guest/unit/criterion/criterion.h \
    tests/xen/tap.h \
    tests/xen/unit/runner.c \
    $(xen_core_units) \
    $(NULL)
tests_xen_core_units_CPPFLAGS = -I$(top_srcdir)/tests/xen/guest/unit $(AM_CPPFLAGS)
tests_xen_core_units_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS) \
    $(WARN_TEST_CFLAGS) -Wno-sign-compare -Wno-unused-variable
tests_xen_core_units_LDFLAGS = $(AM_LDFLAGS) $(xen_core_wraps)
tests_xen_core_units_LDADD = $(xen_ldadd)

if HAVE_XEN
EXTRA_LIBRARIES += tests/xen/libcore.a
tests_xen_libcore_a_SOURCES = tests/xen/core.c
xen_core = tests/xen/core.stamp
endif

CLEANFILES += tests/xen/core.stamp

# A script, which is not made of core.c: make would do so for a distribution.
tests/xen/core: ;

tests/xen/core.stamp: $(xen_core_tests) tests/xen/libcore.a libleat-xen.la
	$(AM_V_GEN)rm -rf tests/xen/core.d && $(MKDIR_P) tests/xen/core.d && \
	for test in $(xen_core_tests); do \
	    $(LIBTOOL) --silent --tag=CC --mode=link $(CCLD) $(CFLAGS) \
	        $(AM_LDFLAGS) $(xen_core_wraps) -o tests/xen/core.d/$${test##*/} \
	        $$test.$(OBJEXT) tests/xen/libcore.a libleat-xen.la $(LDADD) \
	        $(XEN_LIBS) || exit 1; \
	done && touch $@

EXTRA_DIST += \
    tests/xen/byhand \
    tests/xen/check \
    tests/xen/core \
    tests/xen/image \
    tests/xen/init \
    tests/xen/box.h \
    tests/xen/plan \
    tests/xen/replay \
    tests/xen/disk_server.h \
    tests/xen/front.h \
    tests/xen/grants.h \
    tests/xen/linux_disk.h \
    tests/xen/net_front.h \
    tests/xen/packets.h \
    tests/xen/pair.h \
    tests/xen/peer.h \
    tests/xen/shell.h \
    tests/xen/tap.h \
    tests/xen/unikernel.h \
    tests/xen/wire.h \
    $(NULL)

if HAVE_XEN
EXTRA_PROGRAMS += $(xen_programs) $(guest_programs)
xen_built = $(xen_programs) $(guest_programs) $(srcdir)/tests/xen/byhand
if HAVE_COMMAND
xen_built += leat
endif
endif

# ---------------------------------------------------------------- guests
#
# Programs without an operating system: tests/xen/guest/start.c says how they
# begin. man/leat-porting.7 has this link line by hand.

guest_programs = \
    tests/xen/guest/driverless \
    tests/xen/guest/model \
    tests/xen/guest/sharer \
    tests/xen/guest/units \
    $(NULL)

guest_machine = \
    tests/xen/guest/console.c \
    tests/xen/guest/events.c \
    tests/xen/guest/guest.h \
    tests/xen/guest/machine.c \
    tests/xen/guest/memory.c \
    tests/xen/guest/start.c \
    tests/xen/guest/tap.c \
    tests/xen/guest/tap.h \
    tests/xen/guest/xen.h \
    $(NULL)

guest_cppflags = $(BASE_CPPFLAGS) $(CORE_CPPFLAGS) -I$(top_srcdir)/tests
guest_cflags = $(CORE_CFLAGS) -std=gnu11 -fno-pie -mno-red-zone $(WARN_CFLAGS) \
    $(WARN_TEST_CFLAGS)
guest_link = $(CC) $(CFLAGS) -nostdlib -static \
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
tests_xen_guest_sharer_LINK = $(guest_link) -Wl,--wrap=memset
tests_xen_guest_sharer_LDADD = .libs/libleat-grant.a libleat-core.a
tests_xen_guest_sharer_DEPENDENCIES = libleat-core.a libleat-grant.la \
    tests/xen/guest/guest.ld

# The core's unit tests, by a Criterion of the guest's own (HACKING.md says which
# are not here).
tests_xen_guest_units_SOURCES = \
    tests/unit/test_adopt.c \
    tests/unit/test_backend.c \
    tests/unit/test_batch.c \
    tests/unit/test_builder.c \
    tests/unit/test_chunk.c \
    tests/unit/test_chunk_find.c \
    tests/unit/test_constraint.c \
    tests/unit/test_copies.c \
    tests/unit/test_copy.c \
    tests/unit/test_cview.c \
    tests/unit/test_destroy.c \
    tests/unit/test_error.c \
    tests/unit/test_export.c \
    tests/unit/test_iov.c \
    tests/unit/test_lifecycle.c \
    tests/unit/test_magazine.c \
    tests/unit/test_mix.c \
    tests/unit/test_page.c \
    tests/unit/test_pool.c \
    tests/unit/test_pool_bulk.c \
    tests/unit/test_pool_config.c \
    tests/unit/test_ref.c \
    tests/unit/test_shared.c \
    tests/unit/test_split.c \
    tests/unit/test_static.c \
    tests/unit/test_stats.c \
    tests/unit/test_track.c \
    tests/unit/test_trim.c \
    tests/unit/test_view.c \
    tests/unit/test_waiter.c \
    tests/unit/test_waiter_cancel.c \
    tests/unit/test_water.c \
    tests/unit/test_zero.c \
    tests/xen/guest/unit/criterion/criterion.h \
    tests/xen/guest/unit/libc.c \
    tests/xen/guest/unit/runner.c \
    tests/xen/guest/unit/runner.h \
    $(guest_machine) \
    $(NULL)
tests_xen_guest_units_CPPFLAGS = -I$(top_srcdir)/tests/xen/guest/unit \
    $(guest_cppflags) -I$(top_srcdir)/src -D_GNU_SOURCE
tests_xen_guest_units_CFLAGS = $(guest_cflags) -Wno-sign-compare \
    -Wno-unused-variable
tests_xen_guest_units_LINK = $(guest_link) -Wl,--wrap=leat_pool_create \
    -Wl,--wrap=leat_pool_meta_size
tests_xen_guest_units_LDADD = libleat-core.a
tests_xen_guest_units_DEPENDENCIES = libleat-core.a \
    tests/xen/guest/guest.ld

# And its model.
tests_xen_guest_model_SOURCES = \
    tests/model/handles.h \
    tests/model/model.c \
    tests/model/operations.h \
    tests/model/world.h \
    tests/xen/guest/unit/libc.c \
    tests/xen/guest/unit/model.c \
    tests/xen/guest/unit/runner.h \
    $(guest_machine) \
    $(NULL)
tests_xen_guest_model_CPPFLAGS = $(guest_cppflags) -I$(top_srcdir)/src \
    -D_GNU_SOURCE -Dmain=model_main
tests_xen_guest_model_CFLAGS = $(tests_xen_guest_units_CFLAGS) \
    -Wno-missing-prototypes
tests_xen_guest_model_LINK = $(tests_xen_guest_units_LINK)
tests_xen_guest_model_LDADD = libleat-core.a
tests_xen_guest_model_DEPENDENCIES = libleat-core.a \
    tests/xen/guest/guest.ld

# Which to run, as shell patterns of dom0/NAME, domu/NAME and guest/NAME; all.
XEN_TESTS = *

# What they are linked with.
tests_xen_across_LDADD = $(xen_ldadd)
tests_xen_blkback_LDADD = libleat-io.la libleat-pv.la $(xen_ldadd)
tests_xen_blkfront_LDADD = libleat-pv.la $(xen_ldadd)
tests_xen_copies_LDADD = $(xen_ldadd)
tests_xen_cross_LDADD = $(xen_ldadd)
tests_xen_front_LDADD = libleat-pv.la $(xen_ldadd)
tests_xen_grants_LDADD = $(xen_ldadd)
tests_xen_io_LDADD = $(xen_ldadd)
tests_xen_layer_LDADD = $(xen_ldadd)
tests_xen_limit_LDADD = $(xen_ldadd)
tests_xen_machine_LDADD = $(xen_ldadd)
tests_xen_netback_LDADD = libleat-io.la libleat-pv.la $(xen_ldadd)
tests_xen_netfront_LDADD = libleat-io.la libleat-pv.la $(xen_ldadd)
tests_xen_off_LDADD = libleat-io.la libleat-pv.la $(xen_ldadd)
tests_xen_pair_LDADD = libleat-io.la libleat-pv.la $(xen_ldadd)
tests_xen_peer_LDADD = $(xen_ldadd)
tests_xen_store_LDADD = $(xen_ldadd)
tests_xen_table_LDADD = $(xen_ldadd)
tests_xen_told_LDADD = $(xen_ldadd)
tests_xen_unikernel_LDADD = $(xen_ldadd)
tests_xen_unikernel_hold_LDADD = $(xen_ldadd)
tests_xen_unikernel_suspend_LDADD = $(xen_ldadd)
xen_ldadd = libleat-xen.la libleat-grant.la libleat.la $(XEN_LIBS)

# Boots, and leaves what each test printed in sub/xen, where the driver is then
# shown it as if the tests had run here. Then the table of the grant suite, where
# it was picked: over a simulation, and in both domains.
.PHONY: check-xen
check-xen: $(xen_built) $(xen_core) tests/suite/sim
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
