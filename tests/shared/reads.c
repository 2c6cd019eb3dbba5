/* SPDX-License-Identifier: ISC */

/*
 * Shared memory is read once, and written once: X1 of src/core/shared.c.
 *
 *     reads             makes copies of many kinds; prints where
 *     reads WHERE TRACE reads what that printed, and what valgrind's lackey
 *                       traced meanwhile: every load and store, with its size
 *
 * A number is stored to (mark) before each call and after the last, so that the
 * trace can be told apart.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <leat/leat.h>

#define ROOM  512u
#define OFFS  17u
#define LENS  200u
#define CALLS (OFFS * LENS * 2)
#define WORDS 8u

static _Alignas(64) unsigned char shared[ROOM];
static unsigned char priv[ROOM];
static volatile uint64_t mark;

struct call {
    size_t off, len;
    bool in;
};

static struct call call_of(unsigned k)
{
    struct call c = {k / 2 % OFFS, k / 2 / OFFS, k % 2};

    if (k >= CALLS) { /* single words */
        k -= CALLS;
        c.len = (size_t)1 << k / 2;
        c.off = 8;
    }
    return c;
}

static int word(struct leat_shared s, struct call c)
{
    uint8_t x8 = 1;
    uint16_t x16 = 1;
    uint32_t x32 = 1;
    uint64_t x64 = 1;

    switch (c.len) {
    case 1:
        return c.in ? leat_shared_write_u8(s, c.off, x8)
                    : leat_shared_read_u8(s, c.off, &x8);
    case 2:
        return c.in ? leat_shared_write_u16(s, c.off, x16)
                    : leat_shared_read_u16(s, c.off, &x16);
    case 4:
        return c.in ? leat_shared_write_u32(s, c.off, x32)
                    : leat_shared_read_u32(s, c.off, &x32);
    default:
        return c.in ? leat_shared_write_u64(s, c.off, x64)
                    : leat_shared_read_u64(s, c.off, &x64);
    }
}

static int make_calls(void)
{
    struct leat_copies copies = {0};
    struct leat_shared s;
    int err = leat_shared_of(shared, ROOM, &s);
    unsigned k;

    printf("%" PRIxPTR " %" PRIxPTR "\n", (uintptr_t)shared, (uintptr_t)&mark);
    for (k = 0; k < CALLS + WORDS && !err; k++) {
        struct call c = call_of(k);

        mark = k;
        if (k >= CALLS)
            err = word(s, c);
        else if (c.in)
            err = leat_shared_copy_in(s, c.off, priv + 3, c.len, &copies);
        else
            err = leat_shared_copy_out(s, c.off, priv + 3, c.len, &copies);
    }
    mark = k;
    return !!err;
}

/* Tells whether call (k), which was traced, touched each byte once. */
static bool once(unsigned k, const unsigned char loads[ROOM],
                 const unsigned char stores[ROOM])
{
    struct call c = call_of(k);
    size_t i;

    for (i = 0; i < ROOM; i++) {
        unsigned want = i >= c.off && i < c.off + c.len;

        if (loads[i] == (c.in ? 0 : want) && stores[i] == (c.in ? want : 0))
            continue;
        printf("# %s of %zu bytes at %zu: byte %zu is loaded %u times and "
               "stored %u times\n",
               c.in ? "write" : "read", c.len, c.off, i, loads[i], stores[i]);
        return false;
    }
    return true;
}

static int judge(FILE *where, FILE *trace)
{
    static unsigned char loads[ROOM], stores[ROOM];
    uintptr_t base, at, addr;
    unsigned size, seen = 0, bad = 0, i;
    bool began = false;
    char line[256], kind;

    if (fscanf(where, "%" SCNxPTR " %" SCNxPTR, &base, &at) != 2)
        return 1;
    while (fgets(line, sizeof(line), trace)) {
        if (sscanf(line, " %c %" SCNxPTR ",%u", &kind, &addr, &size) != 3 ||
            kind == 'I')
            continue;
        if (addr == at && kind == 'S') {
            if (began)
                bad += !once(seen++, loads, stores);
            began = true;
            memset(loads, 0, ROOM);
            memset(stores, 0, ROOM);
        }
        for (i = 0; i < size; i++, addr++) {
            if (addr - base >= ROOM)
                continue;
            loads[addr - base] += kind != 'S';
            stores[addr - base] += kind != 'L';
        }
    }
    printf("%sok 1 - each byte is read, or written, exactly once\n",
           bad ? "not " : "");
    printf("%sok 2 - all %u calls were traced, %u here\n",
           seen == CALLS + WORDS ? "" : "not ", CALLS + WORDS, seen);
    printf("1..2\n");
    return bad || seen != CALLS + WORDS;
}

int main(int argc, char **argv)
{
    FILE *where, *trace;

    if (argc != 3)
        return make_calls();
    where = fopen(argv[1], "r");
    trace = fopen(argv[2], "r");
    return where && trace ? judge(where, trace) : 2;
}
