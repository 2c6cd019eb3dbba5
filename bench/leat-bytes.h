/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BENCH_LEAT_BYTES_H
#define LEAT_BENCH_LEAT_BYTES_H

/*
 * Cases of leat's alone, in which bytes are touched: the headers of many pages,
 * where the views are coloured and where not; and bounces, by where the bytes
 * lay. pages-leat.c includes it.
 */

/* ----------------------------------------------------------------- headers */

#define HEADERS      1024u /* as many as a ring has slots */
#define HEADER_BYTES 128u  /* two lines: more than those of TCP */

static unsigned char *headers[HEADERS];

/* Trap 4: page starts all fall into one set of the first-level cache. */
static uint64_t work_headers(struct peer *p, uint64_t n)
{
    uint64_t from = bench_now(), i, sum = 0;
    size_t j;

    (void)p;
    for (i = 0; i < n; i++) {
        for (j = 0; j < HEADERS; j++) {
            volatile unsigned char *h = headers[j];

            sum += h[0];
            h[HEADER_BYTES / 2] = (unsigned char)i;
        }
    }
    BENCH_USE(sum);
    return bench_now() - from;
}

static void run_headers(const struct bench *b)
{
    const struct bench_case *c = b->what;
    bool coloured = !strcmp(c->name, "coloured");
    uint32_t r = 1;
    size_t i;

    cpu_pin(0);
    peer_open(c->variant, c->pages, c->flags);
    peer_enter(&work_peer);
    for (i = 0; i < HEADERS; i++) {
        struct leat_chunk chunk = leat_magazine_get_value(work_peer.m);
        struct leat_view v = leat_chunk_view(chunk);

        if (coloured && leat_chunk_view_coloured(chunk, 2048, &v))
            bench_die("no coloured view");
        headers[i] = v.data;
        if (!v.data)
            bench_die("no view");
    }
    /* Not in the order of addresses, which the processor would foresee. */
    for (i = HEADERS - 1; i > 0; i--) {
        unsigned char *h = headers[i];
        size_t j;

        r = r * 1664525u + 1013904223u;
        j = (r >> 8) % (i + 1);
        headers[i] = headers[j];
        headers[j] = h;
    }
    bench_report(b, "ns", bench_measure(b, c->work, &work_peer) / HEADERS);
}

/* ----------------------------------------------------------------- bounces */

#define SLICES 5

/* Where the bytes lie in their page, and as far before the next. */
static const size_t near[] = {1,  2,  3,  4,  8,  12, 16, 20, 24,  28,
                              30, 31, 32, 33, 40, 48, 63, 64, 100, 2048};

#define NEAR  (sizeof near / sizeof *near)
#define SPOTS (NEAR * 2 * 2 * 2)

struct spot {
    size_t off, align;
    enum leat_direction dir;
    double ns;
};

/* One whole page, bounced to where the device wants it, and home. */
static double bounce(const struct spot *s, struct leat_view all, uint64_t n)
{
    struct leat_constraint need = {.align = s->align, .multiple = s->align};
    struct leat_view v, segs[4];
    struct leat_export ex;
    uint64_t from, i;
    int bad = leat_view_slice(all, s->off, BENCH_PAGE, &v);

    memset(&ex, 0, sizeof ex);
    ex.segs = segs;
    ex.max_segs = 4;
    ex.pool = pool;
    ex.dir = s->dir;
    from = bench_now();
    for (i = 0; i < n && !bad; i++) {
        bad |= leat_export(&v, 1, &need, LEAT_BOUNCE, &ex);
        BENCH_USE(segs[0].data);
        bad |= leat_export_end(&ex, SIZE_MAX);
    }
    if (bad || !ex.bounced_bytes)
        bench_die("no bounce");
    return (double)(bench_now() - from) / (double)n;
}

static size_t spots(struct spot *all)
{
    size_t n = 0, i, k;

    for (i = 0; i < NEAR; i++) {
        for (k = 0; k < 8; k++) {
            struct spot s = {k & 1 ? BENCH_PAGE - near[i] : near[i],
                             k & 2 ? BENCH_PAGE : 512,
                             k & 4 ? LEAT_FROM_DEVICE : LEAT_TO_DEVICE, 0};

            if (s.off % s.align)
                all[n++] = s;
        }
    }
    return n;
}

static void run_bounce(const struct bench *b)
{
    static struct spot all[SPOTS];
    double best[2] = {0}, worst[2] = {0}, ratio = 0, ns;
    size_t n = spots(all), i, k;
    struct leat_chunk chunk;
    struct leat_view v;
    uint64_t times;

    cpu_pin(0);
    peer_open(PLAIN, b->what->pages, b->what->flags);
    if (leat_pool_get(pool, 2, &chunk))
        bench_die("no pages");
    v = leat_chunk_view(chunk);
    memset(v.data, 1, 2 * BENCH_PAGE);
    ns = bounce(&all[0], v, 1000);
    times = (uint64_t)((double)b->ns / (double)(n * SLICES) / ns) + 1;
    /*
     * Spots in turn: what disturbs meets them all. The least of a spot's
     * slices counts: of so many spots one is always disturbed.
     */
    for (k = 0; k < SLICES; k++) {
        for (i = 0; i < n; i++) {
            ns = bounce(&all[i], v, times);
            all[i].ns = k && all[i].ns < ns ? all[i].ns : ns;
        }
    }
    for (i = 0; i < n; i++) {
        double *to = &worst[all[i].dir == LEAT_FROM_DEVICE];
        double *from = &best[all[i].dir == LEAT_FROM_DEVICE];

        ns = all[i].ns;
        *to = ns > *to ? ns : *to;
        *from = !*from || ns < *from ? ns : *from;
    }
    /* Each direction beside its own best: they do different things. */
    for (k = 0; k < 2; k++)
        ratio = worst[k] / best[k] > ratio ? worst[k] / best[k] : ratio;
    k = worst[1] / best[1] > worst[0] / best[0];
    bench_report(b, "best", best[k]);
    bench_report(b, "worst", worst[k]);
    bench_report(b, "ratio", ratio);
}

#endif
