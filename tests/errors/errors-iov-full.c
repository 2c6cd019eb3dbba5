/* SPDX-License-Identifier: ISC */

/* An iov never allocates: one view too many is told. */

#include "errors.h"

int main(void)
{
    unsigned char mem[64];
    struct leat_view views[1], v;
    struct leat_iov iov;

    MUST(!leat_view_of(mem, sizeof(mem), &v));
    MUST(!leat_iov_init(&iov, views, 1));
    MUST(!leat_iov_append(&iov, v));
    FOUND("an iov that is full takes no more", leat_iov_append(&iov, v),
          LEAT_E_LIMIT, iov.n == 1);
}
