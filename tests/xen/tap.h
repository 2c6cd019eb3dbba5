/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_TAP_H
#define LEAT_TESTS_XEN_TAP_H

/*
 * A program of several cases that prints TAP. It goes on after a failure, so a
 * case must not lean on one before it; MUST() is for what nothing can go on
 * without.
 */

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE     ((size_t)4096)

static int tap_cases;
static int tap_failed;

/* One case: passes when (good). Its name is a format. */
__attribute__((format(printf, 4, 5))) static inline bool tap_case(
    bool good, int line, const char *cond, const char *format, ...)
{
    int saved = errno;
    va_list args;

    printf("%sok %d - ", good ? "" : "not ", ++tap_cases);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    if (!good) {
        tap_failed++;
        printf("# line %d: not so: %s (errno: %s)\n", line, cond,
               strerror(saved));
    }
    fflush(stdout);
    return good;
}

#define OK(cond, ...) tap_case((cond), __LINE__, #cond, __VA_ARGS__)

/* A call of leat gives (want). */
#define GIVES(call, want, ...)                                       \
    do {                                                             \
        int got_ = (call);                                           \
                                                                     \
        if (!tap_case(got_ == (want), __LINE__, #call, __VA_ARGS__)) \
            printf("# %s, not %s\n", leat_strerror(got_), #want);    \
    } while (0)

#define MUST(cond)                                                        \
    do {                                                                  \
        if (!(cond)) {                                                    \
            printf("Bail out! %s:%d: not so: %s (errno: %s)\n", __FILE__, \
                   __LINE__, #cond, strerror(errno));                     \
            exit(2);                                                      \
        }                                                                 \
    } while (0)

/* What is measured is shown, and is no case. */
__attribute__((format(printf, 1, 2))) static inline void tap_note(
    const char *format, ...)
{
    va_list args;

    printf("# ");
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
}

/* The end of main. */
static inline int tap_end(void)
{
    printf("1..%d\n", tap_cases);
    return tap_failed != 0;
}

#endif
