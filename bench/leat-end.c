/* SPDX-License-Identifier: ISC */

/* What leat's own ends have in common; see leat-end.h. */

#include <stdio.h>
#include <string.h>

#include <leat/error.h>

#include "leat-end.h"

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
