/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GUEST_TAP_H
#define LEAT_TESTS_GUEST_TAP_H

/*
 * TAP on the guest's console, in the form of tests/xen/tap.h. What a guest has
 * printed ends with "@off": without that line it did not come to its end.
 */

#include <leat/error.h>

#include "guest.h"

static int tap_cases;
static int tap_failed;

__attribute__((format(printf, 4, 5))) static inline bool tap_case(
    bool good, int line, const char *cond, const char *format, ...)
{
    static char name[300];
    va_list args;

    va_start(args, format);
    guest_format(name, sizeof(name), format, args);
    va_end(args);
    guest_print("%sok %d - %s\n", good ? "" : "not ", ++tap_cases, name);
    if (!good) {
        tap_failed++;
        guest_print("# line %d: not so: %s\n", line, cond);
    }
    return good;
}

#define OK(cond, ...) tap_case((cond), __LINE__, #cond, __VA_ARGS__)

/* A call of leat gives (want). */
#define GIVES(call, want, ...)                                         \
    do {                                                               \
        int got_ = (call);                                             \
                                                                       \
        if (!tap_case(got_ == (want), __LINE__, #call, __VA_ARGS__))   \
            guest_print("# %s, not %s\n", leat_strerror(got_), #want); \
    } while (0)

static inline void tap_end(void)
{
    guest_print("1..%d\n@off %d\n", tap_cases, tap_failed != 0);
}

#endif
