/* SPDX-License-Identifier: ISC */

/*
 * The core where there is no C library: see start.sh. Each step that fails is
 * the program's exit status; 0 is success.
 */

#include <leat/core.h>

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void start(void);

void *memcpy(void *to, const void *from, size_t n)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    while (n--)
        *t++ = *f++;
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    if ((uintptr_t)to <= (uintptr_t)from)
        return memcpy(to, from, n);
    while (n--)
        t[n] = f[n];
    return to;
}

void *memset(void *to, int byte, size_t n)
{
    unsigned char *t = to;

    while (n--)
        *t++ = (unsigned char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = a;
    const unsigned char *y = b;

    for (; n; n--, x++, y++) {
        if (*x != *y)
            return *x < *y ? -1 : 1;
    }
    return 0;
}

_Noreturn static void leave(int status)
{
    for (;;)
        __asm__ volatile("syscall"
                         :
                         : "a"(231), "D"(status)
                         : "rcx", "r11", "memory");
}

/* At an odd address, and no whole number of pages. */
static unsigned char memory[1 + 40 * 4096 + 77];

static const char text[] = "drawn from the river, spilt nowhere";

static void run(void)
{
    struct leat_static_arena arena = {
        .base = memory + 1,
        .bytes = sizeof memory - 1,
        .frame = 1000,
        .frame_step = 1,
        .has_frames = true,
    };
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_pool *pool;
    struct leat_chunk chunk, other;
    struct leat_view all, part, tail;
    struct leat_copies *copies;
    char back[sizeof text];
    uint64_t frame;
    uint32_t word;
    int order;

    if (leat_pool_create(&pool, &config))
        leave(1);
    copies = leat_pool_copies(pool);
    if (leat_pool_get(pool, 1, &chunk) || leat_pool_get(pool, 3, &other))
        leave(2);

    all = leat_chunk_view(chunk);
    if (all.len != 4096 || (uintptr_t)all.data % 4096)
        leave(3);
    for (size_t i = 0; i < all.len; i++) {
        if (all.data[i])
            leave(4);
    }
    if (leat_view_slice(all, 14, 1500, &part) || part.data != all.data + 14)
        leave(5);
    if (leat_view_slice(part, 1400, 101, &tail) != LEAT_E_RANGE)
        leave(6);

    if (leat_view_copy_in(part, 7, text, sizeof text, copies) ||
        leat_cview_copy_out(leat_view_const(all), 21, back, sizeof text,
                            copies) ||
        memcmp(text, back, sizeof text))
        leave(7);
    if (leat_copies_bytes(copies) != 2 * sizeof text)
        leave(8);

    if (leat_view_write_be32(all, 1, 0x01020304) ||
        leat_cview_read_le32(leat_view_const(all), 1, &word) ||
        word != 0x04030201)
        leave(9);
    if (leat_cview_compare(leat_view_const(all),
                           leat_view_const(leat_chunk_view(other)), &order) ||
        order != 1)
        leave(10);
    if (leat_chunk_frame(chunk, 0, &frame) || frame < 1000)
        leave(11);

    if (leat_pool_put(pool, chunk))
        leave(12);
    if (leat_pool_put(pool, chunk) != LEAT_E_STALE)
        leave(13);
    if (leat_chunk_view(chunk).data)
        leave(14);
    if (leat_pool_destroy(pool) != LEAT_E_BUSY)
        leave(15);
    if (leat_pool_put(pool, other) || leat_pool_check(pool))
        leave(16);
    if (leat_pool_destroy(pool))
        leave(17);
}

void start(void)
{
    run();
    leave(0);
}

/* The kernel gives a stack that is aligned to 16, and no return address. */
__asm__(".globl _start\n"
        "_start:\n"
        "    xorl %ebp, %ebp\n"
        "    call start\n"
        "    hlt\n");
