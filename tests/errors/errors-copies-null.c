/* SPDX-License-Identifier: ISC */

/* Who asks for a copy says who pays for it. */

#include "errors.h"

int main(void)
{
    unsigned char mem[4] = {0};
    struct leat_view v;

    MUST(!leat_view_of(mem, sizeof(mem), &v));
    FOUND("a copy that nobody counts is not made",
          leat_view_copy_in(v, 0, "abcd", 4, NULL), LEAT_E_INVALID,
          mem[0] == 0);
}
