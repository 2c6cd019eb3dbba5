/* SPDX-License-Identifier: ISC */

/*
 * Rings that change while blkfront reads them, and index pages of noise: what it
 * takes was there, whole, at one moment, or it breaks; each request is done once.
 */

#include <pthread.h>
#include <sched.h>

#include "pv/front_asks.h"

static struct front_world w;
static struct ask a;
static struct fw_taken q;

/* The index page is noise: it breaks, or it does not, and that is all. */
Test(blkfront_noise, noise_in_the_index_page)
{
    uint32_t x = 1, breaks = 0;

    for (int i = 0; i < 200; i++) {
        fw_open(&w, ask_config(ask_modes[i % 3]));
        ask(&w, &a, LEAT_BLK_READ, 16, 3, 0x44);
        for (int k = 0; k < 16; k++) {
            x = x * 1664525 + 1013904223;
            w.ring[0].words[k] = i % 2 ? x : x >> 30;
        }
        fw_run(&w);
        breaks += w.events[LEAT_BLKFRONT_BROKEN];
        MUST(leat_blkfront_close(w.f, true));
        cr_assert_eq(a.times, 1);
        ask_end(&a);
        fw_close(&w);
    }
    cr_assert_gt(breaks, 100);
}

/* --------------------------------------------------------------- XSA-155 */

struct flipper {
    volatile unsigned char *slots;
    uint32_t flips;
    bool stop;
};

static void *flip(void *arg)
{
    struct flipper *f = arg;
    uint32_t x = 7;

    while (!__atomic_load_n(&f->stop, __ATOMIC_RELAXED)) {
        x = x * 1664525 + 1013904223;
        f->slots[(x >> 27) * 112 + (x >> 8) % 12] ^= 1u << (x >> 16 & 7);
        __atomic_add_fetch(&f->flips, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static void await_flips(struct flipper *f, uint32_t n)
{
    const uint32_t from = __atomic_load_n(&f->flips, __ATOMIC_RELAXED);

    while (__atomic_load_n(&f->flips, __ATOMIC_RELAXED) - from < n)
        sched_yield();
}

/* All slots change while answers are taken from them: id, operation, status. */
Test(blkfront_noise, fields_that_change_while_they_are_read)
{
    static struct ask many[32];
    uint64_t id[32];
    uint32_t good = 0, bad = 0, i, n;

    for (int round = 0; round < 120; round++) {
        struct flipper f = {.stop = false};
        struct leat_blkfront_config c = ask_config(ask_modes[round % 3]);
        pthread_t thread;

        c.ring_order = 1;
        fw_open(&w, c);
        for (i = 0; i < 32; i++) {
            ask_make(&w, &many[i], LEAT_BLK_WRITE, i, 1, 0);
            MUST(ask_submit(&many[i]));
        }
        fw_run(&w);
        for (i = 0; i < 32; i++) {
            cr_assert(fw_take(&w, 0, &q));
            id[i] = q.wire.id;
        }
        f.slots = w.ring[0].base + 64;
        cr_assert_eq(pthread_create(&thread, NULL, flip, &f), 0);
        for (i = 0; i < 32 && !w.events[LEAT_BLKFRONT_BROKEN]; i++) {
            fw_answer(&w, 0, id[i], BLKIF_WRITE, BLKIF_OKAY);
            if (round % 4 == 0)
                await_flips(&f, 1000);
            fw_run(&w);
        }
        __atomic_store_n(&f.stop, true, __ATOMIC_RELAXED);
        cr_assert_eq(pthread_join(thread, NULL), 0);
        bad += w.events[LEAT_BLKFRONT_BROKEN];
        MUST(leat_blkfront_close(w.f, true));
        for (i = n = 0; i < 32; i++) {
            cr_assert_eq(many[i].times, 1);
            n += many[i].err == 0;
            ask_end(&many[i]);
        }
        good += n;
        fw_close(&w);
    }
    cr_assert_gt(good, 0);
    cr_assert_gt(bad, 0);
}
