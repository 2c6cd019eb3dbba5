/* SPDX-License-Identifier: ISC */

/*
 * Xen as a site. This process is of the domain that it runs in; who looks reads
 * tables by privilege, all but those of its own domain, which Xen does not show.
 */

#include <stdlib.h>
#include <string.h>

#include <leat/xen_foreign.h>
#include <leat/xen_map.h>
#include <leat/xen_share.h>
#include <leat/xen_store.h>

#include "site.h"

struct xen_site {
    struct leat_xen_store *store;
    struct leat_xen_share *share;
    struct leat_xen_map *map;
};

static bool xen_here(char *why, size_t size)
{
    struct leat_xen_why w;

    leat_xen_probe(LEAT_XEN_STORE, &w);
    snprintf(why, size, "%s", w.text);
    return w.lack != LEAT_XEN_HYPERVISOR;
}

static bool file_says(const char *path, const char *key, const char *word)
{
    char line[512];
    FILE *f = fopen(path, "r");
    bool found = false;

    while (f && !found && fgets(line, sizeof line, f))
        found = !strncmp(line, key, strlen(key)) && strstr(line, word);
    if (f)
        fclose(f);
    return found;
}

/* Under QEMU no figure is one of a machine. */
static const char *label(void)
{
    return file_says("/proc/cpuinfo", "model name", "QEMU") ||
                   file_says("/sys/class/dmi/id/sys_vendor", "", "QEMU")
               ? "emulated"
               : "real";
}

static bool xen_open(struct site *s, uint32_t as)
{
    struct xen_site *self = calloc(1, sizeof *self);
    struct leat_xen_why why;
    char number[16] = "";

    if (!self)
        return tool_fail("out of memory");
    if (leat_xen_store_open(&self->store, &why)) {
        free(self);
        return tool_fail("xen: %s", why.text);
    }
    s->store = leat_xen_store_ops(self->store);
    if (s->store.ops->read(s->store.self, LEAT_STORE_NOW, "domid", number,
                           sizeof number, NULL) ||
        !site_domain(number, &s->domain)) {
        tool_fail("xen: the store does not say which domain this is");
    } else if (as != SITE_ANY && as != SITE_LOOKER && as != s->domain) {
        tool_fail("xen: this is domain %u; --as is for simulations", s->domain);
    } else {
        s->self = self;
        s->label = label();
        return true;
    }
    leat_xen_store_close(self->store);
    free(self);
    return false;
}

/* What is out still is the kernel's to take back, when the process has ended. */
static void xen_close(struct site *s)
{
    struct xen_site *self = s->self;

    if (self->share)
        leat_xen_share_close(self->share);
    if (self->map)
        leat_xen_map_close(self->map);
    leat_xen_store_close(self->store);
    free(self);
}

/* That the peer has let go is told by who drives this. */
static bool xen_share(struct site *s, uint32_t peer, enum leat_access access,
                      size_t unit, size_t pages, struct leat_backend *backend,
                      struct leat_share *share)
{
    const struct leat_xen_share_config config = {
        .domain = peer,
        .access = access,
        .flags = LEAT_XEN_TOLD,
        .unit_pages = unit,
    };
    struct xen_site *self = s->self;
    struct leat_xen_why why;
    size_t max;

    if (self->share)
        leat_xen_share_close(self->share);
    self->share = NULL;
    if (leat_xen_share_open(&self->share, &config, &why))
        return tool_fail("xen: %s", why.text);
    *backend = leat_xen_share_backend(self->share);
    max = backend->ops->pages_max(backend->self);
    if (pages > max)
        return tool_fail("xen: %zu pages do not fit: "
                         "/sys/module/xen_gntalloc/parameters/limit is %zu",
                         pages, max);
    *share = leat_xen_share_ops(self->share);
    return true;
}

static bool xen_map(struct site *s, struct leat_map *map)
{
    const struct leat_xen_map_config config = {0};
    struct xen_site *self = s->self;
    struct leat_xen_why why;

    if (!self->map && leat_xen_map_open(&self->map, &config, &why))
        return tool_fail("xen: %s", why.text);
    *map = leat_xen_map_ops(self->map);
    return true;
}

static void xen_why(struct site *s, char *text, size_t size)
{
    struct xen_site *self = s->self;
    struct leat_xen_why why = {.text = ""};

    if (self->share)
        leat_xen_share_why(self->share, &why);
    snprintf(text, size, "%s", why.text);
}

static int xen_fd(struct site *s)
{
    (void)s;
    return -1;
}

static int xen_attend(struct site *s, struct leat_lifecycle *life)
{
    (void)s;
    (void)life;
    return 0;
}

struct each {
    int (*domain)(void *arg, uint32_t domain);
    void *arg;
    bool any;
};

static int one_name(void *arg, const char *name)
{
    struct each *each = arg;
    uint32_t domain;

    if (!site_domain(name, &domain))
        return 0;
    each->any = true;
    return each->domain(each->arg, domain);
}

/* Who may not list them knows of its own. */
static int xen_domains(struct site *s, int (*fn)(void *arg, uint32_t domain),
                       void *arg)
{
    struct each each = {.domain = fn, .arg = arg};
    int err = site_list(s, "/local/domain", one_name, &each);

    return each.any ? err : fn(arg, s->domain);
}

static int xen_entries(struct site *s, uint32_t domain,
                       int (*fn)(void *arg, uint32_t ref,
                                 const struct leat_grant_entry *entry),
                       void *arg)
{
    struct leat_grant_entry e;
    struct leat_xen_foreign *f;
    uint32_t ref, refs = 0;
    char path[64], number[16];
    int err;

    /* Xen asks for privilege first, also where there is no such domain. */
    snprintf(path, sizeof path, "/local/domain/%u/domid", domain);
    if (site_read(s, path, number, sizeof number) == LEAT_E_REFERENCE)
        return LEAT_E_DOMAIN;
    err = leat_xen_foreign_open(&f, domain, 0, NULL);
    if (err)
        return err == LEAT_E_UNSUPPORTED ? LEAT_E_REFUSED : err;
    err = leat_xen_foreign_refs(f, &refs);
    for (ref = 0; ref < refs && !err; ref++) {
        err = leat_xen_foreign_entry(f, ref, &e);
        if (!err && (e.granted || e.reading || e.writing))
            err = fn(arg, ref, &e);
    }
    leat_xen_foreign_close(f);
    return err;
}

static int xen_requests(struct site *s, uint32_t domain, uint64_t *n)
{
    (void)s;
    (void)domain;
    (void)n;
    return LEAT_E_UNSUPPORTED;
}

const struct site_ops site_xen = {
    .name = "xen",
    .here = xen_here,
    .open = xen_open,
    .close = xen_close,
    .share = xen_share,
    .map = xen_map,
    .why = xen_why,
    .fd = xen_fd,
    .attend = xen_attend,
    .domains = xen_domains,
    .entries = xen_entries,
    .requests = xen_requests,
};
