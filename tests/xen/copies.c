/* SPDX-License-Identifier: ISC */

/*
 * Grant copies within one domain: from and to grants, across pages and at their
 * edges, and the status of each segment.
 */

#include "grants.h"

#define NOBODY 1234u

static uint32_t own;
static struct leat_xen_map *m;
static struct leat_map ops;
static struct shared s, r;
static unsigned char local[8 * PAGE];

static struct leat_copy_side grant(const struct shared *of, size_t page,
                                   uint32_t off)
{
    struct leat_copy_side side = {.gref = of->grefs[page], .off = off};

    return side;
}

static struct leat_copy_side here(size_t off)
{
    struct leat_copy_side side = {.local = local, .off = (uint32_t)off};

    return side;
}

static int copy(struct leat_copy_side from, struct leat_copy_side to,
                uint32_t len)
{
    struct leat_copy_seg seg = {
        .from = from, .to = to, .len = len, .status = LEAT_E_STATE};
    int err = ops.ops->copy(ops.self, &seg, 1);

    return err ? err : seg.status;
}

static void ways(void)
{
    fill(s.slab.base, 4, 5);
    memset(local, 0, sizeof(local));
    GIVES(copy(grant(&s, 0, 0), here(0), PAGE), 0, "a page from a grant");
    OK(filled(local, 1, 5), "is what it holds");
    memset(local, 0, sizeof(local));
    GIVES(copy(grant(&s, 1, 100), here(PAGE - 50), 200), 0,
          "to memory that crosses pages");
    OK(!memcmp(local + PAGE - 50, s.slab.base + PAGE + 100, 200) &&
           local[PAGE - 51] == 0 && local[PAGE + 150] == 0,
       "those bytes and no others");
    memset(s.slab.base, 0, PAGE);
    GIVES(copy(here(PAGE - 50), grant(&s, 0, 3), 200), 0,
          "from memory that crosses pages to a grant");
    OK(!memcmp(local + PAGE - 50, s.slab.base + 3, 200) &&
           s.slab.base[2] == 0 && s.slab.base[203] == 0,
       "those bytes and no others");
    GIVES(copy(grant(&s, 2, 8), grant(&s, 3, 16), 1000), 0,
          "from a grant to a grant");
    OK(!memcmp(s.slab.base + 2 * PAGE + 8, s.slab.base + 3 * PAGE + 16, 1000),
       "is the same bytes");
}

static void edges(void)
{
    fill(s.slab.base, 1, 6);
    memset(local, 0, PAGE);
    GIVES(copy(grant(&s, 0, PAGE - 1), here(7), 1), 0, "the last byte");
    OK(local[7] == s.slab.base[PAGE - 1] && local[6] == 0 && local[8] == 0,
       "is the last byte");
    GIVES(copy(grant(&s, 0, 0), here(0), 0), 0, "nothing is copied");
    GIVES(copy(grant(&s, 0, PAGE), here(0), 0), 0, "nor at the end");
    GIVES(copy(grant(&s, 0, 1), here(0), PAGE), LEAT_E_RANGE,
          "a byte beyond the page");
    GIVES(copy(here(0), grant(&s, 0, PAGE), 1), LEAT_E_RANGE, "nor into it");
    GIVES(copy(grant(&s, 0, 0xffffffff), here(0), 2), LEAT_E_RANGE,
          "an offset that overflows");
    GIVES(copy(grant(&s, 0, 0), here(0), 0xffffffff), LEAT_E_RANGE,
          "a length that does");
    GIVES(copy(here(0), here(PAGE), 1), LEAT_E_INVALID, "no grant at all");
}

static void statuses(void)
{
    struct leat_copy_side bad = grant(&s, 0, 0);
    struct leat_copy_side nowhere = {.local = (void *)(uintptr_t)PAGE};

    bad.gref.ref = 32767;
    GIVES(copy(bad, here(0), 1), LEAT_E_REFERENCE, "no such reference");
    bad.gref.ref = 0xffffffff;
    GIVES(copy(here(0), bad, 1), LEAT_E_REFERENCE, "nor to it");
    bad = grant(&s, 0, 0);
    bad.gref.domain = NOBODY;
    GIVES(copy(bad, here(0), 1), LEAT_E_DOMAIN, "no such domain");
    bad.gref.domain = 0x10000 + own;
    GIVES(copy(bad, here(0), 1), LEAT_E_DOMAIN, "no such number");
    fill(r.slab.base, 1, 8);
    GIVES(copy(grant(&r, 0, 0), here(0), PAGE), 0, "from a read-only grant");
    memset(local, 0xff, PAGE);
    GIVES(copy(here(0), grant(&r, 0, 0), PAGE), LEAT_E_ACCESS,
          "not to a read-only grant");
    OK(filled(r.slab.base, 1, 8), "which is as it was");
    GIVES(copy(grant(&s, 0, 0), nowhere, 16), LEAT_E_INVALID,
          "to memory that is not there");
}

/* Good and bad ones together, more than one request takes. */
static void batches(void)
{
    static struct leat_copy_seg segs[3 * LEAT_XEN_COPIES + 5];
    size_t n = COUNT(segs), wrong = 0, differ = 0;
    uint64_t from, ns;

    fill(s.slab.base, 4, 11);
    memset(local, 0, sizeof(local));
    for (size_t i = 0; i < n; i++) {
        segs[i] = (struct leat_copy_seg){.from = grant(&s, i % 4, (uint32_t)i),
                                         .to = here(i * 16),
                                         .len = 16,
                                         .status = LEAT_E_STATE};
        if (i % 50 == 7)
            segs[i].from.gref.ref = 32767;
        if (i % 50 == 8)
            segs[i].from.off = PAGE - 15;
        if (i == 130)
            segs[i].to = (struct leat_copy_side){.local = (void *)PAGE};
    }
    GIVES(ops.ops->copy(ops.self, segs, n), 0, "%zu segments", n);
    for (size_t i = 0; i < n; i++) {
        int want = i % 50 == 7   ? LEAT_E_REFERENCE
                   : i % 50 == 8 ? LEAT_E_RANGE
                   : i == 130    ? LEAT_E_INVALID
                                 : 0;

        wrong += segs[i].status != want;
        differ +=
            !want && memcmp(local + i * 16, s.slab.base + i % 4 * PAGE + i, 16);
    }
    OK(wrong == 0, "each has its status: %zu have not", wrong);
    OK(differ == 0, "and each good one its bytes: %zu have not", differ);

    for (uint32_t k = 1; k <= 32; k *= 32) {
        for (size_t i = 0; i < k; i++)
            segs[i] = (struct leat_copy_seg){
                .from = grant(&s, i % 4, 0), .to = here(0), .len = PAGE};
        from = now_ns();
        for (int i = 0; i < 20; i++)
            MUST(!ops.ops->copy(ops.self, segs, k));
        ns = now_ns() - from;
        tap_note("emulated: %u segments of a page: %.1f us each", k,
                 (double)ns / 20e3 / k);
    }
}

int main(void)
{
    struct leat_xen_share_config config = {0};

    own = own_domain();
    m = open_map();
    ops = leat_xen_map_ops(m);
    config.domain = own;
    MUST(!share(&s, config, 4, own));
    config.access = LEAT_READ_ONLY;
    MUST(!share(&r, config, 1, own));
    ways();
    edges();
    statuses();
    batches();
    unshare(&s);
    unshare(&r);
    GIVES(leat_xen_map_close(m), 0, "close");
    return tap_end();
}
