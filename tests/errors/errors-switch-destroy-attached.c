/* SPDX-License-Identifier: ISC */

/* A switch is destroyed while somebody stands on a port of it. */

#include <leat/netswitch.h>

#include "errors.h"

static int deliver(void *arg, const struct leat_net_frame *frame)
{
    (void)frame;
    ++*(int *)arg;
    return 0;
}

int main(void)
{
    unsigned char bytes[60] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    const struct leat_net_frame frame = {.head = {bytes, 60}, .len = 60};
    static struct leat_switch_config config = {.ports = 2};
    int came = 0;
    const struct leat_net_sink sink = {.deliver = deliver, .arg = &came};
    struct leat_netport port, other;
    struct leat_switch *s = NULL;

    MUST(leat_switch_meta_size(&config, &config.meta_bytes) == 0);
    config.meta = malloc(config.meta_bytes);
    MUST(leat_switch_create(&s, &config) == 0);
    MUST(leat_switch_port(s, 0, &port) == 0);
    MUST(leat_switch_port(s, 1, &other) == 0);
    MUST(port.ops->attach(port.self, &sink) == 0);
    FOUND("a switch on which somebody stands", leat_switch_destroy(s),
          LEAT_E_BUSY,
          !leat_switch_check(s) && other.ops->send(other.self, &frame) == 0 &&
              came == 1);
}
