/* SPDX-License-Identifier: ISC */

/* A reference is put twice. */

#include "grant-errors.h"

int main(void)
{
    size_t free;
    uint32_t ref;

    open_two(NULL);
    MUST(leat_grant_refs_get(a->table, &ref, 1) == 0);
    MUST(leat_grant_refs_put(a->table, &ref, 1) == 0);
    free = leat_grant_refs_free(a->table);
    FOUND("a second put of a reference", leat_grant_refs_put(a->table, &ref, 1),
          LEAT_E_REFERENCE, sound(0) && leat_grant_refs_free(a->table) == free);
}
