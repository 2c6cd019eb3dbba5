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

#include "front.h"
#include "linux_disk.h"

#define REGION (2 * MIB)
#define HOLE   (MIB + MIB / 2)

static unsigned char *image; /* what is to be on the disk                     */
static unsigned char *back;  /* what was read from it                         */

static void open_front(struct front *x, const struct linux_disk *d,
                       const struct terms *t, bool read_only)
{
    struct leat_store store;

    tap_note("%s, %s", d->path, t->name);
    front_open(x, 0);
    store = leat_xen_store_ops(x->store);
    disk_make(d, &store, read_only);
    MUST(!front_create(x, FRONT, t));
    OK(TURNS(x, leat_blkfront_connected(x->f), 30000), "it connects");
}

static void close_front(struct front *x)
{
    struct leat_store store = leat_xen_store_ops(x->store);
    struct leat_grants_stats s;

    front_close(x);
    OK(store_has(BACK, "state", "6"), "Linux's state is Closed");
    OK(disk_remove(&store), "its device goes");
    MUST(!leat_grants_stats(x->table, &s));
    OK(s.shares_live == 0, "no grant is live");
    leat_xen_events_close(x->events);
    leat_xen_store_close(x->store);
    front_give_back(x);
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
                                   .done = front_done,
                                   .arg = j};
        j->busy = true;
        MUST(!leat_blkfront_submit(x->f, &j->blk));
        GIVES(front_settle(x), 0, "a request of 32 shared pages");
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
              "b=$(dd if=%s bs=1M count=2 2>/dev/null | sha256sum); "
              "rm /tmp/image; echo \"# sha256 $b of %s\"; test \"$a\" = \"$b\"",
              d->path, d->path);
}

/* What both sides wrote into the store, and what the kernel says it made of it. */
static void negotiated(struct front *x, const struct linux_disk *d,
                       const struct leat_blkfront_info *i)
{
    const struct terms *t = x->terms;
    bool several = t->ring_order != 1;
    bool persistent = !(t->flags & LEAT_BLKFRONT_NO_PERSISTENT);
    bool small = t->flags & LEAT_BLKFRONT_X86_32;

    sh("{ xenstore-ls %s; echo; xenstore-ls %s; } | sed 's/^/# /'", FRONT,
       BACK);
    sh("dmesg | grep 'xen-blkback: backend/vbd' | tail -n 1 | sed 's/^/# /'");
    OK(i->sectors == sh_number("cat /sys/block/%s/size", d->name),
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
static void counted(struct front *x, const struct linux_disk *d)
{
    struct leat_blkfront_stats s;
    uint64_t requests = back_counts("rd_req") + back_counts("wr_req") +
                        back_counts("f_req") + back_counts("ds_req");

    MUST(!leat_blkfront_stats(x->f, &s));
    sh("cd " BACK_IN "/statistics && for f in *; do "
       "echo -n \"$f $(cat $f)  \"; done | sed 's/^/# back: /'; echo; "
       "sed 's/^/# device: /' /sys/block/%s/stat",
       d->name);
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

static void flushes_and_discards(struct front *x, const struct linux_disk *d,
                                 const struct leat_blkfront_info *i)
{
    bool loop = d->loop;

    OK(i->flush == loop && i->barrier == loop && i->discard == loop,
       "flush, barrier and discard are %s", loop ? "offered" : "not offered");
    GIVES(front_one(x, LEAT_BLK_FLUSH, 0, NULL, 0),
          loop ? 0 : LEAT_E_UNSUPPORTED, "flush");
    for (size_t k = 0; k < 32768; k++)
        image[MIB + k] = (unsigned char)(k * 7);
    GIVES(front_one(x, LEAT_BLK_BARRIER, MIB, image + MIB, 32768),
          loop ? 0 : LEAT_E_UNSUPPORTED, "barrier");
    if (!loop)
        GIVES(front_one(x, LEAT_BLK_WRITE, MIB, image + MIB, 32768), 0,
              "a write in its place");
    GIVES(front_one(x, LEAT_BLK_DISCARD, HOLE, NULL, 65536),
          loop ? 0 : LEAT_E_UNSUPPORTED, "discard");
    if (loop) {
        memset(image + HOLE, 0, 65536);
        memset(back, 1, 65536);
        GIVES(front_one(x, LEAT_BLK_READ, HOLE, back, 65536), 0, "read it");
        OK(!memcmp(back, image + HOLE, 65536), "it is zero");
    }
}

static void session(const struct linux_disk *d, const struct terms *t)
{
    static struct front x;
    struct leat_blkfront_info info;
    uint64_t written = device_counts(d, 7), discards = device_counts(d, 12);

    for (size_t i = 0; i < REGION; i++)
        image[i] = (unsigned char)(i * 13 + i / 4096 + t->segments);
    open_front(&x, d, t, false);
    MUST(!leat_blkfront_info(x.f, &info));
    negotiated(&x, d, &info);
    if (t->mode == LEAT_RECEIVE_SHARED) {
        carry_shared(&x);
    } else {
        memset(back, 0, REGION);
        GIVES(front_carry(&x, LEAT_BLK_WRITE, image, REGION), 0, "write 2 MiB");
        flushes_and_discards(&x, d, &info);
        GIVES(front_carry(&x, LEAT_BLK_READ, back, REGION), 0, "read them");
        OK(!memcmp(image, back, REGION), "they are what was written");
        OK(sums_agree(d), "the device's checksum is the image's");
        GIVES(front_one(&x, LEAT_BLK_READ, info.sectors * SECTOR, back, 4096),
              LEAT_E_RANGE, "past the end");
    }
    counted(&x, d);
    if (d->loop) {
        OK(device_counts(d, 7) - written >= REGION / SECTOR,
           "the block device has counted as much");
        OK(device_counts(d, 12) > discards, "and the discard");
    }
    sh("echo 1 >/sys/module/xen_blkback/parameters/log_stats");
    close_front(&x);
    sh("echo 0 >/sys/module/xen_blkback/parameters/log_stats");
    keeps_grants(!(t->flags & LEAT_BLKFRONT_NO_PERSISTENT));
}

/* A disk that may not be written, which the back alone knows at first. */
static void read_only(const struct linux_disk *d)
{
    static const struct terms t = {.name = "read-only",
                                   .mode = LEAT_RECEIVE_COPY};
    static struct front x;
    struct leat_blkfront_info info;

    open_front(&x, d, &t, true);
    MUST(!leat_blkfront_info(x.f, &info));
    OK(info.read_only, "and is read-only");
    GIVES(front_one(&x, LEAT_BLK_WRITE, 0, image, 4096), LEAT_E_ACCESS,
          "a write");
    GIVES(front_one(&x, LEAT_BLK_READ, 0, back, 4096), 0, "a read");
    OK(!memcmp(image, back, 4096), "of what is there");
    close_front(&x);
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

    open_front(&x, d, &t, false);
    MUST(!leat_pool_get(x.pool, 1, &c));
    GIVES(front_one(&x, LEAT_BLK_WRITE, 0, leat_chunk_view(c).data, 4096),
          LEAT_E_ACCESS,
          "a page that is born writable is not shown for reading");
    GIVES(front_one(&x, LEAT_BLK_READ, 0, leat_chunk_view(c).data, 4096),
          LEAT_E_BUSY, "and is not known to be let go of");
    MUST(!leat_pool_put(x.pool, c));
    close_front(&x);
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
