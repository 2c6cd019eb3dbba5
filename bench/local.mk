# SPDX-License-Identifier: ISC
#
# Each peer is an executable of its own: allocators change a whole process.

bench_common_sources = \
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
    $(NULL)

bench_pages_bound_SOURCES = bench/pages-bound.c $(bench_common_sources)
bench_pages_bound_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_bound_LDADD =

bench_pages_glibc_SOURCES = bench/pages-glibc.c $(bench_common_sources)
bench_pages_glibc_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_glibc_LDADD =

bench_pages_leat_SOURCES = bench/pages-leat.c $(bench_common_sources)
bench_pages_leat_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_leat_LDADD = libleat.la

# The same with the shared library: not -static, as AM_LDFLAGS says.
bench_pages_leat_shared_SOURCES = $(bench_pages_leat_SOURCES)
bench_pages_leat_shared_CPPFLAGS = $(BENCH_CPPFLAGS)
bench_pages_leat_shared_LDFLAGS =
bench_pages_leat_shared_LDADD = libleat.la

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

EXTRA_DIST += \
    bench/instructions.expect \
    bench/instructions.sh \
    bench/test-instructions.sh \
    $(NULL)
