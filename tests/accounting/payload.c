/* SPDX-License-Identifier: ISC */

#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>

#include "payload.h"

#define RANGES 16

static struct {
    uintptr_t base;
    size_t len;
} ranges[RANGES];

static size_t nranges;
static uint64_t moved;

void *__real_memcpy(void *to, const void *from, size_t n);
void *__real_memmove(void *to, const void *from, size_t n);
ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __real_write(int fd, const void *buf, size_t n);
void *__wrap_memcpy(void *to, const void *from, size_t n);
void *__wrap_memmove(void *to, const void *from, size_t n);
ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);

void payload_add(const void *base, size_t len)
{
    if (nranges == RANGES)
        abort();
    ranges[nranges].base = (uintptr_t)base;
    ranges[nranges].len = len;
    nranges++;
}

uint64_t payload_moved(void)
{
    return moved;
}

static bool is_payload(const void *addr, size_t n)
{
    uintptr_t at = (uintptr_t)addr;

    for (size_t i = 0; i < nranges; i++) {
        if (at < ranges[i].base + ranges[i].len && ranges[i].base < at + n)
            return true;
    }
    return false;
}

static void count(const void *to, const void *from, size_t n)
{
    if (is_payload(to, n) || is_payload(from, n))
        moved += n;
}

void *__wrap_memcpy(void *to, const void *from, size_t n)
{
    count(to, from, n);
    return __real_memcpy(to, from, n);
}

void *__wrap_memmove(void *to, const void *from, size_t n)
{
    count(to, from, n);
    return __real_memmove(to, from, n);
}

ssize_t __wrap_read(int fd, void *buf, size_t n)
{
    ssize_t got = __real_read(fd, buf, n);

    if (got > 0)
        count(buf, buf, (size_t)got);
    return got;
}

ssize_t __wrap_write(int fd, const void *buf, size_t n)
{
    ssize_t put = __real_write(fd, buf, n);

    if (put > 0)
        count(buf, buf, (size_t)put);
    return put;
}
