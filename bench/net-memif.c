/* SPDX-License-Identifier: ISC */

/*
 * DPDK's memif between two processes, polled, with zero copy where memif has it:
 * the packets of its client lie in memory that both map, and its server copies.
 *
 *   default  who sends is the client: the other copies what it receives
 *   best     who receives is: the other copies into buffers that go round
 *
 * It is best with huge pages; where too few are free it goes without, and says so.
 * They come without a file (--in-memory), so nothing is left where they are kept.
 */

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net.h"

#define PORT    0
#define LINK_S  10
#define ARG_LEN 192

/* Of each process: MiB of memory, which are so many huge pages for both. */
#define MEMORY_MIB "256"
#define HUGE_PAGES 256u

struct memif {
    struct rte_mempool *pool;
    uint32_t bytes;
    unsigned nth;
    bool huge;
    bool client;          /* of memif                      */
    unsigned data, mbufs; /* bytes of a packet, and number */
    unsigned log2;        /* slots of a ring               */
};

static const char *directory;

static bool huge_pages(void)
{
    unsigned long n = 0, size = 0;
    char line[128];
    FILE *f = fopen("/proc/meminfo", "r");

    while (f && fgets(line, sizeof line, f)) {
        sscanf(line, "HugePages_Free: %lu", &n);
        sscanf(line, "Hugepagesize: %lu", &size);
    }
    if (f)
        fclose(f);
    return size == 2048 && n >= HUGE_PAGES;
}

static void eal(const struct device *d, const struct memif *m)
{
    static char args[16][ARG_LEN];
    char *argv[17] = {NULL};
    int n = 0, i;

#define ARG(...) snprintf(args[n++], ARG_LEN, __VA_ARGS__)
    ARG("net-memif");
    ARG("--no-pci");
    ARG("--no-telemetry");
    ARG("--log-level=1");
    ARG("--lcores");
    ARG("0@%d", cpu_nth(d->pair.second));
    ARG("--single-file-segments");
    ARG("-m");
    ARG(MEMORY_MIB);
    if (m->huge) {
        ARG("--in-memory");
    } else {
        ARG("--no-huge");
        ARG("--no-shconf");
    }
    ARG("--vdev=net_memif0,role=%s,socket=%s/memif,socket-abstract=no,"
        "bsize=%u,rsize=%u%s",
        m->client ? "client" : "server", directory, m->data, m->log2,
        m->client ? ",zero-copy=yes" : "");
#undef ARG
    for (i = 0; i < n; i++)
        argv[i] = args[i];
    if (rte_eal_init(n, argv) < 0)
        device_none("rte_eal_init() failed");
    cpu_pin(d->pair.second);
}

static void open_port(struct memif *m)
{
    struct rte_eth_conf conf = {.rxmode = {.mq_mode = RTE_ETH_MQ_RX_NONE}};
    uint16_t slots = (uint16_t)(1u << m->log2);

    m->pool =
        rte_pktmbuf_pool_create("frames", m->mbufs, 256, 0,
                                (uint16_t)(m->data + RTE_PKTMBUF_HEADROOM), 0);
    if (!m->pool)
        device_none("no mempool");
    if (rte_eth_dev_count_avail() != 1)
        device_none("DPDK has no memif here");
    if (rte_eth_dev_configure(PORT, 1, 1, &conf) ||
        rte_eth_rx_queue_setup(PORT, 0, slots, 0, NULL, m->pool) ||
        rte_eth_tx_queue_setup(PORT, 0, slots, 0, NULL) ||
        rte_eth_dev_start(PORT))
        device_none("memif does not start");
}

static bool link_up(void)
{
    uint64_t until = device_now() + LINK_S * 1000000000ull;
    struct rte_eth_link link = {.link_status = 0};

    while (device_now() < until) {
        if (!rte_eth_link_get_nowait(PORT, &link) && link.link_status)
            return true;
        usleep(1000);
    }
    return false;
}

static unsigned send_frames(void *arg, unsigned n)
{
    struct memif *m = arg;
    struct rte_mbuf *out[NET_BURST];
    unsigned i, sent;

    if (rte_pktmbuf_alloc_bulk(m->pool, out, n))
        return 0;
    for (i = 0; i < n; i++) {
        char *data = rte_pktmbuf_append(out[i], (uint16_t)m->bytes);

        if (!data)
            device_die("a frame has no room");
        net_fill((unsigned char *)data, m->bytes, m->nth++);
    }
    sent = rte_eth_tx_burst(PORT, 0, out, (uint16_t)n);
    if (sent < n)
        rte_pktmbuf_free_bulk(out + sent, n - sent);
    return sent;
}

static unsigned receive_frames(void *arg)
{
    struct memif *m = arg;
    struct rte_mbuf *in[NET_BURST];
    unsigned n = rte_eth_rx_burst(PORT, 0, in, NET_BURST), i;

    for (i = 0; i < n; i++) {
        if (rte_pktmbuf_data_len(in[i]) != m->bytes)
            net_torn();
        net_take(rte_pktmbuf_mtod(in[i], unsigned char *), m->bytes);
    }
    rte_pktmbuf_free_bulk(in, n);
    return n;
}

void device_run(struct device *d)
{
    const struct net_case *c = net_find(d->name);
    static struct memif m = {.data = 2048, .mbufs = 4095, .log2 = 10};
    struct net_peer peer = {&m, send_frames, receive_frames, NULL, NULL};
    bool best = !strcmp(d->variant, "best");

    if (!c || (!best && strcmp(d->variant, "default")))
        device_none("no such case");
    m.bytes = c->bytes;
    m.huge = huge_pages();
    if (c->bytes > m.data) {
        m.data = 65024;
        m.mbufs = 2047;
        m.log2 = 8;
    }
    directory = device_tmp();
    pair_fork(&d->pair);
    m.client = best != d->pair.second;
    eal(d, &m);
    /* The server is there first. */
    if (m.client)
        pair_meet(&d->pair);
    open_port(&m);
    if (!m.client)
        pair_meet(&d->pair);
    if (!link_up())
        device_none("memif does not connect");
    net_measure(d, c, &peer);
    if (!d->pair.second)
        device_report(d, "huge", m.huge);
    pair_end(&d->pair);
}
