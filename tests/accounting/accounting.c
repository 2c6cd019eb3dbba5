/* SPDX-License-Identifier: ISC */

/*
 * Every copied byte is accounted for (rule R5).
 *
 *   A1  over each call of the library, the payload that memcpy, memmove, read
 *       and write have moved is the payload that the counters say was copied
 *   A2  each reason for a copy occurs here, but for what only flows copy
 *
 * The counters are the caller's set and both pools' together, so that a copy
 * which is counted twice, or in the wrong place, is found as well.
 *
 *     accounting [SEED]
 *
 * Built with -DLEAT_SILENT_COPY it makes one copy that nobody counts, and passes
 * when A1 says so, by as many bytes.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <leat/leat.h>

#include "payload.h"

#define ARENA_PAGES 256
#define USER_BYTES  65536
#define META_BYTES  262144
#define ROUNDS      4000
#define SILENT      61

struct books {
    struct leat_pool *pool;  /* one peer's                                 */
    struct leat_pool *other; /* memory that this peer may not see          */
    struct leat_copies mine; /* what is counted to the caller              */
    uint64_t moved;          /* at the last settlement                     */
    uint64_t counted;
    uint64_t differs; /* sum of what moved and was not counted      */
    uint64_t settled; /* how many settlements there were            */
    bool silent;      /* make the silent copy once                  */
    uint64_t random;
};

static _Alignas(4096) unsigned char arena_bytes[2][ARENA_PAGES * 4096];
static _Alignas(64) unsigned char meta_bytes[2][META_BYTES];
static unsigned char user[USER_BYTES];
static unsigned char user2[USER_BYTES];
static struct leat_static_arena arenas[2];

static int cases, failures;

static void result(bool good, const char *format, ...)
{
    va_list args;

    printf("%sok %d - ", good ? "" : "not ", ++cases);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    failures += !good;
}

/* A call that the test needs and that must not fail. */
static void must(int err, int line)
{
    if (!err)
        return;
    printf("Bail out! line %d: %s\n", line, leat_strerror(err));
    exit(1);
}
#define MUST(call) must(call, __LINE__)

static uint64_t draw(struct books *b, uint64_t below)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return below ? b->random % below : 0;
}

static uint64_t counted(const struct books *b)
{
    return leat_copies_bytes(&b->mine) +
           leat_copies_bytes(leat_pool_copies(b->pool)) +
           leat_copies_bytes(leat_pool_copies(b->other));
}

/* A1, for what was called since the last time. Tells whether it holds. */
static bool settle(struct books *b, const char *what)
{
    uint64_t moved = payload_moved() - b->moved;
    uint64_t said = counted(b) - b->counted;

    b->moved += moved;
    b->counted += said;
    b->settled++;
    if (moved == said)
        return true;
    printf("# %s: %llu bytes moved, %llu counted\n", what,
           (unsigned long long)moved, (unsigned long long)said);
    b->differs += moved - said;
    return false;
}

/* Bytes by a loop, through a pointer that the compiler must not see through. */
static void scribble(volatile unsigned char *at, size_t len, uint64_t x)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (unsigned char)(x + i * 7);
}

static struct leat_view window(struct books *b, struct leat_chunk c, size_t max)
{
    struct leat_view all = leat_chunk_view(c);
    struct leat_view out;
    size_t off = draw(b, all.len);
    size_t room = all.len - off;
    size_t len = draw(b, (room < max ? room : max) + 1);

    MUST(leat_view_slice(all, off, len, &out));
    return out;
}

/* -------------------------------------------------------------- the copies */

static bool views(struct books *b)
{
    struct leat_chunk c;
    struct leat_view v, to;
    bool good = true;

    MUST(leat_pool_get(b->pool, 1 + draw(b, 4), &c));
    v = window(b, c, 10000);
    MUST(leat_view_copy_in(v, 0, user + draw(b, 100), v.len, &b->mine));
    good &= settle(b, "leat_view_copy_in");

#ifdef LEAT_SILENT_COPY
    if (b->silent && v.len >= SILENT) {
        void *volatile there = user;

        memcpy(there, v.data, SILENT);
        b->silent = false;
    }
#endif
    MUST(leat_cview_copy_out(leat_view_const(v), 0, user, v.len, &b->mine));
    good &= settle(b, "leat_cview_copy_out");

    /* The two may overlap. */
    to = leat_chunk_view(c);
    MUST(leat_view_copy(to, draw(b, to.len - v.len + 1), leat_view_const(v),
                        leat_pool_copies(b->pool)));
    good &= settle(b, "leat_view_copy");
    MUST(leat_pool_put(b->pool, c));
    return good;
}

/* An iov of up to 8 windows in one chunk. */
static void some_views(struct books *b, struct leat_chunk c,
                       struct leat_iov *iov, struct leat_view *array)
{
    size_t n = draw(b, 9);

    MUST(leat_iov_init(iov, array, 8));
    while (n--)
        MUST(leat_iov_append(iov, window(b, c, 3000)));
}

static bool iovs(struct books *b)
{
    struct leat_view array[8], into, out;
    struct leat_iov iov;
    struct leat_chunk c, own;
    size_t total, copied, rest;
    bool good = true;

    MUST(leat_pool_get(b->pool, 1 + draw(b, 3), &c));
    some_views(b, c, &iov, array);
    MUST(leat_iov_total(&iov, &total));

    MUST(leat_iov_fill(&iov, user, draw(b, 2 * total + 1), &copied, &rest,
                       &b->mine));
    good &= settle(b, "leat_iov_fill");

    MUST(leat_view_of(user2, USER_BYTES, &into));
    MUST(leat_iov_coalesce(&iov, into, &out, &b->mine));
    good &= settle(b, "leat_iov_coalesce");

    MUST(leat_iov_unshare(&iov, b->pool, &own));
    good &= settle(b, "leat_iov_unshare");
    if (own.pool)
        MUST(leat_pool_put(b->pool, own));
    MUST(leat_pool_put(b->pool, c));
    return good;
}

static bool shared(struct books *b)
{
    struct leat_chunk c;
    struct leat_shared s;
    struct leat_view v;
    bool good = true;

    MUST(leat_pool_get(b->pool, 2, &c));
    v = window(b, c, 6000);
    if (!v.len)
        goto out;
    MUST(leat_shared_of(v.data, v.len, &s));
    MUST(leat_shared_copy_in(s, 0, user, v.len, &b->mine));
    good &= settle(b, "leat_shared_copy_in");
    MUST(leat_shared_copy_out(s, 0, user2, v.len, &b->mine));
    good &= settle(b, "leat_shared_copy_out");
out:
    MUST(leat_pool_put(b->pool, c));
    return good;
}

/* ------------------------------------------------------------- the exports */

struct shipment {
    struct leat_view views[8];
    size_t n;
    struct leat_constraint need;
    enum leat_export_mode mode;
    struct leat_export ex;
    size_t done;
};

/*
 * Exports, is the device, and ends. An export may fail; it is then owed that
 * nothing moved that was not counted.
 */
static int ship(struct books *b, struct shipment *s, bool readonly, bool *good)
{
    struct leat_view segs[64];
    struct leat_cview cviews[8];
    int err;

    s->ex.segs = segs;
    s->ex.max_segs = 64;
    if (readonly) {
        for (size_t i = 0; i < s->n; i++)
            cviews[i] = leat_view_const(s->views[i]);
        err = leat_export_const(cviews, s->n, &s->need, s->mode, &s->ex);
    } else {
        err = leat_export(s->views, s->n, &s->need, s->mode, &s->ex);
    }
    *good &= settle(b, "leat_export");
    if (err)
        return err;
    for (size_t i = 0; i < s->ex.nsegs; i++) {
        if (s->ex.dir != LEAT_TO_DEVICE)
            scribble(segs[i].data, segs[i].len, i);
    }
    err = leat_export_end(&s->ex, s->done);
    *good &= settle(b, "leat_export_end");
    return err;
}

static bool exports(struct books *b)
{
    static const size_t aligns[] = {0, 1, 4, 64, 512, 4096};
    static const size_t multiples[] = {0, 1, 3, 512, 1000, 4096};
    static const size_t boundaries[] = {0, 4096, 8192, 65536};
    static const size_t segments[] = {0, 1, 2, 11};
    struct shipment s = {.done = SIZE_MAX};
    struct leat_chunk c, foreign;
    bool good = true;

    MUST(leat_pool_get(b->pool, 8, &c));
    MUST(leat_pool_get(b->other, 2, &foreign));
    s.n = draw(b, 9);
    for (size_t i = 0; i < s.n; i++) {
        s.views[i] = window(b, draw(b, 4) ? c : foreign, 9000);
        /* Some that are as a disk would have them. */
        if (draw(b, 2)) {
            s.views[i].data = leat_chunk_view(c).data + 512 * draw(b, 32);
            s.views[i].len = 512 * draw(b, 32);
        }
    }
    s.need.align = aligns[draw(b, 6)];
    s.need.multiple = multiples[draw(b, 6)];
    s.need.boundary = boundaries[draw(b, 4)];
    s.need.segments = segments[draw(b, 4)];
    s.need.segment_bytes = draw(b, 2) ? 0 : 4096;
    s.mode = (enum leat_export_mode)draw(b, 3);
    s.ex.dir = (enum leat_direction)draw(b, 3);
    s.ex.pool = b->pool;
    s.ex.owner = draw(b, 2) ? b->pool : NULL;
    if (draw(b, 2))
        s.done = draw(b, 30000);
    ship(b, &s, s.ex.dir == LEAT_TO_DEVICE && draw(b, 2), &good);
    MUST(leat_pool_put(b->other, foreign));
    MUST(leat_pool_put(b->pool, c));
    return good;
}

/* One export for each reason why a bounce is made. */
static bool bounce(struct books *b, enum leat_reason why)
{
    struct shipment s = {
        .n = 1,
        .mode = LEAT_BOUNCE,
        .done = SIZE_MAX,
        .ex = {.dir = LEAT_BOTH_WAYS, .pool = b->pool},
    };
    bool good = true, readonly = false;
    struct leat_chunk c, foreign;
    struct leat_copies before, after;
    struct leat_view all;
    int err;

    MUST(leat_pool_get(b->pool, 4, &c));
    MUST(leat_pool_get(b->other, 1, &foreign));
    all = leat_chunk_view(c);
    scribble(all.data, all.len, 1);
    s.views[0] = all;
    switch (why) {
    case LEAT_WHY_ADDRESS:
        s.need.align = 512;
        s.views[0] = (struct leat_view){all.data + 1, 1024};
        break;
    case LEAT_WHY_LENGTH:
        s.need.multiple = 512;
        s.n = 2;
        s.views[0].len = 500;
        s.views[1] = (struct leat_view){all.data + 4096, 12};
        break;
    case LEAT_WHY_BOUNDARY:
        s.need.boundary = 4096;
        s.need.multiple = 512;
        s.views[0] = (struct leat_view){all.data + 4000, 1024};
        break;
    case LEAT_WHY_SEGMENTS:
        s.need.segments = 1;
        s.n = 3;
        for (size_t i = 0; i < 3; i++)
            s.views[i] = (struct leat_view){all.data + 5000 * i, 100};
        break;
    case LEAT_WHY_PEER:
        s.ex.owner = b->pool;
        s.views[0] = leat_chunk_view(foreign);
        break;
    case LEAT_WHY_REGISTERED:
        s.need.flags = LEAT_NEED_REGISTERED;
        s.ex.owner = b->pool;
        s.views[0] = leat_chunk_view(foreign);
        break;
    case LEAT_WHY_NEIGHBOURS:
        s.ex.owner = b->pool;
        MUST(leat_chunk_mix(c));
        break;
    case LEAT_WHY_ACCESS:
        s.ex.dir = LEAT_TO_DEVICE;
        s.need.flags = LEAT_NEED_WRITABLE;
        readonly = true;
        break;
    default:
        s.mode = LEAT_COPY;
        break;
    }
    leat_copies_read(leat_pool_copies(b->pool), &before);
    err = ship(b, &s, readonly, &good);
    leat_copies_read(leat_pool_copies(b->pool), &after);
    if (err || after.bytes[why] == before.bytes[why]) {
        printf("# a bounce for %s: %s, reason %s\n", leat_reason_name(why),
               leat_strerror(err), leat_reason_name(s.ex.why));
        good = false;
    }
    MUST(leat_pool_put(b->other, foreign));
    MUST(leat_pool_put(b->pool, c));
    return good;
}

/* --------------------------------------------------------------- no copies */

/* What moves nothing and counts nothing: everything else. */
static bool nothing(struct books *b)
{
    struct leat_chunk c, pages[4];
    struct leat_view v, head, tail, joined;
    struct leat_builder built;
    struct leat_ref ref;
    struct leat_copies before = b->mine;
    uint64_t moved = payload_moved(), said = counted(b), x;
    uint32_t half;
    int order;

    MUST(leat_pool_get_zeroed(b->pool, 4, &c));
    v = leat_chunk_view(c);
    MUST(leat_view_split(v, draw(b, v.len), &head, &tail));
    MUST(leat_view_join(head, tail, &joined));
    MUST(leat_view_shift(&joined, draw(b, 4096)));
    MUST(leat_view_fill(joined, 0, joined.len, 7));
    MUST(leat_view_write_le64(v, 3, 12345));
    MUST(leat_cview_read_be64(leat_view_const(v), 11, &x));
    MUST(leat_cview_read_le32(leat_view_const(v), 1, &half));
    MUST(leat_cview_compare(leat_view_const(head), leat_view_const(tail),
                            &order));
    MUST(leat_builder_init(&built, v, 64));
    MUST(leat_builder_append(&built, 1500, &tail));
    MUST(leat_builder_prepend(&built, 14, &head));
    MUST(leat_ref_take(c, v, &ref));
    MUST(leat_ref_drop(&ref));
    MUST(leat_chunk_split(c, pages, 4));
    for (int i = 0; i < 4; i++)
        MUST(leat_pool_put(b->pool, pages[i]));
    MUST(leat_pool_trim(b->pool, 0, NULL));
    settle(b, "calls that copy nothing");
    return payload_moved() == moved && counted(b) == said &&
           !memcmp(&before, &b->mine, sizeof before);
}

/* ----------------------------------------------------------------- the run */

static struct leat_pool *pool_make(int which)
{
    struct leat_pool_config config = {
        .meta = meta_bytes[which],
        .meta_bytes = META_BYTES,
        .magazine = 16,
        .threads = 4,
        .peer = (uint32_t)which + 1,
    };
    struct leat_pool *pool;

    arenas[which].base = arena_bytes[which];
    arenas[which].bytes = sizeof arena_bytes[which];
    payload_add(arena_bytes[which], sizeof arena_bytes[which]);
    config.backend = leat_static(&arenas[which]);
    MUST(leat_pool_create(&pool, &config));
    return pool;
}

static void all_reasons(const struct books *b)
{
    const struct leat_copies *mine = &b->mine;
    const struct leat_copies *theirs = leat_pool_copies(b->pool);

    for (int i = LEAT_WHY_NONE + 1; i < LEAT_WHY_RETAIN; i++)
        result(mine->bytes[i] + theirs->bytes[i] > 0, "A2: %s: %llu bytes",
               leat_reason_name((enum leat_reason)i),
               (unsigned long long)(mine->bytes[i] + theirs->bytes[i]));
    result(theirs->bytes[LEAT_WHY_REGISTERED] > 0, "A2: registered: %llu bytes",
           (unsigned long long)theirs->bytes[LEAT_WHY_REGISTERED]);
}

static void run(struct books *b)
{
    static const struct {
        const char *name;
        bool (*call)(struct books *b);
    } kinds[] = {
        {"views", views},
        {"iovs", iovs},
        {"shared memory", shared},
        {"exports", exports},
        {"calls that copy nothing", nothing},
    };

    for (int why = LEAT_WHY_ADDRESS; why <= LEAT_WHY_POLICY; why++)
        result(bounce(b, (enum leat_reason)why), "A1: a bounce for %s",
               leat_reason_name((enum leat_reason)why));
    result(bounce(b, LEAT_WHY_NEIGHBOURS), "A1: a bounce for neighbours");
    result(bounce(b, LEAT_WHY_REGISTERED),
           "A1: a bounce for memory that is not registered");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        bool good = true;

        for (int i = 0; i < ROUNDS; i++)
            good &= kinds[k].call(b);
#ifdef LEAT_SILENT_COPY
        good = true; /* the sum at the end is what is asked */
#endif
        result(good, "A1: %s, %d rounds", kinds[k].name, ROUNDS);
    }
}

int main(int argc, char **argv)
{
    struct books b = {.silent = true, .random = 0x1eaf};
    uint64_t differs = 0;

    if (argc > 1)
        b.random = strtoull(argv[1], NULL, 0) | 1;
    printf("# seed %llu\n", (unsigned long long)b.random);
    payload_add(user, sizeof user);
    payload_add(user2, sizeof user2);
    b.pool = pool_make(0);
    b.other = pool_make(1);

    run(&b);
    all_reasons(&b);
#ifdef LEAT_SILENT_COPY
    differs = SILENT;
#endif
    result(b.differs == differs && payload_moved() - counted(&b) == differs,
           "A1: %llu bytes moved, %llu counted: %lld too many moved",
           (unsigned long long)payload_moved(), (unsigned long long)counted(&b),
           (long long)(payload_moved() - counted(&b)));
    result(!leat_pool_destroy(b.pool) && !leat_pool_destroy(b.other),
           "nothing was left out");
    printf("1..%d\n", cases);
    return failures != 0;
}
