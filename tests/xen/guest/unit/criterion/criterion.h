/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GUEST_CRITERION_H
#define LEAT_TESTS_GUEST_CRITERION_H

/*
 * What the unit tests of the core use of Criterion, for a guest: each Test() is in
 * a section of its own, and an assertion that fails leaves the test.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct guest_test {
    const char *suite;
    const char *name;
    void (*run)(void);
};

_Noreturn void guest_test_failed(const char *file, int line, const char *cond);

#define Test(suite, name, ...)                                        \
    static void suite##_##name##_test(void);                          \
    static const struct guest_test suite##_##name##_entry             \
        __attribute__((section("guest_tests"), used, aligned(8))) = { \
            #suite, #name, suite##_##name##_test};                    \
    static void suite##_##name##_test(void)

#define cr_assert(cond, ...)                              \
    do {                                                  \
        if (!(cond))                                      \
            guest_test_failed(__FILE__, __LINE__, #cond); \
    } while (0)
#define cr_assert_not(a, ...)       cr_assert(!(a))
#define cr_assert_null(a, ...)      cr_assert((a) == NULL)
#define cr_assert_not_null(a, ...)  cr_assert((a) != NULL)
#define cr_assert_eq(a, b, ...)     cr_assert((a) == (b))
#define cr_assert_neq(a, b, ...)    cr_assert((a) != (b))
#define cr_assert_lt(a, b, ...)     cr_assert((a) < (b))
#define cr_assert_leq(a, b, ...)    cr_assert((a) <= (b))
#define cr_assert_gt(a, b, ...)     cr_assert((a) > (b))
#define cr_assert_geq(a, b, ...)    cr_assert((a) >= (b))
#define cr_assert_str_eq(a, b, ...) cr_assert(strcmp(a, b) == 0)

#endif
