/* SPDX-License-Identifier: ISC */

/*
 * Threads get, slice, hand over and drop buffers of one flow pool, at its bound,
 * while another reads statistics and looks for pins: each byte has one owner.
 */

#include <leat/flow.h>

#include "stress.h"

#define THREADS 4
#define HELD    64

struct worker {
    struct stress *s;
    struct leat_flow_pool *fp;
    uint64_t random;
    uint64_t refused;
};

static bool is(const struct leat_flow_ref *ref, unsigned char mark)
{
    for (size_t i = 0; i < ref->view.len; i++)
        if (ref->view.data[i] != mark)
            return false;
    return true;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct leat_flow_ref refs[HELD];
    unsigned char marks[HELD] = {0};

    memset(refs, 0, sizeof(refs));
    while (stress_goes_on(w->s)) {
        size_t i = stress_random(&w->random) % HELD;
        size_t len = 1 + stress_random(&w->random) % 6000;
        struct leat_flow_ref part;
        bool copied;
        int err;

        if (!refs[i].buffer) {
            err = leat_flow_buffer_get(w->fp, len, &refs[i]);
            if (err) {
                HOLDS(w->s, err == LEAT_E_LIMIT);
                w->refused++;
                continue;
            }
            marks[i] = (unsigned char)stress_random(&w->random);
            memset(refs[i].view.data, marks[i], len);
            continue;
        }
        HOLDS(w->s, is(&refs[i], marks[i]));
        if (stress_random(&w->random) % 2) {
            len = refs[i].view.len;
            HOLDS(w->s,
                  !leat_flow_ref_slice(&refs[i], len / 4, len / 8 + 1, &part));
            HOLDS(w->s, !leat_flow_ref_drop(&refs[i]));
            HOLDS(w->s, !leat_flow_ref_move(&part, &refs[i]));
            err = leat_flow_ref_compact(&refs[i], 4, &copied);
            HOLDS(w->s, !err || err == LEAT_E_LIMIT);
            HOLDS(w->s, is(&refs[i], marks[i]));
        } else {
            HOLDS(w->s, !leat_flow_ref_drop(&refs[i]));
        }
    }
    for (size_t i = 0; i < HELD; i++)
        if (refs[i].buffer)
            HOLDS(w->s, !leat_flow_ref_drop(&refs[i]));
    return NULL;
}

static int count(void *arg, const struct leat_pin *pin)
{
    ++*(uint64_t *)arg;
    return pin->used > pin->pinned;
}

static void *watch(void *arg)
{
    struct worker *w = arg;
    struct leat_flow_stats stats;
    uint64_t pins = 0;

    while (stress_goes_on(w->s)) {
        HOLDS(w->s, !leat_flow_pool_stats(w->fp, &stats));
        HOLDS(w->s, stats.bytes_held <= stats.bytes_limit);
        HOLDS(w->s, !leat_flow_pool_pins(w->fp, 4, count, &pins));
    }
    return NULL;
}

int main(void)
{
    struct leat_flow_pool_config config = {.limit_bytes = 90 * PAGE};
    struct worker workers[THREADS];
    pthread_t threads[THREADS], watcher;
    struct leat_flow_pool *fp = NULL;
    struct leat_flow_stats stats;
    uint64_t refused = 0;
    struct stress s;

    stress_open(&s, (struct leat_pool_config){.limit_pages = 4096}, 1000);
    config.pool = s.pool;
    HOLDS(&s, !leat_flow_pool_create(&fp, &config));
    for (unsigned i = 0; i < THREADS; i++)
        workers[i] = (struct worker){&s, fp, i, 0};
    stress_start(threads, THREADS, work, workers, sizeof(*workers));
    stress_start(&watcher, 1, watch, workers, sizeof(*workers));
    stress_join(threads, THREADS);
    stress_join(&watcher, 1);
    for (unsigned i = 0; i < THREADS; i++)
        refused += workers[i].refused;
    HOLDS(&s, refused > 0);
    HOLDS(&s, !leat_flow_pool_check(fp));
    HOLDS(&s, !leat_flow_pool_stats(fp, &stats));
    HOLDS(&s, stats.buffers == 0 && stats.bytes_held == 0 && stats.gets > 1000);
    HOLDS(&s, !leat_flow_pool_destroy(fp));
    stress_close(&s, "buffers have one owner, and the bound holds");
    return s.failed != 0;
}
