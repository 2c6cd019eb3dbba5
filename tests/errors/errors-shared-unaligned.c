/* SPDX-License-Identifier: ISC */

/* A word across an alignment could come out torn: it is not read. */

#include "errors.h"

int main(void)
{
    static _Alignas(8) unsigned char page[4096];
    struct leat_shared s;
    uint32_t x = 77;

    MUST(!leat_shared_of(page, sizeof(page), &s));
    FOUND("an unaligned word of shared memory is refused",
          leat_shared_read_u32(s, 6, &x), LEAT_E_ALIGN, x == 77);
}
