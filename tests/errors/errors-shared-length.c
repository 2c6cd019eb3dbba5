/* SPDX-License-Identifier: ISC */

/* A peer names an offset and a length in its own memory; it lies. */

#include "errors.h"

int main(void)
{
    static unsigned char page[4096];
    unsigned char mine[8] = {0};
    struct leat_copies copies = {0};
    struct leat_shared s;
    uint32_t len = 0;

    MUST(!leat_shared_of(page, sizeof(page), &s));
    MUST(!leat_shared_write_u32(s, 0, UINT32_MAX)); /* the peer */
    MUST(!leat_shared_read_u32(s, 0, &len));
    FOUND("a copy by a length that a peer made up is out of range",
          leat_shared_copy_out(s, 4, mine, len, &copies), LEAT_E_RANGE,
          mine[0] == 0 && leat_copies_bytes(&copies) == 0);
}
