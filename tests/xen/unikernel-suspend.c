/* SPDX-License-Identifier: ISC */

/*
 * A guest of our own is saved and restored by xl: hooks run, old references are
 * stale, and what was persistent is granted again, by a table that Xen made anew.
 * A suspend that a hook refuses leaves the guest as it is; so does one that the
 * toolstack cancels.
 */

#include "unikernel.h"

#define BLOCKS 4

/* xl, on this guest: its status. */
static int xl(const char *command)
{
    char line[200];
    int status;

    snprintf(line, sizeof(line), "timeout 60 %s >/tmp/xl.out 2>&1", command);
    status = system(line);
    if (status) {
        snprintf(line, sizeof(line), "sed 's/^/# xl: /' /tmp/xl.out");
        (void)!system(line);
    }
    return status;
}

static uint32_t domid(const char *name)
{
    char line[100];
    unsigned id = 0;
    FILE *out;

    snprintf(line, sizeof(line), "xl domid %s", name);
    out = popen(line, "r");
    MUST(out);
    if (fscanf(out, "%u", &id) != 1)
        id = 0;
    pclose(out);
    return id;
}

/* The box is given back, for what dom0 holds is in the way of a suspend. */
static void let_go(void)
{
    MUST(!unmap(p.map, &p.window));
    EVENT(p.events, close, p.port);
    MUST(!leat_xen_foreign_close(f));
}

static void find_again(uint32_t domain)
{
    p.domain = domain;
    MUST(peer_find(&p, 20000));
    MUST(!leat_xen_foreign_open(&f, p.domain, 0, NULL));
}

/* The blocks of the persistent pool, by the references of now. */
static void blocks_hold(unsigned seed, const char *when)
{
    GIVES(peer_call(&p, PEER_PERSIST, 0), 0, "%s: %d blocks", when, BLOCKS);
    peer_grefs(&p, grefs, BLOCKS);
    GIVES(map(p.map, &w, grefs, BLOCKS, LEAT_READ_WRITE), 0,
          "%s: dom0 maps them", when);
    OK(w.base && filled(w.base, BLOCKS, seed), "%s: their data is intact",
       when);
    MUST(!unmap(p.map, &w));
}

static uint64_t life(int what)
{
    MUST(!peer_call(&p, PEER_LIFE, 0));
    return p.box->out[what];
}

static void store_write(const char *key, const char *value)
{
    char path[100];

    snprintf(path, sizeof(path), "/local/domain/%u/%s", p.domain, key);
    MUST(!STORE(p.store, write, 0, path, value, strlen(value)));
}

/* As the toolstack asks; and takes it back. */
static void refused(uint64_t before, const char *what)
{
    char path[100], text[100];

    snprintf(path, sizeof(path), "/local/domain/%u/data/refused", p.domain);
    store_write("control/shutdown", "suspend");
    OK(COMES(!STORE(p.store, read, 0, path, text, sizeof(text), NULL) &&
                 life(1) == before + 1,
             5000),
       "%s refuses a suspend: %s", what, text);
    store_write("control/shutdown", "");
    OK(life(0) == 0, "the guest goes on, in the generation of before");
}

int main(void)
{
    const char *name = getenv("LEAT_XEN_NAME");
    char line[100];
    uint32_t old, ref;

    MUST(name);
    unikernel_open();
    MUST(!peer_call(&p, PEER_PERSIST, BLOCKS, 71));
    blocks_hold(71, "at first");
    unikernel_share(0, 3, LEAT_READ_WRITE);
    ref = grefs[0].ref;
    table_agrees(3 + BLOCKS, 0, "before");

    /* The box that dom0 has mapped is in the way by itself. */
    refused(0, "the table of grants, whose page dom0 holds,");
    MUST(!peer_call(&p, PEER_REFUSE, 1));
    refused(1, "a hook");
    table_agrees(3 + BLOCKS, 0, "refused");
    GIVES(peer_call(&p, PEER_STALE, 0), 0, "the handle of a share is good");

    /* A checkpoint: the guest is suspended, saved, and goes on. */
    let_go();
    snprintf(line, sizeof(line), "xl save -c %s /tmp/saved", name);
    OK(!xl(line), "xl save -c");
    find_again(p.domain);
    OK(life(0) == 0 && life(2) == 1, "it was cancelled: generation 0 still");
    GIVES(peer_call(&p, PEER_STALE, 0), 0, "the handle is good");
    table_agrees(3 + BLOCKS, 0, "cancelled");
    blocks_hold(71, "cancelled");

    for (uint64_t i = 1; i <= 2; i++) {
        let_go();
        old = p.domain;
        unlink("/tmp/saved");
        snprintf(line, sizeof(line), "xl save %s /tmp/saved", name);
        OK(!xl(line), "xl save");
        OK(!xl("xl restore /tmp/saved"), "xl restore");
        OK(domid(name) > old, "it is another domain");
        find_again(domid(name));
        OK(life(0) == i, "the guest is in generation %ju", (uintmax_t)i);
        GIVES(peer_call(&p, PEER_STALE, 0), LEAT_E_STALE,
              "the handle of before is stale");
        table_agrees(BLOCKS, 0, "restored");
        blocks_hold(71, "restored");
        unikernel_share(0, 3, LEAT_READ_ONLY);
        table_agrees(3 + BLOCKS, 0, "shared anew");
    }
    tap_note("the first reference of before was %u, and is %u", ref,
             grefs[0].ref);
    MUST(!peer_call(&p, PEER_REVOKE, 0));
    unikernel_close();
    return tap_end();
}
