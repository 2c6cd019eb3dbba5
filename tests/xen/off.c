/* SPDX-License-Identifier: ISC */

/*
 * A domU that powers off, or is destroyed, while dom0 has its pages mapped: they
 * stay as they are until the unmap, and only then is the domain gone.
 *
 *     off off | destroy
 */

#include "peer.h"

static int sh(const char *format, uint32_t domain)
{
    char command[128];

    snprintf(command, sizeof(command), format, domain);
    return system(command);
}

int main(int argc, char **argv)
{
    static struct leat_gref grefs[PEER_REFS];
    static struct mapped w, again;
    bool destroy = argc > 1 && !strcmp(argv[1], "destroy");
    uint64_t none[5] = {0};
    struct peer p;

    peer_open(&p, destroy ? "LEAT_XEN_DOMU2" : "LEAT_XEN_DOMU");
    MUST(!peer_call(&p, PEER_SHARE, 0, 100, LEAT_READ_WRITE));
    peer_grefs(&p, grefs, 100);
    peer_call(&p, PEER_FILL, 0, 71);
    MUST(!map(p.map, &w, grefs, 100, LEAT_READ_WRITE));
    if (destroy)
        OK(sh("xl destroy %u", p.domain) == 0, "domU is destroyed");
    else
        peer_ask(&p, PEER_OFF, none);
    OK(COMES(sh("xl list %u 2>/dev/null | grep -q ' [-a-z]*d  *[0-9.]*$'",
                p.domain) == 0,
             20000),
       "domU is dying");
    OK(filled(w.base, 100, 71), "its pages are as they were");
    fill(w.base, 100, 72);
    OK(filled(w.base, 100, 72), "and can be written");
    GIVES(map(p.map, &again, grefs, 1, LEAT_READ_WRITE), 0,
          "even mapped once more");
    GIVES(unmap(p.map, &again), 0, "unmap that");
    sleep_ms(500);
    OK(sh("xl list %u >/dev/null 2>&1", p.domain) == 0, "domU is still there");
    GIVES(unmap(p.map, &w), 0, "unmap");
    peer_close(&p);
    OK(COMES(sh("xl list %u >/dev/null 2>&1", p.domain) != 0, 20000),
       "then it is gone");
    return tap_end();
}
