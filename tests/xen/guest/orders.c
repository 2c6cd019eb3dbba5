/* SPDX-License-Identifier: ISC */

/* What dom0 can ask of the guest that shares. */

#include <string.h>

#include "peer.h"

static struct slot *slot_of(uint64_t n)
{
    MUST(n < PEER_SLOTS);
    return &guest.slots[n];
}

void guest_slot_clear(struct slot *s)
{
    if (s->chunk.pool)
        MUST(!leat_pool_put(guest.pool, s->chunk));
    memset(&s->chunk, 0, sizeof(s->chunk));
}

static int share(struct slot *s, size_t n, enum leat_access access)
{
    static uint32_t refs[PEER_REFS];
    int err;

    MUST(n <= PEER_REFS);
    guest_slot_clear(s);
    err = leat_pool_get(guest.pool, n, &s->chunk);
    if (err)
        return err;
    s->base = leat_chunk_view(s->chunk).data;
    s->n = n;
    err = leat_grant_share(guest.table, s->chunk, 0, access, &s->grant);
    if (err) {
        guest_slot_clear(s);
        return err;
    }
    MUST(!leat_grant_refs(s->grant, refs, n));
    for (size_t i = 0; i < n; i++)
        BOX_SET(refs[i], refs[i]);
    return 0;
}

/* A word of a page: as in tests/xen/grants.h. */
static uint64_t word(uint64_t seed, size_t page, size_t j)
{
    return (seed << 32) + page * 512 + j;
}

static void fill(struct slot *s, uint64_t seed)
{
    for (size_t i = 0; i < s->n * 512; i++)
        ((uint64_t *)s->base)[i] = word(seed, i / 512, i % 512);
}

static bool filled(struct slot *s, uint64_t seed)
{
    for (size_t i = 0; i < s->n * 512; i++)
        if (((volatile uint64_t *)s->base)[i] != word(seed, i / 512, i % 512))
            return false;
    return true;
}

static bool zero(const unsigned char *base, size_t n)
{
    size_t i = 0;

    while (i < n * 512 && !((const uint64_t *)base)[i])
        i++;
    return i == n * 512;
}

static int revoke(struct slot *s, uint64_t flags)
{
    int err;

    guest_stops_set(flags & 2);
    err = flags & 1 ? leat_grant_revoke_keep(s->grant)
                    : leat_grant_revoke(s->grant);
    guest_stops_set(false);
    if (!err && !(flags & 1) && s->chunk.pool)
        OK(zero(s->base, s->n), "%zu pages, revoked, are zero", s->n);
    if (!flags || (err && err != LEAT_E_BUSY))
        guest_slot_clear(s);
    return err;
}

static int poll(void)
{
    struct leat_grants_stats stats;
    size_t drained = 0;
    int err = leat_grant_poll(guest.table, 4096, &drained);

    MUST(!leat_grants_stats(guest.table, &stats));
    BOX_SET(out[0], drained);
    BOX_SET(out[1], stats.pages_held);
    BOX_SET(out[2], stats.refs_free);
    BOX_SET(out[3], stats.oldest_ns);
    return err;
}

struct sum {
    uint64_t n, sum;
};

static int add_share(void *arg, const struct leat_grant_info *info)
{
    static uint32_t refs[PEER_REFS];
    struct sum *sum = arg;

    MUST(!leat_grant_refs(info->grant, refs, PEER_REFS));
    for (uint32_t i = 0; i < info->pages; i++)
        sum->sum +=
            box_sum(refs[i],
                    guest_frame((const unsigned char *)info->memory + i * PAGE),
                    info->domain, info->access == LEAT_READ_ONLY);
    sum->n += info->pages;
    return 0;
}

/* What the table of leat's says is granted: dom0 reads the one that Xen sees. */
static int table(void)
{
    struct sum sum = {0};
    int err = leat_grants_each(guest.table, add_share, &sum);

    BOX_SET(out[0], sum.n);
    BOX_SET(out[1], sum.sum);
    return err;
}

/* Gets pages until the slot's first comes, which must be zero. */
static int again(struct slot *s)
{
    static struct leat_chunk c[2000];
    size_t n = 0;
    bool came = false, clean = true;

    while (n < COUNT(c) && !leat_pool_get(guest.pool, 1, &c[n])) {
        unsigned char *at = leat_chunk_view(c[n++]).data;

        clean &= zero(at, 1);
        came |= at == s->base;
    }
    guest_print("# %zu pages were got\n", n);
    BOX_SET(out[0], came && clean);
    BOX_SET(out[1], came);
    while (n)
        MUST(!leat_pool_put(guest.pool, c[--n]));
    return 0;
}

static size_t served_refs;

static void served(void *arg, uint32_t *refs, size_t n)
{
    (void)arg;
    served_refs = n;
    MUST(!leat_grant_refs_put(guest.table, refs, n));
}

/* All references are got; a share fails, a waiter waits; all come back. */
static int exhaust(void)
{
    static uint32_t refs[4096], wanted[3];
    static struct leat_refs_waiter waiter;
    size_t n = leat_grant_refs_free(guest.table), had = n;
    struct leat_chunk c;
    struct leat_grant g;

    MUST(n && n <= COUNT(refs));
    BOX_SET(out[0], n);
    GIVES(leat_grant_refs_get(guest.table, refs, n), 0, "all %zu references",
          n);
    GIVES(leat_grant_refs_get(guest.table, wanted, 1), LEAT_E_LIMIT,
          "there are no more");
    MUST(!leat_pool_get(guest.pool, 1, &c));
    GIVES(leat_grant_share(guest.table, c, 0, LEAT_READ_WRITE, &g),
          LEAT_E_LIMIT, "nor for a share");
    served_refs = 0;
    GIVES(leat_grant_refs_wait(guest.table, &waiter, wanted, 3, served, NULL),
          0, "one waits for three");
    OK(!served_refs, "and is not served");
    MUST(!leat_grant_refs_put(guest.table, refs + --n, 1));
    MUST(!leat_grant_refs_put(guest.table, refs + --n, 1));
    OK(!served_refs, "nor by two");
    MUST(!leat_grant_refs_put(guest.table, refs + --n, 1));
    OK(served_refs == 3, "but by three");
    MUST(!leat_grant_refs_put(guest.table, refs, n));
    OK(leat_grant_refs_free(guest.table) == had, "all %zu are free again", had);
    GIVES(leat_grant_share(guest.table, c, 0, LEAT_READ_WRITE, &g), 0,
          "a share has one");
    MUST(!leat_grant_revoke(g) && !leat_pool_put(guest.pool, c));
    return 0;
}

/* A page is shared, dom0 uses it, and it is revoked, (n) times. */
static int rounds(uint64_t n)
{
    uint64_t start = guest_now_ns();
    struct slot *s = slot_of(3);

    for (uint64_t i = 1; i <= n; i++) {
        int err = share(s, 1, LEAT_READ_WRITE);

        if (err)
            return err;
        *(volatile uint64_t *)s->base = i;
        BOX_SET(out[0], i);
        guest_box_await(1, i);
        if (*(volatile uint64_t *)s->base != ~i)
            return LEAT_E_STATE;
        err = leat_grant_revoke(s->grant);
        if (err)
            return err;
        if (*(volatile uint64_t *)s->base)
            return LEAT_E_STATE;
        guest_slot_clear(s);
    }
    guest_print("# emulated: %zu rounds, %zu us each\n", (size_t)n,
                (size_t)((guest_now_ns() - start) / n / 1000));
    return 0;
}

static int persist(uint64_t n, uint64_t seed)
{
    struct leat_shared bytes;
    uint32_t ref, off;
    int err = 0;

    MUST(n <= BLOCKS);
    while (guest.nblocks < n && !err) {
        err = leat_persist_get(guest.persist, &guest.blocks[guest.nblocks]);
        if (!err)
            err = leat_block_shared(guest.blocks[guest.nblocks], &bytes);
        for (size_t j = 0; j < 512 && !err; j++)
            err = leat_shared_write_u64(bytes, j * 8,
                                        word(seed, guest.nblocks, j));
        guest.nblocks += !err;
    }
    for (size_t i = 0; i < guest.nblocks && !err; i++) {
        err = leat_block_ref(guest.blocks[i], &ref, &off);
        BOX_SET(refs[i], ref);
    }
    BOX_SET(out[0], guest.nblocks);
    return err;
}

int guest_order(enum peer_op op, const uint64_t *arg)
{
    uint32_t ref;

    switch (op) {
    case PEER_HELLO:
        return 0;
    case PEER_SHARE:
        return share(slot_of(arg[0]), arg[1], (enum leat_access)arg[2]);
    case PEER_FILL:
        fill(slot_of(arg[0]), arg[1]);
        return 0;
    case PEER_FILLED:
        BOX_SET(out[0], filled(slot_of(arg[0]), arg[1]));
        return 0;
    case PEER_REVOKE:
        return revoke(slot_of(arg[0]), arg[1]);
    case PEER_UNSHARE:
        guest_slot_clear(slot_of(arg[0]));
        return 0;
    case PEER_POLL:
        return poll();
    case PEER_TABLE:
        return table();
    case PEER_AGAIN:
        return again(slot_of(arg[0]));
    case PEER_EXHAUST:
        return exhaust();
    case PEER_ROUNDS:
        return rounds(arg[0]);
    case PEER_PERSIST:
        return persist(arg[0], arg[1]);
    case PEER_STALE:
        return leat_grant_ref(slot_of(arg[0])->grant, &ref);
    case PEER_REFUSE:
        guest.refuse = arg[0];
        return 0;
    case PEER_LIFE:
        BOX_SET(out[0], leat_lifecycle_generation(&guest.life));
        BOX_SET(out[1], guest.refused);
        BOX_SET(out[2], guest.cancelled);
        return 0;
    case PEER_OFF:
        guest.off = true;
        return 0;
    default:
        return LEAT_E_UNSUPPORTED;
    }
}
