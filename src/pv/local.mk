# SPDX-License-Identifier: ISC
#
# libleat-pv: what devices are made of, freestanding as the core is. Its static
# archive goes with libleat-grant.a, and libleat-core.a or libleat.a; its shared
# library with theirs.

pv_headers = \
    include/leat/blkback.h \
    include/leat/blkfront.h \
    include/leat/bus.h \
    include/leat/bus_device.h \
    include/leat/bus_poll.h \
    include/leat/disk.h \
    include/leat/memory_disk.h \
    include/leat/netback.h \
    include/leat/netfront.h \
    include/leat/netport.h \
    include/leat/netswitch.h \
    include/leat/ring.h \
    include/leat/slots.h \
    include/leat/wait.h \
    $(NULL)

leatinclude_HEADERS += $(pv_headers)
pkgconfig_DATA += src/pv/libleat-pv.pc

pv_sources = \
    src/pv/blkback.c \
    src/pv/blkback_bus.c \
    src/pv/blkback_connect.c \
    src/pv/blkback_disk.c \
    src/pv/blkback_judge.c \
    src/pv/blkback_keep.c \
    src/pv/blkback_keys.c \
    src/pv/blkback_lay.c \
    src/pv/blkback_map.c \
    src/pv/blkback_queue.c \
    src/pv/blkback_serve.c \
    src/pv/blkfront.c \
    src/pv/blkfront_bus.c \
    src/pv/blkfront_fill.c \
    src/pv/blkfront_judge.c \
    src/pv/blkfront_keys.c \
    src/pv/blkfront_lay.c \
    src/pv/blkfront_line.c \
    src/pv/blkfront_own.c \
    src/pv/blkfront_queue.c \
    src/pv/blkif.c \
    src/pv/bus.c \
    src/pv/bus_class.c \
    src/pv/bus_device.c \
    src/pv/bus_end.c \
    src/pv/bus_key.c \
    src/pv/bus_port.c \
    src/pv/bus_step.c \
    src/pv/bus_text.c \
    src/pv/bus_watch.c \
    src/pv/device.c \
    src/pv/memory_disk.c \
    src/pv/net_finish.c \
    src/pv/net_headers.c \
    src/pv/netback.c \
    src/pv/netback_bus.c \
    src/pv/netback_ctrl.c \
    src/pv/netback_filter.c \
    src/pv/netback_keys.c \
    src/pv/netback_lay.c \
    src/pv/netback_pages.c \
    src/pv/netback_place.c \
    src/pv/netback_posted.c \
    src/pv/netback_queue.c \
    src/pv/netback_rx.c \
    src/pv/netback_static.c \
    src/pv/netback_tx.c \
    src/pv/netfront.c \
    src/pv/netfront_bus.c \
    src/pv/netfront_ctrl.c \
    src/pv/netfront_give.c \
    src/pv/netfront_keys.c \
    src/pv/netfront_lay.c \
    src/pv/netfront_pages.c \
    src/pv/netfront_poll.c \
    src/pv/netfront_queue.c \
    src/pv/netfront_read.c \
    src/pv/netfront_rx.c \
    src/pv/netfront_send.c \
    src/pv/netfront_tx.c \
    src/pv/netswitch.c \
    src/pv/netswitch_lay.c \
    src/pv/netswitch_table.c \
    src/pv/ring.c \
    src/pv/ring_text.c \
    src/pv/slots.c \
    src/pv/wait.c \
    $(NULL)

pv_private_headers = \
    src/pv/blkback.h \
    src/pv/blkfront.h \
    src/pv/blkif.h \
    src/pv/bus.h \
    src/pv/device.h \
    src/pv/disk_check.h \
    src/pv/netif.h \
    src/pv/netswitch.h \
    src/pv/net_finish.h \
    src/pv/netback.h \
    src/pv/netfront.h \
    src/pv/ring.h \
    $(NULL)

lib_LTLIBRARIES += libleat-pv.la
libleat_pv_la_SOURCES = $(pv_sources) $(pv_private_headers)
libleat_pv_la_CPPFLAGS = $(BASE_CPPFLAGS) $(CORE_CPPFLAGS)
libleat_pv_la_CFLAGS = $(CORE_CFLAGS) $(WARN_CFLAGS) $(WARN_C_CFLAGS)
libleat_pv_la_LDFLAGS = \
    -version-info 0:0:0 \
    -no-undefined \
    -Wl,-Bsymbolic-functions \
    -Wl,--version-script=$(srcdir)/src/pv/leat-pv.map \
    $(NULL)
libleat_pv_la_LIBADD = libleat-grant.la libleat.la
EXTRA_libleat_pv_la_DEPENDENCIES = src/pv/leat-pv.map

EXTRA_DIST += src/pv/leat-pv.map

pv_map = { \
    echo '/* SPDX-License-Identifier: ISC */'; \
    echo '/* Every public call and nothing else: "make map" writes this. */'; \
    echo 'LEAT_PV_0.1 {'; echo 'global:'; \
    cat $(pv_headers) | $(AWK) -f src/calls.awk | LC_ALL=C sort | \
        $(SED) 's/.*/    &;/'; \
    echo 'local:'; echo '    *;'; echo '};'; \
    }

.PHONY: map-pv
map-pv:
	$(AM_V_GEN)cd $(srcdir) && $(pv_map) > src/pv/leat-pv.map.new && \
	mv src/pv/leat-pv.map.new src/pv/leat-pv.map

map: map-pv
