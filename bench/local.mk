# SPDX-License-Identifier: ISC
#
# Each peer is an executable of its own: allocators change a whole process.

bench_cpu_sources = bench/cpu.c bench/cpu.h

bench_common_sources = \
    $(bench_cpu_sources) \
    bench/bench.c \
    bench/bench.h \
    bench/duo.h \
    bench/memalign.h \
    bench/workload.h \
    $(NULL)

BENCH_CPPFLAGS = $(BASE_CPPFLAGS) -D_GNU_SOURCE

# The two programs of "leat bench align".
pkglibexec_PROGRAMS += \
    bench/align-file \
    bench/align-memory \
    $(NULL)

bench_align_file_SOURCES = \
    bench/align.c \
    bench/align.h \
    bench/align-file.c \
    bench/align-file.h \
    bench/align-uring.c \
    $(NULL)
bench_align_file_CPPFLAGS = $(BENCH_CPPFLAGS) $(URING_CFLAGS)
bench_align_file_LDADD = libleat.la $(URING_LIBS)

bench_align_memory_SOURCES = bench/align.c bench/align.h bench/align-memory.c
bench_align_memory_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_align_memory_LDADD = libleat.la

pkglibexec_PROGRAMS += \
    bench/pages-bound \
    bench/pages-glibc \
    bench/pages-leat \
    bench/pages-leat-shared \
    bench/pages-mmap \
    $(NULL)

bench_pages_bound_SOURCES = bench/pages-bound.c $(bench_common_sources)
bench_pages_bound_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_bound_LDADD =

bench_pages_glibc_SOURCES = bench/pages-glibc.c $(bench_common_sources)
bench_pages_glibc_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_glibc_LDADD =

bench_pages_leat_SOURCES = bench/leat-bytes.h bench/pages-leat.c \
    $(bench_common_sources)
bench_pages_leat_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_leat_LDADD = libleat.la

# The same with the shared library: not -static, as AM_LDFLAGS says.
bench_pages_leat_shared_SOURCES = $(bench_pages_leat_SOURCES)
bench_pages_leat_shared_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_leat_shared_LDFLAGS =
bench_pages_leat_shared_LDADD = libleat.la

bench_pages_mmap_SOURCES = bench/pages-mmap.c $(bench_common_sources)
bench_pages_mmap_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_mmap_LDADD =

if HAVE_TCMALLOC
pkglibexec_PROGRAMS += bench/pages-tcmalloc
bench_pages_tcmalloc_SOURCES = bench/pages-tcmalloc.c $(bench_common_sources)
bench_pages_tcmalloc_CPPFLAGS = $(BENCH_CPPFLAGS) $(TCMALLOC_CFLAGS)
bench_pages_tcmalloc_LDADD = $(TCMALLOC_LIBS)
endif

if HAVE_MIMALLOC
pkglibexec_PROGRAMS += bench/pages-mimalloc
bench_pages_mimalloc_SOURCES = bench/pages-mimalloc.c $(bench_common_sources)
bench_pages_mimalloc_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_mimalloc_LDADD = $(MIMALLOC_LIBS)
endif

if HAVE_GLIB
pkglibexec_PROGRAMS += bench/views-glib
bench_views_glib_SOURCES = bench/views-glib.c bench/bench.c bench/bench.h \
    $(bench_cpu_sources)
bench_views_glib_CPPFLAGS = $(BENCH_CPPFLAGS) $(GLIB_CFLAGS)
bench_views_glib_LDADD = $(GLIB_LIBS)
endif

if HAVE_JEMALLOC
pkglibexec_PROGRAMS += bench/pages-jemalloc
bench_pages_jemalloc_SOURCES = bench/pages-jemalloc.c $(bench_common_sources)
bench_pages_jemalloc_CPPFLAGS = $(BENCH_CPPFLAGS) $(JEMALLOC_CFLAGS)
bench_pages_jemalloc_LDADD = $(JEMALLOC_LIBS)
endif

if HAVE_DPDK
pkglibexec_PROGRAMS += bench/pages-dpdk
bench_pages_dpdk_SOURCES = bench/pages-dpdk.c $(bench_common_sources)
bench_pages_dpdk_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_dpdk_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS) $(DPDK_CFLAGS)
bench_pages_dpdk_LDADD = $(DPDK_LIBS)
endif

# The peers of "leat bench block" and "leat bench net": two processes each.
bench_device_sources = bench/device.c bench/device.h bench/pair.c \
    $(bench_cpu_sources)
bench_block_sources = bench/block.c bench/block.h $(bench_device_sources)
bench_leat_end = bench/leat-end.c bench/leat-end.h
bench_net_sources = bench/net.c bench/net.h $(bench_device_sources)

pkglibexec_PROGRAMS += \
    bench/net-leat \
    bench/net-seqpacket \
    bench/net-tap \
    bench/net-tcp \
    $(NULL)

bench_net_leat_SOURCES = bench/net-leat.c bench/net-leat.h \
    bench/net-leat-back.c bench/net-leat-front.c $(bench_leat_end) \
    $(bench_net_sources)
bench_net_leat_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_net_leat_LDADD = libleat-pv.la libleat-sim.la libleat-grant.la libleat.la

bench_net_seqpacket_SOURCES = bench/net-seqpacket.c $(bench_net_sources)
bench_net_seqpacket_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_net_seqpacket_LDADD =

bench_net_tap_SOURCES = bench/net-tap.c $(bench_net_sources)
bench_net_tap_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_net_tap_LDADD =

bench_net_tcp_SOURCES = bench/net-tcp.c bench/net-tcp.h bench/net-tcp-link.c \
    $(bench_device_sources)
bench_net_tcp_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_net_tcp_LDADD =

if HAVE_LIBNBD
pkglibexec_PROGRAMS += bench/block-nbdkit
bench_block_nbdkit_SOURCES = bench/block-nbdkit.c $(bench_block_sources)
bench_block_nbdkit_CPPFLAGS = $(BENCH_CPPFLAGS) $(LIBNBD_CFLAGS)
bench_block_nbdkit_LDADD = $(LIBNBD_LIBS)
endif

if HAVE_LIBURING
pkglibexec_PROGRAMS += bench/block-uring
bench_block_uring_SOURCES = bench/block-uring.c $(bench_block_sources)
bench_block_uring_CPPFLAGS = $(BENCH_CPPFLAGS) $(URING_CFLAGS)
bench_block_uring_LDADD = $(URING_LIBS)

pkglibexec_PROGRAMS += bench/block-leat
bench_block_leat_SOURCES = bench/block-leat.c bench/block-leat.h \
    bench/block-leat-back.c bench/block-leat-front.c $(bench_leat_end) \
    $(bench_block_sources)
bench_block_leat_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_block_leat_LDADD = libleat-io.la libleat-pv.la libleat-sim.la \
    libleat-grant.la libleat.la $(IO_LIBS)
endif

if HAVE_DPDK
pkglibexec_PROGRAMS += bench/net-memif
bench_net_memif_SOURCES = bench/net-memif.c $(bench_net_sources)
bench_net_memif_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_net_memif_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS) $(DPDK_CFLAGS)
bench_net_memif_LDADD = $(DPDK_LIBS)
endif

# The goals hold what is counted to what is written down; configure links both
# beside the programs.
pkglibexec_SCRIPTS = bench/instructions.sh
benchdatadir = $(pkglibexecdir)
benchdata_DATA = bench/instructions.expect

EXTRA_DIST += \
    bench/block-instructions.expect \
    bench/device-instructions.sh \
    bench/instructions.expect \
    bench/instructions.sh \
    bench/net-instructions.expect \
    bench/test-device-instructions.sh \
    bench/test-instructions.sh \
    $(NULL)
