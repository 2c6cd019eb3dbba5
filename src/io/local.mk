# SPDX-License-Identifier: ISC
#
# libleat-io: what stands behind back ends under an operating system. Its headers
# are installed in any case; a part whose library is not there is left out.

io_headers = \
    include/leat/file_disk.h \
    include/leat/pcap.h \
    include/leat/tap.h \
    $(NULL)

leatinclude_HEADERS += $(io_headers)
pkgconfig_DATA += src/io/libleat-io.pc

io_sources = \
    src/io/error.c \
    src/io/tap.c \
    src/io/tap_port.c \
    $(NULL)

io_uring_sources = \
    src/io/file_disk.c \
    src/io/file_io.c \
    src/io/file_look.c \
    $(NULL)

io_pcap_sources = \
    src/io/pcap.c \
    $(NULL)

io_private_headers = \
    src/io/file_disk.h \
    src/io/io.h \
    src/io/tap.h \
    $(NULL)

if HAVE_LIBURING
io_sources += $(io_uring_sources)
endif
if HAVE_PCAP
io_sources += $(io_pcap_sources)
endif

lib_LTLIBRARIES += libleat-io.la
libleat_io_la_SOURCES = $(io_sources) $(io_private_headers)
EXTRA_libleat_io_la_SOURCES = $(io_uring_sources) $(io_pcap_sources)
libleat_io_la_CPPFLAGS = $(BASE_CPPFLAGS) -I$(top_srcdir)/src -D_GNU_SOURCE \
    $(URING_CFLAGS) $(PCAP_CFLAGS)
libleat_io_la_CFLAGS = $(HOSTED_CFLAGS) $(WARN_CFLAGS) $(WARN_C_CFLAGS)
libleat_io_la_LDFLAGS = \
    -version-info 0:0:0 \
    -no-undefined \
    -Wl,-Bsymbolic-functions \
    -Wl,--version-script=$(srcdir)/src/io/leat-io.map \
    $(NULL)
libleat_io_la_LIBADD = libleat-pv.la libleat.la $(IO_LIBS)
EXTRA_libleat_io_la_DEPENDENCIES = src/io/leat-io.map

EXTRA_DIST += src/io/leat-io.map

io_map = { \
    echo '/* SPDX-License-Identifier: ISC */'; \
    echo '/* Every public call and nothing else: "make map" writes this. */'; \
    echo 'LEAT_IO_0.1 {'; echo 'global:'; \
    cat $(io_headers) | $(AWK) -f src/calls.awk | LC_ALL=C sort | \
        $(SED) 's/.*/    &;/'; \
    echo 'local:'; echo '    *;'; echo '};'; \
    }

.PHONY: map-io
map-io:
	$(AM_V_GEN)cd $(srcdir) && $(io_map) > src/io/leat-io.map.new && \
	mv src/io/leat-io.map.new src/io/leat-io.map

map: map-io
