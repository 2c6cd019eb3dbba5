/* SPDX-License-Identifier: ISC */

/* What leat's own ends have in common; see leat-end.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <leat/bus_device.h>
#include <leat/error.h>

#include "leat-end.h"

#define MAPPINGS   8192u
#define POOL_PAGES 8192u

/* The table, and the bus. */
static int open_table(struct leat_end *e, struct leat_grants_config *c)
{
    struct leat_bus_config bus = {.fd = -1};
    int err = leat_grants_meta_size(c, &c->meta_bytes);

    if (!err)
        c->meta = malloc(c->meta_bytes);
    if (!err)
        err = leat_grants_create(&e->table, c);
    bus.store = leat_sim_store(e->domain);
    bus.events = leat_sim_events(e->domain);
    return err ? err : leat_bus_init(&e->bus, &bus);
}

int leat_end_front(struct leat_end *e, const char *dir)
{
    struct leat_pool_config pool = {.limit_pages = POOL_PAGES,
                                    .peer = LEAT_BACK + 1};
    struct leat_grants_config c = {.share.ops = NULL};
    int err = leat_sim_join(dir, 0, &e->toolstack);

    if (!err)
        err = leat_sim_join(dir, LEAT_FRONT, &e->domain);
    if (err)
        return err;
    pool.backend = leat_sim_backend(e->domain);
    err = leat_pool_create(&e->pool, &pool);
    if (!err)
        err = leat_sim_gnttab(e->domain, &e->table_pages);
    c.share = leat_gnttab(&e->table_pages);
    return err ? err : open_table(e, &c);
}

int leat_end_back(struct leat_end *e, const char *dir)
{
    struct leat_grants_config c = {.maps_max = MAPPINGS};
    int err = leat_sim_join(dir, LEAT_BACK, &e->domain);

    if (err)
        return err;
    c.map = leat_sim_map(e->domain);
    return open_table(e, &c);
}

int leat_end_make(struct leat_end *e, const char *type, uint32_t number)
{
    const struct leat_bus_device device = {
        .type = type, .front = LEAT_FRONT, .back = LEAT_BACK, .number = number};
    struct leat_store store = leat_sim_store(e->toolstack);

    return leat_bus_device_make(&store, &device);
}

int leat_end_offline(struct leat_end *e, const char *back_path)
{
    struct leat_store store = leat_sim_store(e->toolstack);
    char key[80];

    snprintf(key, sizeof key, "%s/online", back_path);
    return store.ops->write(store.self, LEAT_STORE_NOW, key, "0", 1);
}

int leat_end_close(struct leat_end *e)
{
    int err = leat_bus_fini(&e->bus);

    if (!err)
        err = leat_grants_destroy(e->table);
    if (!err && e->pool)
        err = leat_pool_destroy(e->pool);
    if (!err)
        err = leat_sim_leave(e->domain);
    if (!err && e->toolstack)
        err = leat_sim_leave(e->toolstack);
    return err;
}

_Noreturn void leat_die(const char *what, int err)
{
    char why[160];

    snprintf(why, sizeof why, "%s: %s", what, leat_strerror(err));
    device_die(why);
}

static void relax(void *self)
{
    (void)self;
    device_relax();
}

static uint64_t now_ns(void *self)
{
    (void)self;
    return device_now();
}

const struct leat_port *leat_bench_port(void)
{
    static const struct leat_port port = {.now_ns = now_ns, .relax = relax};

    return &port;
}

bool leat_parse(const char *variant, enum leat_receive_mode *mode,
                uint64_t *spin_ns)
{
    static const char *const ways[] = {
        [LEAT_RECEIVE_COPY] = "copy",
        [LEAT_RECEIVE_REVOKE] = "revoke",
        [LEAT_RECEIVE_SHARED] = "shared",
    };
    char way[16];
    unsigned us;
    int i;

    if (sscanf(variant, "%15[a-z],%u", way, &us) != 2)
        return false;
    *spin_ns = us * (uint64_t)1000;
    for (i = 0; i < 3; i++) {
        if (!strcmp(ways[i], way)) {
            *mode = (enum leat_receive_mode)i;
            return true;
        }
    }
    return false;
}
