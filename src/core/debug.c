/* SPDX-License-Identifier: ISC */

/*
 * What builds with --enable-debug keep in addition: the latest events of each
 * page, and free pages that no program may touch, told to AddressSanitizer and
 * to valgrind by their client requests.
 *
 * Events are written without a lock: those of one chunk come from its owners,
 * and two at the same moment may lose one of them, never more.
 */

#include "internal.h"

#if LEAT_DEBUG

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_ASAN 1
#endif
#endif

#if HAVE_ASAN
#include <sanitizer/asan_interface.h>
#endif

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HAVE_MEMCHECK 1
#endif
#endif

void leat_debug_event(struct leat_pool *pool, uint32_t page,
                      enum leat_event_what what)
{
    struct page_events *e = &pool->events[page];
    uint64_t n = __atomic_fetch_add(&e->count, 1, __ATOMIC_RELAXED);
    struct leat_event *slot = &e->ring[n % LEAT_EVENTS];

    __atomic_store_n(&slot->when_ns, leat_clock_ns(pool->config.port),
                     __ATOMIC_RELAXED);
    __atomic_store_n(&slot->generation, state_load(pool, page) / STATE_LIFE,
                     __ATOMIC_RELAXED);
    __atomic_store_n(&slot->what, what, __ATOMIC_RELAXED);
}

void leat_debug_poison(void *addr, size_t bytes)
{
#if HAVE_ASAN
    __asan_poison_memory_region(addr, bytes);
#endif
#if HAVE_MEMCHECK
    (void)VALGRIND_MAKE_MEM_NOACCESS(addr, bytes);
#endif
    (void)addr;
    (void)bytes;
}

void leat_debug_unpoison(void *addr, size_t bytes)
{
#if HAVE_ASAN
    __asan_unpoison_memory_region(addr, bytes);
#endif
#if HAVE_MEMCHECK
    (void)VALGRIND_MAKE_MEM_UNDEFINED(addr, bytes);
#endif
    (void)addr;
    (void)bytes;
}

#endif

int leat_pool_events(struct leat_pool *pool, const void *addr,
                     struct leat_event *events, size_t *n)
{
    int err = pool_alive(pool);

    if (err)
        return err;
    if (!events || !n)
        return LEAT_E_INVALID;
#if LEAT_DEBUG
    {
        uint32_t slot, page, i;
        const struct page_events *e;
        uint64_t count, first;

        leat_lock_take(&pool->lock);
        slot = leat_slab_find(pool, addr);
        if (slot == NO_SLAB) {
            leat_lock_drop(&pool->lock);
            return LEAT_E_FOREIGN;
        }
        page = addr_page(pool, slot, addr);
        e = &pool->events[page];
        count = __atomic_load_n(&e->count, __ATOMIC_RELAXED);
        first = count > LEAT_EVENTS ? count - LEAT_EVENTS : 0;
        for (i = 0; first + i < count; i++)
            events[i] = e->ring[(first + i) % LEAT_EVENTS];
        *n = i;
        leat_lock_drop(&pool->lock);
        return 0;
    }
#else
    (void)addr;
    return LEAT_E_UNSUPPORTED;
#endif
}
