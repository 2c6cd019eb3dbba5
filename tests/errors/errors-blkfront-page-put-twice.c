/* SPDX-License-Identifier: ISC */

/* A page of the device's is put twice. */

#include "blk-errors.h"

int main(void)
{
    struct leat_blk_page page, copy;

    open_blk(LEAT_RECEIVE_SHARED);
    MUST(leat_blkfront_pages(blk, &page, 1) == 0);
    copy = page;
    MUST(leat_blkfront_pages_put(blk, &page, 1) == 0);
    FOUND("a page is put twice", leat_blkfront_pages_put(blk, &copy, 1),
          LEAT_E_STALE, unsent());
}
