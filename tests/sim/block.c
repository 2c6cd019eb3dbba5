/* SPDX-License-Identifier: ISC */

/*
 * blkfront and blkback, each in a process of its own, over a file. The front
 * writes, reads and flushes at random, and keeps a ledger outside of all domains:
 * which generation of each block it wrote last, and which was acknowledged and
 * then flushed. What is read must lie between the two, whoever died meanwhile.
 */

#include <poll.h>
#include <sys/mman.h>

#include <leat/blkback.h>
#include <leat/blkfront.h>

#include "device.h"
#include "image.h"

#define FRONT    1u
#define BACK     2u
#define OF_FRONT "/local/domain/1/device/vbd/768"
#define OF_BACK  "/local/domain/2/backend/vbd/1/768"

enum {
    BLOCKS = 512, /* of a page each */
    DEPTH = 16,
    PAGES_MAX = 12
};

static const struct leat_bus_device device = {
    .type = "vbd", .front = FRONT, .back = BACK, .number = 768};

/* Shared by all processes of the test, and by no domain. */
static struct ledger {
    uint32_t wrote[BLOCKS];   /* submitted last                              */
    uint32_t kept[BLOCKS];    /* acknowledged, and flushed                   */
    uint32_t stop;            /* the front comes to its end                  */
    uint32_t end;             /* the back, too                               */
    uint32_t writes, flushes; /* that were done                              */
    uint32_t connects;        /* of the front that runs                      */
} * ledger;

/* ---------------------------------------------------------------- the back */

static int back(void *arg)
{
    struct leat_blkback_config c = {.path = OF_BACK, .queues = 2};
    struct leat_sim_domain *d = join(BACK);
    struct leat_file_disk *file = open_image();
    struct leat_blkback *b = NULL;
    struct leat_bus bus;
    bool more = true, more2 = true;
    int err = LEAT_E_REFERENCE;

    (void)arg;
    if (here)
        return 1;
    open_bus(&bus, d, NULL);
    c.bus = &bus;
    c.grants = table_of(
        (struct leat_grants_config){.map = leat_sim_map(d), .maps_max = 2048});
    c.disk = leat_file_disk(file);
    MUST(leat_blkback_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    for (int i = 0; err == LEAT_E_REFERENCE && i < 5000; i++) {
        err = leat_blkback_create(&b, &c);
        usleep(err ? 1000 : 0);
    }
    MUST(err);
    while (!here && !__atomic_load_n(&ledger->end, __ATOMIC_ACQUIRE)) {
        struct pollfd fds[] = {
            {.fd = leat_sim_fd(d), .events = POLLIN},
            {.fd = c.disk.ops->fd(c.disk.self), .events = POLLIN}};

        MUST(leat_bus_poll(&bus, 16, &more));
        MUST(leat_blkback_poll(b, 16, &more2));
        CHECK(!leat_blkback_check(b));
        CHECK(!leat_blkback_text(b)[0]);
        if (!more && !more2)
            poll(fds, 2, 10);
    }
    MUST(leat_blkback_close(b, true));
    for (int i = 0; i < 5000 && leat_blkback_destroy(b) == LEAT_E_BUSY; i++) {
        MUST(leat_blkback_poll(b, 16, &more));
        usleep(more ? 0 : 1000);
    }
    MUST(leat_file_disk_close(file));
    MUST(leat_grants_destroy(c.grants));
    MUST(leat_bus_fini(&bus));
    MUST(leat_sim_leave(d));
    return here;
}

/* --------------------------------------------------------------- the front */

struct job {
    struct leat_blk blk;
    struct front *front;
    struct leat_view view;
    struct leat_blk_page pages[PAGES_MAX];
    struct leat_blk_part parts[PAGES_MAX];
    struct leat_chunk chunk;
    uint32_t first, n; /* blocks */
    uint32_t
        generation[PAGES_MAX]; /* a write's; a read's: kept at its submit  */
    uint32_t acked[BLOCKS];    /* a flush's: what it will keep             */
    bool busy;
};

struct front {
    struct leat_sim_domain *d;
    struct leat_lifecycle life;
    struct leat_bus bus;
    struct leat_grants *table;
    struct leat_pool *pool;
    struct leat_blkfront *f;
    enum leat_receive_mode mode;
    struct job job[DEPTH];
    uint32_t busy[BLOCKS]; /* jobs that touch it                             */
    uint32_t acked[BLOCKS];
    uint32_t next;
    uint32_t seed;
    struct leat_copies copies;
    bool paused, closed;
};

static uint32_t chance(struct front *f, uint32_t n)
{
    f->seed = f->seed * 1664525 + 1013904223;
    return (f->seed >> 8) % n;
}

static uint64_t word_of(uint32_t block, uint32_t generation)
{
    return (uint64_t)generation << 32 | block;
}

/* Bytes of a job's page, for the test: out of shared memory, or the caller's. */
static void page_in(struct job *j, uint32_t i, const uint64_t *words)
{
    if (j->front->mode == LEAT_RECEIVE_SHARED)
        MUST(leat_shared_copy_in(j->pages[i].bytes, 0, words, PAGE,
                                 &j->front->copies));
    else
        memcpy(j->view.data + i * PAGE, words, PAGE);
}

static void page_out(struct job *j, uint32_t i, uint64_t *words)
{
    if (j->front->mode == LEAT_RECEIVE_SHARED)
        MUST(leat_shared_copy_out(j->pages[i].bytes, 0, words, PAGE,
                                  &j->front->copies));
    else
        memcpy(words, j->view.data + i * PAGE, PAGE);
}

static void look(struct job *j)
{
    uint64_t words[PAGE / 8];

    for (uint32_t i = 0; i < j->n; i++) {
        uint32_t block = j->first + i, generation;

        page_out(j, i, words);
        generation = (uint32_t)(words[0] >> 32);
        for (uint32_t k = 0; k < PAGE / 8; k++) {
            if (generation && words[k] != word_of(block, generation)) {
                printf("# block %u is torn at %u\n", block, k);
                here++;
                break;
            }
        }
        if (generation < j->generation[i] ||
            generation > ledger->wrote[block]) {
            printf("# block %u has %u, not %u to %u\n", block, generation,
                   j->generation[i], ledger->wrote[block]);
            here++;
        }
    }
}

static void done_with(void *arg, struct leat_blk *blk, int err)
{
    struct job *j = arg;
    struct front *f = j->front;

    MUST(err);
    j->busy = false;
    for (uint32_t i = 0; i < j->n; i++)
        f->busy[j->first + i]--;
    if (err)
        return;
    if (blk->op == LEAT_BLK_READ)
        look(j);
    if (blk->op == LEAT_BLK_WRITE) {
        ledger->writes++;
        for (uint32_t i = 0; i < j->n; i++)
            f->acked[j->first + i] = j->generation[i];
    }
    if (blk->op == LEAT_BLK_FLUSH) {
        ledger->flushes++;
        for (uint32_t i = 0; i < BLOCKS; i++) {
            if (j->acked[i] > ledger->kept[i])
                ledger->kept[i] = j->acked[i];
        }
    }
}

/* A run of blocks that no other job touches. */
static bool pick(struct front *f, struct job *j)
{
    j->n = 1 + chance(f, PAGES_MAX);
    j->first = chance(f, BLOCKS - j->n);
    for (uint32_t i = 0; i < j->n; i++) {
        if (f->busy[j->first + i])
            return false;
    }
    return true;
}

static void prepare(struct front *f, struct job *j)
{
    uint64_t words[PAGE / 8];

    for (uint32_t i = 0; i < j->n; i++) {
        uint32_t block = j->first + i;

        f->busy[block]++;
        j->parts[i] = (struct leat_blk_part){&j->pages[i], 0, PAGE};
        j->generation[i] = f->acked[block];
        if (j->blk.op == LEAT_BLK_READ)
            continue;
        j->generation[i] = ++ledger->wrote[block];
        for (uint32_t k = 0; k < PAGE / 8; k++)
            words[k] = word_of(block, j->generation[i]);
        page_in(j, i, words);
    }
    j->view.len = (size_t)j->n * PAGE;
}

static void submit(struct front *f, struct job *j)
{
    uint32_t what = chance(f, 16);

    memset(&j->blk, 0, sizeof(j->blk));
    j->blk.op = what == 0  ? LEAT_BLK_FLUSH
                : what < 9 ? LEAT_BLK_WRITE
                           : LEAT_BLK_READ;
    j->blk.done = done_with;
    j->blk.arg = j;
    j->n = 0;
    if (j->blk.op == LEAT_BLK_FLUSH) {
        memcpy(j->acked, f->acked, sizeof(j->acked));
    } else {
        if (!pick(f, j)) {
            j->n = 0;
            return;
        }
        prepare(f, j);
        j->blk.sector = j->first * 8u;
        j->blk.views = &j->view;
        j->blk.parts = j->parts;
        j->blk.n = f->mode == LEAT_RECEIVE_SHARED ? j->n : 1;
    }
    j->busy = true;
    MUST(leat_blkfront_submit(f->f, &j->blk));
}

static void event(void *arg, struct leat_blkfront *blk,
                  enum leat_blkfront_event what)
{
    struct front *f = arg;

    ledger->connects += what == LEAT_BLKFRONT_CONNECTED;
    f->paused |= what == LEAT_BLKFRONT_PAUSED;
    f->closed |= what == LEAT_BLKFRONT_CLOSED;
    if (what == LEAT_BLKFRONT_BROKEN) {
        printf("# %s\n", leat_blkfront_text(blk));
        here++;
    }
}

static void open_front(struct front *f)
{
    struct leat_blkfront_config c = {
        .path = OF_FRONT, .queues = 2, .requests = DEPTH, .trusted = true};
    struct leat_pool_config pool = {.limit_pages = 2048, .peer = BACK + 1};
    struct leat_grants_config grants = {.lifecycle = &f->life};
    struct leat_gnttab *g = malloc(sizeof(*g));

    f->d = join(FRONT);
    if (here)
        return;
    MUST(leat_lifecycle_init(&f->life));
    pool.backend = leat_sim_backend(f->d);
    MUST(leat_pool_create(&f->pool, &pool));
    MUST(leat_sim_gnttab(f->d, g));
    grants.share = leat_gnttab(g);
    f->table = table_of(grants);
    open_bus(&f->bus, f->d, &f->life);
    c.bus = &f->bus;
    c.grants = f->table;
    c.pool = f->pool;
    c.mode = f->mode;
    c.event = event;
    c.arg = f;
    MUST(leat_blkfront_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    for (int i = 0; i < 5000; i++) {
        int err = leat_blkfront_create(&f->f, &c);

        if (err != LEAT_E_REFERENCE) {
            MUST(err);
            break;
        }
        usleep(1000);
    }
    /* Of a front before: what it flushed is what there is at least. */
    memcpy(f->acked, ledger->kept, sizeof(f->acked));
}

static void give_pages(struct front *f)
{
    for (uint32_t i = 0; i < DEPTH; i++) {
        struct job *j = &f->job[i];

        j->front = f;
        if (f->mode == LEAT_RECEIVE_SHARED) {
            MUST(leat_blkfront_pages(f->f, j->pages, PAGES_MAX));
        } else {
            MUST(leat_pool_get(f->pool, PAGES_MAX, &j->chunk));
            j->view = leat_chunk_view(j->chunk);
        }
    }
}

static void take_pages(struct front *f)
{
    for (uint32_t i = 0; i < DEPTH; i++) {
        if (f->mode == LEAT_RECEIVE_SHARED)
            MUST(leat_blkfront_pages_put(f->f, f->job[i].pages, PAGES_MAX));
        else
            MUST(leat_pool_put(f->pool, f->job[i].chunk));
    }
}

/* One round; sleeps where there is nothing to do. */
static void turn(struct front *f)
{
    bool more = false, more2 = false;

    MUST(leat_bus_poll(&f->bus, 16, &more));
    MUST(leat_blkfront_poll(f->f, 16, &more2));
    CHECK(!leat_blkfront_check(f->f));
    if (!more && !more2)
        doze(f->d, SECOND / 100);
}

static void suspend(struct front *f)
{
    f->paused = false;
    MUST(leat_blkfront_pause(f->f));
    for (int i = 0; i < 2000 && !f->paused && !here; i++)
        turn(f);
    CHECK(f->paused);
    MUST(leat_sim_suspend(f->d, &f->life, NULL, NULL));
    MUST(leat_blkfront_resume(f->f));
}

static bool idle(const struct front *f)
{
    for (uint32_t i = 0; i < DEPTH; i++) {
        if (f->job[i].busy)
            return false;
    }
    return true;
}

static void close_front(struct front *f)
{
    take_pages(f);
    MUST(leat_blkfront_close(f->f, false));
    for (int i = 0; i < 2000 && !f->closed; i++)
        turn(f);
    CHECK(f->closed);
    MUST(leat_blkfront_destroy(f->f));
    MUST(leat_bus_fini(&f->bus));
    let_go(f->table);
    MUST(leat_grants_destroy(f->table));
    MUST(leat_pool_destroy(f->pool));
    MUST(leat_sim_leave(f->d));
}

static int front(void *arg)
{
    static struct front f;

    memset(&f, 0, sizeof(f));
    f.mode = mode_of(arg);
    f.seed = seed_of(arg);
    open_front(&f);
    for (int i = 0; i < 2000 && !here && !leat_blkfront_connected(f.f); i++)
        turn(&f);
    if (here || !leat_blkfront_connected(f.f))
        return 1;
    give_pages(&f);
    while (!here && !__atomic_load_n(&ledger->stop, __ATOMIC_ACQUIRE)) {
        if (leat_sim_suspend_asked(f.d))
            suspend(&f);
        for (uint32_t i = 0; i < DEPTH; i++) {
            if (!f.job[i].busy)
                submit(&f, &f.job[i]);
        }
        turn(&f);
    }
    for (int i = 0; i < 2000 && !idle(&f) && !here; i++)
        turn(&f);
    CHECK(idle(&f));
    close_front(&f);
    return here;
}

/* ---------------------------------------------------------------- the cases */

static void end(pid_t f, pid_t b)
{
    __atomic_store_n(&ledger->stop, 1, __ATOMIC_RELEASE);
    reap(f);
    __atomic_store_n(&ledger->end, 1, __ATOMIC_RELEASE);
    reap(b);
    await_life(FRONT, false);
    await_life(BACK, false);
    printf("# simulated: %u writes, %u flushes, %u connects\n", ledger->writes,
           ledger->flushes, ledger->connects);
}

static void start(pid_t *f, pid_t *b, enum leat_receive_mode mode)
{
    ledger->stop = ledger->end = ledger->connects = 0;
    *b = spawn(back, NULL);
    *f = spawn(front, args(mode, 1));
    await_life(FRONT, true);
    await_life(BACK, true);
    MUST(leat_bus_device_make(&store, &device));
    progress(&ledger->flushes, 2);
}

static void run(enum leat_receive_mode mode)
{
    pid_t f, b;

    start(&f, &b, mode);
    progress(&ledger->writes, 200);
    end(f, b);
    result_of(mode, "it writes, reads, flushes");

    start(&f, &b, mode);
    for (int i = 0; i < 4; i++) {
        b = again(b, &device, BACK, back, NULL);
        progress(&ledger->flushes, 1);
        progress(&ledger->writes, 20);
    }
    end(f, b);
    CHECK(ledger->connects == 5);
    result_of(mode, "backs are killed, and nothing flushed is lost");

    start(&f, &b, mode);
    for (uint32_t i = 0; i < 4; i++) {
        f = again(f, &device, FRONT, front, args(mode, i + 2));
        progress(&ledger->flushes, 1);
        progress(&ledger->writes, 20);
    }
    end(f, b);
    result_of(mode, "fronts are killed, and nothing flushed is lost");

    start(&f, &b, mode);
    for (uint32_t i = 0; i < 2; i++) {
        MUST(leat_sim_suspend_domain(toolstack, FRONT, 5 * (uint64_t)SECOND));
        MUST(leat_sim_resume_domain(toolstack, FRONT,
                                    i ? LEAT_CANCELLED : LEAT_RESUMED));
        progress(&ledger->writes, 50);
    }
    end(f, b);
    result_of(mode, "it is suspended and resumed");
}

int main(void)
{
    begin();
    make_image((size_t)BLOCKS * PAGE);
    ledger = mmap(NULL, sizeof(*ledger), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    open_toolstack();
    run(LEAT_RECEIVE_COPY);
    run(LEAT_RECEIVE_REVOKE);
    run(LEAT_RECEIVE_SHARED);
    close_toolstack();
    unlink(image);
    CHECK(nothing_left());
    result("nothing is left");
    return done();
}
