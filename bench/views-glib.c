/* SPDX-License-Identifier: ISC */

/*
 * GLib's GBytes: a window of another, counted, made and dropped.
 */

#include <glib.h>

#include "bench.h"

#define LEN 1500u
#define OFF 14u

static uint64_t work(struct peer *unused, uint64_t n)
{
    GBytes *all = g_bytes_new_take(g_malloc0(BENCH_PAGE), BENCH_PAGE);
    size_t len = bench_param ? bench_param : LEN;
    size_t off = bench_has_offset ? bench_offset : OFF;
    uint64_t from, ns, i;

    (void)unused;
    if (off > BENCH_PAGE || len > BENCH_PAGE - off)
        bench_die("no such window of a page");
    from = bench_now();
    for (i = 0; i < n; i++) {
        GBytes *part = g_bytes_new_from_bytes(all, off, len);

        BENCH_USE(part);
        g_bytes_unref(part);
    }
    ns = bench_now() - from;
    g_bytes_unref(all);
    return ns;
}

static void run(const struct bench *b)
{
    cpu_pin(0);
    bench_report(b, "ns", bench_measure(b, work, NULL));
}

static const struct bench_case cases[] = {
    {.name = "ref", .per = 1, .work = work, .run = run, .numbers = BENCH_MAY},
};

const struct bench_variant bench_variants[] = {
    {"default", cases, sizeof cases / sizeof *cases},
    {NULL, NULL, 0},
};
