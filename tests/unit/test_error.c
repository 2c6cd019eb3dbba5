/* SPDX-License-Identifier: ISC */

#include <limits.h>

#include "pool_fixture.h"

Test(error, every_error_has_a_text_and_a_name_of_its_own)
{
    for (int a = 0; a >= -LEAT_ERRORS; a--) {
        cr_assert_not_null(leat_strerror(a));
        cr_assert_not_null(leat_error_name(a));
        cr_assert_eq(strncmp(leat_error_name(a), "LEAT_", 5), 0);
        for (int b = a - 1; b >= -LEAT_ERRORS; b--) {
            cr_assert_neq(strcmp(leat_strerror(a), leat_strerror(b)), 0,
                          "%d and %d", a, b);
            cr_assert_neq(strcmp(leat_error_name(a), leat_error_name(b)), 0,
                          "%d and %d", a, b);
        }
    }
}

Test(error, names_are_as_in_c)
{
    cr_assert_str_eq(leat_error_name(LEAT_OK), "LEAT_OK");
    cr_assert_str_eq(leat_error_name(LEAT_E_INVALID), "LEAT_E_INVALID");
    cr_assert_str_eq(leat_error_name(LEAT_E_NOMEM), "LEAT_E_NOMEM");
    cr_assert_str_eq(leat_error_name(LEAT_E_STALE), "LEAT_E_STALE");
    cr_assert_str_eq(leat_error_name(LEAT_E_PROTO), "LEAT_E_PROTO");
    cr_assert_eq(LEAT_E_PROTO, -LEAT_ERRORS);
}

Test(error, success)
{
    cr_assert_str_eq(leat_strerror(0), "success");
}

Test(error, texts_are_one_line_without_a_full_stop)
{
    for (int err = 0; err >= -LEAT_ERRORS; err--) {
        const char *text = leat_strerror(err);

        cr_assert_null(strchr(text, '\n'));
        cr_assert_neq(text[strlen(text) - 1], '.');
    }
}

Test(error, what_is_no_error_says_so)
{
    static const int none[] = {1, 28, -LEAT_ERRORS - 1, INT_MIN, INT_MAX};
    const char *text = leat_strerror(1);

    for (int err = 0; err >= -LEAT_ERRORS; err--)
        cr_assert_neq(strcmp(leat_strerror(err), text), 0);
    for (size_t i = 0; i < COUNT(none); i++) {
        cr_assert_str_eq(leat_strerror(none[i]), text);
        cr_assert_null(leat_error_name(none[i]));
    }
}
