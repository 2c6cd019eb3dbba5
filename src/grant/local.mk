# SPDX-License-Identifier: ISC
#
# libleat-grant: the grant layer, freestanding as the core is. Its static archive
# goes with libleat-core.a or with libleat.a; its shared library with libleat.so.

grant_headers = \
    include/leat/gnttab.h \
    include/leat/grant.h \
    include/leat/grant_copy.h \
    include/leat/grant_map.h \
    include/leat/grant_ops.h \
    include/leat/grant_ref.h \
    include/leat/persist.h \
    include/leat/receive.h \
    $(NULL)

leatinclude_HEADERS += $(grant_headers)
pkgconfig_DATA += src/grant/libleat-grant.pc

grant_sources = \
    src/backend/gnttab.c \
    src/grant/check.c \
    src/grant/close.c \
    src/grant/copy.c \
    src/grant/describe.c \
    src/grant/end.c \
    src/grant/hash.c \
    src/grant/layout.c \
    src/grant/line.c \
    src/grant/map.c \
    src/grant/peers.c \
    src/grant/persist.c \
    src/grant/receive.c \
    src/grant/refs.c \
    src/grant/revoke.c \
    src/grant/share.c \
    src/grant/suspend.c \
    src/grant/table.c \
    $(NULL)

grant_private_headers = \
    src/backend/gnttab.h \
    src/grant/internal.h \
    src/grant/persist.h \
    $(NULL)

lib_LTLIBRARIES += libleat-grant.la
libleat_grant_la_SOURCES = $(grant_sources) $(grant_private_headers)
libleat_grant_la_CPPFLAGS = $(BASE_CPPFLAGS) $(CORE_CPPFLAGS)
libleat_grant_la_CFLAGS = $(CORE_CFLAGS) $(WARN_CFLAGS) $(WARN_C_CFLAGS)
libleat_grant_la_LDFLAGS = \
    -version-info 0:0:0 \
    -no-undefined \
    -Wl,-Bsymbolic-functions \
    -Wl,--version-script=$(srcdir)/src/grant/leat-grant.map \
    $(NULL)
libleat_grant_la_LIBADD = libleat.la
EXTRA_libleat_grant_la_DEPENDENCIES = src/grant/leat-grant.map

EXTRA_DIST += src/grant/leat-grant.map

grant_map = { \
    echo '/* SPDX-License-Identifier: ISC */'; \
    echo '/* Every public call and nothing else: "make map" writes this. */'; \
    echo 'LEAT_GRANT_0.1 {'; echo 'global:'; \
    cat $(grant_headers) | $(AWK) -f src/calls.awk | LC_ALL=C sort | \
        $(SED) 's/.*/    &;/'; \
    echo 'local:'; echo '    *;'; echo '};'; \
    }

.PHONY: map-grant
map-grant:
	$(AM_V_GEN)cd $(srcdir) && $(grant_map) > src/grant/leat-grant.map.new && \
	mv src/grant/leat-grant.map.new src/grant/leat-grant.map

map: map-grant
