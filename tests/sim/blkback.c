/* SPDX-License-Identifier: ISC */

/*
 * blkback in a process of its own, over a file, which io_uring reads and writes
 * straight from pages that another process granted. The front there is raw: it
 * writes the ring and the store by itself, and is honest, killed, or hostile.
 */

#include <poll.h>

#include <leat/blkback.h>

#include "blk_front.h"
#include "device.h"
#include "image.h"

static const struct leat_bus_device device = {
    .type = "vbd", .front = 1, .back = 2, .number = 768, .back_path = OF_BACK};

/* ---------------------------------------------------------------- the back */

static void serve(struct leat_sim_domain *d, struct leat_bus *bus,
                  struct leat_blkback *b, struct leat_disk disk)
{
    struct pollfd fds[] = {{.fd = leat_sim_fd(d), .events = POLLIN},
                           {.fd = disk.ops->fd(disk.self), .events = POLLIN}};
    bool more = true, more2 = true;
    const char *broken;

    while (!here && !number(d, "/test/end")) {
        do {
            MUST(leat_bus_poll(bus, 16, &more));
            MUST(leat_blkback_poll(b, 16, &more2));
            broken = leat_blkback_check(b);
            if (broken)
                printf("# %s\n", broken);
            CHECK(!broken);
        } while ((more || more2) && !here);
        poll(fds, 2, 20);
    }
}

static int back(void *arg)
{
    struct leat_blkback_config c = {.path = OF_BACK};
    struct leat_bus_config config = {0};
    struct leat_file_disk *file;
    struct leat_file_disk_stats fs;
    struct leat_blkback_stats s;
    struct leat_sim_domain *d;
    struct leat_blkback *b;
    struct leat_bus bus;
    bool more;

    MUST(leat_sim_join(dir, BACK, &d));
    file = open_image();
    if (here)
        return 1;
    config.store = leat_sim_store(d);
    config.events = leat_sim_events(d);
    config.fd = leat_sim_fd(d);
    MUST(leat_bus_init(&bus, &config));
    c.flags = (uint32_t)(uintptr_t)arg;
    c.bus = &bus;
    c.grants = table_of((struct leat_grants_config){.map = leat_sim_map(d)});
    c.disk = leat_file_disk(file);
    MUST(leat_blkback_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    MUST(leat_blkback_create(&b, &c));
    serve(d, &bus, b, c.disk);
    MUST(leat_blkback_close(b, true));
    for (int i = 0; i < 5000 && leat_blkback_destroy(b) == LEAT_E_BUSY; i++) {
        MUST(leat_blkback_poll(b, 16, &more));
        usleep(more ? 0 : 1000);
    }

    MUST(leat_blkback_stats(b, &s));
    MUST(leat_file_disk_stats(file, &fs));
    printf("# simulated: %llu reads, %llu writes, %llu errors, %llu connects; "
           "%llu maps, %llu unmaps, %llu hits; %llu of the disk's requests "
           "in %llu calls\n",
           (unsigned long long)s.reads, (unsigned long long)s.writes,
           (unsigned long long)s.error, (unsigned long long)s.connects,
           (unsigned long long)s.maps, (unsigned long long)s.unmaps,
           (unsigned long long)s.hits,
           (unsigned long long)(fs.reads + fs.writes + fs.flushes),
           (unsigned long long)fs.enters);
    /* Of all that was moved nothing was copied: it is messages alone. */
    CHECK(leat_copies_bytes(leat_blkback_copies(b)) <=
          (s.okay + s.error + s.unsupported) * (112 + 16) +
              s.indirect * 64 * 8);
    CHECK(s.maps == s.unmaps && !s.unmap_failed);
    MUST(leat_file_disk_close(file));
    MUST(leat_grants_destroy(c.grants));
    MUST(leat_bus_fini(&bus));
    MUST(leat_sim_leave(d));
    return here;
}

/* ------------------------------------------------------------- the fronts */

static int honest(void *arg)
{
    struct leat_blkif_request flush = {.id = 77, .operation = BLKIF_FLUSH};
    const uint32_t seed = (uint32_t)(uintptr_t)arg;
    struct leat_blkif_response rsp;
    struct front f;

    if (!front_open(&f, seed & 1))
        return 1;
    pass(&f, BLKIF_WRITE, seed);
    put(&f, &flush);
    CHECK(take(&f, &rsp) && rsp.id == 77 && rsp.status == BLKIF_OKAY);
    pass(&f, BLKIF_READ, seed);
    front_close(&f);
    return here;
}

/* Reads and writes for ever: it is killed. */
static int endless(void *arg)
{
    struct front f;

    if (!front_open(&f, (uintptr_t)arg & 1))
        return 1;
    for (uint32_t n = 0;; n++) {
        struct leat_blkif_response rsp;

        ask(&f, n & 1, n % (SECTORS / (SEGMENTS * 8)));
        if (n >= DEPTH && !take(&f, &rsp))
            return 1;
    }
}

static uint32_t x;

static uint32_t chance(void)
{
    x = x * 1664525 + 1013904223;
    return x >> 8;
}

/*
 * Writes what it likes, where it likes, for a while: indexes near and far,
 * requests that are almost right, states and keys.
 */
static int hostile(void *arg)
{
    struct front f;
    int t;

    x = (uint32_t)(uintptr_t)arg;
    if (!front_open(&f, x & 1))
        return 1;
    for (int i = 0; i < 400; i++) {
        for (int k = 0; k < 12; k++) {
            struct leat_blkif_request r = {
                .id = chance(),
                .operation = chance() % 10 ? chance() % 8 : chance(),
                .inner = chance() % 4,
                .sector = chance() % (SECTORS + 100),
                .sectors = chance() % 100,
                .segments = chance() % 13};

            for (uint32_t s = 0; s < BLKIF_SEGMENTS; s++)
                r.u.seg[s] = (struct leat_blkif_segment){
                    .ref = REF + 1 + chance() % (PAGES + 2),
                    .first = chance() % 9,
                    .last = chance() % 9};
            put(&f, &r);
            slot(&f, chance())[chance() % BLKIF_REQUEST_MAX] =
                (unsigned char)chance();
            f.pages[(1 + chance() % (PAGES - 1)) * PAGE + chance() % PAGE] =
                (unsigned char)chance();
        }
        if (chance() % 64 == 0)
            f.words[0] = f.prod = f.words[2] + chance() % 100;
        /* Who was found out is not served any more. */
        for (t = 0; t < 500 && f.prod - f.words[2] > 20; t++)
            usleep(20);
        if (t == 500)
            break;
        if (chance() % 128 == 0)
            set(f.d, "state", chance() % 9);
        if (chance() % 32 == 0)
            set(f.d, "ring-ref", chance() % 100);
    }
    MUST(leat_sim_leave(f.d)); /* with whatever it has */
    return here;
}

/* ---------------------------------------------------------------- the cases */

/* A directory for the next domain: with one that is gone, its keys are. */
static void front_directory(void)
{
    static const struct leat_store_perm perms[] = {{FRONT, 0},
                                                   {BACK, LEAT_STORE_READ}};
    static const char *const keys[][2] = {{OF_FRONT "/backend", OF_BACK},
                                          {OF_FRONT "/backend-id", "2"},
                                          {OF_FRONT "/state", "1"}};
    const struct leat_store s = store;

    (void)s.ops->remove(s.self, LEAT_STORE_NOW, OF_FRONT);
    MUST(s.ops->mkdir(s.self, LEAT_STORE_NOW, OF_FRONT));
    MUST(s.ops->set_perms(s.self, LEAT_STORE_NOW, OF_FRONT, perms, 2));
    for (size_t i = 0; i < COUNT(keys); i++) {
        MUST(s.ops->write(s.self, LEAT_STORE_NOW, keys[i][0], keys[i][1],
                          strlen(keys[i][1])));
        MUST(s.ops->set_perms(s.self, LEAT_STORE_NOW, keys[i][0], perms, 2));
    }
}

/* The front has gone: nothing of it stays mapped, and the next may come. */
static void anew(void)
{
    struct leat_sim_info info = {0};
    int i;

    front_directory();
    for (i = 0; i < 5000; i++) {
        MUST(leat_sim_info(toolstack, BACK, &info));
        if (!info.mappings)
            break;
        usleep(1000);
    }
    CHECK(!info.mappings);
}

static bool image_is(uint32_t seed)
{
    unsigned char *all = malloc(BYTES);
    int fd = open(image, O_RDONLY);
    bool same = read(fd, all, BYTES) == BYTES;

    for (size_t i = 0; i < BYTES && same; i++)
        same = all[i] == byte_of(seed, i);
    close(fd);
    free(all);
    return same;
}

static void end(bool yes)
{
    const struct leat_store s = store;
    const struct leat_store_perm everybody = {0, LEAT_STORE_READ};

    MUST(s.ops->write(s.self, LEAT_STORE_NOW, "/test/end", yes ? "1" : "0", 1));
    MUST(s.ops->set_perms(s.self, LEAT_STORE_NOW, "/test/end", &everybody, 1));
}

int main(void)
{
    pid_t b, child;

    begin();
    make_image(BYTES);
    open_toolstack();
    MUST(leat_bus_device_make(&store, &device));
    end(false);
    b = spawn(back, NULL);

    for (uint32_t seed = 1; seed <= 2; seed++) {
        reap(spawn(honest, (void *)(uintptr_t)seed));
        CHECK(image_is(seed));
        anew();
    }
    result("a disk is written and read, with and without persistent grants");

    for (uint32_t i = 0; i < 12; i++) {
        child = spawn(endless, (void *)(uintptr_t)i);
        usleep(3000 * i + 2000);
        kill_it(child);
        anew();
    }
    reap(spawn(honest, (void *)3));
    CHECK(image_is(3));
    anew();
    result("fronts that are killed at any time leave nothing behind");

    for (uint32_t seed = 1; seed <= 6; seed++) {
        reap(spawn(hostile, (void *)(uintptr_t)(seed * 7919)));
        anew();
    }
    reap(spawn(honest, (void *)4));
    CHECK(image_is(4));
    result("fronts that write what they like hurt nobody");

    end(true);
    reap(b);
    MUST(leat_bus_device_remove(&store, &device));
    close_toolstack();
    unlink(image);
    CHECK(nothing_left());
    result("nothing is left");
    return done();
}
