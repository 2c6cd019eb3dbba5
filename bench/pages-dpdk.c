/* SPDX-License-Identifier: ISC */

/*
 * DPDK's mempool, filled with pages that are aligned. Its own objects are not:
 * so it is made with tiny ones, which are taken out and replaced. Each thread
 * is registered, or it would have no cache.
 *
 * Its pages lie in transparent huge pages and have been touched.
 */

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <stdio.h>

#define PEER_ITEM void *

struct peer {
    bool registered;
};

#include "duo.h"

/* Of peer_open(): objects of bench_param bytes. */
#define SIZED 4u

static struct rte_mempool *pool;

static void eal(void)
{
    static char args[][24] = {"pages-dpdk",  "--no-huge",
                              "-m",          "512",
                              "--no-pci",    "--no-telemetry",
                              "--no-shconf", "--log-level=1",
                              "--lcores",    ""};
    enum {
        ARGS = sizeof args / sizeof *args
    };
    char *argv[ARGS + 1] = {NULL};
    int i;

    snprintf(args[ARGS - 1], sizeof *args, "0@%d", cpu_nth(0));
    for (i = 0; i < ARGS; i++)
        argv[i] = args[i];
    if (rte_eal_init(ARGS, argv) < 0)
        bench_die("rte_eal_init() failed");
    cpu_pin(0);
}

static void peer_open(int variant, size_t pages, unsigned flags)
{
    size_t bytes = flags & SIZED ? bench_param : BENCH_PAGE;
    unsigned char *memory;
    unsigned n = (unsigned)pages, i;

    (void)variant;
    eal();
    pool = rte_mempool_create_empty("pages", n, 64, 512, 0, SOCKET_ID_ANY, 0);
    if (!pool || rte_mempool_set_ops_byname(pool, "ring_mp_mc", NULL) ||
        rte_mempool_populate_default(pool) < (int)n ||
        rte_mempool_ops_dequeue_bulk(pool, work_live, n))
        bench_die("no mempool");
    memory = bench_memory(n * (bytes / BENCH_PAGE), flags & PEER_HUGE,
                          flags & PEER_TOUCHED);
    for (i = 0; i < n; i++) {
        void *page = memory + i * bytes;

        rte_mempool_ops_enqueue_bulk(pool, &page, 1);
    }
}

static void peer_enter(struct peer *p)
{
    if (rte_lcore_id() != LCORE_ID_ANY)
        return;
    if (rte_thread_register())
        bench_die("rte_thread_register() failed");
    p->registered = true;
}

static void peer_leave(struct peer *p)
{
    if (p->registered)
        rte_thread_unregister();
}

BENCH_INLINE void *peer_addr(void *item)
{
    return item;
}

BENCH_INLINE bool peer_get(struct peer *p, void **out, const int variant)
{
    (void)p;
    (void)variant;
    return !rte_mempool_get(pool, out);
}

BENCH_INLINE int peer_put(struct peer *p, void *item, const int variant)
{
    (void)p;
    (void)variant;
    rte_mempool_put(pool, item);
    return 0;
}

BENCH_INLINE bool peer_get_bulk(struct peer *p, void **out, size_t n,
                                const int variant)
{
    (void)p;
    (void)variant;
    return !rte_mempool_get_bulk(pool, out, (unsigned)n);
}

BENCH_INLINE int peer_put_bulk(struct peer *p, void **items, size_t n,
                               const int variant)
{
    (void)p;
    (void)variant;
    rte_mempool_put_bulk(pool, items, (unsigned)n);
    return 0;
}

/* An owned, counted reference: an mbuf attached to another's data, freed. */
static struct rte_mempool *mbufs;

static uint64_t work_ref(struct peer *p, uint64_t n)
{
    struct rte_mbuf *data = rte_pktmbuf_alloc(mbufs), *ref;
    uint64_t from, ns, i;

    (void)p;
    if (!data)
        bench_die("no mbuf");
    from = bench_now();
    for (i = 0; i < n; i++) {
        ref = rte_pktmbuf_alloc(mbufs);
        if (!ref)
            bench_die("no mbuf");
        rte_pktmbuf_attach(ref, data);
        BENCH_USE(ref);
        rte_pktmbuf_free(ref);
    }
    ns = work_end(from, 0);
    rte_pktmbuf_free(data);
    return ns;
}

/* The same by one call, which also makes the other an owner of the data. */
static uint64_t work_clone(struct peer *p, uint64_t n)
{
    struct rte_mbuf *data = rte_pktmbuf_alloc(mbufs), *ref;
    uint64_t from, ns, i;

    (void)p;
    if (!data)
        bench_die("no mbuf");
    from = bench_now();
    for (i = 0; i < n; i++) {
        ref = rte_pktmbuf_clone(data, mbufs);
        if (!ref)
            bench_die("no mbuf");
        BENCH_USE(ref);
        rte_pktmbuf_free(ref);
    }
    ns = work_end(from, 0);
    rte_pktmbuf_free(data);
    return ns;
}

static void run_ref(const struct bench *b)
{
    eal();
    mbufs = rte_pktmbuf_pool_create("mbufs", 8191, 512, 0,
                                    RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    if (!mbufs)
        bench_die("no mbufs");
    bench_report(b, "ns", bench_measure(b, b->what->work, &work_peer));
}

WORK_LOOPS(default, 0)
DUO_LOOPS(default, 0)

/* clang-format off */
static const struct bench_case cases[] = {
    WORK_CASES(default, 0),
    WORK_CASES_UNTOUCHED(default, 0),
    DUO_CASES(default, 0),
    {.name = "sized", .pages = 2047, .flags = WORK_TOUCHED | SIZED, .per = 1,
     .work = work_lifo_default, .run = work_run, .numbers = BENCH_MUST},
    {.name = "ref", .per = 1, .work = work_ref, .run = run_ref, .numbers = BENCH_MAY},
};

static const struct bench_case clone_cases[] = {
    {.name = "ref", .per = 1, .work = work_clone, .run = run_ref, .numbers = BENCH_MAY},
};

const struct bench_variant bench_variants[] = {
    {"default", cases, sizeof cases / sizeof *cases},
    {"clone", clone_cases, sizeof clone_cases / sizeof *clone_cases},
    {NULL, NULL, 0},
};
/* clang-format on */
