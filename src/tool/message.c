/* SPDX-License-Identifier: ISC */

/*
 * What the command says, and what it is told.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tool.h"

static void say(const char *fmt, va_list args)
{
    fflush(stdout);
    fprintf(stderr, "leat: ");
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\n");
}

bool tool_fail(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
    return false;
}

int tool_usage_error(const struct verb *verb, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(fmt, args);
    va_end(args);
    fprintf(stderr, "usage: leat %s\n", verb->usage);
    return EXIT_USAGE;
}

bool tool_number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    unsigned long long n;
    char *end;

    /* strtoull() takes signs and leading space. */
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    n = strtoull(text, &end, 10);
    if (errno || *end || n < min || n > max)
        return false;
    *out = n;
    return true;
}

double tool_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

const char *tool_grouped(uint64_t n, char buf[32])
{
    char plain[24];
    size_t len =
        (size_t)snprintf(plain, sizeof plain, "%llu", (unsigned long long)n);
    char *to = buf;
    size_t i;

    for (i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            *to++ = ',';
        *to++ = plain[i];
    }
    *to = '\0';
    return buf;
}
