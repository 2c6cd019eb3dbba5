/* SPDX-License-Identifier: ISC */

/* A slice whose end wraps around must not pass for a small one. */

#include "errors.h"

int main(void)
{
    unsigned char mem[64];
    struct leat_view v, out = {NULL, 77};

    MUST(!leat_view_of(mem, sizeof(mem), &v));
    FOUND("a slice whose end overflows is out of range",
          leat_view_slice(v, 32, SIZE_MAX - 15, &out), LEAT_E_RANGE,
          !out.data && out.len == 77);
}
