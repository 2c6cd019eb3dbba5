/* SPDX-License-Identifier: ISC */

/* The peer that tests in dom0 ask: see peer.h. It runs until it is killed. */

#include <sys/reboot.h>

#include "peer.h"

static struct leat_xen_map *m;
static struct leat_xen_events *events;
static struct shared shares[PEER_SLOTS];
static struct mapped maps[PEER_SLOTS];
static struct leat_gref grefs[PEER_REFS];

static unsigned char *slot_base(uint64_t slot, uint64_t of_map, size_t *n)
{
    *n = of_map ? maps[slot].n : shares[slot].n;
    return of_map ? maps[slot].base : shares[slot].slab.base;
}

static int do_share(struct peer_box *box)
{
    struct shared *s = &shares[box->arg[0]];
    struct leat_xen_share_config config = {.access =
                                               (enum leat_access)box->arg[2],
                                           .flags = (uint32_t)box->arg[3],
                                           .notify_port = (uint32_t)box->arg[4],
                                           .unit_pages = box->arg[1]};
    int err = share(s, config, box->arg[1], 0);

    for (size_t i = 0; !err && i < s->n; i++)
        box->refs[i] = s->grefs[i].ref;
    return err;
}

static int do_map(struct peer_box *box)
{
    struct mapped *w = &maps[box->arg[0]];
    size_t n = box->arg[1];
    int err;

    for (size_t i = 0; i < n; i++)
        grefs[i] = (struct leat_gref){.domain = 0, .ref = box->refs[i]};
    err = map(m, w, grefs, n, (enum leat_access)box->arg[2]);
    if (!err && box->arg[3])
        err = leat_xen_map_notify(m, w->base, (uint32_t)box->arg[3], 0,
                                  (uint32_t)box->arg[4]);
    return err;
}

/* Copies pages to, or from, grants of dom0's, and looks at what came. */
static int do_copy(struct peer_box *box)
{
    static unsigned char local[16 * PAGE];
    static struct leat_copy_seg segs[16];
    struct leat_map ops = leat_xen_map_ops(m);
    size_t n = box->arg[1];
    int err;

    fill(local, n, box->arg[0] ? (unsigned)box->arg[2] : 0);
    for (size_t i = 0; i < n; i++) {
        struct leat_copy_side theirs = {
            .gref = {.domain = 0, .ref = box->refs[i]}};
        struct leat_copy_side ours = {.local = local + i * PAGE};

        segs[i] = (struct leat_copy_seg){.len = PAGE, .status = LEAT_E_STATE};
        segs[i].from = box->arg[0] ? ours : theirs;
        segs[i].to = box->arg[0] ? theirs : ours;
    }
    err = ops.ops->copy(ops.self, segs, n);
    for (size_t i = 0; !err && i < n; i++)
        err = segs[i].status;
    box->out[0] = filled(local, n, (unsigned)box->arg[2]);
    return err;
}

/* Whether (port) came to be pending within a second. */
static int do_taken(struct peer_box *box)
{
    uint32_t port = (uint32_t)box->arg[0], got = 0;

    if (box->arg[1])
        MUST(!EVENT(events, unmask, port));
    box->out[0] = COMES(!EVENT(events, pending, &got) && got == port, 1000);
    return 0;
}

/* A command, with its output in a file. */
static int do_run(struct peer_box *box)
{
    static char line[BOX_TEXT + 40];
    char *text = box_text(box);
    FILE *f;
    long size;
    int status;

    snprintf(line, sizeof(line), "{ %.*s\n} >/tmp/peer.out 2>&1", (int)BOX_TEXT,
             text);
    status = system(line);
    memset(text, 0, BOX_TEXT);
    f = fopen("/tmp/peer.out", "r");
    MUST(f && !fseek(f, 0, SEEK_END) && (size = ftell(f)) >= 0);
    MUST(!fseek(f, size < (long)BOX_TEXT ? 0 : size - (long)BOX_TEXT + 1,
                SEEK_SET));
    (void)!fread(text, 1, BOX_TEXT - 1, f);
    fclose(f);
    box->out[0] = WIFEXITED(status) ? (uint64_t)WEXITSTATUS(status) : 255;
    return 0;
}

static int serve(struct peer_box *box)
{
    uint32_t port = 0;
    unsigned char *base;
    size_t n;
    int err = 0;

    if (box->arg[0] >= PEER_SLOTS && box->op != PEER_SEND &&
        box->op != PEER_BIND && box->op != PEER_TAKEN)
        return LEAT_E_INVALID;
    switch ((enum peer_op)box->op) {
    case PEER_HELLO:
        return 0;
    case PEER_SHARE:
        return do_share(box);
    case PEER_UNSHARE:
        unshare(&shares[box->arg[0]]);
        return 0;
    case PEER_MAP:
        return do_map(box);
    case PEER_UNMAP:
        return unmap(m, &maps[box->arg[0]]);
    case PEER_FILL:
        base = slot_base(box->arg[0], box->arg[2], &n);
        fill(base, n, (unsigned)box->arg[1]);
        return 0;
    case PEER_FILLED:
        base = slot_base(box->arg[0], box->arg[2], &n);
        box->out[0] = filled(base, n, (unsigned)box->arg[1]);
        return 0;
    case PEER_COPY:
        return do_copy(box);
    case PEER_OFFER:
        err = EVENT(events, alloc, 0, &port);
        box->out[0] = port;
        return err;
    case PEER_BIND:
        err = EVENT(events, bind, 0, (uint32_t)box->arg[0], &port);
        box->out[0] = port;
        return err;
    case PEER_SEND:
        return EVENT(events, notify, (uint32_t)box->arg[0]);
    case PEER_TAKEN:
        return do_taken(box);
    case PEER_RUN:
        return do_run(box);
    case PEER_DIE:
        kill(getpid(), SIGKILL);
        return 0;
    case PEER_OFF:
        reboot(RB_POWER_OFF);
        return 0;
    default:
        break;
    }
    return LEAT_E_INVALID;
}

int main(void)
{
    static struct shared s;
    struct leat_xen_share_config config = {0};
    struct leat_xen_store *store;
    struct peer_box *box;
    char text[64];
    uint32_t port;
    int n;

    m = open_map();
    MUST(!leat_xen_events_open(&events, NULL));
    MUST(!leat_xen_store_open(&store, NULL));
    MUST(!share(&s, config, 1, 0));
    MUST(!EVENT(events, alloc, 0, &port));
    box = (void *)s.slab.base;
    n = snprintf(text, sizeof(text), "%lu %u %u", (unsigned long)now_ns(),
                 s.grefs[0].ref, port);
    MUST(!STORE(store, write, 0, "data/peer", text, (size_t)n));
    for (;;) {
        if (__atomic_load_n(&box->request, __ATOMIC_ACQUIRE) == box->reply) {
            sleep_ms(2);
            continue;
        }
        box->result = serve(box);
        __atomic_store_n(&box->reply, box->request, __ATOMIC_RELEASE);
    }
}
