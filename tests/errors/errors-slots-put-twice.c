/* SPDX-License-Identifier: ISC */

/* An id that was put is put again, as a peer does that answers twice. */

#include <leat/slots.h>

#include "errors.h"

int main(void)
{
    struct leat_slots_entry memory[4];
    struct leat_slots s;
    uint64_t id, item = 7;

    MUST(leat_slots_init(&s, memory, 4, 64) == 0);
    MUST(leat_slots_get(&s, 1, &id) == 0);
    MUST(leat_slots_put(&s, id, &item) == 0 && item == 1);
    item = 7;
    FOUND("an id is put once", leat_slots_put(&s, id, &item), LEAT_E_STALE,
          item == 7 && !s.out && !leat_slots_check(&s));
}
