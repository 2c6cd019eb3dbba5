# SPDX-License-Identifier: ISC

public_headers = \
    include/leat/attr.h \
    include/leat/backend.h \
    include/leat/builder.h \
    include/leat/chunk.h \
    include/leat/constraint.h \
    include/leat/copies.h \
    include/leat/core.h \
    include/leat/error.h \
    include/leat/export.h \
    include/leat/host.h \
    include/leat/iov.h \
    include/leat/leat.h \
    include/leat/lifecycle.h \
    include/leat/magazine.h \
    include/leat/mmap.h \
    include/leat/page.h \
    include/leat/pool.h \
    include/leat/port.h \
    include/leat/ref.h \
    include/leat/shared.h \
    include/leat/static.h \
    include/leat/stats.h \
    include/leat/view.h \
    $(NULL)

leatincludedir = $(includedir)/leat
leatinclude_HEADERS = $(public_headers)


pkgconfig_DATA = src/libleat.pc src/libleat-core.pc

# ----------------------------------------------------------------- sources

private_headers = \
    src/core/copy.h \
    src/core/internal.h \
    src/core/pages.h \
    src/core/plan.h \
    src/core/window.h \
    src/core/word.h \
    src/hosted/host.h \
    src/port/port.h \
    $(NULL)

# In both libraries.
core_common_sources = \
    src/core/batch.c \
    src/core/builder.c \
    src/core/bulk.c \
    src/core/check.c \
    src/core/chunk.c \
    src/core/constraint.c \
    src/core/copies.c \
    src/core/cview.c \
    src/core/debug.c \
    src/core/depot.c \
    src/core/error.c \
    src/core/export.c \
    src/core/fit.c \
    src/core/get.c \
    src/core/grow.c \
    src/core/iov.c \
    src/core/layer.c \
    src/core/layout.c \
    src/core/lifecycle.c \
    src/core/magazine.c \
    src/core/mix.c \
    src/core/out.c \
    src/core/plan.c \
    src/core/pool.c \
    src/core/put.c \
    src/core/ref.c \
    src/core/shared.c \
    src/core/slab.c \
    src/core/stats.c \
    src/core/view.c \
    src/core/waiter.c \
    src/core/walk.c \
    src/backend/static.c \
    $(NULL)

# libleat-core alone.
core_only_sources = \
    src/core/plain.c \
    src/port/freestanding.c \
    $(NULL)

# libleat alone. src/hosted/plain.c defines what src/core/plain.c does.
hosted_sources = \
    src/backend/mmap.c \
    src/hosted/file.c \
    src/hosted/fork.c \
    src/hosted/json.c \
    src/hosted/plain.c \
    src/port/posix.c \
    $(NULL)

core_sources = $(core_common_sources) $(core_only_sources)
libleat_sources = $(core_common_sources) $(hosted_sources)

# ---------------------------------------------------- libleat-core, freestanding
#
# -ffreestanding turns builtins off, and with them the inlining of small copies;
# -fbuiltin brings them back: the core calls memcpy, memmove, memset and memcmp
# by those names and means those functions.

CORE_CPPFLAGS = -U_FORTIFY_SOURCE
CORE_CFLAGS = \
    -std=c11 \
    -ffreestanding \
    -fbuiltin \
    -fno-stack-protector \
    -fvisibility=hidden \
    $(NULL)

lib_LIBRARIES = libleat-core.a
libleat_core_a_SOURCES = $(core_sources) $(private_headers)
libleat_core_a_CPPFLAGS = $(BASE_CPPFLAGS) $(CORE_CPPFLAGS)
libleat_core_a_CFLAGS = $(CORE_CFLAGS) $(WARN_CFLAGS) $(WARN_C_CFLAGS)

# ------------------------------------------------------------ libleat, hosted

HOSTED_CFLAGS = \
    -std=gnu11 \
    -pthread \
    -fvisibility=hidden \
    -fno-semantic-interposition \
    -ftls-model=initial-exec \
    $(NULL)

lib_LTLIBRARIES = libleat.la
libleat_la_SOURCES = $(libleat_sources) $(private_headers)
libleat_la_CPPFLAGS = $(BASE_CPPFLAGS) -D_GNU_SOURCE
libleat_la_CFLAGS = $(HOSTED_CFLAGS) $(WARN_CFLAGS) $(WARN_C_CFLAGS)
libleat_la_LDFLAGS = \
    -version-info 0:0:0 \
    -no-undefined \
    -Wl,-Bsymbolic-functions \
    -Wl,--version-script=$(srcdir)/src/leat.map \
    $(NULL)
EXTRA_libleat_la_DEPENDENCIES = src/leat.map

EXTRA_DIST += src/leat.map src/calls.awk

# The map names every public call. It is committed, and tests/link/symbols.sh
# holds it against the headers; this writes it anew.
.PHONY: map
map:
	$(AM_V_GEN)cd $(srcdir) && \
	{ echo '/* SPDX-License-Identifier: ISC */'; \
	  echo '/* Every public call and nothing else: "make map" writes this. */'; \
	  echo 'LEAT_0.1 {'; echo 'global:'; \
	  cat $(public_headers) | $(AWK) -f src/calls.awk | LC_ALL=C sort | \
	    $(SED) 's/.*/    &;/'; \
	  echo 'local:'; echo '    *;'; echo '};'; } > src/leat.map.new && \
	mv src/leat.map.new src/leat.map

# ------------------------------------------------------------- the command
#
# -static is libtool's: the command is linked with the libleat.a of this tree,
# and is a program at once, not a script that looks for a library.

if HAVE_COMMAND
bin_PROGRAMS += leat
leat_SOURCES = \
    src/tool/bench-align-answer.c \
    src/tool/bench-align-costs.c \
    src/tool/bench-align-file.c \
    src/tool/bench-align-fit.c \
    src/tool/bench-align-json.c \
    src/tool/bench-align-plan.c \
    src/tool/bench-align-rounds.c \
    src/tool/bench-align-rows.c \
    src/tool/bench-align-sample.c \
    src/tool/bench-align-say.c \
    src/tool/bench-align-verdict.c \
    src/tool/bench-align.c \
    src/tool/bench-align.h \
    src/tool/bench-device-block.c \
    src/tool/bench-device-figure.c \
    src/tool/bench-device-files.c \
    src/tool/bench-device-from.c \
    src/tool/bench-device-goals.c \
    src/tool/bench-device-json.c \
    src/tool/bench-device-net.c \
    src/tool/bench-device-run.c \
    src/tool/bench-device-say.c \
    src/tool/bench-device.c \
    src/tool/bench-device.h \
    src/tool/bench-from.c \
    src/tool/bench-goals-table.c \
    src/tool/bench-goals.c \
    src/tool/bench-grants-run.c \
    src/tool/bench-grants-say.c \
    src/tool/bench-grants.c \
    src/tool/bench-grants.h \
    src/tool/bench-json.c \
    src/tool/bench-measure.c \
    src/tool/bench-noise.c \
    src/tool/bench-pages.c \
    src/tool/bench-report.c \
    src/tool/bench-sample.c \
    src/tool/bench-tables.c \
    src/tool/bench.c \
    src/tool/bench.h \
    src/tool/copy.c \
    src/tool/digest.c \
    src/tool/grants.c \
    src/tool/hold.c \
    src/tool/hold.h \
    src/tool/job.h \
    src/tool/machine.c \
    src/tool/main.c \
    src/tool/map.c \
    src/tool/message.c \
    src/tool/place.c \
    src/tool/progress.c \
    src/tool/published.c \
    src/tool/random-file.c \
    src/tool/run.c \
    src/tool/share-units.c \
    src/tool/share.c \
    src/tool/share.h \
    src/tool/sim-control.c \
    src/tool/sim-look.c \
    src/tool/sim-net-back.c \
    src/tool/sim-net-front.c \
    src/tool/sim-net-hold.c \
    src/tool/sim-net-link.c \
    src/tool/sim-net-relay.c \
    src/tool/sim-net-say.c \
    src/tool/sim-net-traffic.c \
    src/tool/sim-net.c \
    src/tool/sim-net.h \
    src/tool/sim-report.c \
    src/tool/sim-report.h \
    src/tool/sim-side.c \
    src/tool/sim-side.h \
    src/tool/sim.c \
    src/tool/sim.h \
    src/tool/site-sim.c \
    src/tool/site-store.c \
    src/tool/site.c \
    src/tool/site.h \
    src/tool/target.c \
    src/tool/tool.h \
    src/tool/transfer.c \
    src/tool/transfer.h \
    $(NULL)
leat_CPPFLAGS = $(BASE_CPPFLAGS) -D_GNU_SOURCE \
    -DPKGLIBEXECDIR='"$(pkglibexecdir)"'
leat_CFLAGS = -std=gnu11 -pthread $(WARN_CFLAGS) $(WARN_C_CFLAGS) $(CRYPTO_CFLAGS) \
    $(JANSSON_CFLAGS)
leat_LDFLAGS = -static
leat_LDADD = $(leat_io) libleat-sim.la libleat-grant.la $(leat_xen) libleat.la \
    $(CRYPTO_LIBS) $(JANSSON_LIBS) -lm
if HAVE_XEN
leat_SOURCES += src/tool/site-xen.c
leat_xen = libleat-xen.la $(XEN_LIBS)
else
leat_SOURCES += src/tool/site-no-xen.c
leat_xen =
endif
leat_block = \
    src/tool/sim-block-back.c \
    src/tool/sim-block-disaster.c \
    src/tool/sim-block-files.c \
    src/tool/sim-block-front.c \
    src/tool/sim-block-front.h \
    src/tool/sim-block-move.c \
    src/tool/sim-block-say.c \
    src/tool/sim-block.c \
    src/tool/sim-block.h \
    $(NULL)
if HAVE_LIBURING
leat_SOURCES += $(leat_block)
else
leat_SOURCES += src/tool/sim-no-block.c
endif
if HAVE_PCAP
leat_SOURCES += src/tool/sim-net-pcap.c
leat_CPPFLAGS += -DHAVE_PCAP=1 $(PCAP_CFLAGS)
endif
leat_io = libleat-io.la libleat-pv.la $(IO_LIBS)
EXTRA_DIST += src/tool/site-no-xen.c src/tool/site-xen.c $(leat_block) \
    src/tool/sim-net-pcap.c src/tool/sim-no-block.c
endif
