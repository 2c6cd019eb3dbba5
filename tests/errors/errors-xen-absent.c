/* SPDX-License-Identifier: ISC */

/*
 * Where Xen is absent, each part says what is missing when it is opened, leaves
 * its output as it was, and prints nothing. On Xen, what is not missing opens.
 */

#include <leat/xen_event.h>
#include <leat/xen_foreign.h>
#include <leat/xen_map.h>
#include <leat/xen_share.h>
#include <leat/xen_store.h>

#include "errors.h"

static int cases, failed;

static void result(bool good, const char *what, const struct leat_xen_why *why)
{
    printf("%sok %d - %s\n# %s\n", good ? "" : "not ", ++cases, what,
           why->text);
    failed |= !good;
}

/* The result of opening a part, against what was said before. */
static bool agrees(enum leat_xen_part part, int err, const void *out,
                   const struct leat_xen_why *why)
{
    struct leat_xen_why probed;
    int want = leat_xen_probe(part, &probed);

    if (!want)
        return err ? !out && why->lack : out && !why->lack;
    return err == want && !out && why->lack == probed.lack &&
           !strcmp(why->text, probed.text) && why->text[0] && why->name[0];
}

int main(void)
{
    struct leat_xen_share_config share = {0};
    struct leat_xen_map_config map = {0};
    struct leat_xen_share *x = NULL;
    struct leat_xen_map *m = NULL;
    struct leat_xen_foreign *f = NULL;
    struct leat_xen_events *e = NULL;
    struct leat_xen_store *s = NULL;
    struct leat_xen_why why;
    int err;

    memset(&why, 0x66, sizeof(why));
    err = leat_xen_share_open(&x, &share, &why);
    result(agrees(LEAT_XEN_SHARE, err, x, &why), "share", &why);
    MUST(!x || !leat_xen_share_close(x));
    memset(&why, 0x66, sizeof(why));
    err = leat_xen_map_open(&m, &map, &why);
    result(agrees(LEAT_XEN_MAP, err, m, &why), "map", &why);
    MUST(!m || !leat_xen_map_close(m));
    memset(&why, 0x66, sizeof(why));
    err = leat_xen_foreign_open(&f, 0, 0, &why);
    result(agrees(LEAT_XEN_FOREIGN, err, f, &why), "foreign", &why);
    MUST(!f || !leat_xen_foreign_close(f));
    memset(&why, 0x66, sizeof(why));
    err = leat_xen_events_open(&e, &why);
    result(agrees(LEAT_XEN_EVENT, err, e, &why), "events", &why);
    leat_xen_events_close(e);
    memset(&why, 0x66, sizeof(why));
    err = leat_xen_store_open(&s, &why);
    result(agrees(LEAT_XEN_STORE, err, s, &why), "store", &why);
    leat_xen_store_close(s);
    result(leat_xen_share_open(&x, &share, NULL) ==
               leat_xen_probe(LEAT_XEN_SHARE, NULL),
           "nobody asks why", &why);
    printf("1..%d\n", cases);
    return failed;
}
