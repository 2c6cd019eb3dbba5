/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_GRANTS_H
#define LEAT_TESTS_XEN_GRANTS_H

/* Shares and maps by the operations of libleat-xen, without a layer over them. */

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include <leat/leat.h>
#include <leat/xen_event.h>
#include <leat/xen_map.h>
#include <leat/xen_share.h>
#include <leat/xen_store.h>

#include "tap.h"

#define SHARES_MAX 1100

/* Pages of one slab, with their references. */
struct shared {
    struct leat_xen_share *x;
    struct leat_slab slab;
    size_t n;
    struct leat_gref grefs[SHARES_MAX];
};

/* A mapping. */
struct mapped {
    unsigned char *base;
    void *cookie;
    size_t n;
    int status[SHARES_MAX];
};

static inline uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void sleep_ms(unsigned ms)
{
    struct timespec t = {.tv_sec = ms / 1000,
                         .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&t, NULL);
}

/* Waits for (cond), for at most (ms); true when it came. */
#define COMES(cond, ms)                                      \
    ({                                                       \
        uint64_t end_ = now_ns() + (ms) * (uint64_t)1000000; \
        bool came_;                                          \
                                                             \
        while (!(came_ = (cond)) && now_ns() < end_)         \
            sleep_ms(5);                                     \
        came_;                                               \
    })

/* An operation of (e), which is struct leat_xen_events *; of a store. */
#define EVENT(e, op, ...) \
    leat_xen_event_ops(e).ops->op(leat_xen_event_ops(e).self, __VA_ARGS__)
#define STORE(s, op, ...) \
    leat_xen_store_ops(s).ops->op(leat_xen_store_ops(s).self, __VA_ARGS__)

/* The number of this domain. */
static inline uint32_t own_domain(void)
{
    struct leat_xen_store *x;
    struct leat_store store;
    char text[16];

    MUST(!leat_xen_store_open(&x, NULL));
    store = leat_xen_store_ops(x);
    MUST(!store.ops->read(store.self, 0, "domid", text, sizeof(text), NULL));
    leat_xen_store_close(x);
    return (uint32_t)strtoul(text, NULL, 10);
}

static inline struct leat_xen_map *open_map(void)
{
    struct leat_xen_map_config config = {0};
    struct leat_xen_why why;
    struct leat_xen_map *m = NULL;

    if (leat_xen_map_open(&m, &config, &why))
        tap_note("%s", why.text);
    MUST(m);
    return m;
}

/* Shares (n) pages by a backend of their own: as (config) says. */
static inline int share(struct shared *s, struct leat_xen_share_config config,
                        size_t n, uint32_t own)
{
    struct leat_backend b;
    struct leat_share ops;
    struct leat_xen_why why;
    uint32_t domain;
    enum leat_access access;
    int err;

    memset(s, 0, sizeof(*s));
    MUST(n <= SHARES_MAX);
    err = leat_xen_share_open(&s->x, &config, &why);
    if (err) {
        tap_note("%s", why.text);
        return err;
    }
    b = leat_xen_share_backend(s->x);
    ops = leat_xen_share_ops(s->x);
    err = b.ops->slab_get(b.self, n, &s->slab);
    if (err) {
        leat_xen_share_close(s->x);
        s->x = NULL;
        return err;
    }
    s->n = s->slab.pages;
    for (size_t i = 0; i < s->n; i++) {
        s->grefs[i].domain = own;
        MUST(!ops.ops->born(ops.self, s->slab.base + i * PAGE, &s->grefs[i].ref,
                            &domain, &access));
        MUST(domain == config.domain && access == config.access);
    }
    return 0;
}

static inline void unshare(struct shared *s)
{
    struct leat_backend b = leat_xen_share_backend(s->x);

    b.ops->slab_put(b.self, &s->slab);
    MUST(!leat_xen_share_check(s->x));
    MUST(!leat_xen_share_close(s->x));
    s->x = NULL;
}

static inline int map(struct leat_xen_map *m, struct mapped *out,
                      const struct leat_gref *grefs, size_t n,
                      enum leat_access access)
{
    struct leat_map ops = leat_xen_map_ops(m);
    void *base = NULL;
    int err;

    MUST(n <= SHARES_MAX);
    memset(out, 0, sizeof(*out));
    err = ops.ops->map(ops.self, grefs, n, access, &base, &out->cookie,
                       out->status);
    out->base = base;
    out->n = n;
    return err;
}

static inline int unmap(struct leat_xen_map *m, struct mapped *w)
{
    struct leat_map ops = leat_xen_map_ops(m);

    return ops.ops->unmap(ops.self, w->base, w->n, w->cookie);
}

/* What each page holds while a test looks: its number, and a seed. */
static inline void fill(unsigned char *base, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < PAGE; j += 8) {
            uint64_t word = ((uint64_t)seed << 32) + i * 512 + j / 8;

            memcpy(base + i * PAGE + j, &word, 8);
        }
}

static inline bool filled(const unsigned char *base, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < PAGE; j += 8) {
            uint64_t word;

            memcpy(&word, base + i * PAGE + j, 8);
            if (word != ((uint64_t)seed << 32) + i * 512 + j / 8)
                return false;
        }
    return true;
}

/* Touches memory that may not be touched. */
static sigjmp_buf fault_jump;

static inline void fault_handler(int sig)
{
    siglongjmp(fault_jump, sig);
}

/* The signal that reading, or writing, the byte at (at) ends with; 0: none. */
static inline int fault(volatile unsigned char *at, bool write)
{
    struct sigaction action = {.sa_handler = fault_handler}, segv, bus;
    int sig;

    sigaction(SIGSEGV, &action, &segv);
    sigaction(SIGBUS, &action, &bus);
    sig = sigsetjmp(fault_jump, 1);
    if (!sig) {
        unsigned char byte = *at;

        if (write)
            *at = byte;
    }
    sigaction(SIGSEGV, &segv, NULL);
    sigaction(SIGBUS, &bus, NULL);
    return sig;
}

#endif
