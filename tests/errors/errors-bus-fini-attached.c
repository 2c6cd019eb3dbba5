/* SPDX-License-Identifier: ISC */

/* A bus is ended while a watch is set. */

#include "errors.h"
#include "pv/store.h"

static int changed(void *arg, const char *path)
{
    (void)arg;
    (void)path;
    return 0;
}

int main(void)
{
    static struct table t;
    static struct leat_bus b;
    struct leat_bus_config c = {.fd = -1};
    struct leat_bus_watch w = {0};

    table_open(&t);
    c.store = table_store(&t, 1);
    MUST(leat_bus_init(&b, &c) == 0);
    MUST(leat_bus_watch(&b, &w, "/x", changed, NULL) == 0);
    FOUND("a bus ends after what is attached to it", leat_bus_fini(&b),
          LEAT_E_BUSY, w.bus == &b && !leat_bus_check(&b));
}
