/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GUEST_TAP_H
#define LEAT_TESTS_GUEST_TAP_H

/*
 * TAP on the guest's console, in the form of tests/xen/tap.h. What a guest has
 * printed ends with "@off": without that line it did not come to its end.
 */

#include <leat/error.h>

#include "guest.h"

/* tap.c. One case: passes when (good). Its name is a format. */
__attribute__((format(printf, 4, 5))) bool tap_case(bool good, int line,
                                                    const char *cond,
                                                    const char *format, ...);

/* The end of the program. */
void tap_end(void);

#define OK(cond, ...) tap_case((cond), __LINE__, #cond, __VA_ARGS__)

/* A call of leat gives (want). */
#define GIVES(call, want, ...)                                         \
    do {                                                               \
        int got_ = (call);                                             \
                                                                       \
        if (!tap_case(got_ == (want), __LINE__, #call, __VA_ARGS__))   \
            guest_print("# %s, not %s\n", leat_strerror(got_), #want); \
    } while (0)

#endif
