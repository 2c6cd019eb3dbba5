/* SPDX-License-Identifier: ISC */

/* A message that is longer than a slot. */

#include "errors.h"
#include "pv/rings.h"

int main(void)
{
    static unsigned char message[113];
    static struct rings w;

    rings_open(&w, 112, 0, 0);
    FOUND("a message that is longer than its slot",
          leat_ring_put(&w.front, message, sizeof(message)), LEAT_E_LENGTH,
          leat_ring_room(&w.front) == 32 && !leat_ring_check(&w.front));
}
