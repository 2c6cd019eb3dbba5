# SPDX-License-Identifier: ISC
#
# libleat-sim: the simulation. Its headers of events and of the store are of use
# without it, too.

sim_headers = \
    include/leat/event.h \
    include/leat/sim.h \
    include/leat/sim_admin.h \
    include/leat/sim_domain.h \
    include/leat/sim_fault.h \
    include/leat/sim_thread.h \
    include/leat/store.h \
    $(NULL)

leatinclude_HEADERS += $(sim_headers)
pkgconfig_DATA += src/sim/libleat-sim.pc

# The hypervisor, and what it stands on.
sim_hv_sources = \
    src/sim/hv.c \
    src/sim/hv_admin.c \
    src/sim/hv_change.c \
    src/sim/hv_check.c \
    src/sim/hv_copy.c \
    src/sim/hv_fault.c \
    src/sim/hv_home.c \
    src/sim/hv_life.c \
    src/sim/hv_map.c \
    src/sim/hv_path.c \
    src/sim/hv_pin.c \
    src/sim/hv_port.c \
    src/sim/hv_store.c \
    src/sim/hv_tx.c \
    src/sim/hv_unit.c \
    src/sim/hv_watch.c \
    src/sim/tree.c \
    $(NULL)

sim_sources = \
    $(sim_hv_sources) \
    src/sim/admin.c \
    src/sim/backend.c \
    src/sim/call.c \
    src/sim/copy.c \
    src/sim/event.c \
    src/sim/fault.c \
    src/sim/join.c \
    src/sim/link.c \
    src/sim/map.c \
    src/sim/memory.c \
    src/sim/message.c \
    src/sim/notice.c \
    src/sim/place.c \
    src/sim/server.c \
    src/sim/share.c \
    src/sim/start.c \
    src/sim/store.c \
    src/sim/suspend.c \
    src/sim/thread.c \
    src/sim/turns.c \
    $(NULL)

sim_private_headers = \
    src/sim/domain.h \
    src/sim/hv.h \
    src/sim/hv_internal.h \
    src/sim/message.h \
    src/sim/place.h \
    src/sim/server.h \
    src/sim/tree.h \
    src/sim/turns.h \
    src/sim/wire.h \
    $(NULL)

lib_LTLIBRARIES += libleat-sim.la
libleat_sim_la_SOURCES = $(sim_sources) $(sim_private_headers)
libleat_sim_la_CPPFLAGS = $(BASE_CPPFLAGS) -D_GNU_SOURCE
libleat_sim_la_CFLAGS = $(HOSTED_CFLAGS) $(WARN_CFLAGS) $(WARN_C_CFLAGS)
libleat_sim_la_LDFLAGS = \
    -version-info 0:0:0 \
    -no-undefined \
    -Wl,-Bsymbolic-functions \
    -Wl,--version-script=$(srcdir)/src/sim/leat-sim.map \
    $(NULL)
libleat_sim_la_LIBADD = libleat.la
EXTRA_libleat_sim_la_DEPENDENCIES = src/sim/leat-sim.map

EXTRA_DIST += src/sim/leat-sim.map

.PHONY: map-sim
map-sim:
	$(AM_V_GEN)cd $(srcdir) && \
	{ echo '/* SPDX-License-Identifier: ISC */'; \
	  echo '/* Every public call and nothing else: "make map" writes this. */'; \
	  echo 'LEAT_SIM_0.1 {'; echo 'global:'; \
	  cat $(sim_headers) | $(AWK) -f src/calls.awk | LC_ALL=C sort | \
	    $(SED) 's/.*/    &;/'; \
	  echo 'local:'; echo '    *;'; echo '};'; } > src/sim/leat-sim.map.new && \
	mv src/sim/leat-sim.map.new src/sim/leat-sim.map

map: map-sim
