/* SPDX-License-Identifier: ISC */

/*
 * What a machine lacks: told by its files, before anything is opened.
 *
 *   node opens                 nothing
 *   node, not for us           PRIVILEGE
 *   no node, no Xen            HYPERVISOR
 *   no node, no module         MODULE
 *   no node, but the module    NODE
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "parts.h"

static const struct {
    const char *what;
    const char *node;
    const char *other; /* another way in */
    const char *module;
} parts[] = {
    [LEAT_XEN_SHARE] = {"sharing pages", "/dev/xen/gntalloc", NULL,
                        "xen_gntalloc"},
    [LEAT_XEN_MAP] = {"mapping grants", "/dev/xen/gntdev", NULL, "xen_gntdev"},
    [LEAT_XEN_FOREIGN] = {"foreign memory", "/dev/xen/privcmd", NULL,
                          "xen_privcmd"},
    [LEAT_XEN_EVENT] = {"event channels", "/dev/xen/evtchn", NULL,
                        "xen_evtchn"},
    [LEAT_XEN_STORE] = {"xenstore", "/dev/xen/xenbus",
                        "/var/run/xenstored/socket", NULL},
};

static void silent(struct xentoollog_logger *logger, xentoollog_level level,
                   int errnoval, const char *context, const char *format,
                   va_list args)
{
    (void)logger;
    (void)level;
    (void)errnoval;
    (void)context;
    (void)format;
    (void)args;
}

xentoollog_logger leat_xen_quiet = {.vmessage = silent};

int leat_xen_tell(struct leat_xen_why *why, int err, enum leat_xen_lack lack,
                  int system_errno, const char *name, uint64_t value,
                  const char *format, ...)
{
    va_list args;

    if (!why)
        return err;
    memset(why, 0, sizeof(*why));
    why->lack = lack;
    why->system_errno = system_errno;
    why->value = value;
    if (name)
        snprintf(why->name, sizeof(why->name), "%s", name);
    va_start(args, format);
    vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    return err;
}

bool leat_xen_number(const char *path, size_t *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char text[32], *end;
    unsigned long long n;
    ssize_t got;

    if (fd < 0)
        return false;
    got = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (got <= 0)
        return false;
    text[got] = '\0';
    errno = 0;
    n = strtoull(text, &end, 10);
    if (end == text || errno || n > SIZE_MAX)
        return false;
    *out = (size_t)n;
    return true;
}

/* access() of a path below (root): 0, or errno. */
static int reach(const char *root, const char *path, int how)
{
    char full[256];

    if ((size_t)snprintf(full, sizeof(full), "%s%s", root, path) >=
        sizeof(full))
        return ENAMETOOLONG;
    return access(full, how) ? errno : 0;
}

static bool on_xen(const char *root)
{
    char full[256], type[8] = "";
    FILE *f;

    snprintf(full, sizeof(full), "%s/sys/hypervisor/type", root);
    f = fopen(full, "re");
    if (!f)
        return false;
    if (!fgets(type, sizeof(type), f))
        type[0] = '\0';
    fclose(f);
    return !strncmp(type, "xen", 3);
}

int leat_xen_probe_at(const char *root, enum leat_xen_part part,
                      struct leat_xen_why *why)
{
    const char *node, *module;
    char path[128];
    int error;

    if ((unsigned)part >= sizeof(parts) / sizeof(parts[0]))
        return LEAT_E_INVALID;
    node = parts[part].node;
    module = parts[part].module;
    error = reach(root, node, R_OK | W_OK);
    if (error && parts[part].other &&
        !reach(root, parts[part].other, R_OK | W_OK))
        error = 0;
    if (!error)
        return leat_xen_tell(why, 0, LEAT_XEN_NOTHING, 0, node, 0,
                             "%s: nothing is missing", parts[part].what);
    if (error != ENOENT && error != ENOTDIR)
        return leat_xen_tell(why, LEAT_E_REFUSED, LEAT_XEN_PRIVILEGE, error,
                             node, 0,
                             "%s: no privilege to open %s for reading and "
                             "writing",
                             parts[part].what, node);
    if (!on_xen(root))
        return leat_xen_tell(why, LEAT_E_UNSUPPORTED, LEAT_XEN_HYPERVISOR,
                             error, "xen", 0,
                             "%s: this kernel does not run on Xen "
                             "(/sys/hypervisor/type)",
                             parts[part].what);
    snprintf(path, sizeof(path), "/sys/module/%s", module ? module : "");
    if (module && reach(root, path, F_OK))
        return leat_xen_tell(
            why, LEAT_E_UNSUPPORTED, LEAT_XEN_MODULE, error, module, 0,
            "%s: the kernel module %s is not loaded", parts[part].what, module);
    return leat_xen_tell(why, LEAT_E_UNSUPPORTED, LEAT_XEN_NODE, error, node, 0,
                         "%s: there is no device node %s", parts[part].what,
                         node);
}

int leat_xen_probe(enum leat_xen_part part, struct leat_xen_why *why)
{
    return leat_xen_probe_at("", part, why);
}

int leat_xen_unopened(enum leat_xen_part part, int system_errno,
                      struct leat_xen_why *why)
{
    bool denied = system_errno == EPERM || system_errno == EACCES;

    return leat_xen_tell(why, denied ? LEAT_E_REFUSED : LEAT_E_SYSTEM,
                         denied ? LEAT_XEN_PRIVILEGE : LEAT_XEN_OTHER,
                         system_errno, parts[part].node, 0,
                         "%s: opening %s failed: errno %d", parts[part].what,
                         parts[part].node, system_errno);
}

int leat_xen_meta_get(void *self, size_t bytes, void **out)
{
    void *mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    (void)self;
    if (mem == MAP_FAILED)
        return LEAT_E_NOMEM;
    *out = mem;
    return 0;
}

void leat_xen_meta_put(void *self, void *mem, size_t bytes)
{
    (void)self;
    munmap(mem, bytes);
}
