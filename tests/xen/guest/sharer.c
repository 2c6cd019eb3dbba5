/* SPDX-License-Identifier: ISC */

/*
 * A guest that shares pages with dom0, by leat and by nothing else, and does what
 * dom0 asks of it: through a page that is shared too, of a persistent pool, and an
 * event channel. It says where they are in xenstore, as tests/xen/peer does.
 *
 *     arena -> pool -> share, revoke -> grant table -> dom0
 *                +---> persistent pools ---^
 *
 * It suspends when the toolstack says so in xenstore. What is around a suspend
 * stands in a list, oldest first: the frames of the grant table, leat's table of
 * grants over them, this program. Each suspends before what it stands on.
 */

#include <string.h>

#include "peer.h"

struct guest guest;

static _Alignas(4096) unsigned char arena[1700][4096];
static _Alignas(4096) unsigned char metadata[500][4096];
static unsigned char boxes_meta[4096], persist_meta[8192];

static uint64_t port_now(void *self)
{
    (void)self;
    return guest_now_ns();
}

static void port_relax(void *self)
{
    (void)self;
    __asm__ volatile("pause");
}

static const struct leat_port port = {.now_ns = port_now, .relax = port_relax};

/* -------------------------------------------------------------------- box */

uint64_t guest_box_get(size_t off, size_t size)
{
    uint64_t wide = 0;
    uint32_t word = 0;

    if (size == 8)
        MUST(!leat_shared_read_u64(guest.bytes, off, &wide));
    else
        MUST(!leat_shared_read_u32(guest.bytes, off, &word));
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return size == 8 ? wide : word;
}

void guest_box_set(size_t off, size_t size, uint64_t value)
{
    __atomic_thread_fence(__ATOMIC_RELEASE);
    if (size == 8)
        MUST(!leat_shared_write_u64(guest.bytes, off, value));
    else
        MUST(!leat_shared_write_u32(guest.bytes, off, (uint32_t)value));
}

void guest_box_await(size_t which, uint64_t value)
{
    uint64_t end = guest_now_ns() + 20000000000u;

    for (unsigned i = 0; BOX_GET(arg[which]) != value; i++) {
        if (i < 2000) {
            port_relax(NULL);
            continue;
        }
        MUST(guest_now_ns() < end);
        guest_wait(&guest.port, 1, 1000000);
        guest_taken(guest.port);
    }
}

static void publish(void)
{
    char text[64];
    uint32_t ref, off;

    MUST(!leat_block_ref(guest.box, &ref, &off) && off == 0);
    guest_text(text, sizeof(text), "%u %u %u", ++guest.serial, ref, guest.port);
    guest_store_write("data/peer", text);
}

/* ---------------------------------------------------------------- suspend */

static int on_suspend(void *arg)
{
    (void)arg;
    return guest.refuse ? LEAT_E_REFUSED : 0;
}

static void on_resume(void *arg, enum leat_resumed how)
{
    (void)arg;
    if (how == LEAT_CANCELLED)
        return;
    guest.port = guest_port(0);
    guest_store_open();
    guest_store_watch("control/shutdown");
}

static void suspend(void)
{
    uint64_t before = leat_lifecycle_generation(&guest.life);
    struct leat_hook *who = NULL;
    bool cancelled;
    int err = leat_lifecycle_suspend(&guest.life, &who);

    if (err) {
        guest.refused++;
        OK(who == &guest.hook ? err == LEAT_E_REFUSED : err == LEAT_E_BUSY,
           "a suspend is refused: %s", leat_strerror(err));
        OK(!leat_grants_check(guest.table), "and the table is well");
        guest.refuse = false;
        guest_store_write("data/refused", leat_strerror(err));
        return;
    }
    guest_store_write("control/shutdown", "");
    cancelled = guest_suspend();
    guest.cancelled += cancelled;
    GIVES(leat_lifecycle_resume(&guest.life,
                                cancelled ? LEAT_CANCELLED : LEAT_RESUMED),
          0, "the guest goes on, %s", cancelled ? "not suspended" : "resumed");
    OK(leat_lifecycle_generation(&guest.life) == before + !cancelled,
       "in generation %zu", (size_t)leat_lifecycle_generation(&guest.life));
    OK(!leat_grants_check(guest.table), "and the table is well");
    publish();
}

/* ------------------------------------------------------------------- main */

static void open_all(void)
{
    static struct leat_static_arena pages = {.base = arena,
                                             .bytes = sizeof(arena)};
    static struct leat_static_arena meta = {.base = metadata,
                                            .bytes = sizeof(metadata)};
    struct leat_pool_config pc = {.backend = leat_static(&pages),
                                  .peer = 0 + 1, /* dom0 */
                                  .zero = LEAT_ZERO_ALWAYS,
                                  .port = &port};
    struct leat_grants_config gc = {
        .lifecycle = &guest.life, .backend = leat_static(&meta), .port = &port};
    struct leat_persist_config box = {.domain = 0,
                                      .units_max = 1,
                                      .meta = boxes_meta,
                                      .meta_bytes = sizeof(boxes_meta),
                                      .port = &port};
    struct leat_persist_config blocks = box;

    MUST(!leat_lifecycle_init(&guest.life));
    guest_table_open(&guest.gnttab, &guest.life);
    gc.share = guest_stops(leat_gnttab(&guest.gnttab));
    GIVES(leat_pool_create(&guest.pool, &pc), 0, "a pool over an arena");
    GIVES(leat_grants_create(&guest.table, &gc), 0, "a table of grants");
    MUST(guest.pool && guest.table);
    box.grants = blocks.grants = guest.table;
    box.pool = blocks.pool = guest.pool;
    blocks.meta = persist_meta;
    blocks.meta_bytes = sizeof(persist_meta);
    blocks.units_max = BLOCKS;
    GIVES(leat_persist_create(&guest.boxes, &box), 0, "a persistent pool");
    GIVES(leat_persist_create(&guest.persist, &blocks), 0, "and another");
    GIVES(leat_persist_get(guest.boxes, &guest.box), 0,
          "a page to be asked by");
    MUST(!leat_block_shared(guest.box, &guest.bytes));
    guest.hook.suspend = on_suspend;
    guest.hook.resume = on_resume;
    MUST(!leat_lifecycle_add(&guest.life, &guest.hook));
}

static void serve(void)
{
    uint32_t request = (uint32_t)BOX_GET(request);
    enum peer_op op;
    uint64_t arg[5];
    int err;

    if (request == (uint32_t)BOX_GET(reply))
        return;
    op = (enum peer_op)BOX_GET(op);
    for (size_t i = 0; i < COUNT(arg); i++)
        arg[i] = BOX_GET(arg[i]);
    err = guest_order(op, arg);
    if (leat_grants_check(guest.table) || leat_pool_check(guest.pool))
        OK(false, "after order %u: %s %s", op, leat_grants_check(guest.table),
           leat_pool_check(guest.pool));
    BOX_SET(result, (uint32_t)err);
    BOX_SET(reply, request);
    guest_notify(guest.port);
}

/* Everything ends, and nothing is left. */
static void close_all(void)
{
    struct leat_grants_stats stats;
    size_t drained;

    for (size_t i = 0; i < PEER_SLOTS; i++)
        guest_slot_clear(&guest.slots[i]);
    while (guest.nblocks)
        MUST(!leat_persist_put(guest.blocks[--guest.nblocks]));
    GIVES(leat_persist_close(guest.persist, NULL, NULL), 0, "close");
    MUST(!leat_persist_put(guest.box));
    GIVES(leat_persist_close(guest.boxes, NULL, NULL), 0, "close the box");
    for (unsigned i = 0; i < 500; i++) {
        leat_grant_poll(guest.table, 4096, &drained);
        MUST(!leat_grants_stats(guest.table, &stats));
        if (!stats.pages_shared)
            break;
        guest_wait(NULL, 0, 10000000);
    }
    OK(stats.pages_shared == 0 && stats.quarantined == 0, "nothing is shared");
    GIVES(leat_grants_destroy(guest.table), 0, "the table goes");
    OK(!leat_pool_check(guest.pool), "the pool is well");
    GIVES(leat_pool_destroy(guest.pool), 0, "and goes");
}

void guest_main(void)
{
    char text[32];

    open_all();
    guest_store_open();
    guest_store_watch("control/shutdown");
    guest.port = guest_port(0);
    publish();
    while (!guest.off) {
        uint32_t ports[] = {guest.port, guest_store_port()};

        guest_wait(ports, 2, 1000000000);
        guest_taken(guest.port);
        guest_taken(guest_store_port());
        if (guest_store_changed() &&
            guest_store_read("control/shutdown", text, sizeof(text)) &&
            !memcmp(text, "suspend", 8))
            suspend();
        serve();
    }
    close_all();
    tap_end();
}
