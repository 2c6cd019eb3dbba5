/* SPDX-License-Identifier: ISC */

/*
 * Between dom0 and a domU: pages each way, 1 to 1000 of them, with the domU's
 * grant table, read from here, as a witness; copies; events; a sharer that is
 * killed while its pages are mapped. Notification is in told.c.
 */

#include "peer.h"

static struct peer p;
static struct leat_xen_foreign *f;
static struct leat_gref grefs[PEER_REFS];
static struct mapped w;
static struct shared s;

/* How many of the entries are as told. */
struct entries {
    size_t granted, reading, writing, readable, mine;
};

static struct entries witness(size_t n)
{
    struct entries sum = {0};
    struct leat_grant_entry e;

    for (size_t i = 0; i < n; i++) {
        MUST(!leat_xen_foreign_entry(f, grefs[i].ref, &e));
        sum.granted += e.granted;
        sum.reading += e.granted && e.reading;
        sum.writing += e.granted && e.writing;
        sum.readable += e.granted && e.access == LEAT_READ_ONLY;
        sum.mine += e.granted && e.domain == 0;
    }
    return sum;
}

/* The frames that the entries name hold what is in the pages. */
static bool frames_are_filled(size_t n, unsigned seed)
{
    static uint64_t frames[PEER_REFS];
    static int status[PEER_REFS];
    struct leat_grant_entry e;
    void *base;
    bool good;

    for (size_t i = 0; i < n; i++) {
        MUST(!leat_xen_foreign_entry(f, grefs[i].ref, &e));
        frames[i] = e.frame;
    }
    if (leat_xen_foreign_map(f, frames, n, LEAT_READ_ONLY, status, &base))
        return false;
    good = filled(base, n, seed) && fault(base, true) == SIGSEGV;
    return !leat_xen_foreign_unmap(f, base, n) && good;
}

static void from_domu(size_t n)
{
    struct entries e;

    GIVES(peer_call(&p, PEER_SHARE, 0, n, LEAT_READ_WRITE), 0,
          "domU shares %zu", n);
    peer_grefs(&p, grefs, n);
    e = witness(n);
    OK(e.granted == n && e.mine == n && !e.readable && !e.reading && !e.writing,
       "its table has them, and none in use");
    peer_call(&p, PEER_FILL, 0, 21);
    GIVES(map(p.map, &w, grefs, n, LEAT_READ_WRITE), 0, "dom0 maps %zu", n);
    e = witness(n);
    OK(e.reading == n && e.writing == n, "its table has all in use");
    OK(filled(w.base, n, 21), "dom0 reads what domU wrote");
    OK(frames_are_filled(n, 21), "and so do the frames of the entries");
    fill(w.base, n, 22);
    peer_call(&p, PEER_FILLED, 0, 22);
    OK(p.box->out[0], "domU reads what dom0 wrote");
    GIVES(unmap(p.map, &w), 0, "dom0 unmaps %zu", n);
    e = witness(n);
    OK(e.granted == n && !e.reading && !e.writing, "its table has none in use");
    peer_call(&p, PEER_UNSHARE, 0);
    OK(COMES(witness(n).granted == 0, 5000), "its table has none of them");
    GIVES(map(p.map, &w, grefs, 1, LEAT_READ_ONLY), LEAT_E_REFERENCE,
          "they map no more");
}

static void to_domu(size_t n)
{
    struct leat_xen_share_config config = {.domain = p.domain};

    MUST(!share(&s, config, n, 0));
    fill(s.slab.base, n, 31);
    for (size_t i = 0; i < n; i++)
        p.box->refs[i] = s.grefs[i].ref;
    GIVES(peer_call(&p, PEER_MAP, 0, n, LEAT_READ_WRITE), 0, "domU maps %zu",
          n);
    peer_call(&p, PEER_FILLED, 0, 31, 1);
    OK(p.box->out[0], "domU reads what dom0 wrote");
    peer_call(&p, PEER_FILL, 0, 32, 1);
    OK(filled(s.slab.base, n, 32), "dom0 reads what domU wrote");
    GIVES(peer_call(&p, PEER_UNMAP, 0), 0, "domU unmaps %zu", n);
    unshare(&s);
    GIVES(peer_call(&p, PEER_MAP, 0, n, LEAT_READ_ONLY), LEAT_E_REFERENCE,
          "what dom0 has unshared domU maps no more");
}

static void read_only(void)
{
    struct leat_xen_share_config config = {.domain = p.domain,
                                           .access = LEAT_READ_ONLY};

    MUST(!peer_call(&p, PEER_SHARE, 0, 3, LEAT_READ_ONLY));
    peer_grefs(&p, grefs, 3);
    OK(witness(3).readable == 3, "domU shares three for reading");
    GIVES(map(p.map, &w, grefs, 3, LEAT_READ_WRITE), LEAT_E_ACCESS,
          "dom0 does not map them for writing");
    OK(w.status[0] == LEAT_E_ACCESS && w.status[2] == LEAT_E_ACCESS,
       "as each status says");
    GIVES(map(p.map, &w, grefs, 3, LEAT_READ_ONLY), 0, "but for reading");
    OK(witness(3).reading == 3 && witness(3).writing == 0,
       "which the table tells");
    MUST(!unmap(p.map, &w));
    MUST(!peer_call(&p, PEER_UNSHARE, 0));
    MUST(!share(&s, config, 1, 0));
    p.box->refs[0] = s.grefs[0].ref;
    GIVES(peer_call(&p, PEER_MAP, 0, 1, LEAT_READ_WRITE), LEAT_E_ACCESS,
          "nor does domU dom0's");
    unshare(&s);
}

static void copies(void)
{
    static unsigned char local[16 * PAGE];
    static struct leat_copy_seg segs[16];
    struct leat_map ops = leat_xen_map_ops(p.map);
    struct leat_xen_share_config config = {.domain = p.domain};
    size_t bad = 0;

    MUST(!peer_call(&p, PEER_SHARE, 0, 16, LEAT_READ_WRITE));
    peer_grefs(&p, grefs, 16);
    peer_call(&p, PEER_FILL, 0, 41);
    for (size_t i = 0; i < 16; i++)
        segs[i] = (struct leat_copy_seg){.from = {.gref = grefs[i]},
                                         .to = {.local = local + i * PAGE},
                                         .len = PAGE};
    GIVES(ops.ops->copy(ops.self, segs, 16), 0, "copy 16 from domU");
    for (size_t i = 0; i < 16; i++)
        bad += segs[i].status != 0;
    OK(!bad && filled(local, 16, 41), "dom0 has what domU wrote");
    fill(local, 16, 42);
    for (size_t i = 0; i < 16; i++)
        segs[i] = (struct leat_copy_seg){.from = {.local = local + i * PAGE},
                                         .to = {.gref = grefs[i]},
                                         .len = PAGE};
    GIVES(ops.ops->copy(ops.self, segs, 16), 0, "copy 16 to domU");
    peer_call(&p, PEER_FILLED, 0, 42);
    OK(p.box->out[0], "domU has what dom0 wrote");
    OK(!witness(16).reading && !witness(16).writing,
       "after which none is in use");
    MUST(!peer_call(&p, PEER_UNSHARE, 0));

    MUST(!share(&s, config, 16, 0));
    fill(s.slab.base, 16, 43);
    for (size_t i = 0; i < 16; i++)
        p.box->refs[i] = s.grefs[i].ref;
    GIVES(peer_call(&p, PEER_COPY, 0, 16, 43), 0, "domU copies 16 from dom0");
    OK(p.box->out[0], "and has what dom0 wrote");
    GIVES(peer_call(&p, PEER_COPY, 1, 16, 44), 0, "domU copies 16 to dom0");
    OK(filled(s.slab.base, 16, 44), "and dom0 has what domU wrote");
    unshare(&s);
}

static void events(void)
{
    uint32_t here, there;

    GIVES(EVENT(p.events, alloc, p.domain, &here), 0, "dom0 offers a port");
    GIVES(peer_call(&p, PEER_BIND, here), 0, "domU binds it");
    there = (uint32_t)p.box->out[0];
    peer_call(&p, PEER_TAKEN, there);
    OK(p.box->out[0], "the binder's port is pending at once");
    GIVES(peer_call(&p, PEER_SEND, there), 0, "domU sends");
    OK(peer_told(&p, here, 2000), "dom0 takes it");
    GIVES(peer_call(&p, PEER_SEND, there), 0, "domU sends again");
    OK(!peer_told(&p, here, 100), "the port is masked");
    GIVES(EVENT(p.events, unmask, here), 0, "unmask");
    OK(peer_told(&p, here, 2000), "then it comes");
    GIVES(EVENT(p.events, notify, here), 0, "dom0 sends");
    peer_call(&p, PEER_TAKEN, there, 1);
    OK(p.box->out[0], "domU takes it");
    GIVES(EVENT(p.events, close, here), 0, "close");
    GIVES(EVENT(p.events, notify, here), LEAT_E_REFERENCE,
          "a port that was closed");
    GIVES(EVENT(p.events, bind, p.domain, 4000, &here), LEAT_E_REFERENCE,
          "a remote port that is not there");
    GIVES(EVENT(p.events, bind, 4321, 1, &here), LEAT_E_DOMAIN,
          "a domain that is not there");
}

/* A process here shares a page, domU maps it, and the process is killed. */
static void killed_here(void)
{
    struct leat_xen_share_config config = {.domain = p.domain};
    uint32_t ref = 0;
    int pipes[2], status;
    pid_t pid;

    MUST(!pipe(pipes));
    pid = fork();
    if (pid == 0) {
        MUST(!share(&s, config, 1, 0));
        fill(s.slab.base, 1, 61);
        MUST(write(pipes[1], &s.grefs[0].ref, 4) == 4);
        for (;;)
            pause();
    }
    MUST(pid > 0 && read(pipes[0], &ref, 4) == 4);
    p.box->refs[0] = ref;
    GIVES(peer_call(&p, PEER_MAP, 0, 1, LEAT_READ_WRITE), 0,
          "domU maps a page of a process");
    MUST(!kill(pid, SIGKILL) && waitpid(pid, &status, 0) == pid);
    peer_call(&p, PEER_FILLED, 0, 61, 1);
    OK(p.box->out[0], "which is killed: domU goes on reading");
    peer_call(&p, PEER_FILL, 0, 62, 1);
    peer_call(&p, PEER_FILLED, 0, 62, 1);
    OK(p.box->out[0], "and writing");
    p.box->refs[0] = ref;
    GIVES(peer_call(&p, PEER_MAP, 1, 1, LEAT_READ_WRITE), 0,
          "and can map it once more");
    MUST(!peer_call(&p, PEER_UNMAP, 1) && !peer_call(&p, PEER_UNMAP, 0));
    p.box->refs[0] = ref;
    OK(COMES(peer_call(&p, PEER_MAP, 0, 1, LEAT_READ_WRITE) ==
                     LEAT_E_REFERENCE ||
                 (peer_call(&p, PEER_UNMAP, 0), p.box->refs[0] = ref, false),
             10000),
       "after the unmap it is revoked");
    close(pipes[0]);
    close(pipes[1]);
}

/* What the tests of devices need of domU: two CPUs, Linux's own front ends, TAP. */
static void a_linux_of_two_cpus(void)
{
    static const char *const modules[] = {"xen-netfront", "xen-blkfront",
                                          "tun"};
    char command[80];

    OK(peer_run(&p, "echo -n $(nproc)") == 0 && !strcmp(box_text(p.box), "2"),
       "domU runs a command: nproc says %.9s", box_text(p.box));
    OK(peer_run(&p, "exit 7") == 7, "and tells its status");
    for (size_t i = 0; i < COUNT(modules); i++) {
        snprintf(command, sizeof(command), "insmod /lib/modules/%s.ko",
                 modules[i]);
        OK(peer_run(&p, command) == 0, "%s: %s", command, box_text(p.box));
    }
    OK(peer_run(&p, "test -c /dev/net/tun") == 0, "there is TAP");
    /* The tests of devices load them with the parameters that they want. */
    OK(peer_run(&p, "rmmod xen_blkfront && rmmod xen_netfront") == 0,
       "rmmod: %s", box_text(p.box));
}

int main(void)
{
    static const size_t counts[] = {1, 2, 64, 65, 300, 1000};
    struct leat_grant_entry e;
    struct leat_xen_foreign *own, *none;
    uint32_t refs = 0;
    void *base = NULL;
    uint64_t frame = 1;
    int status;

    peer_open(&p, "LEAT_XEN_DOMU");
    GIVES(peer_call(&p, PEER_HELLO, 0), 0, "domU answers");
    GIVES(leat_xen_foreign_open(&f, p.domain, 0, NULL), 0,
          "domU's memory is open");
    a_linux_of_two_cpus();
    GIVES(leat_xen_foreign_refs(f, &refs), 0, "its table has a size");
    OK(refs == 32768, "of %u", refs);
    GIVES(leat_xen_foreign_entry(f, 0xffffffff, &e), LEAT_E_REFERENCE,
          "an entry beyond any table");
    GIVES(leat_xen_foreign_map(f, &frame, 1, LEAT_READ_WRITE, NULL, &base),
          LEAT_E_ACCESS, "frames are for reading");
    frame = (uint64_t)1 << 40;
    GIVES(leat_xen_foreign_map(f, &frame, 1, LEAT_READ_ONLY, &status, &base),
          LEAT_E_REFUSED, "a frame that is none of domU's");
    OK(status == LEAT_E_REFUSED && !base, "as its status says");
    MUST(!leat_xen_foreign_open(&own, 0, 0, NULL));
    GIVES(leat_xen_foreign_entry(own, 8, &e), LEAT_E_REFUSED,
          "dom0's own table is not to be read");
    MUST(!leat_xen_foreign_close(own));
    MUST(!leat_xen_foreign_open(&none, 4321, 0, NULL));
    GIVES(leat_xen_foreign_entry(none, 8, &e), LEAT_E_DOMAIN,
          "nor that of a domain that is not there");
    MUST(!leat_xen_foreign_close(none));

    for (size_t i = 0; i < COUNT(counts); i++) {
        from_domu(counts[i]);
        to_domu(counts[i]);
    }
    read_only();
    copies();
    events();
    killed_here();
    GIVES(leat_xen_foreign_close(f), 0, "close");
    peer_close(&p);
    return tap_end();
}
