/* SPDX-License-Identifier: ISC */

/*
 * Our blkfront against Linux's xen-blkback, in dom0 itself: a ram disk, and a loop
 * device over a file in memory, which has flush, barrier and discard as well. What
 * was negotiated and carried is held against what Linux says of it.
 *
 * Linux never says that it has let go of a page that is born granted, so grants
 * are kept (COPY and SHARED); a back that has closed has given its word.
 */

#include <fcntl.h>

#include <leat/blkfront.h>

#include "linux_disk.h"

#define MIB    ((size_t)1 << 20)
#define REGION (4 * MIB)
#define JOBS   64
#define SECTOR ((size_t)512)

struct terms {
    const char *name;
    enum leat_receive_mode mode;
    uint32_t flags;
    uint32_t ring_order; /* as the config has it */
    uint32_t segments;
};

struct job {
    struct leat_blk blk;
    struct leat_view views[3];
    bool busy;
    int err;
};

struct front {
    const struct linux_disk *disk;
    const struct terms *terms;
    struct leat_xen_store *store;
    struct leat_xen_events *events;
    struct leat_xen_share *share;
    struct leat_mmap meta;
    struct leat_pool *pool;
    struct leat_grants *table;
    struct leat_bus bus;
    struct leat_blkfront *f;
    void *own_meta;
    bool closed, broken;
    struct job jobs[JOBS];
};

static unsigned char *image; /* what is to be on the disk                     */
static unsigned char *back;  /* what was read from it                         */

/* -------------------------------------------------------------- the front */

static void event(void *arg, struct leat_blkfront *f,
                  enum leat_blkfront_event what)
{
    struct front *x = arg;

    x->closed |= what == LEAT_BLKFRONT_CLOSED;
    x->broken |= what == LEAT_BLKFRONT_BROKEN;
    if (what == LEAT_BLKFRONT_BROKEN)
        tap_note("%s", leat_blkfront_text(f));
}

static void open_front(struct front *x, const struct linux_disk *d,
                       const struct terms *t, bool read_only)
{
    struct leat_xen_share_config share = {.flags = LEAT_XEN_TOLD};
    struct leat_pool_config pool = {.peer = 1, .zero = LEAT_ZERO_ALWAYS};
    struct leat_grants_config grants = {0};
    struct leat_bus_config bus = {.fd = -1};
    struct leat_blkfront_config c = {.path = FRONT, .trusted = true};
    struct leat_xen_why why;

    memset(x, 0, sizeof(*x));
    x->disk = d;
    x->terms = t;
    MUST(!leat_xen_store_open(&x->store, NULL));
    MUST(!leat_xen_events_open(&x->events, NULL));
    if (leat_xen_share_open(&x->share, &share, &why))
        tap_note("%s", why.text);
    MUST(x->share);
    MUST(!leat_mmap_init(&x->meta));
    pool.backend = leat_xen_share_backend(x->share);
    MUST(!leat_pool_create(&x->pool, &pool));
    grants.share = leat_xen_share_ops(x->share);
    grants.backend = leat_mmap(&x->meta);
    MUST(!leat_grants_create(&x->table, &grants));
    bus.store = leat_xen_store_ops(x->store);
    bus.events = leat_xen_event_ops(x->events);
    MUST(!leat_bus_init(&x->bus, &bus));
    disk_make(d, &bus.store, read_only);

    c.bus = &x->bus;
    c.grants = x->table;
    c.pool = x->pool;
    c.mode = t->mode;
    c.flags = t->flags;
    c.ring_order = t->ring_order;
    c.segments = t->segments;
    c.requests = JOBS;
    c.event = event;
    c.arg = x;
    MUST(!leat_blkfront_meta_size(&c, &c.meta_bytes));
    c.meta = x->own_meta = malloc(c.meta_bytes);
    MUST(!leat_blkfront_create(&x->f, &c));
}

/* One round; sleeps on both descriptors where there is nothing to do. */
static void turn(struct front *x)
{
    struct leat_store store = leat_xen_store_ops(x->store);
    struct leat_events events = leat_xen_event_ops(x->events);
    bool more = false, more2 = false;

    MUST(!leat_bus_poll(&x->bus, 16, &more));
    MUST(!leat_blkfront_poll(x->f, 64, &more2));
    if (!more && !more2) {
        struct pollfd fds[] = {
            {.fd = store.ops->fd(store.self), .events = POLLIN},
            {.fd = events.ops->fd(events.self), .events = POLLIN}};

        poll(fds, COUNT(fds), 100);
    }
}

/* Takes turns until (cond), for (ms) at most. */
#define TURNS(x, cond, ms)                                     \
    ({                                                         \
        uint64_t until_ = now_ns() + (ms) * (uint64_t)1000000; \
                                                               \
        while (!(cond) && !(x)->broken && now_ns() < until_)   \
            turn(x);                                           \
        (cond);                                                \
    })

static void close_front(struct front *x)
{
    struct leat_store store = leat_xen_store_ops(x->store);
    struct leat_grants_stats s;

    MUST(!leat_blkfront_close(x->f, false));
    OK(TURNS(x, x->closed, 10000), "it closes");
    OK(!leat_blkfront_check(x->f), "its invariants hold");
    GIVES(leat_blkfront_destroy(x->f), 0, "destroy");
    MUST(!leat_bus_fini(&x->bus));
    OK(store_has(BACK, "state", "6"), "Linux's state is Closed");
    OK(disk_remove(&store), "its device goes");
    MUST(!leat_grants_stats(x->table, &s));
    OK(s.shares_live == 0, "no grant is live");
    leat_xen_events_close(x->events);
    leat_xen_store_close(x->store);
    free(x->own_meta);
}

/* A back that has closed has let go: it unmaps before it says so. */
static int is_told(void *arg, const struct leat_grant_info *info)
{
    (void)arg;
    return leat_grant_told(info->grant);
}

static void give_back(struct front *x)
{
    GIVES(leat_grants_each(x->table, is_told, NULL), 0,
          "it was told that the back let go");
    leat_grant_poll(x->table, 4096, NULL);
    GIVES(leat_grants_destroy(x->table), 0, "nothing is left in the table");
    GIVES(leat_pool_destroy(x->pool), 0, "nor in the pool");
    GIVES(leat_xen_share_close(x->share), 0, "nor shared");
}

/* --------------------------------------------------------------- requests */

static void done(void *arg, struct leat_blk *r, int err)
{
    struct job *j = arg;

    (void)r;
    j->err = err;
    j->busy = false;
}

static struct job *idle(struct front *x)
{
    for (size_t i = 0; i < JOBS; i++)
        if (!x->jobs[i].busy)
            return &x->jobs[i];
    return NULL;
}

static bool all_idle(struct front *x)
{
    for (size_t i = 0; i < JOBS; i++)
        if (x->jobs[i].busy)
            return false;
    return true;
}

/* Submits (op), with (bytes) at (at) of the disk and of (memory) as views. */
static int submit(struct front *x, enum leat_blk_op op, size_t at,
                  unsigned char *memory, size_t bytes, bool odd)
{
    struct job *j;
    size_t first = odd ? 2047 : bytes;
    int err;

    MUST(TURNS(x, idle(x), 10000) && (j = idle(x)));
    memset(j, 0, sizeof(*j));
    j->views[0] = (struct leat_view){memory, first};
    j->views[1] = (struct leat_view){memory + first, bytes - first};
    j->blk = (struct leat_blk){.op = op,
                               .sector = at / SECTOR,
                               .views = bytes ? j->views : NULL,
                               .n = bytes ? 1 + odd : 0,
                               .done = done,
                               .arg = j};
    if (op == LEAT_BLK_DISCARD) {
        j->blk.sectors = bytes / SECTOR;
        j->blk.views = NULL;
        j->blk.n = 0;
    }
    j->busy = true;
    err = leat_blkfront_submit(x->f, &j->blk);
    if (err)
        j->busy = false;
    return err;
}

/* Waits for all; the first error of any. */
static int settle(struct front *x)
{
    int err = 0;

    MUST(TURNS(x, all_idle(x), 30000));
    for (size_t i = 0; i < JOBS; i++) {
        if (!err)
            err = x->jobs[i].err;
        x->jobs[i].err = 0;
    }
    return err;
}

static int one(struct front *x, enum leat_blk_op op, size_t at,
               unsigned char *memory, size_t bytes)
{
    int err = submit(x, op, at, memory, bytes, false);

    return err ? err : settle(x);
}

/* The whole region, by requests of all lengths, many at a time. */
static int carry(struct front *x, enum leat_blk_op op, unsigned char *memory)
{
    static const size_t lengths[] = {4096, 65536,  512,  131072,
                                     4096, 262144, 3584, 36864};
    size_t at = 0, len, i;
    int err = 0;

    for (i = 0; at < REGION && !err; i++, at += len) {
        len = lengths[i % COUNT(lengths)];
        len = len < REGION - at ? len : REGION - at;
        err = submit(x, op, at, memory + at, len, i % 5 == 0 && len >= 4096);
    }
    return err ? err : settle(x);
}

/* SHARED: by pages of the device's own, of which the peer sees each write. */
static void carry_shared(struct front *x)
{
    enum {
        N = 32
    };
    static struct leat_blk_page pages[N];
    static struct leat_blk_part parts[N];
    static struct leat_copies copies;
    struct job *j = &x->jobs[0];
    bool same = true;

    memset(back, 0, PAGE);
    MUST(!leat_blkfront_pages(x->f, pages, N));
    for (size_t i = 0; i < N; i++) {
        parts[i] = (struct leat_blk_part){&pages[i], 0, PAGE};
        MUST(!leat_shared_copy_in(pages[i].bytes, 0, image + i * PAGE, PAGE,
                                  &copies));
    }
    for (int op = LEAT_BLK_WRITE; op >= LEAT_BLK_READ; op--) {
        j->blk = (struct leat_blk){.op = (enum leat_blk_op)op,
                                   .parts = parts,
                                   .n = N,
                                   .done = done,
                                   .arg = j};
        j->busy = true;
        MUST(!leat_blkfront_submit(x->f, &j->blk));
        GIVES(settle(x), 0, "a request of 32 shared pages");
        for (size_t i = 0; op == LEAT_BLK_WRITE && i < N; i++)
            MUST(!leat_shared_copy_in(pages[i].bytes, 0, back, PAGE, &copies));
    }
    for (size_t i = 0; i < N; i++) {
        MUST(!leat_shared_copy_out(pages[i].bytes, 0, back, PAGE, &copies));
        same &= !memcmp(back, image + i * PAGE, PAGE);
    }
    OK(same, "what was written is read, without a copy of the device's");
    OK(!leat_copies_bytes(leat_blkfront_copies(x->f)), "which counts none");
    MUST(!leat_blkfront_pages_put(x->f, pages, N));
}

/* ------------------------------------------------------------- what is seen */

/* By the system's own tools: the disk holds the image. */
static bool sums_agree(const struct linux_disk *d)
{
    FILE *f = fopen("/tmp/image", "w");

    MUST(f && fwrite(image, 1, REGION, f) == REGION && !fclose(f));
    return sh("echo 3 >/proc/sys/vm/drop_caches; "
              "a=$(sha256sum </tmp/image) "
              "b=$(dd if=%s bs=1M count=4 2>/dev/null | sha256sum); "
              "rm /tmp/image; echo \"# sha256 $b of %s\"; test \"$a\" = \"$b\"",
              d->path, d->path);
}

/* What both sides wrote into the store, and what the kernel says it made of it. */
static void negotiated(struct front *x, const struct leat_blkfront_info *i)
{
    const struct terms *t = x->terms;
    bool several = t->ring_order != 1;
    bool persistent = !(t->flags & LEAT_BLKFRONT_NO_PERSISTENT);
    bool small = t->flags & LEAT_BLKFRONT_X86_32;

    sh("{ xenstore-ls %s; echo; xenstore-ls %s; } | sed 's/^/# /'", FRONT,
       BACK);
    sh("dmesg | grep 'xen-blkback: backend/vbd' | tail -n 1 | sed 's/^/# /'");
    OK(i->sectors == sh_number("cat /sys/block/%s/size", x->disk->name),
       "it has the sectors that the device has: %llu",
       (unsigned long long)i->sectors);
    OK(i->queues == 1 && i->sector_bytes == 512 && !i->read_only,
       "one queue, for dom0 has one CPU; sectors of 512 bytes");
    if (several)
        OK(i->ring_pages == 16 && store_has(FRONT, "ring-page-order", "4") &&
               sh("xenstore-exists " FRONT "/ring-ref15"),
           "a ring of 16 pages");
    else
        OK(i->ring_pages == 1 && sh("xenstore-exists " FRONT "/ring-ref"),
           "a ring of one page");
    OK(store_has(FRONT, "protocol", small ? "x86_32-abi" : "x86_64-abi"),
       "the layout");
    OK(i->persistent == persistent &&
           store_has(BACK, "feature-persistent", "1") &&
           sh("%s xenstore-exists " FRONT "/feature-persistent",
              persistent ? "" : "!"),
       "grants are %s", persistent ? "persistent" : "not persistent");
    OK(sh("dmesg | grep 'xen-blkback: backend/vbd' | tail -n 1 | "
          "grep -q 'using 1 queues.*%s%s'",
          small ? "x86_32-abi" : "x86_64-abi",
          persistent ? ".*persistent grants" : ""),
       "so says the kernel");
    OK(i->indirect == (t->segments != 11) &&
           i->segments == (t->segments == 11 ? 11u : t->segments) &&
           store_has(BACK, "feature-max-indirect-segments", "256"),
       "%u segments", i->segments);
}

/* Linux counted what we sent. */
static void counted(struct front *x)
{
    struct leat_blkfront_stats s;
    uint64_t requests = back_counts("rd_req") + back_counts("wr_req") +
                        back_counts("f_req") + back_counts("ds_req");

    MUST(!leat_blkfront_stats(x->f, &s));
    sh("cd " BACK_IN "/statistics && for f in *; do "
       "echo -n \"$f $(cat $f)  \"; done | sed 's/^/# back: /'; echo; "
       "sed 's/^/# device: /' /sys/block/%s/stat",
       x->disk->name);
    tap_note("sent %llu, indirect %llu, segments %llu, notifies %llu",
             (unsigned long long)s.sent, (unsigned long long)s.indirect,
             (unsigned long long)s.segments, (unsigned long long)s.notifies);
    OK(requests == s.sent, "Linux counted %llu requests, as we",
       (unsigned long long)requests);
    OK(back_counts("rd_sect") * SECTOR == s.read_bytes &&
           back_counts("wr_sect") * SECTOR == s.write_bytes,
       "and as many sectors");
    OK(back_counts("f_req") == s.flushes + s.barriers &&
           back_counts("ds_req") == s.discards,
       "flushes and barriers, and discards");
    if (x->terms->segments > 11)
        OK(s.indirect > 0 &&
               back_counts("wr_sect") > 11 * 8 * back_counts("wr_req"),
           "more sectors a request than direct ones can have");
    else
        OK(!s.indirect, "no request was indirect");
    if (x->terms->mode == LEAT_RECEIVE_COPY)
        OK(leat_copies_bytes(leat_blkfront_copies(x->f)) ==
               s.read_bytes + s.write_bytes,
           "each byte was copied once");
    OK(!s.shares && !s.revokes, "no request cost a grant operation");
}

/* The back prints how many grants it keeps when it ends, if it is asked to. */
static void keeps_grants(bool persistent)
{
    uint64_t kept = sh_number(
        "dmesg | sed -n 's/.*pg: *\\([0-9]*\\)\\/.*/\\1/p' | tail -n 1");

    sh("dmesg | grep 'pg: ' | tail -n 1 | sed 's/^/# /'");
    OK(persistent ? kept >= 32 : kept == 0, "Linux kept %llu grants mapped",
       (unsigned long long)kept);
}

/* ------------------------------------------------------------------ the runs */

static void flushes_and_discards(struct front *x,
                                 const struct leat_blkfront_info *i)
{
    bool loop = x->disk->loop;

    OK(i->flush == loop && i->barrier == loop && i->discard == loop,
       "flush, barrier and discard are %s", loop ? "offered" : "not offered");
    GIVES(one(x, LEAT_BLK_FLUSH, 0, NULL, 0), loop ? 0 : LEAT_E_UNSUPPORTED,
          "flush");
    for (size_t k = 0; k < 32768; k++)
        image[MIB + k] = (unsigned char)(k * 7);
    GIVES(one(x, LEAT_BLK_BARRIER, MIB, image + MIB, 32768),
          loop ? 0 : LEAT_E_UNSUPPORTED, "barrier");
    if (!loop)
        GIVES(one(x, LEAT_BLK_WRITE, MIB, image + MIB, 32768), 0,
              "a write in its place");
    GIVES(one(x, LEAT_BLK_DISCARD, 2 * MIB, NULL, 65536),
          loop ? 0 : LEAT_E_UNSUPPORTED, "discard");
    if (loop) {
        memset(image + 2 * MIB, 0, 65536);
        memset(back, 1, 65536);
        GIVES(one(x, LEAT_BLK_READ, 2 * MIB, back, 65536), 0, "read it");
        OK(!memcmp(back, image + 2 * MIB, 65536), "it is zero");
    }
}

static void session(const struct linux_disk *d, const struct terms *t)
{
    static struct front x;
    struct leat_blkfront_info info;
    uint64_t written = device_counts(d, 7), discards = device_counts(d, 12);

    tap_note("%s, %s", d->path, t->name);
    for (size_t i = 0; i < REGION; i++)
        image[i] = (unsigned char)(i * 13 + i / 4096 + t->segments);
    open_front(&x, d, t, false);
    OK(TURNS(&x, leat_blkfront_connected(x.f), 10000), "it connects");
    MUST(!leat_blkfront_info(x.f, &info));
    negotiated(&x, &info);
    if (t->mode == LEAT_RECEIVE_SHARED) {
        carry_shared(&x);
    } else {
        memset(back, 0, REGION);
        GIVES(carry(&x, LEAT_BLK_WRITE, image), 0, "write 4 MiB");
        flushes_and_discards(&x, &info);
        GIVES(carry(&x, LEAT_BLK_READ, back), 0, "read them");
        OK(!memcmp(image, back, REGION), "they are what was written");
        OK(sums_agree(d), "the device's checksum is the image's");
        GIVES(one(&x, LEAT_BLK_READ, info.sectors * SECTOR, back, 4096),
              LEAT_E_RANGE, "past the end");
    }
    counted(&x);
    if (d->loop) {
        OK(device_counts(d, 7) - written >= REGION / SECTOR,
           "the block device has counted as much");
        OK(device_counts(d, 12) > discards, "and the discard");
    }
    sh("echo 1 >/sys/module/xen_blkback/parameters/log_stats");
    close_front(&x);
    sh("echo 0 >/sys/module/xen_blkback/parameters/log_stats");
    keeps_grants(!(t->flags & LEAT_BLKFRONT_NO_PERSISTENT));
    give_back(&x);
}

/* A disk that may not be written, which the back alone knows at first. */
static void read_only(const struct linux_disk *d)
{
    static const struct terms t = {.name = "read-only",
                                   .mode = LEAT_RECEIVE_COPY};
    static struct front x;
    struct leat_blkfront_info info;

    tap_note("%s, %s", d->path, t.name);
    open_front(&x, d, &t, true);
    OK(TURNS(&x, leat_blkfront_connected(x.f), 10000), "it connects");
    MUST(!leat_blkfront_info(x.f, &info));
    OK(info.read_only, "and is read-only");
    GIVES(one(&x, LEAT_BLK_WRITE, 0, image, 4096), LEAT_E_ACCESS, "a write");
    GIVES(one(&x, LEAT_BLK_READ, 0, back, 4096), 0, "a read");
    OK(!memcmp(image, back, 4096), "of what is there");
    close_front(&x);
    give_back(&x);
}

/*
 * To revoke per use, pages have to be granted on demand, with the access that is
 * wanted, and Linux has to tell when they are let go of: it does neither.
 */
static void revoke_per_use(const struct linux_disk *d)
{
    static const struct terms t = {.name = "revoke",
                                   .mode = LEAT_RECEIVE_REVOKE};
    static struct front x;
    struct leat_chunk c;

    tap_note("%s, %s", d->path, t.name);
    open_front(&x, d, &t, false);
    OK(TURNS(&x, leat_blkfront_connected(x.f), 10000), "it connects");
    MUST(!leat_pool_get(x.pool, 1, &c));
    GIVES(one(&x, LEAT_BLK_WRITE, 0, leat_chunk_view(c).data, 4096),
          LEAT_E_ACCESS,
          "a page that is born writable is not shown for reading");
    GIVES(one(&x, LEAT_BLK_READ, 0, leat_chunk_view(c).data, 4096), LEAT_E_BUSY,
          "and is not known to be let go of");
    MUST(!leat_pool_put(x.pool, c));
    close_front(&x);
    give_back(&x);
}

int main(void)
{
    static const struct terms terms[] = {
        {"persistent", LEAT_RECEIVE_COPY, 0, 0, 32},
        {"not persistent, one page, direct", LEAT_RECEIVE_COPY,
         LEAT_BLKFRONT_NO_PERSISTENT, 1, 11},
        {"as a guest of 32 bits", LEAT_RECEIVE_COPY, LEAT_BLKFRONT_X86_32, 0,
         64},
    };
    static const struct terms shared = {"shared", LEAT_RECEIVE_SHARED, 0, 0,
                                        32};
    struct linux_disk ram = {.name = "ram1"}, loop = {.name = "loop0"};

    image = malloc(REGION);
    back = malloc(REGION);
    MUST(image && back);
    snprintf(ram.path, sizeof(ram.path), "/dev/ram1");
    snprintf(ram.number, sizeof(ram.number), "1:1");
    snprintf(loop.path, sizeof(loop.path), "/dev/loop0");
    snprintf(loop.number, sizeof(loop.number), "7:0");
    loop.loop = true;
    MUST(sh("dd if=/dev/zero of=/tmp/disk bs=1M count=8 2>/dev/null && "
            "losetup /dev/loop0 /tmp/disk"));
    session(&ram, &terms[0]);
    for (size_t i = 0; i < COUNT(terms); i++)
        session(&loop, &terms[i]);
    session(&ram, &shared);
    read_only(&ram);
    revoke_per_use(&ram);
    MUST(sh("losetup -d /dev/loop0 && rm /tmp/disk"));
    return tap_end();
}
