/* SPDX-License-Identifier: ISC */

/* A back end is destroyed that still serves its guest. */

#include <leat/netback.h>
#include <leat/ring.h>

#include "device-errors.h"

#define FRONT "/local/domain/1/device/vif/0"
#define BACK  "/local/domain/2/backend/vif/1/0"

static int send(void *self, const struct leat_net_frame *frame)
{
    (void)self, (void)frame;
    return 0;
}

static void write_number(const char *path, uint32_t x)
{
    char text[12];

    snprintf(text, sizeof(text), "%u", x);
    table_set(&table, path, text);
}

/* A page of zeros is a ring in which there is nothing. */
static void ring(const char *path)
{
    struct leat_chunk c;
    uint32_t ref = 0;

    MUST(leat_grant_ref(share_one(&c), &ref) == 0);
    write_number(path, ref);
}

int main(void)
{
    static const struct leat_netport_ops ops = {.name = "none", .send = send};
    static const struct leat_bus_device device = {
        .type = "vif", .front = 1, .back = 2};
    static struct leat_netback_config c = {.path = BACK, .port = {&ops, NULL}};
    struct leat_netback *n = NULL;
    struct leat_events events;
    uint32_t port = 0;
    bool more;

    open_two(NULL);
    make_device(&device, 2);
    c.bus = &bus;
    c.grants = b->table;
    MUST(leat_netback_meta_size(&c, &c.meta_bytes) == 0);
    c.meta = malloc(c.meta_bytes);
    MUST(leat_netback_create(&n, &c) == 0);
    MUST(leat_bus_poll(&bus, 100, &more) == 0);
    events = table_events(&table, 1);
    MUST(events.ops->alloc(events.self, 2, &port) == 0);
    ring(FRONT "/tx-ring-ref");
    ring(FRONT "/rx-ring-ref");
    write_number(FRONT "/event-channel", port);
    write_number(FRONT "/request-rx-copy", 1);
    write_number(FRONT "/state", 4);
    MUST(leat_bus_poll(&bus, 100, &more) == 0);
    MUST(leat_netback_connected(n));
    FOUND("a back end that serves a guest is destroyed",
          leat_netback_destroy(n), LEAT_E_BUSY,
          sound(2) && leat_netback_connected(n) && !leat_netback_check(n) &&
              leat_netback_poll(n, 8, &more) == 0);
}
