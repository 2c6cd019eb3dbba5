# SPDX-License-Identifier: ISC
#
# Every test speaks TAP, so that each case counts. To add one, append it to the
# list of its kind; a program's source is its name with ".c".

# Criterion, one program per source file of the library. They are linked with
# the static libleat, and so may reach what is not exported.
unit_tests = \
    tests/unit/test_adopt \
    tests/unit/test_align_verdict \
    tests/unit/test_backend \
    tests/unit/test_batch \
    tests/unit/test_builder \
    tests/unit/test_bus \
    tests/unit/test_bus_device \
    tests/unit/test_bus_key \
    tests/unit/test_bus_poll \
    tests/unit/test_chunk \
    tests/unit/test_chunk_find \
    tests/unit/test_constraint \
    tests/unit/test_copies \
    tests/unit/test_copy \
    tests/unit/test_cview \
    tests/unit/test_destroy \
    tests/unit/test_error \
    tests/unit/test_events \
    tests/unit/test_export \
    tests/unit/test_export_bounce \
    tests/unit/test_export_end \
    tests/unit/test_export_random \
    tests/unit/test_export_registered \
    tests/unit/test_fork \
    tests/unit/test_grant_born \
    tests/unit/test_grant_canary \
    tests/unit/test_grant_copy \
    tests/unit/test_grant_fail \
    tests/unit/test_grant_map \
    tests/unit/test_grant_persist \
    tests/unit/test_grant_receive \
    tests/unit/test_grant_ref \
    tests/unit/test_grant_revoke \
    tests/unit/test_grant_share \
    tests/unit/test_grant_suspend \
    tests/unit/test_grant_table \
    tests/unit/test_host \
    tests/unit/test_iov \
    tests/unit/test_json \
    tests/unit/test_lifecycle \
    tests/unit/test_magazine \
    tests/unit/test_mix \
    tests/unit/test_mmap \
    tests/unit/test_mmap_option \
    tests/unit/test_page \
    tests/unit/test_pool \
    tests/unit/test_pool_bulk \
    tests/unit/test_pool_config \
    tests/unit/test_reclaim \
    tests/unit/test_ref \
    tests/unit/test_ring \
    tests/unit/test_ring_hostile \
    tests/unit/test_rlimit \
    tests/unit/test_shared \
    tests/unit/test_sim_fault \
    tests/unit/test_sim_hv \
    tests/unit/test_sim_port \
    tests/unit/test_sim_store \
    tests/unit/test_slots \
    tests/unit/test_split \
    tests/unit/test_static \
    tests/unit/test_stats \
    tests/unit/test_thread \
    tests/unit/test_track \
    tests/unit/test_trim \
    tests/unit/test_view \
    tests/unit/test_wait \
    tests/unit/test_waiter \
    tests/unit/test_waiter_cancel \
    tests/unit/test_waiter_threads \
    tests/unit/test_water \
    tests/unit/test_zero \
    $(flow_unit_tests) \
    $(NULL)

if HAVE_XEN_HEADERS
unit_tests += tests/unit/test_blkif_layout tests/unit/test_grant_layout \
    tests/unit/test_guest_layout tests/unit/test_netif_layout \
    tests/unit/test_ring_layout
endif

if HAVE_XEN
unit_tests += tests/unit/test_xen tests/unit/test_xen_poll \
    tests/unit/test_xen_retry
tests_unit_test_xen_poll_LDADD = libleat-xen.la $(LDADD) $(XEN_LIBS)
tests_unit_test_xen_LDADD = libleat-xen.la $(LDADD) $(XEN_LIBS)
tests_unit_test_xen_retry_LDADD = libleat-xen.la $(LDADD) $(XEN_LIBS)
tests_unit_test_xen_retry_LDFLAGS = $(AM_LDFLAGS) \
    -Wl,--wrap=ioctl \
    -Wl,--wrap=xengnttab_fd \
    -Wl,--wrap=xengntshr_fd \
    -Wl,--wrap=xengnttab_grant_copy \
    $(NULL)
endif

# Plain programs that have threads, or are worth it under ThreadSanitizer, where
# Criterion does not start.
tsan_tests = \
    tests/model/grants \
    tests/model/model \
    tests/model/bus \
    tests/model/ring \
    tests/sim/bus-threads \
    tests/sim/grants \
    tests/sim/threads \
    tests/stress/cancels \
    tests/stress/exits \
    tests/stress/flow \
    tests/stress/flow-buffers \
    tests/stress/grant_refs \
    tests/stress/grants \
    tests/stress/handover \
    tests/stress/magazines \
    tests/stress/pages \
    tests/stress/persist \
    tests/stress/plain \
    tests/stress/refs \
    tests/stress/ring \
    tests/stress/stats \
    tests/stress/threads \
    tests/stress/waiters \
    tests/stress/water \
    $(NULL)

# Domains in processes of their own, and who attacks them.
sim_tests = \
    tests/sim/bus \
    tests/sim/hostile \
    tests/sim/kill \
    tests/sim/many \
    tests/sim/ring \
    tests/sim/scarce \
    tests/sim/share \
    tests/sim/suspend \
    $(NULL)

tests_unit_test_sim_fault_LDADD = libleat-sim.la $(LDADD)
tests_unit_test_sim_hv_LDADD = libleat-sim.la $(LDADD)
tests_unit_test_sim_port_LDADD = libleat-sim.la $(LDADD)
tests_unit_test_sim_store_LDADD = libleat-sim.la $(LDADD)
tests_sim_grants_LDADD = libleat-sim.la $(LDADD)
tests_sim_hostile_LDADD = libleat-sim.la $(LDADD)
tests_sim_kill_LDADD = libleat-sim.la $(LDADD)
tests_sim_scarce_LDADD = libleat-sim.la $(LDADD)
tests_sim_many_LDADD = libleat-sim.la $(LDADD)
tests_sim_share_LDADD = libleat-sim.la $(LDADD)
tests_sim_suspend_LDADD = libleat-sim.la $(LDADD)
tests_sim_threads_LDADD = libleat-sim.la $(LDADD)

# Plain programs that print TAP themselves, and run under every sanitizer.
plain_tests = \
    tests/errors/errors-adopt-misaligned \
    tests/errors/errors-adopt-twice \
    tests/errors/errors-batch-given-twice \
    tests/errors/errors-builder-no-room \
    tests/errors/errors-blkfront-destroy-open \
    tests/errors/errors-blkfront-half-sector \
    tests/errors/errors-blkfront-page-put-twice \
    tests/errors/errors-bus-fini-attached \
    tests/errors/errors-ring-no-room \
    tests/errors/errors-ring-too-long \
    tests/errors/errors-slots-put-twice \
    tests/errors/errors-cancel-not-waiting \
    tests/errors/errors-copies-null \
    tests/errors/errors-destroy-with-chunks-out \
    tests/errors/errors-double-put \
    tests/errors/errors-export-end-twice \
    tests/errors/errors-export-length \
    tests/errors/errors-export-misaligned \
    tests/errors/errors-export-peer \
    tests/errors/errors-export-unregistered \
    tests/errors/errors-flow-destroy-with-refs \
    tests/errors/errors-flow-drop-twice \
    tests/errors/errors-flow-give-stale \
    tests/errors/errors-flow-write-after-close \
    tests/errors/errors-foreign-put \
    tests/errors/errors-get-huge \
    tests/errors/errors-get-zero-pages \
    tests/errors/errors-interior-put \
    tests/errors/errors-grant-after-resume \
    tests/errors/errors-grant-block-put-twice \
    tests/errors/errors-grant-copy-unread \
    tests/errors/errors-grant-destroy \
    tests/errors/errors-grant-other-peer \
    tests/errors/errors-grant-ref-in-use \
    tests/errors/errors-grant-ref-put-twice \
    tests/errors/errors-grant-revoke-twice \
    tests/errors/errors-grant-unmap-twice \
    tests/errors/errors-grant-untrusted \
    tests/errors/errors-grant-unvouched \
    tests/errors/errors-grant-write-read-only \
    tests/errors/errors-iov-full \
    tests/errors/errors-lifecycle-inside \
    tests/errors/errors-lifecycle-twice \
    tests/errors/errors-netback-destroy-connected \
    tests/errors/errors-netfront-destroy-open \
    tests/errors/errors-netfront-fill-too-much \
    tests/errors/errors-netfront-give-put \
    tests/errors/errors-null-arguments \
    tests/errors/errors-put-garbage-handle \
    tests/errors/errors-put-in-fork-child \
    tests/errors/errors-ref-dropped-twice \
    tests/errors/errors-ref-outside \
    tests/errors/errors-shared-length \
    tests/errors/errors-shared-unaligned \
    tests/errors/errors-split-with-refs \
    tests/errors/errors-stale-put \
    tests/errors/errors-switch-destroy-attached \
    tests/errors/errors-too-many-magazines \
    tests/errors/errors-unknown-flags \
    tests/errors/errors-view-after-put \
    tests/errors/errors-view-not-pages \
    tests/errors/errors-view-slice-overflow \
    tests/errors/errors-view-void \
    tests/errors/errors-wait-on-non-exact \
    tests/errors/errors-wait-twice \
    $(sim_tests) \
    $(tsan_tests) \
    $(NULL)

if HAVE_XEN
plain_tests += \
    tests/errors/errors-xen-absent \
    tests/errors/errors-xen-arguments \
    $(NULL)
tests_errors_errors_xen_absent_LDADD = libleat-xen.la $(LDADD) $(XEN_LIBS)
tests_errors_errors_xen_arguments_LDADD = libleat-xen.la $(LDADD) $(XEN_LIBS)
endif

include $(top_srcdir)/tests/suite/local.mk

# What those include.
test_headers = \
    tests/errors/errors.h \
    tests/errors/flow-errors.h \
    tests/errors/grant-errors.h \
    tests/errors/blk-errors.h \
    tests/errors/device-errors.h \
    tests/errors/net-errors.h \
    tests/errors/pool-errors.h \
    tests/grant/plain.h \
    tests/model/handles.h \
    tests/model/operations.h \
    tests/model/world.h \
    tests/pv/back_device.h \
    tests/pv/back_world.h \
    tests/pv/block_pair.h \
    tests/pv/disk_play.h \
    tests/pv/events.h \
    tests/pv/frames.h \
    tests/pv/front_asks.h \
    tests/pv/front_world.h \
    tests/pv/net_device.h \
    tests/pv/net_front.h \
    tests/pv/net_pair.h \
    tests/pv/mirror.h \
    tests/pv/net_world.h \
    tests/pv/rings.h \
    tests/pv/store.h \
    tests/pv/switch_ends.h \
    tests/pv/pair.h \
    tests/pv/peers.h \
    tests/unit/bus_fixture.h \
    tests/sim/blk_front.h \
    tests/sim/device.h \
    tests/sim/image.h \
    tests/sim/raw.h \
    tests/sim/sim.h \
    tests/stress/stress.h \
    tests/unit/fake_backend.h \
    tests/unit/export_fixture.h \
    tests/unit/grant_fixture.h \
    tests/unit/pool_fixture.h \
    tests/unit/sim_fixture.h \
    tests/unit/waiter_fixture.h \
    $(NULL)

EXTRA_DIST += $(test_headers)

# Scripts.
# Those that compile by themselves, by both compilers, or compile nothing: the plain
# suite alone has them.
once_tests = \
    tests/headers/alone.sh \
    tests/headers/installed.sh \
    tests/link/core.sh \
    tests/link/grant.sh \
    tests/link/guest.sh \
    tests/link/readme.sh \
    tests/man/lint.sh \
    $(NULL)

shell_tests = \
    tests/link/driverless.sh \
    tests/link/needed.sh \
    tests/link/start.sh \
    tests/link/sim.sh \
    tests/link/sizes.sh \
    tests/link/symbols.sh \
    tests/link/tls.sh \
    tests/link/xen.sh \
    $(NULL)

# Scripts that use the command and run under the sanitizers too.
command_tests = \
    tests/tool/copy-errors.sh \
    tests/tool/copy.sh \
    tests/tool/grants-killed.sh \
    tests/tool/grants-list.sh \
    tests/tool/grants-orders.sh \
    tests/tool/sim-block.sh \
    tests/tool/sim-net.sh \
    tests/tool/sim.sh \
    tests/tool/usage.sh \
    $(NULL)

# The benches: under the sanitizers, and in the plain suite.
bench_tests = \
    tests/tool/bench-align.sh \
    tests/tool/bench-block.sh \
    tests/tool/bench-goals.sh \
    tests/tool/bench-net.sh \
    tests/tool/grants-bench.sh \
    $(NULL)

# The model of the grant layer. It is of no build in particular, so the plain
# suite checks it, and the builds in sub/ do not.
model_check = tests/spin/check.sh

EXTRA_DIST += $(command_tests) $(bench_tests) tests/tool/bench-quick.sh \
    tests/tool/common.sh tests/tool/grants.sh tests/tool/run.sh

# What those read.
EXTRA_DIST += \
    tests/headers/use.c \
    tests/link/driverless.c \
    tests/link/freestanding.sh \
    tests/link/start.c \
    tests/link/tls.c \
    $(NULL)

# --------------------------------------------------------------- programs

# Everything that has no flags of its own: test programs and examples. -static
# is libtool's, as for the command; as-needed, so that only the programs that
# use Criterion or jansson load them.
AM_LDFLAGS = -static -Wl,--as-needed
LDADD = libleat-grant.la libleat.la $(CRITERION_LIBS) $(JANSSON_LIBS)

check_PROGRAMS += $(plain_tests)
if HAVE_CRITERION
check_PROGRAMS += $(unit_tests)
criterion_tests = $(unit_tests)
endif

# What the bench of alignment concludes, from made-up samples.
tests_unit_test_align_verdict_SOURCES = \
    tests/unit/test_align_verdict.c \
    src/tool/bench-align-verdict.c \
    $(NULL)
tests_unit_test_align_verdict_LDADD = $(LDADD) -lm

# Reads what "leat bench align --json" wrote.
if HAVE_COMMAND
check_PROGRAMS += tests/tool/align-json
tests_tool_align_json_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_tool_align_json_LDADD = $(JANSSON_LIBS) -lm
check_PROGRAMS += tests/tool/json
if HAVE_PCAP
check_PROGRAMS += tests/tool/frames
tests_tool_frames_CFLAGS = $(AM_CFLAGS) $(PCAP_CFLAGS)
tests_tool_frames_LDADD = $(PCAP_LIBS)
endif
tests_tool_json_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_tool_json_LDADD = $(JANSSON_LIBS)
endif

# ------------------------------------------------------------- accounting
#
# The library once more, every copy of it a call that the linker can wrap; and
# once with a copy added on purpose, which must be found.

accounting_tests = \
    tests/accounting/accounting \
    tests/accounting/silent \
    $(NULL)

check_PROGRAMS += $(accounting_tests)
check_LIBRARIES += tests/accounting/libcounted.a

accounting_cflags = $(HOSTED_CFLAGS) $(WARN_CFLAGS) -fno-builtin
accounting_wraps = \
    -static \
    -Wl,--wrap=memcpy \
    -Wl,--wrap=memmove \
    -Wl,--wrap=read \
    -Wl,--wrap=write \
    $(NULL)

tests_accounting_libcounted_a_SOURCES = $(libleat_sources) $(private_headers)
tests_accounting_libcounted_a_CPPFLAGS = $(AM_CPPFLAGS) -U_FORTIFY_SOURCE
tests_accounting_libcounted_a_CFLAGS = $(accounting_cflags)

tests_accounting_accounting_SOURCES = \
    tests/accounting/accounting.c \
    tests/accounting/payload.c \
    tests/accounting/payload.h \
    $(NULL)
tests_accounting_accounting_CPPFLAGS = $(AM_CPPFLAGS) -U_FORTIFY_SOURCE
tests_accounting_accounting_CFLAGS = $(accounting_cflags)
tests_accounting_accounting_LDFLAGS = $(accounting_wraps)
tests_accounting_accounting_LDADD = tests/accounting/libcounted.a

tests_accounting_silent_SOURCES = \
    tests/accounting/silent.c \
    tests/accounting/payload.c \
    tests/accounting/payload.h \
    $(NULL)
tests_accounting_silent_CPPFLAGS = $(AM_CPPFLAGS) -U_FORTIFY_SOURCE
tests_accounting_silent_CFLAGS = $(accounting_cflags)
tests_accounting_silent_LDFLAGS = $(accounting_wraps)
tests_accounting_silent_LDADD = tests/accounting/libcounted.a

# --------------------------------------------------------------- running

program_tests = \
    $(criterion_tests) \
    $(plain_tests) \
    $(accounting_tests) \
    $(examples) \
    $(NULL)
if HAVE_COMMAND
program_tests += $(command_tests)
endif

TESTS = $(program_tests) $(shell_tests)
if COUNT_INSTRUCTIONS
TESTS += bench/test-device-instructions.sh bench/test-instructions.sh
endif

# By valgrind, of what was compiled: not where that is a sanitizer's.
check_PROGRAMS += tests/shared/reads
EXTRA_DIST += tests/shared/once.sh
if HAVE_VALGRIND
TESTS += tests/shared/once.sh
endif

# These measure: the plain suite alone has them. An allocator under a sanitizer is
# no peer, and what takes most of a minute need not be done in each build.
if HAVE_COMMAND
once_tests += $(bench_tests) tests/tool/bench-quick.sh tests/tool/run.sh
endif
TESTS += $(once_tests)
if WANT_SPIN
TESTS += $(model_check)
endif
EXTRA_DIST += $(model_check) tests/spin/grant.pml tests/spin/peers.pml
EXTRA_DIST += $(shell_tests) $(once_tests) tests/run tests/subcheck tests/tap.sh \
    tests/non-passes

TEST_EXTENSIONS = .sh .xen
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) \
    $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
XEN_LOG_DRIVER = $(LOG_DRIVER)
LOG_COMPILER = $(SHELL) $(srcdir)/tests/run $(srcdir)
SH_LOG_COMPILER = $(LOG_COMPILER)
XEN_LOG_COMPILER = $(SHELL) $(srcdir)/tests/xen/replay

# What the scripts need to know of the build.
AM_TESTS_ENVIRONMENT = \
    AWK='$(AWK)'; export AWK; \
    CC='$(CC)'; export CC; \
    CORE_CFLAGS='$(CORE_CPPFLAGS) $(CORE_CFLAGS)'; export CORE_CFLAGS; \
    CORE_SOURCES='$(core_sources)'; export CORE_SOURCES; \
    DEBUG_CPPFLAGS='$(DEBUG_CPPFLAGS)'; export DEBUG_CPPFLAGS; \
    MAKE='$(MAKE)'; export MAKE; \
    NM='$(NM)'; export NM; \
    PKG_CONFIG='$(PKG_CONFIG)'; export PKG_CONFIG; \
    HAVE_LIBURING='$(have_liburing)'; export HAVE_LIBURING; \
    HAVE_PCAP='$(have_pcap)'; export HAVE_PCAP; \
    HAVE_XEN='$(have_xen)'; export HAVE_XEN; \
    PUBLIC_HEADERS='$(public_headers)'; export PUBLIC_HEADERS; \
    FLOW_HEADERS='$(flow_headers)'; export FLOW_HEADERS; \
    FLOW_LIBS='$(FLOW_LIBS)'; export FLOW_LIBS; \
    IO_HEADERS='$(io_headers)'; export IO_HEADERS; \
    GRANT_HEADERS='$(grant_headers)'; export GRANT_HEADERS; \
    GRANT_SOURCES='$(grant_sources)'; export GRANT_SOURCES; \
    PV_HEADERS='$(pv_headers)'; export PV_HEADERS; \
    PV_SOURCES='$(pv_sources)'; export PV_SOURCES; \
    UNIT_TESTS=' $(unit_tests) '; export UNIT_TESTS; \
    SIM_HEADERS='$(sim_headers)'; export SIM_HEADERS; \
    XEN_HEADERS='$(xen_headers)'; export XEN_HEADERS; \
    builddir='$(abs_top_builddir)'; export builddir; \
    includedir='$(includedir)'; export includedir; \
    libdir='$(libdir)'; export libdir; \
    SIZED_CFLAGS='$(CFLAGS)'; export SIZED_CFLAGS; \
    srcdir='$(abs_top_srcdir)'; export srcdir;

# ------------------------------------------- checks of other builds of the tree
#
# Each has a build of its own in sub/<name>, with its own flags and objects.

subcheck = $(SHELL) $(srcdir)/tests/subcheck
sub_configure = --disable-shared --without-jemalloc --without-dpdk \
    --without-spin

san_cflags = -O1 -g -fno-omit-frame-pointer
san_asan = -fsanitize=address
san_ubsan = -fsanitize=undefined -fno-sanitize-recover=undefined

.PHONY: check-sanitize check-asan check-ubsan check-tsan check-valgrind \
    check-clang check-clang-debug check-debug

# The next two at once: one build instead of two.
check-sanitize:
	+@$(subcheck) sanitize $(sub_configure) CC='$(CC)' \
	    CFLAGS='$(san_cflags) $(san_asan) $(san_ubsan)' \
	    -- TESTS='$(program_tests) $(bench_tests)' LEAT_TEST_FIXED=yes

check-asan:
	+@$(subcheck) asan $(sub_configure) CC='$(CC)' \
	    CFLAGS='$(san_cflags) $(san_asan)' \
	    -- TESTS='$(program_tests)' LEAT_TEST_FIXED=yes

check-ubsan:
	+@$(subcheck) ubsan $(sub_configure) CC='$(CC)' \
	    CFLAGS='$(san_cflags) $(san_ubsan)' \
	    -- TESTS='$(program_tests)'

check-tsan:
	+@$(subcheck) tsan $(sub_configure) --without-criterion CC='$(CC)' \
	    CFLAGS='$(san_cflags) -fsanitize=thread' \
	    -- TESTS='$(tsan_tests)' LEAT_TEST_FIXED=yes

check-valgrind:
	+@$(subcheck) valgrind $(sub_configure) CC='$(CC)' CFLAGS='-O1 -g' \
	    -- TESTS='$(program_tests)' \
	    LEAT_TEST_VALGRIND=yes

check-clang:
	+@$(subcheck) clang --enable-werror --without-dpdk --without-spin \
	    CC=clang CFLAGS='-O2 -g' -- once_tests=

# The two at once, for ./bootstrap check.
check-clang-debug:
	+@$(subcheck) clang-debug --enable-werror --enable-debug --without-dpdk \
	    --without-spin CC=clang CFLAGS='-O1 -g' -- once_tests=

check-debug:
	+@$(subcheck) debug --enable-werror --enable-debug --without-dpdk \
	    --without-spin CC='$(CC)' CFLAGS='-O2 -g' \
	    -- once_tests=

.PHONY: check-model
check-model:
	@command -v spin >/dev/null || { \
	    echo "check-model needs spin, which is not there" >&2; exit 1; }
	+@$(MAKE) --no-print-directory check-TESTS check_PROGRAMS= \
	    check_LIBRARIES= TESTS='$(model_check)'

clean-local:
	rm -rf sub tests/spin/run tests/xen/core.d

# What `make check-xen' downloads outlives a `make clean'.
XEN_CACHE = $(abs_top_builddir)/xen-cache

distclean-local:
	rm -rf $(abs_top_builddir)/xen-cache
