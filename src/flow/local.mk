# SPDX-License-Identifier: ISC
#
# libleat-flow: flows, over libleat. With jemalloc it has an arena a flow pool;
# without, its buffers are whole pages.

flow_headers = \
    include/leat/flow.h \
    include/leat/flow_frame.h \
    include/leat/flow_pool.h \
    $(NULL)

leatinclude_HEADERS += $(flow_headers)
pkgconfig_DATA += src/flow/libleat-flow.pc

flow_sources = \
    src/flow/buffer.c \
    src/flow/check.c \
    src/flow/compact.c \
    src/flow/extent.c \
    src/flow/flow.c \
    src/flow/frame.c \
    src/flow/json.c \
    src/flow/meta.c \
    src/flow/pieces.c \
    src/flow/pin.c \
    src/flow/pool.c \
    src/flow/read.c \
    src/flow/ref.c \
    src/flow/segment.c \
    src/flow/wait.c \
    src/flow/write.c \
    src/flow/internal.h \
    $(NULL)

FLOW_CPPFLAGS =
if HAVE_JEMALLOC
flow_arena = src/flow/arena-jemalloc.c
FLOW_CPPFLAGS += -DLEAT_FLOW_JEMALLOC=1
else
flow_arena = src/flow/arena-pages.c
endif

lib_LTLIBRARIES += libleat-flow.la
libleat_flow_la_SOURCES = $(flow_sources) $(flow_arena)
EXTRA_libleat_flow_la_SOURCES = \
    src/flow/arena-jemalloc.c \
    src/flow/arena-pages.c \
    $(NULL)
libleat_flow_la_CPPFLAGS = $(BASE_CPPFLAGS) -D_GNU_SOURCE $(FLOW_CPPFLAGS)
libleat_flow_la_CFLAGS = $(HOSTED_CFLAGS) $(WARN_CFLAGS) $(WARN_C_CFLAGS) \
    $(JEMALLOC_CFLAGS)
libleat_flow_la_LDFLAGS = \
    -version-info 0:0:0 \
    -no-undefined \
    -Wl,-Bsymbolic-functions \
    -Wl,--version-script=$(srcdir)/src/flow/leat-flow.map \
    $(NULL)
libleat_flow_la_LIBADD = libleat.la $(FLOW_LIBS)
EXTRA_libleat_flow_la_DEPENDENCIES = src/flow/leat-flow.map

EXTRA_DIST += src/flow/leat-flow.map

flow_map = { \
    echo '/* SPDX-License-Identifier: ISC */'; \
    echo '/* Every public call and nothing else: "make map" writes this. */'; \
    echo 'LEAT_FLOW_0.1 {'; echo 'global:'; \
    cat $(flow_headers) | $(AWK) -f src/calls.awk | LC_ALL=C sort | \
        $(SED) 's/.*/    &;/'; \
    echo 'local:'; echo '    *;'; echo '};'; \
    }

.PHONY: map-flow
map-flow:
	$(AM_V_GEN)cd $(srcdir) && $(flow_map) > src/flow/leat-flow.map.new && \
	mv src/flow/leat-flow.map.new src/flow/leat-flow.map

map: map-flow
