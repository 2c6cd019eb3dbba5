/* SPDX-License-Identifier: ISC */

/*
 * A writer, a reader and one who acknowledges, each a thread, on flows of one
 * pool: every byte comes, in order, whatever calls it goes by; waiting is by
 * callback.
 */

#include <leat/flow.h>

#include "stress.h"

#define BYTES 3000000u
#define PAIRS 2

struct signal {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool set;
};

struct pair {
    struct stress *s;
    struct leat_flow *flow;
    uint64_t seed;
    bool retain;
};

static unsigned char byte_at(uint64_t at)
{
    return (unsigned char)(at * 131 + at / 251);
}

static void ready(void *arg, int err)
{
    struct signal *x = arg;

    (void)err;
    pthread_mutex_lock(&x->lock);
    x->set = true;
    pthread_cond_signal(&x->cond);
    pthread_mutex_unlock(&x->lock);
}

static void wait_for(struct signal *x)
{
    pthread_mutex_lock(&x->lock);
    while (!x->set)
        pthread_cond_wait(&x->cond, &x->lock);
    x->set = false;
    pthread_mutex_unlock(&x->lock);
}

static void *write_all(void *arg)
{
    struct pair *p = arg;
    struct signal x = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    struct leat_flow_waiter w = {0};
    unsigned char data[7000];
    uint64_t random = p->seed, at = 0;

    while (at < BYTES) {
        size_t len = 1 + stress_random(&random) % sizeof(data);
        int err;

        if (len > BYTES - at)
            len = BYTES - at;
        for (size_t i = 0; i < len; i++)
            data[i] = byte_at(at + i);
        err = leat_flow_write(p->flow, data, len);
        if (err == LEAT_E_AGAIN) {
            HOLDS(p->s, !leat_flow_wait_write(p->flow, &w, len, ready, &x));
            wait_for(&x);
            continue;
        }
        HOLDS(p->s, !err);
        if (err)
            break;
        at += len;
    }
    HOLDS(p->s, !leat_flow_close(p->flow));
    return NULL;
}

/* One read, by whichever call; gives how many bytes, or an error. */
static int64_t read_some(struct pair *p, uint64_t *random, uint64_t at)
{
    unsigned char data[7000];
    struct leat_flow_ref ref;
    const unsigned char *got = data;
    size_t n = 0, max = 1 + stress_random(random) % sizeof(data);
    unsigned how = stress_random(random) % 3;
    int err;

    if (how == 0)
        err = leat_flow_read_into(p->flow, data, max, &n);
    else if (how == 1)
        err = leat_flow_read(p->flow, max, &ref);
    else
        err = leat_flow_take(p->flow, max, &ref);
    if (err)
        return err;
    if (how) {
        got = ref.view.data;
        n = ref.view.len;
    }
    for (size_t i = 0; i < n; i++)
        if (got[i] != byte_at(at + i)) {
            HOLDS(p->s, !"the bytes as they were written");
            break;
        }
    if (how)
        HOLDS(p->s, !leat_flow_ref_drop(&ref));
    return (int64_t)n;
}

static void *read_all(void *arg)
{
    struct pair *p = arg;
    struct signal x = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
    struct leat_flow_waiter w = {0};
    uint64_t random = p->seed + 1, at = 0;

    for (;;) {
        int64_t n = read_some(p, &random, at);

        if (n == LEAT_E_AGAIN) {
            HOLDS(p->s, !leat_flow_wait_read(p->flow, &w, 1, ready, &x));
            wait_for(&x);
        } else if (n == LEAT_E_END) {
            break;
        } else {
            HOLDS(p->s, n > 0);
            if (n <= 0)
                break;
            at += (uint64_t)n;
        }
    }
    HOLDS(p->s, at == BYTES);
    return NULL;
}

static void *acknowledge_all(void *arg)
{
    struct pair *p = arg;
    struct leat_flow_position at = {0};

    while (p->retain && at.acked < BYTES) {
        HOLDS(p->s, !leat_flow_position(p->flow, &at));
        if (at.sent > at.acked)
            HOLDS(p->s, !leat_flow_ack(p->flow, (at.sent - at.acked + 1) / 2));
        else
            usleep(50);
    }
    return NULL;
}

int main(void)
{
    struct leat_flow_pool_config config = {.retain_ratio = 4};
    struct pair pairs[PAIRS];
    struct leat_flow_pool *fp = NULL;
    pthread_t threads[3][PAIRS];
    struct leat_flow_stats stats;
    struct stress s;

    stress_open(&s, (struct leat_pool_config){.limit_pages = 4096}, 0);
    config.pool = s.pool;
    HOLDS(&s, !leat_flow_pool_create(&fp, &config));
    for (unsigned i = 0; i < PAIRS; i++) {
        struct leat_flow_segments how = {.bytes = 1460, .headroom = 54};
        struct leat_flow_config c = {.capacity = 20000};

        pairs[i] = (struct pair){.s = &s, .seed = i, .retain = i == 0};
        how.need.boundary = LEAT_PAGE_SIZE;
        c.flags = i == 0 ? LEAT_FLOW_RETAIN : 0;
        c.segments = i == 1 ? &how : NULL;
        HOLDS(&s, !leat_flow_create(&pairs[i].flow, fp, &c));
    }
    stress_start(threads[0], PAIRS, write_all, pairs, sizeof(*pairs));
    stress_start(threads[1], PAIRS, read_all, pairs, sizeof(*pairs));
    stress_start(threads[2], PAIRS, acknowledge_all, pairs, sizeof(*pairs));
    for (unsigned i = 0; i < 3; i++)
        stress_join(threads[i], PAIRS);
    HOLDS(&s, !leat_flow_pool_check(fp));
    for (unsigned i = 0; i < PAIRS; i++)
        HOLDS(&s, !leat_flow_destroy(pairs[i].flow));
    HOLDS(&s, !leat_flow_pool_stats(fp, &stats));
    HOLDS(&s, stats.buffers == 0 && stats.bytes_held == 0);
    HOLDS(&s, stats.copies.bytes[LEAT_WHY_IN] == (uint64_t)BYTES * PAIRS);
    HOLDS(&s, !leat_flow_pool_destroy(fp));
    stress_close(&s, "bytes come in order through flows of several threads");
    return s.failed != 0;
}
