/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_NET_FRONT_H
#define LEAT_TESTS_XEN_NET_FRONT_H

/*
 * Our netfront in this domain, and all that it stands on; the toolstack's part, where
 * its back is here, too; and the frames of a TAP device, by it.
 */

#include <leat/bus_device.h>
#include <leat/netfront.h>
#include <leat/tap.h>

#include "grants.h"
#include "shell.h"

#define FRONT  "/local/domain/%u/device/vif/%u"
#define BACK   "/local/domain/%u/backend/vif/%u/%u"
#define QUEUES 2

static struct net {
    uint32_t own, number;
    uint32_t queues;  /* that are wanted                                      */
    uint32_t offload; /* LEAT_NET_OFFLOAD_*: what may be left to us           */
    char front[64], back[64], vif[16];
    struct leat_xen_share *x;
    struct leat_xen_store *xs;
    struct leat_xen_events *xe;
    struct leat_store store;
    struct leat_bus bus;
    struct leat_pool *pool, *to;
    struct leat_mmap memory;
    struct leat_grants *table;
    struct leat_netfront_config config;
    struct leat_netfront *f;
    struct leat_tap *tap;
    bool (*wants)(const unsigned char *frame, size_t len);
    unsigned char got[65536]; /* one that was wanted, while there is no TAP   */
    size_t len;
    uint32_t frames, offloaded, next;
    uint32_t came[QUEUES]; /* by each queue                                   */
    uint32_t longest_in, longest_out;
    uint64_t lost;
    bool closed;
} n;

/* A frame goes to the TAP, or is looked at. */
static inline void receive(void *arg, struct leat_netfront *f,
                           struct leat_netfront_frame *frame)
{
    const struct leat_view v = frame->pieces[0].view;
    struct leat_net_frame out = {
        .head = leat_view_const(v), .len = v.len, .meta = frame->meta};
    struct leat_netport port;

    (void)arg, (void)f;
    n.frames++;
    n.came[frame->queue]++;
    n.offloaded += frame->meta.gso || frame->meta.flags & LEAT_NET_CSUM_BLANK;
    n.longest_in = v.len > n.longest_in ? (uint32_t)v.len : n.longest_in;
    if (!n.tap) {
        /* dom0's stack says this and that, too. */
        if (n.wants && n.wants(v.data, v.len)) {
            n.len = v.len;
            memcpy(n.got, v.data, v.len);
        }
        return;
    }
    if (out.meta.flags & LEAT_NET_CSUM_BLANK || out.meta.gso)
        n.lost += leat_net_meta_find(out.head, out.len, &out.meta) != 0;
    port = leat_tap(n.tap);
    n.lost += port.ops->send(port.self, &out) != 0;
}

static inline void event(void *arg, struct leat_netfront *f,
                         enum leat_netfront_event what)
{
    (void)arg;
    n.closed |= what == LEAT_NETFRONT_CLOSED;
    if (what == LEAT_NETFRONT_BROKEN)
        tap_note("broken: %s", leat_netfront_text(f));
}

/* One round; whether there is more. */
static inline bool step(void)
{
    bool more = false, more2 = false;

    if (leat_bus_poll(&n.bus, 64, &more) ||
        leat_netfront_poll(n.f, 64, &more2)) {
        tap_note("a poll failed");
        return false;
    }
    return more || more2;
}

static inline bool steps(bool (*until)(void), unsigned ms)
{
    const uint64_t end = now_ns() + ms * (uint64_t)1000000;

    while (!until() && now_ns() < end) {
        if (!step())
            sleep_ms(1);
    }
    return until();
}

static inline bool connected(void)
{
    return leat_netfront_connected(n.f);
}

/* ------------------------------------------------------------ the machine */

static inline void load(const char *module)
{
    sh("test -d /sys/module/$(echo %s | tr - _) || insmod /lib/modules/%s.ko",
       module, module);
}

static inline void open_machine(uint32_t peer)
{
    struct leat_xen_share_config xc = {.unit_pages = 64, .limit_pages = 768};
    struct leat_grants_config gc = {0};
    struct leat_pool_config pc = {0};
    struct leat_bus_config bc = {.fd = -1};
    static struct leat_mmap meta;
    struct leat_xen_why why;
    int err;

    n.own = own_domain();
    xc.domain = peer;
    err = leat_xen_share_open(&n.x, &xc, &why);
    if (err)
        tap_note("%s", why.text);
    MUST(!err);
    pc.backend = leat_xen_share_backend(n.x);
    pc.peer = peer + 1;
    MUST(!leat_pool_create(&n.pool, &pc));
    MUST(!leat_mmap_init(&n.memory));
    pc = (struct leat_pool_config){.backend = leat_mmap(&n.memory),
                                   .limit_pages = 4096,
                                   .zero = LEAT_ZERO_NEVER};
    MUST(!leat_pool_create(&n.to, &pc));
    gc.share = leat_xen_share_ops(n.x);
    MUST(!leat_mmap_init(&meta));
    gc.backend = leat_mmap(&meta);
    MUST(!leat_grants_create(&n.table, &gc));
    MUST(!leat_xen_store_open(&n.xs, NULL));
    MUST(!leat_xen_events_open(&n.xe, NULL));
    bc.store = n.store = leat_xen_store_ops(n.xs);
    bc.events = leat_xen_event_ops(n.xe);
    MUST(!leat_bus_init(&n.bus, &bc));
}

/* What a toolstack does, and its end. */
static inline int with_device(int (*what)(const struct leat_store *,
                                          const struct leat_bus_device *))
{
    char handle[16];
    const struct leat_bus_key front[] = {{"handle", handle},
                                         {"mac", "00:16:3e:11:22:33"}};
    const struct leat_bus_key back[] = {
        {"handle", handle},      {"mac", "00:16:3e:11:22:33"},
        {"script", "/bin/true"}, {"type", "vif"},
        {"bridge", "none"},      {"hotplug-status", "connected"},
    };
    const struct leat_bus_device device = {
        .type = "vif",
        .front = n.own,
        .back = n.own,
        .number = n.number,
        .front_keys = front,
        .front_n = COUNT(front),
        .back_keys = back,
        .back_n = COUNT(back),
    };

    snprintf(handle, sizeof(handle), "%u", n.number);
    return what(&n.store, &device);
}

static inline void open_front(void)
{
    snprintf(n.front, sizeof(n.front), FRONT, n.own, n.number);
    snprintf(n.back, sizeof(n.back), BACK, n.own, n.own, n.number);
    snprintf(n.vif, sizeof(n.vif), "vif%u.%u", n.own, n.number);
    n.config = (struct leat_netfront_config){
        .bus = &n.bus,
        .path = n.front,
        .grants = n.table,
        .pool = n.pool,
        .to = n.to,
        .offload = n.offload,
        .queues = n.queues,
        .tx_pages = 256 / n.queues,
        .rx_pages = 300 / n.queues,
        .receive = receive,
        .event = event,
    };
    MUST(!leat_netfront_meta_size(&n.config, &n.config.meta_bytes));
    n.config.meta = malloc(n.config.meta_bytes);
    GIVES(leat_netfront_create(&n.f, &n.config), 0, "netfront is made");
}

/* A number of the kernel's, of the interface. */
static inline unsigned long long counter(const char *name)
{
    return sh_number("cat /sys/class/net/%s/statistics/%s", n.vif, name);
}

/* ---------------------------------------------------------- the TAP device */

/* A frame of the TAP's, on its way. */
static struct leat_net_meta next_meta;
static unsigned char *staged;
static size_t staged_len;

static inline int from_stage(void *arg, const struct leat_view *views,
                             size_t nviews, size_t *len)
{
    size_t at = 0;

    (void)arg, (void)len;
    for (size_t i = 0; i < nviews; at += views[i++].len)
        memcpy(views[i].data, staged + at, views[i].len);
    return 0;
}

/* One frame of the TAP's: whether there was any. */
static inline bool relay(void)
{
    struct leat_netport port = leat_tap(n.tap);
    struct leat_shared seg = {staged, 65535};
    struct leat_net_room room = {&seg, 1, 65535};
    struct leat_netfront_fill fill = {.flags = LEAT_NETFRONT_DIRTY,
                                      .fill = from_stage};

    if (!staged_len) {
        memset(&next_meta, 0, sizeof(next_meta));
        if (port.ops->receive(port.self, 0, &room, &next_meta, &staged_len))
            return false;
    }
    fill.size = staged_len;
    fill.meta = next_meta;
    switch (leat_netfront_send(n.f, &fill)) {
    case LEAT_E_AGAIN:
        return false; /* it is kept */
    case 0:
        n.longest_out =
            staged_len > n.longest_out ? (uint32_t)staged_len : n.longest_out;
        break;
    default:
        n.lost++;
    }
    staged_len = 0;
    return true;
}

/* Frames of the TAP's, and a round of the device's: whether there was anything. */
static inline bool carry(void)
{
    bool busy = false;

    for (int i = 0; i < 64 && connected() && relay(); i++)
        busy = true;
    return step() || busy;
}

#endif
