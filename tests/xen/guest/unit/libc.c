/* SPDX-License-Identifier: ISC */

/*
 * What the tests themselves, not leat, call of a C library: memory by pages, text,
 * jumps. What needs an operating system leaves the test: it is told as left out,
 * and runner.c knows which those are.
 */

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <leat/mmap.h>
#include <leat/pool.h>

#include "runner.h"
#include "xen/guest/guest.h"

#define PAGES 14000

static _Alignas(1 << 21) unsigned char heap[PAGES][4096];
static uint32_t sizes[PAGES]; /* at a block's first page: its pages */

void guest_heap_reset(void)
{
    memset(sizes, 0, sizeof(sizes));
}

static void *take(size_t align, size_t bytes)
{
    size_t n = (bytes + 4095) / 4096, step = align / 4096, at, i;

    n = n ? n : 1;
    step = step ? step : 1;
    for (at = 0; at + n <= PAGES;) {
        for (i = at; i < at + n && !sizes[i]; i++)
            ;
        if (i == at + n) {
            for (; i > at; i--)
                sizes[i - 1] = 1;
            sizes[at] = (uint32_t)n;
            return heap[at];
        }
        at = (i + sizes[i] + step - 1) / step * step;
    }
    return NULL;
}

int posix_memalign(void **out, size_t align, size_t bytes)
{
    void *p = take(align, bytes);

    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

void *malloc(size_t bytes)
{
    return take(4096, bytes);
}

void free(void *p)
{
    size_t at = (size_t)((unsigned char(*)[4096])p - heap);

    if (p)
        memset(&sizes[at], 0, sizes[at] * sizeof(sizes[0]));
}

size_t strlen(const char *s)
{
    size_t n = 0;

    while (s[n]) {
        n++;
        __asm__ volatile("");
    }
    return n;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t n)
{
    for (; n && *a && *a == *b; n--)
        a++, b++;
    return n ? (unsigned char)*a - (unsigned char)*b : 0;
}

char *strchr(const char *s, int c)
{
    for (; *s != (char)c; s++)
        if (!*s)
            return NULL;
    return (char *)(uintptr_t)s;
}

unsigned long long strtoull(const char *s, char **end, int base)
{
    unsigned long long n = 0;

    for (; *s >= '0' && *s <= '9'; s++)
        n = n * 10 + (unsigned)(*s - '0');
    if (end)
        *end = (char *)(uintptr_t)s;
    (void)base; /* 10 */
    return n;
}

FILE *stdout;

int setvbuf(FILE *f, char *buffer, int mode, size_t size)
{
    (void)f, (void)buffer, (void)mode, (void)size;
    return 0;
}

/* By the clock that the tests look at, whatever Xen's timer says. */
int usleep(useconds_t us)
{
    uint64_t end = guest_now_ns() + (uint64_t)us * 1000, now;

    while ((now = guest_now_ns()) < end)
        guest_wait(NULL, 0, end - now);
    return 0;
}

int printf(const char *format, ...)
{
    static char text[1000];
    va_list args;
    size_t n;

    va_start(args, format);
    n = guest_format(text, sizeof(text), format, args);
    va_end(args);
    guest_write(text, n < sizeof(text) ? n : sizeof(text) - 1);
    return (int)n;
}

int snprintf(char *out, size_t size, const char *format, ...)
{
    va_list args;
    size_t n;

    va_start(args, format);
    n = guest_format(out, size, format, args);
    va_end(args);
    return (int)n;
}

int puts(const char *s)
{
    return printf("%s\n", s);
}

int putchar(int c)
{
    return printf("%c", c);
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    uint64_t ns = guest_now_ns();

    (void)id;
    t->tv_sec = (time_t)(ns / 1000000000);
    t->tv_nsec = (long)(ns % 1000000000);
    return 0;
}

char *getenv(const char *name)
{
    (void)name;
    return NULL;
}

/* rbx, rbp, r12 to r15, the stack, and where to go on. */
__asm__(".pushsection .text, \"ax\", @progbits\n"
        ".globl _setjmp, longjmp\n"
        "_setjmp:\n"
        "    mov %rbx, (%rdi)\n    mov %rbp, 8(%rdi)\n"
        "    mov %r12, 16(%rdi)\n    mov %r13, 24(%rdi)\n"
        "    mov %r14, 32(%rdi)\n    mov %r15, 40(%rdi)\n"
        "    lea 8(%rsp), %rax\n    mov %rax, 48(%rdi)\n"
        "    mov (%rsp), %rax\n    mov %rax, 56(%rdi)\n"
        "    xor %eax, %eax\n    ret\n"
        "longjmp:\n"
        "    mov %esi, %eax\n"
        "    mov (%rdi), %rbx\n    mov 8(%rdi), %rbp\n"
        "    mov 16(%rdi), %r12\n    mov 24(%rdi), %r13\n"
        "    mov 32(%rdi), %r14\n    mov 40(%rdi), %r15\n"
        "    mov 48(%rdi), %rsp\n    jmp *56(%rdi)\n"
        ".popsection\n");

/* ------------------------------------------------- mmap, over the same heap */

static int mmap_get(void *self, size_t pages, struct leat_slab *out)
{
    size_t n = (pages + 511) / 512 * 512;
    void *base = take(1 << 21, n * 4096);

    (void)self;
    if (!base)
        return LEAT_E_NOMEM;
    memset(base, 0, n * 4096);
    *out = (struct leat_slab){.base = base, .pages = n};
    return 0;
}

static void mmap_put(void *self, const struct leat_slab *slab)
{
    (void)self;
    free(slab->base);
}

static int mmap_meta_get(void *self, size_t bytes, void **out)
{
    void *p = take(4096, bytes);

    (void)self;
    if (!p)
        return LEAT_E_NOMEM;
    memset(p, 0, bytes);
    *out = p;
    return 0;
}

static void mmap_meta_put(void *self, void *mem, size_t bytes)
{
    (void)self;
    (void)bytes;
    free(mem);
}

static size_t mmap_pages_max(void *self)
{
    (void)self;
    return 0;
}

static size_t mmap_slab_pages(void *self)
{
    (void)self;
    return 512;
}

static const struct leat_backend_ops mmap_ops = {
    .name = "mmap",
    .caps = LEAT_CAP_GROW | LEAT_CAP_RETURN | LEAT_CAP_META,
    .slab_get = mmap_get,
    .slab_put = mmap_put,
    .pages_max = mmap_pages_max,
    .slab_pages = mmap_slab_pages,
    .meta_get = mmap_meta_get,
    .meta_put = mmap_meta_put,
};

int leat_mmap_init(struct leat_mmap *m)
{
    (void)m;
    return 0;
}

struct leat_backend leat_mmap(struct leat_mmap *m)
{
    return (struct leat_backend){&mmap_ops, m};
}

/* ------------------------------------------- a clock, as libleat brings one */

static uint64_t port_now(void *self)
{
    (void)self;
    return guest_now_ns();
}

static const struct leat_port port = {.now_ns = port_now};

/* The linker's: a call as the library has it, and as the tests come by it. */
int __real_leat_pool_create(struct leat_pool **out,
                            const struct leat_pool_config *config);
int __wrap_leat_pool_create(struct leat_pool **out,
                            const struct leat_pool_config *config);

int __wrap_leat_pool_create(struct leat_pool **out,
                            const struct leat_pool_config *config)
{
    struct leat_pool_config own;

    if (!config || config->port)
        return __real_leat_pool_create(out, config);
    own = *config;
    own.port = &port;
    return __real_leat_pool_create(out, &own);
}

int __real_leat_pool_meta_size(const struct leat_pool_config *config,
                               size_t *bytes);
int __wrap_leat_pool_meta_size(const struct leat_pool_config *config,
                               size_t *bytes);

int __wrap_leat_pool_meta_size(const struct leat_pool_config *config,
                               size_t *bytes)
{
    struct leat_pool_config own;

    if (!config || config->port)
        return __real_leat_pool_meta_size(config, bytes);
    own = *config;
    own.port = &port;
    return __real_leat_pool_meta_size(&own, bytes);
}

/* ------------------------------------------------------- an operating system */

#define NEEDS(result, name, args, what) \
    result name args                    \
    {                                   \
        guest_test_needs(what);         \
    }

#pragma GCC diagnostic ignored "-Wunused-parameter"
NEEDS(int, pthread_create,
      (pthread_t * t, const pthread_attr_t *a, void *(*fn)(void *), void *arg),
      "threads")
NEEDS(int, pthread_join, (pthread_t t, void **out), "threads")
NEEDS(pid_t, fork, (void), "processes")
NEEDS(int, pipe, (int ends[2]), "processes")
NEEDS(pid_t, waitpid, (pid_t pid, int *status, int options), "processes")
NEEDS(int, close, (int fd), "files")
NEEDS(ssize_t, read, (int fd, void *to, size_t n), "files")
NEEDS(ssize_t, write, (int fd, const void *from, size_t n), "files")
NEEDS(void, _exit, (int status), "processes")
