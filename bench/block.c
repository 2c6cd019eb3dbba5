/* SPDX-License-Identifier: ISC */

/*
 * The loop of the peers of "leat bench block"; see block.h.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "block.h"

static const struct block_case cases[] = {
    {"read4k-1", false, 4096, 1},        {"write4k-1", true, 4096, 1},
    {"read4k-32", false, 4096, 32},      {"write4k-32", true, 4096, 32},
    {"read128k-8", false, 128 << 10, 8}, {"write128k-8", true, 128 << 10, 8},
};

const struct block_case *block_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!strcmp(cases[i].name, name))
            return &cases[i];
    }
    return NULL;
}

unsigned char *block_buffers(const struct block_case *c)
{
    size_t bytes = (size_t)c->depth * c->bytes;
    unsigned char *p = aligned_alloc(4096, bytes);

    if (!p)
        device_die("no memory");
    memset(p, 0x5a, bytes);
    return p;
}

/* As wide as any x86-64 has; each is read, or written, once. */
typedef uint64_t wide __attribute__((vector_size(16), may_alias));

void block_fill(volatile void *data, size_t bytes)
{
    static uint64_t n;
    volatile wide *p = data, *end = p + bytes / sizeof *p;
    wide x = {n, n};

    n++;
    for (; p < end; p += 4) {
        p[0] = x;
        p[1] = x;
        p[2] = x;
        p[3] = x;
    }
}

void block_look(const volatile void *data, size_t bytes)
{
    const volatile wide *p = data, *end = p + bytes / sizeof *p;
    wide a = {0, 0}, b = {0, 0};

    for (; p < end; p += 4) {
        a ^= p[0];
        b ^= p[1];
        a ^= p[2];
        b ^= p[3];
    }
    a ^= b;
    DEVICE_USE(a[0] ^ a[1]);
}

void block_warm(const char *path)
{
    static unsigned char block[256 << 10];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    uint64_t off;

    if (fd < 0)
        device_die_errno(path);
    for (off = 0; off < DEVICE_BYTES; off += sizeof block) {
        if (pread(fd, block, sizeof block, (off_t)off) != sizeof block)
            device_die("the file cannot be read");
    }
    close(fd);
}

/* Xorshift, by George Marsaglia. */
static uint64_t place(uint64_t *x, const struct block_case *c)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x % (DEVICE_BYTES / c->bytes) * c->bytes;
}

struct run {
    const struct block_case *c;
    const struct block_peer *p;
    uint64_t x;     /* of the places           */
    unsigned out;   /* under way               */
    uint64_t begun; /* of (n), where it is set */
    uint64_t n;
};

static void begin(struct run *r, unsigned slot)
{
    r->p->submit(r->p->arg, slot, place(&r->x, r->c));
    r->out++;
    r->begun++;
}

/* Gives the number that were done; each is followed by another, if (more). */
static unsigned turn(struct run *r, bool more)
{
    unsigned slots[BLOCK_DEPTH_MAX], n, i;

    n = r->p->wait(r->p->arg, slots);
    r->out -= n;
    for (i = 0; i < n; i++) {
        if (more && (!r->n || r->begun < r->n))
            begin(r, slots[i]);
    }
    return n;
}

void block_loop(struct device *d, const struct block_case *c,
                const struct block_peer *p)
{
    struct run r = {.c = c, .p = p, .x = 88172645463325252u, .n = d->n};
    uint64_t from, now, done = 0;
    unsigned i;

    for (i = 0; i < c->depth && (!d->n || r.begun < d->n); i++)
        begin(&r, i);
    if (d->n) {
        while (r.out)
            turn(&r, true);
        return;
    }
    for (from = device_now(); device_now() - from < d->ns / 4;)
        turn(&r, true);
    if (p->count)
        p->count(p->arg, true);
    from = device_now();
    do {
        done += turn(&r, true);
        now = device_now();
    } while (now - from < d->ns);
    if (p->count)
        p->count(p->arg, false);
    while (r.out)
        turn(&r, false);
    d->ops = (double)done * 1e9 / (double)(now - from);
}

void block_measure(struct device *d, const struct block_case *c,
                   const struct block_peer *p)
{
    /* Who wants so many exactly does so to count them, and no spin. */
    if (!d->n)
        d->pair.before = pair_distance(&d->pair);
    if (!d->pair.second) {
        block_loop(d, c, p);
        pair_go(&d->pair, PAIR_STOP);
    } else if (p->serve) {
        p->serve(p->arg);
    }
    pair_meet(&d->pair);
    if (!d->n)
        d->pair.after = pair_distance(&d->pair);
    if (!d->pair.second)
        device_report_all(d);
}
