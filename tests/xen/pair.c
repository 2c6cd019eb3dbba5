/* SPDX-License-Identifier: ISC */

/*
 * Our blkfront in domU and our blkback in dom0. The back is killed in mid-traffic,
 * twice, and started again: nothing that was done is lost.
 */

#include <stdarg.h>

#include "pair.h"
#include "peer.h"

#define BYTES  ((size_t)2 << 20)
#define PASSES 3

static struct peer p;

/* A command in domU, now and then, until it ends well. */
static bool domu_comes(const char *command, unsigned seconds)
{
    for (unsigned i = 0; i < seconds * 5; i++) {
        if (!peer_run(&p, command))
            return true;
        sleep_ms(200);
    }
    return false;
}

static uint64_t carried(const struct pair *b)
{
    return b->ledger->stats.write_bytes + b->ledger->stats.read_bytes;
}

/* What the first bytes of the disk sum up to, by dom0's own tools. */
static bool sums_agree(void)
{
    char here[80] = "", *there = box_text(p.box);
    FILE *f = popen("echo 3 >/proc/sys/vm/drop_caches; "
                    "dd if=" PAIR_DISK " bs=1M count=2 2>/dev/null | sha256sum",
                    "r");

    MUST(f && fgets(here, sizeof(here), f) && !pclose(f));
    MUST(!peer_run(&p, "sha256sum </tmp/front.image"));
    tap_note("dom0 %.64s", here);
    tap_note("domU %.64s", there);
    return !strncmp(here, there, 64);
}

int main(void)
{
    struct pair b = {0};
    struct leat_bus_device device;
    struct leat_store store;
    struct leat_blkback_stats *s;
    char command[160];

    peer_open(&p, "LEAT_XEN_DOMU");
    b.domain = p.domain;
    device = pair_device(p.domain);
    store = leat_xen_store_ops(p.store);
    MUST(!leat_bus_device_make(&store, &device));
    pair_start(&b);
    s = &b.ledger->stats;
    snprintf(command, sizeof(command),
             "front %zu %d >/tmp/front.out 2>&1 </dev/null &", BYTES, PASSES);
    MUST(!peer_run(&p, command));
    OK(COMES(b.ledger->connects == 1, 60000), "domU's front connects");
    OK(COMES(carried(&b) > BYTES / 2, 60000), "and writes");
    pair_kill(&b);
    tap_note("killed: %llu requests under way, %llu bytes carried",
             (unsigned long long)s->under_way, (unsigned long long)carried(&b));
    OK(peer_run(&p, "grep -q '^pass' /tmp/front.out") != 0,
       "in the middle of it, the back is killed");
    pair_start(&b);
    OK(COMES(b.ledger->connects == 2, 60000), "it is started again");
    OK(domu_comes("grep -q '^pass 1' /tmp/front.out", 60),
       "what was written and flushed is what is read");
    OK(COMES(carried(&b) > 2 * BYTES + BYTES / 2, 60000), "it goes on");
    pair_kill(&b);
    tap_note("killed: %llu requests under way",
             (unsigned long long)s->under_way);
    sleep_ms(300);
    pair_start(&b);
    OK(COMES(b.ledger->connects == 3, 60000), "the same once more");
    OK(domu_comes("grep -Eq '^(done|Bail)' /tmp/front.out", 60) &&
           !peer_run(&p, "grep -q '^done' /tmp/front.out"),
       "the front is through, and all was as it should be");
    OK(sums_agree(), "both domains have the same sum of it");
    peer_run(&p, "cat /tmp/front.out");
    tap_note("%s", strstr(box_text(p.box), "done") ?: box_text(p.box));
    OK(!peer_run(&p, "grep -q 'connects 3, resent [1-9]' /tmp/front.out"),
       "requests were sent again");
    OK(s->mapped && s->hits && !s->error && !b.ledger->broken,
       "the disk worked on the domU's pages: %llu mapped, %llu found mapped",
       (unsigned long long)s->mapped, (unsigned long long)s->hits);
    OK(pair_stop(&b), "the back ends, and nothing is left of it");
    MUST(!leat_bus_device_remove(&store, &device));
    peer_close(&p);
    return tap_end();
}
