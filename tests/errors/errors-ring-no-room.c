/* SPDX-License-Identifier: ISC */

/* An answer to a request that was not taken. */

#include "errors.h"
#include "pv/rings.h"

int main(void)
{
    static unsigned char message[112];
    static struct rings w;

    rings_open(&w, 112, 0, 0);
    MUST(leat_ring_put(&w.front, message, sizeof(message)) == 0);
    FOUND("an answer to what was not taken",
          leat_ring_put(&w.back, message, sizeof(message)), LEAT_E_AGAIN,
          !leat_ring_room(&w.back) && !leat_ring_check(&w.back));
}
