/* SPDX-License-Identifier: ISC */

/* A view that begins at a page but ends inside one is no pages. */

#include "errors.h"

int main(void)
{
    static _Alignas(4096) unsigned char mem[8192];
    struct leat_pages pages = {NULL, 77};
    struct leat_view v;

    MUST(!leat_view_of(mem, 4096 + 1, &v));
    FOUND("a view of a page and a byte is no whole number of pages",
          leat_view_pages(v, &pages), LEAT_E_LENGTH,
          !pages.base && pages.pages == 77);
}
