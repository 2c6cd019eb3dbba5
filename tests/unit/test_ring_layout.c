/* SPDX-License-Identifier: ISC */

/* The ring against Xen's public header, which this is built with. */

#include "pool_fixture.h"
#include "pv/rings.h"

#include <xen/xen.h>
/* After it. */
#include <xen/io/ring.h>

#define BYTES(n)            \
    struct bytes##n {       \
        unsigned char x[n]; \
    };                      \
    DEFINE_RING_TYPES(r##n, struct bytes##n, struct bytes##n)

BYTES(1);
BYTES(4);
BYTES(8);
BYTES(12);
BYTES(20);
BYTES(112);
BYTES(108);
BYTES(2016);
BYTES(4032);

_Static_assert(offsetof(struct r8_sring, req_prod) == 4 * REQ_PROD, "words");
_Static_assert(offsetof(struct r8_sring, req_event) == 4 * REQ_EVENT, "words");
_Static_assert(offsetof(struct r8_sring, rsp_prod) == 4 * RSP_PROD, "words");
_Static_assert(offsetof(struct r8_sring, rsp_event) == 4 * RSP_EVENT, "words");
_Static_assert(offsetof(struct r8_sring, ring) == LEAT_RING_HEAD, "head");
_Static_assert(sizeof(RING_IDX) == sizeof(uint32_t), "index");

#define SLOTS(n)                                                    \
    for (unsigned order = 0; order <= LEAT_RING_ORDER_MAX; order++) \
    cr_assert_eq(leat_ring_slots(n, order),                         \
                 __CONST_RING_SIZE(r##n, 4096u << order), "%u, %u", n, order)

Test(ring_layout, slots_are_as_many)
{
    SLOTS(1);
    SLOTS(4);
    SLOTS(8);
    SLOTS(12);
    SLOTS(20);
    SLOTS(108);
    SLOTS(112);
    SLOTS(2016);
    SLOTS(4032);
}

/* The header leaves barriers to its user. */
#undef xen_mb
#undef xen_rmb
#undef xen_wmb
#define xen_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

/* Our front against the macros' back, and they say the same of notifications. */
Test(ring_layout, speaks_with_the_macros)
{
    struct bytes112 m = {{0}};
    r112_back_ring_t back;
    struct rings w;

    rings_open(&w, 112, 1, 0);
    BACK_RING_INIT(&back, (r112_sring_t *)(void *)w.page, w.bytes);
    cr_assert_eq(RING_SIZE(&back), w.front.slots);
    for (uint32_t round = 0; round < 1000; round++) {
        uint32_t n = round % 7 + 1;
        bool yes, more, slept = round % 3 == 0;
        int work, notify;

        if (slept) {
            RING_FINAL_CHECK_FOR_REQUESTS(&back, work);
            cr_assert(!work);
            MUST(leat_ring_sleep(&w.front, &more));
            cr_assert(!more);
        }
        for (uint32_t i = 0; i < n; i++) {
            m.x[0] = (unsigned char)(round + i);
            MUST(leat_ring_put(&w.front, &m, sizeof(m)));
        }
        MUST(leat_ring_push(&w.front, &yes));
        cr_assert_eq(yes, slept);
        cr_assert_eq(RING_HAS_UNCONSUMED_REQUESTS(&back), n);
        for (uint32_t i = 0; i < n; i++) {
            RING_COPY_REQUEST(&back, back.req_cons, &m);
            back.req_cons++;
            cr_assert_eq(m.x[0], (unsigned char)(round + i));
            m.x[1] = (unsigned char)i;
            memcpy(RING_GET_RESPONSE(&back, back.rsp_prod_pvt), &m, sizeof(m));
            back.rsp_prod_pvt++;
        }
        RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(&back, notify);
        cr_assert_eq(!!notify, slept);
        for (uint32_t i = 0; i < n; i++) {
            MUST(leat_ring_take(&w.front, &m, sizeof(m)));
            cr_assert_eq(m.x[1], i);
        }
    }
    rings_close(&w);
}
