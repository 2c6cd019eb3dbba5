/* SPDX-License-Identifier: ISC */

/* The wire of network devices against Xen's public header. */

#include "pool_fixture.h"

#include <stddef.h>

#include <leat/ring.h>

#include <xen/xen.h>
/* After it. Names that both have are called otherwise. */
#include <xen/io/ring.h>
#define netif_tx_request  xen_tx_request
#define netif_tx_response xen_tx_response
#define netif_rx_request  xen_rx_request
#define netif_rx_response xen_rx_response
#include <xen/grant_table.h>
#include <xen/io/netif.h>
#undef netif_tx_request
#undef netif_tx_response
#undef netif_rx_request
#undef netif_rx_response

enum {
    XEN_DROPPED = NETIF_RSP_DROPPED,
    XEN_ERROR = NETIF_RSP_ERROR,
    XEN_OKAY = NETIF_RSP_OKAY,
    XEN_NULL = NETIF_RSP_NULL
};
#undef NETIF_RSP_DROPPED
#undef NETIF_RSP_ERROR
#undef NETIF_RSP_OKAY
#undef NETIF_RSP_NULL

#include "pv/netif.h"

#define SAME(ours, theirs)                                               \
    _Static_assert(sizeof(struct ours) == sizeof(struct theirs) &&       \
                       _Alignof(struct ours) == _Alignof(struct theirs), \
                   #ours)
#define FIELD(ours, f, theirs, g)                                            \
    _Static_assert(offsetof(struct ours, f) == offsetof(struct theirs, g) && \
                       sizeof(((struct ours *)0)->f) ==                      \
                           sizeof(((struct theirs *)0)->g),                  \
                   #ours "." #f)
#define VALUE(ours, theirs) _Static_assert(ours == theirs, #ours)

SAME(netif_tx_request, xen_tx_request);
FIELD(netif_tx_request, gref, xen_tx_request, gref);
FIELD(netif_tx_request, offset, xen_tx_request, offset);
FIELD(netif_tx_request, flags, xen_tx_request, flags);
FIELD(netif_tx_request, id, xen_tx_request, id);
FIELD(netif_tx_request, size, xen_tx_request, size);
SAME(netif_tx_response, xen_tx_response);
FIELD(netif_tx_response, id, xen_tx_response, id);
FIELD(netif_tx_response, status, xen_tx_response, status);
SAME(netif_rx_request, xen_rx_request);
FIELD(netif_rx_request, id, xen_rx_request, id);
FIELD(netif_rx_request, pad, xen_rx_request, pad);
FIELD(netif_rx_request, gref, xen_rx_request, gref);
SAME(netif_rx_response, xen_rx_response);
FIELD(netif_rx_response, id, xen_rx_response, id);
FIELD(netif_rx_response, offset, xen_rx_response, offset);
FIELD(netif_rx_response, flags, xen_rx_response, flags);
FIELD(netif_rx_response, status, xen_rx_response, status);
SAME(netif_extra, netif_extra_info);
FIELD(netif_extra, type, netif_extra_info, type);
FIELD(netif_extra, flags, netif_extra_info, flags);
FIELD(netif_extra, u.gso.size, netif_extra_info, u.gso.size);
FIELD(netif_extra, u.gso.type, netif_extra_info, u.gso.type);
FIELD(netif_extra, u.gso.pad, netif_extra_info, u.gso.pad);
FIELD(netif_extra, u.gso.features, netif_extra_info, u.gso.features);
FIELD(netif_extra, u.mcast.addr, netif_extra_info, u.mcast.addr);
FIELD(netif_extra, u.hash.type, netif_extra_info, u.hash.type);
FIELD(netif_extra, u.hash.algorithm, netif_extra_info, u.hash.algorithm);
FIELD(netif_extra, u.hash.value, netif_extra_info, u.hash.value);
SAME(netif_ctrl_request, xen_netif_ctrl_request);
FIELD(netif_ctrl_request, id, xen_netif_ctrl_request, id);
FIELD(netif_ctrl_request, type, xen_netif_ctrl_request, type);
FIELD(netif_ctrl_request, data, xen_netif_ctrl_request, data);
SAME(netif_ctrl_response, xen_netif_ctrl_response);
FIELD(netif_ctrl_response, id, xen_netif_ctrl_response, id);
FIELD(netif_ctrl_response, type, xen_netif_ctrl_response, type);
FIELD(netif_ctrl_response, status, xen_netif_ctrl_response, status);
FIELD(netif_ctrl_response, data, xen_netif_ctrl_response, data);
SAME(netif_gref, xen_netif_gref);
FIELD(netif_gref, ref, xen_netif_gref, ref);
FIELD(netif_gref, flags, xen_netif_gref, flags);
FIELD(netif_gref, status, xen_netif_gref, status);

VALUE(NETIF_SLOTS, XEN_NETIF_NR_SLOTS_MIN);
VALUE(NETIF_FRAME_MAX, XEN_NETIF_MAX_TX_SIZE);
VALUE(NETIF_RSP_DROPPED, XEN_DROPPED);
VALUE(NETIF_RSP_ERROR, XEN_ERROR);
VALUE(NETIF_RSP_OKAY, XEN_OKAY);
VALUE(NETIF_RSP_NULL, XEN_NULL);
VALUE(NETTXF_CSUM_BLANK, NETTXF_csum_blank);
VALUE(NETTXF_DATA_VALIDATED, NETTXF_data_validated);
VALUE(NETTXF_MORE_DATA, NETTXF_more_data);
VALUE(NETTXF_EXTRA_INFO, NETTXF_extra_info);
VALUE(NETRXF_DATA_VALIDATED, NETRXF_data_validated);
VALUE(NETRXF_CSUM_BLANK, NETRXF_csum_blank);
VALUE(NETRXF_MORE_DATA, NETRXF_more_data);
VALUE(NETRXF_EXTRA_INFO, NETRXF_extra_info);
VALUE(NETRXF_GSO_PREFIX, NETRXF_gso_prefix);
VALUE(NETIF_EXTRA_GSO, XEN_NETIF_EXTRA_TYPE_GSO);
VALUE(NETIF_EXTRA_MCAST_ADD, XEN_NETIF_EXTRA_TYPE_MCAST_ADD);
VALUE(NETIF_EXTRA_MCAST_DEL, XEN_NETIF_EXTRA_TYPE_MCAST_DEL);
VALUE(NETIF_EXTRA_HASH, XEN_NETIF_EXTRA_TYPE_HASH);
VALUE(NETIF_EXTRA_MAX, XEN_NETIF_EXTRA_TYPE_MAX);
VALUE(NETIF_EXTRA_MORE, XEN_NETIF_EXTRA_FLAG_MORE);
VALUE(NETIF_GSO_TCPV4, XEN_NETIF_GSO_TYPE_TCPV4);
VALUE(NETIF_GSO_TCPV6, XEN_NETIF_GSO_TYPE_TCPV6);
VALUE(NETIF_CTRL_GET_HASH_FLAGS, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS);
VALUE(NETIF_CTRL_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM);
VALUE(NETIF_CTRL_GET_GREF_MAPPING_SIZE,
      XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE);
VALUE(NETIF_CTRL_ADD_GREF_MAPPING, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING);
VALUE(NETIF_CTRL_DEL_GREF_MAPPING, XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING);
VALUE(NETIF_CTRL_SUCCESS, XEN_NETIF_CTRL_STATUS_SUCCESS);
VALUE(NETIF_CTRL_NOT_SUPPORTED, XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED);
VALUE(NETIF_CTRL_INVALID_PARAMETER, XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER);
VALUE(NETIF_CTRL_BUFFER_OVERFLOW, XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW);
VALUE(NETIF_GREF_READ_ONLY, XEN_NETIF_CTRLF_GREF_readonly);

Test(netif_layout, rings_have_as_many_slots)
{
    union {
        struct netif_tx_request request;
        struct netif_tx_response response;
    } tx;
    union {
        struct netif_rx_request request;
        struct netif_rx_response response;
    } rx;
    union {
        struct netif_ctrl_request request;
        struct netif_ctrl_response response;
    } ctrl;

    cr_assert_eq(leat_ring_slots(sizeof(tx), 0),
                 __CONST_RING_SIZE(netif_tx, 4096));
    cr_assert_eq(leat_ring_slots(sizeof(rx), 0),
                 __CONST_RING_SIZE(netif_rx, 4096));
    cr_assert_eq(leat_ring_slots(sizeof(ctrl), 0),
                 __CONST_RING_SIZE(xen_netif_ctrl, 4096));
    cr_assert_eq(leat_ring_slots(sizeof(struct netif_extra), 0), 256);
}
