/* SPDX-License-Identifier: ISC */

/* A header for which no room was left. */

#include "errors.h"

int main(void)
{
    unsigned char mem[64];
    struct leat_view room, out = {NULL, 77};
    struct leat_builder b;

    MUST(!leat_view_of(mem, sizeof(mem), &room));
    MUST(!leat_builder_init(&b, room, 14));
    FOUND("a header longer than the headroom is refused",
          leat_builder_prepend(&b, 20, &out), LEAT_E_RANGE,
          !out.data && out.len == 77 && leat_builder_headroom(&b) == 14);
}
