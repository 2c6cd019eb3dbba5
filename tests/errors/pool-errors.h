/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_POOL_ERRORS_H
#define LEAT_TESTS_POOL_ERRORS_H

/*
 * One misuse of a pool in each program. It says in TAP whether the misuse was
 * found as the header tells, and that the pool is sound afterwards.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <leat/leat.h>

#define MISUSE_PAGES 64

struct misuse {
    struct leat_pool *pool;
    struct leat_static_arena arena;
    bool passed;
};

static _Alignas(4096) unsigned char misuse_memory[MISUSE_PAGES * 4096];
static _Alignas(64) unsigned char misuse_meta[1 << 20];

/* Notes a call that did not give (err), or a condition that does not hold. */
#define EXPECT(m, err, call)                                                   \
    do {                                                                       \
        int got_ = (call);                                                     \
        if (got_ != (err)) {                                                   \
            printf("# %s:%d: %s gave %d, not %s\n", __FILE__, __LINE__, #call, \
                   got_, #err);                                                \
            (m)->passed = false;                                               \
        }                                                                      \
    } while (0)
#define HOLDS(m, cond)                                                        \
    do {                                                                      \
        if (!(cond)) {                                                        \
            printf("# %s:%d: %s does not hold\n", __FILE__, __LINE__, #cond); \
            (m)->passed = false;                                              \
        }                                                                     \
    } while (0)

static inline void misuse_open(struct misuse *m, struct leat_pool_config config)
{
    memset(m, 0, sizeof(*m));
    m->passed = true;
    m->arena.base = misuse_memory;
    m->arena.bytes = sizeof(misuse_memory);
    config.backend = leat_static(&m->arena);
    config.meta = misuse_meta;
    config.meta_bytes = sizeof(misuse_meta);
    EXPECT(m, 0, leat_pool_create(&m->pool, &config));
}

/* The pool is sound, and its pages can all be had once what is out is put. */
static inline int misuse_close(struct misuse *m, const char *text)
{
    struct leat_chunk c = {0};
    const char *broken = leat_pool_check(m->pool);

    if (broken) {
        printf("# %s\n", broken);
        m->passed = false;
    }
    EXPECT(m, 0, leat_pool_get(m->pool, MISUSE_PAGES, &c));
    EXPECT(m, 0, leat_pool_put(m->pool, c));
    EXPECT(m, 0, leat_pool_destroy(m->pool));
    printf("1..1\n%sok 1 - %s\n", m->passed ? "" : "not ", text);
    return 0;
}

#endif
