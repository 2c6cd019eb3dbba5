/* SPDX-License-Identifier: ISC */

/*
 * dom0 holds pages of a guest for a minute after they were revoked: nothing waits
 * for it, nothing is given away, and the gauge of the age tells how long.
 */

#include "unikernel.h"

#define SECONDS 60

int main(void)
{
    uint64_t start, turns = 0, bad = 0, age = 0;

    unikernel_open();
    unikernel_share(0, 2, LEAT_READ_WRITE);
    MUST(!map(p.map, &w, grefs, 2, LEAT_READ_WRITE));
    fill(w.base, 2, 61);
    GIVES(peer_call(&p, PEER_REVOKE, 0), LEAT_E_BUSY, "two pages, held");
    start = now_ns();
    while (now_ns() < start + SECONDS * (uint64_t)1000000000) {
        sleep_ms(1000);
        MUST(!peer_call(&p, PEER_POLL, 0));
        bad += p.box->out[0] || p.box->out[1] != 2 || p.box->out[3] <= age;
        age = p.box->out[3];
        bad += !filled(w.base, 2, 61);
        turns++;
    }
    OK(bad == 0, "held for %d s, %ju tries: kept, and unchanged", SECONDS,
       (uintmax_t)turns);
    OK(age > (SECONDS - 5) * (uint64_t)1000000000, "and %ju s old",
       (uintmax_t)(age / 1000000000));
    MUST(!unmap(p.map, &w));
    OK(COMES(!peer_call(&p, PEER_POLL, 0) && p.box->out[0] == 1, 5000),
       "then it drains");
    MUST(!peer_call(&p, PEER_AGAIN, 0));
    OK(p.box->out[0], "and serves again, zero");
    unikernel_close();
    return tap_end();
}
