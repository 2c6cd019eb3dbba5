# SPDX-License-Identifier: ISC
#
# libleat-xen: what a Linux domain on Xen has for pages and peers. Its headers
# need none of Xen's, and are installed in any case.

xen_headers = \
    include/leat/xen.h \
    include/leat/xen_event.h \
    include/leat/xen_foreign.h \
    include/leat/xen_map.h \
    include/leat/xen_poll.h \
    include/leat/xen_share.h \
    include/leat/xen_store.h \
    $(NULL)

leatinclude_HEADERS += $(xen_headers)

xen_sources = \
    src/backend/xen_born.c \
    src/backend/xen_copy.c \
    src/backend/xen_foreign.c \
    src/backend/xen_map.c \
    src/backend/xen_share.c \
    src/backend/xen_slab.c \
    src/xen/event.c \
    src/xen/lack.c \
    src/xen/poll.c \
    src/xen/range.c \
    src/xen/store.c \
    $(NULL)

xen_private_headers = \
    src/backend/xen_map.h \
    src/backend/xen_share.h \
    src/xen/parts.h \
    $(NULL)

EXTRA_DIST += src/xen/leat-xen.map

if HAVE_XEN
pkgconfig_DATA += src/xen/libleat-xen.pc
lib_LTLIBRARIES += libleat-xen.la
libleat_xen_la_SOURCES = $(xen_sources) $(xen_private_headers)
libleat_xen_la_CPPFLAGS = $(BASE_CPPFLAGS) $(XEN_CFLAGS) -D_GNU_SOURCE
libleat_xen_la_CFLAGS = $(HOSTED_CFLAGS) $(WARN_CFLAGS) $(WARN_C_CFLAGS)
libleat_xen_la_LDFLAGS = \
    -version-info 0:0:0 \
    -no-undefined \
    -Wl,-Bsymbolic-functions \
    -Wl,--version-script=$(srcdir)/src/xen/leat-xen.map \
    $(NULL)
libleat_xen_la_LIBADD = $(XEN_LIBS)
EXTRA_libleat_xen_la_DEPENDENCIES = src/xen/leat-xen.map
endif

.PHONY: map-xen
map-xen:
	$(AM_V_GEN)cd $(srcdir) && \
	{ echo '/* SPDX-License-Identifier: ISC */'; \
	  echo '/* Every public call and nothing else: "make map" writes this. */'; \
	  echo 'LEAT_XEN_0.1 {'; echo 'global:'; \
	  cat $(xen_headers) | $(AWK) -f src/calls.awk | LC_ALL=C sort | \
	    $(SED) 's/.*/    &;/'; \
	  echo 'local:'; echo '    *;'; echo '};'; } > src/xen/leat-xen.map.new && \
	mv src/xen/leat-xen.map.new src/xen/leat-xen.map

map: map-xen
