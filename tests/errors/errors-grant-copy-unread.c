/* SPDX-License-Identifier: ISC */

/* A batch of copies is used again, the failure of a segment unread. */

#include <leat/grant_copy.h>

#include "grant-errors.h"

int main(void)
{
    struct leat_gref nothing = {.domain = 1, .ref = 100};
    struct leat_copies copies = {0};
    struct leat_copy_batch batch;
    struct leat_copy_seg seg[1];
    unsigned char byte = 3;
    struct leat_view v;

    open_two(NULL);
    MUST(leat_view_of(&byte, 1, &v) == 0);
    MUST(leat_copy_init(&batch, b->table, seg, 1, &copies) == 0);
    MUST(leat_copy_from(&batch, &nothing, 1, 0, v) == 0);
    MUST(leat_copy_run(&batch) == LEAT_E_REFERENCE);
    FOUND("a status that nobody read", leat_copy_reset(&batch), LEAT_E_STATE,
          byte == 3 && batch.n == 1 && leat_copies_bytes(&copies) == 0);
}
