/* SPDX-License-Identifier: ISC */

/*
 * Who is measured, at what, and what is to be reached.
 */

#include "bench.h"

enum {
    HANDLE,
    PLAIN,
    SHARED_HANDLE,
    SHARED_PLAIN,
    DPDK,
    JEMALLOC,
    JEMALLOC_TUNED,
    GLIBC,
    GLIBC_TUNED,
    BOUND,
    BOUND_CALL,
};

const struct peer bench_peers[] = {
    [HANDLE] = {"leat-handle", "pages-leat", "handle",
                "a magazine that the thread holds; static library", true,
                OF_PAGES | OF_VIEWS},
    [PLAIN] = {"leat-plain", "pages-leat", "plain",
               "the plain calls; static library", true, OF_PAGES},
    [SHARED_HANDLE] = {"leat-shared-handle", "pages-leat-shared", "handle",
                       "the same, shared library", false, OF_PAGES | OF_VIEWS},
    [SHARED_PLAIN] = {"leat-shared-plain", "pages-leat-shared", "plain",
                      "the same, shared library", false, OF_PAGES},
    [DPDK] = {"dpdk", "pages-dpdk", "default",
              "rte_mempool filled with aligned pages", true,
              OF_PAGES | OF_VIEWS},
    [JEMALLOC] = {"jemalloc", "pages-jemalloc", "default", "as it comes", false,
                  OF_PAGES},
    [JEMALLOC_TUNED] = {"jemalloc-tuned", "pages-jemalloc", "tuned",
                        "a thread's cache keeps 512 pages", true, OF_PAGES},
    [GLIBC] = {"glibc", "pages-glibc", "default",
               "posix_memalign(), as it comes", false, OF_PAGES},
    [GLIBC_TUNED] = {"glibc-tuned", "pages-glibc", "tuned",
                     "posix_memalign(), never trimmed", true, OF_PAGES},
    [BOUND] = {"bound-inline", "pages-bound", "inline",
               "an array that the thread owns, nothing checked", false,
               OF_PAGES | OF_VIEWS},
    [BOUND_CALL] = {"bound-call", "pages-bound", "call",
                    "the same behind a call", false, OF_PAGES},
};

const int bench_npeers = sizeof bench_peers / sizeof *bench_peers;

enum {
    LIFO,
    BULK,
    HANDOVER,
    VIEWED,
    BATCH,
    RANDOM,
    RANDOM_TOUCHED,
    THREAD_ONE,
    THREAD_TWO,
    SCALING,
    PASS,
    PASS_BULK,
    REF,
    SLICE,
    FRESH,
    RSS,
};

const struct row bench_rows[] = {
    [LIFO] = {"lifo", "ns", "LIFO pair", "ns/page", 1, true, OF_PAGES},
    [BULK] = {"bulk32", "ns", "bulk of 32, checked", "ns/page", 1, true,
              OF_PAGES},
    [HANDOVER] = {"handover", "ns", "whole magazine handed over", "ns/page", 1,
                  false, OF_PAGES},
    [VIEWED] = {"viewed", "ns", "the same, each page viewed", "ns/page", 1,
                false, OF_PAGES},
    [BATCH] = {"batch256", "ns", "batch of 256", "ns/page", 1, true, OF_PAGES},
    [RANDOM] = {"random4096", "ns", "random life, 4096 live", "ns/page", 1,
                true, OF_PAGES},
    [RANDOM_TOUCHED] = {"random32768", "ns", "32768 live, touched", "ns/page",
                        1, true, OF_PAGES},
    [THREAD_ONE] = {"threads", "one", "batch of 256, one thread", "Mpages/s", 2,
                    true, OF_PAGES},
    [THREAD_TWO] = {"threads", "two", "batch of 256, two threads", "Mpages/s",
                    2, true, OF_PAGES},
    [SCALING] = {"threads", "scaling", "two threads / one", "x", 2, true,
                 OF_PAGES},
    [PASS] = {"pass", "mpps", "one gets, the other puts", "Mpages/s", 2, false,
              OF_PAGES},
    [PASS_BULK] = {"pass32", "mpps", "the same in 32s, touched", "Mpages/s", 2,
                   false, OF_PAGES},
    [REF] = {"ref", "ns", "owned ref taken and dropped", "ns", 1, true,
             OF_VIEWS},
    [SLICE] = {"slice", "ns", "borrowed view sliced", "ns", 1, true, OF_VIEWS},
    [FRESH] = {"fresh", "ns", "fresh page, first touch", "ns/page", 1, false,
               OF_PAGES},
    [RSS] = {"rss", "x", "RSS / live pages, at full use", "x", 1, false,
             OF_PAGES},
};

const int bench_nrows = sizeof bench_rows / sizeof *bench_rows;

/* PERF.md's goals. A peer of -1: the figure itself is held to the factor. */
const struct goal bench_goals[] = {
    {"LIFO pair", LIFO, HANDLE, LIFO, DPDK, false, 0.65},
    {"LIFO pair", LIFO, PLAIN, LIFO, DPDK, false, 0.65},
    {"LIFO pair", LIFO, HANDLE, LIFO, JEMALLOC_TUNED, false, 0.25},
    {"LIFO pair", LIFO, PLAIN, LIFO, JEMALLOC_TUNED, false, 0.25},
    {"LIFO pair", LIFO, SHARED_HANDLE, LIFO, DPDK, false, 1.15},
    {"LIFO pair", LIFO, SHARED_PLAIN, LIFO, DPDK, false, 1.15},
    {"batch of 256", BATCH, HANDLE, BATCH, DPDK, false, 0.80},
    {"batch of 256", BATCH, PLAIN, BATCH, DPDK, false, 0.80},
    {"random life, 4096 live", RANDOM, HANDLE, RANDOM, DPDK, false, 0.72},
    {"random life, 4096 live", RANDOM, PLAIN, RANDOM, DPDK, false, 0.72},
    {"32768 live, touched", RANDOM_TOUCHED, HANDLE, RANDOM_TOUCHED, DPDK, false,
     1.1},
    {"32768 live, touched", RANDOM_TOUCHED, PLAIN, RANDOM_TOUCHED, DPDK, false,
     1.1},
    {"bulk of 32, checked", BULK, HANDLE, BULK, DPDK, false, 2},
    {"bulk of 32, checked", BULK, PLAIN, BULK, DPDK, false, 2},
    {"whole magazine / bulk of 32", HANDOVER, HANDLE, BULK, DPDK, false, 0.35},
    {"two threads, batch of 256", THREAD_TWO, HANDLE, THREAD_TWO, DPDK, true,
     1.2},
    {"two threads, batch of 256", THREAD_TWO, PLAIN, THREAD_TWO, DPDK, true,
     1.2},
    {"two threads / one", SCALING, HANDLE, -1, -1, true, 1.9},
    {"two threads / one", SCALING, PLAIN, -1, -1, true, 1.9},
    {"one gets, the other puts", PASS, HANDLE, PASS, DPDK, true, 0.8},
    {"one gets, the other puts", PASS, PLAIN, PASS, DPDK, true, 0.8},
    {"the same in 32s, touched", PASS_BULK, HANDLE, PASS_BULK, DPDK, true, 1.5},
    {"the same in 32s, touched", PASS_BULK, PLAIN, PASS_BULK, DPDK, true, 1.5},
    {"owned ref taken and dropped", REF, HANDLE, REF, DPDK, false, 0.40},
    {"borrowed view sliced", SLICE, HANDLE, SLICE, BOUND, false, 1.2},
    {"fresh page, first touch", FRESH, HANDLE, FRESH, JEMALLOC, false, 0.25},
    {"fresh page, first touch", FRESH, PLAIN, FRESH, JEMALLOC, false, 0.25},
    {"RSS / live pages", RSS, HANDLE, -1, -1, false, 1.01},
};

const int bench_ngoals = sizeof bench_goals / sizeof *bench_goals;
