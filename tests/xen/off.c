/* SPDX-License-Identifier: ISC */

/*
 * A domU that powers off, or is destroyed, while dom0 has its pages mapped: they
 * stay as they are until the unmap, and only then is the domain gone. The one that
 * is destroyed has our blkfront in mid-traffic, whose back end, here, lets go.
 *
 *     off off | destroy
 */

#include "pair.h"
#include "peer.h"

static int sh(const char *format, uint32_t domain)
{
    char command[128];

    snprintf(command, sizeof(command), format, domain);
    return system(command);
}

/* A device of the domain's whose back end is here, and traffic on it. */
static void traffic(struct peer *p, struct pair *b)
{
    struct leat_bus_device device = pair_device(p->domain);
    struct leat_store store = leat_xen_store_ops(p->store);

    b->domain = p->domain;
    MUST(!leat_bus_device_make(&store, &device));
    pair_start(b);
    MUST(!peer_run(p, "front 0x400000 100 >/tmp/front.out 2>&1 </dev/null &"));
    OK(COMES(b->ledger->stats.write_bytes > 1 << 20, 60000),
       "a blkfront there writes to our blkback");
    peer_run(p, "tail -n 5 /tmp/front.out");
    tap_note("%.300s", box_text(p->box));
}

/* The back end after the end of its front. */
static void after(struct peer *p, struct pair *b)
{
    struct leat_bus_device device = pair_device(p->domain);
    struct leat_store store = leat_xen_store_ops(p->store);

    OK(COMES(b->ledger->disconnects == 1, 30000), "the back end has let go");
    OK(!b->ledger->stats.persistent && !b->ledger->stats.under_way,
       "of all pages and requests");
    OK(pair_stop(b), "it ends, and nothing is left of it");
    MUST(!leat_bus_device_remove(&store, &device));
}

int main(int argc, char **argv)
{
    static struct leat_gref grefs[PEER_REFS];
    static struct mapped w, again;
    bool destroy = argc > 1 && !strcmp(argv[1], "destroy");
    uint64_t none[5] = {0};
    struct pair b = {0};
    struct peer p;

    peer_open(&p, destroy ? "LEAT_XEN_DOMU2" : "LEAT_XEN_DOMU");
    MUST(!peer_call(&p, PEER_SHARE, 0, 100, LEAT_READ_WRITE));
    peer_grefs(&p, grefs, 100);
    peer_call(&p, PEER_FILL, 0, 71);
    MUST(!map(p.map, &w, grefs, 100, LEAT_READ_WRITE));
    if (destroy) {
        traffic(&p, &b);
        OK(sh("xl destroy %u", p.domain) == 0, "domU is destroyed");
    } else {
        peer_ask(&p, PEER_OFF, none);
    }
    OK(COMES(sh("xl list %u 2>/dev/null | grep -q ' [-a-z]*d  *[0-9.]*$'",
                p.domain) == 0,
             20000),
       "domU is dying");
    if (destroy)
        after(&p, &b);
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
    OK(COMES(sh("xl list %u >/dev/null 2>&1", p.domain) != 0, 60000),
       "then it is gone");
    return tap_end();
}
