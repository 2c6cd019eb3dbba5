/* SPDX-License-Identifier: ISC */

/* What is out of its documented set is refused before the machine is asked. */

#include <leat/xen_event.h>
#include <leat/xen_foreign.h>
#include <leat/xen_map.h>
#include <leat/xen_share.h>
#include <leat/xen_store.h>

#include "errors.h"

static int cases, failed;

static void gives(int got, int want, const char *what)
{
    printf("%sok %d - %s\n", got == want ? "" : "not ", ++cases, what);
    if (got != want)
        printf("# %s, not %s\n", leat_strerror(got), leat_strerror(want));
    failed |= got != want;
}

static int share(struct leat_xen_share_config config)
{
    struct leat_xen_share *x = NULL;

    return leat_xen_share_open(&x, &config, NULL);
}

#define SHARE(...) share((struct leat_xen_share_config){__VA_ARGS__})

int main(void)
{
    struct leat_xen_map_config unknown = {.flags = 1};
    struct leat_xen_map_config map = {0};
    struct leat_xen_share_config good = {0};
    struct leat_xen_share *x = NULL;
    struct leat_xen_map *m = NULL;
    struct leat_xen_foreign *f = NULL;
    char buf[8];
    bool told;

    gives(SHARE(.flags = 16), LEAT_E_INVALID, "unknown flag of a share");
    gives(SHARE(.access = (enum leat_access)2), LEAT_E_INVALID,
          "unknown access");
    gives(SHARE(.domain = LEAT_DOMAIN_MAX + 1), LEAT_E_DOMAIN,
          "no number of a domain");
    gives(SHARE(.flags = LEAT_XEN_TOLD_BYTE), LEAT_E_INVALID,
          "a byte that tells, without being told");
    gives(SHARE(.flags = LEAT_XEN_TOLD | LEAT_XEN_TOLD_BYTE,
                .access = LEAT_READ_ONLY),
          LEAT_E_INVALID, "a byte that the peer cannot clear");
    gives(SHARE(.flags = LEAT_XEN_TOLD | LEAT_XEN_TOLD_BYTE, .told_off = 4096),
          LEAT_E_INVALID, "a byte beyond the unit");
    gives(SHARE(.flags = LEAT_XEN_NOTIFY_BYTE, .unit_pages = 2,
                .notify_off = 8192),
          LEAT_E_INVALID, "the other byte beyond the unit");
    gives(SHARE(.refs = 511), LEAT_E_INVALID, "less than a frame of entries");
    gives(SHARE(.unit_pages = SIZE_MAX), LEAT_E_INVALID, "an endless unit");
    gives(leat_xen_share_open(NULL, &good, NULL), LEAT_E_INVALID,
          "a share, to nowhere");
    gives(leat_xen_share_open(&x, NULL, NULL), LEAT_E_INVALID,
          "a share, without a configuration");
    gives(leat_xen_share_close(NULL), LEAT_E_INVALID, "closing no share");
    gives(leat_xen_share_told(NULL, buf, &told), LEAT_E_INVALID,
          "being told by no share");
    gives(leat_xen_map_open(&m, &unknown, NULL), LEAT_E_INVALID,
          "unknown flag of a map");
    gives(leat_xen_map_open(NULL, &map, NULL), LEAT_E_INVALID,
          "a map, to nowhere");
    gives(leat_xen_map_open(&m, NULL, NULL), LEAT_E_INVALID,
          "a map, without a configuration");
    gives(leat_xen_map_close(NULL), LEAT_E_INVALID, "closing no map");
    gives(leat_xen_map_notify(NULL, buf, 0, 0, 0), LEAT_E_INVALID,
          "notifying of no map");
    gives(leat_xen_foreign_open(&f, 0, 2, NULL), LEAT_E_INVALID,
          "unknown flag of foreign memory");
    gives(leat_xen_foreign_open(&f, LEAT_XEN_SELF + 1, 0, NULL), LEAT_E_DOMAIN,
          "foreign memory of no domain");
    gives(leat_xen_foreign_open(NULL, 0, 0, NULL), LEAT_E_INVALID,
          "foreign memory, to nowhere");
    gives(leat_xen_foreign_close(NULL), LEAT_E_INVALID, "closing none");
    gives(leat_xen_events_open(NULL, NULL), LEAT_E_INVALID,
          "events, to nowhere");
    gives(leat_xen_store_open(NULL, NULL), LEAT_E_INVALID,
          "a store, to nowhere");
    gives(leat_xen_probe((enum leat_xen_part)5, NULL), LEAT_E_INVALID,
          "no such part");
    gives(x || m || f, 0, "nothing was opened");
    printf("1..%d\n", cases);
    return failed;
}
