/* SPDX-License-Identifier: ISC */

/*
 * libleat-xen, as far as it goes without Xen: what it says of machines that lack
 * something, by files of ours, and its range of addresses.
 */

#include "pool_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "xen/parts.h"

/* A directory that stands for the machine's root. */
static void machine(char *root)
{
    strcpy(root, "/tmp/leat-xen.XXXXXX");
    cr_assert_not_null(mkdtemp(root));
}

static void file(const char *root, const char *path, const char *text)
{
    char full[256];
    int fd;

    snprintf(full, sizeof(full), "%s%s", root, path);
    for (char *p = full + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(full, 0755);
        *p = '/';
    }
    fd = open(full, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void gone(const char *root)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", root);
    cr_assert_eq(system(command), 0);
}

Test(xen, no_hypervisor)
{
    struct leat_xen_why why;
    char root[32];

    machine(root);
    for (int part = LEAT_XEN_SHARE; part <= LEAT_XEN_STORE; part++) {
        cr_assert_eq(leat_xen_probe_at(root, part, &why), LEAT_E_UNSUPPORTED);
        cr_assert_eq(why.lack, LEAT_XEN_HYPERVISOR);
        cr_assert_eq(why.system_errno, ENOENT);
        cr_assert_not_null(strstr(why.text, "does not run on Xen"));
    }
    file(root, "/sys/hypervisor/type", "kvm\n");
    cr_assert_eq(leat_xen_probe_at(root, LEAT_XEN_MAP, &why),
                 LEAT_E_UNSUPPORTED);
    cr_assert_eq(why.lack, LEAT_XEN_HYPERVISOR);
    cr_assert_eq(leat_xen_probe_at(root, LEAT_XEN_MAP, NULL),
                 LEAT_E_UNSUPPORTED);
    gone(root);
}

Test(xen, no_module)
{
    static const char *const modules[] = {"xen_gntalloc", "xen_gntdev",
                                          "xen_privcmd", "xen_evtchn"};
    struct leat_xen_why why;
    char root[32];

    machine(root);
    file(root, "/sys/hypervisor/type", "xen\n");
    for (int part = LEAT_XEN_SHARE; part <= LEAT_XEN_EVENT; part++) {
        cr_assert_eq(leat_xen_probe_at(root, part, &why), LEAT_E_UNSUPPORTED);
        cr_assert_eq(why.lack, LEAT_XEN_MODULE);
        cr_assert_str_eq(why.name, modules[part]);
        cr_assert_not_null(strstr(why.text, modules[part]));
    }
    gone(root);
}

Test(xen, no_node)
{
    struct leat_xen_why why;
    char root[32];

    machine(root);
    file(root, "/sys/hypervisor/type", "xen\n");
    file(root, "/sys/module/xen_gntdev/parameters/limit", "65536\n");
    cr_assert_eq(leat_xen_probe_at(root, LEAT_XEN_MAP, &why),
                 LEAT_E_UNSUPPORTED);
    cr_assert_eq(why.lack, LEAT_XEN_NODE);
    cr_assert_str_eq(why.name, "/dev/xen/gntdev");
    /* The store is in no module. */
    cr_assert_eq(leat_xen_probe_at(root, LEAT_XEN_STORE, &why),
                 LEAT_E_UNSUPPORTED);
    cr_assert_eq(why.lack, LEAT_XEN_NODE);
    cr_assert_str_eq(why.name, "/dev/xen/xenbus");
    gone(root);
}

Test(xen, all_is_there)
{
    struct leat_xen_why why;
    char root[32];

    machine(root);
    file(root, "/dev/xen/gntdev", "");
    file(root, "/var/run/xenstored/socket", "");
    memset(&why, 0x66, sizeof(why));
    MUST(leat_xen_probe_at(root, LEAT_XEN_MAP, &why));
    cr_assert_eq(why.lack, LEAT_XEN_NOTHING);
    cr_assert_eq(why.system_errno, 0);
    MUST(leat_xen_probe_at(root, LEAT_XEN_STORE, &why));
    gone(root);
}

Test(xen, no_privilege)
{
    struct leat_xen_why why;
    char root[32], path[64];
    bool root_too = getuid() == 0; /* who may open anything */

    machine(root);
    file(root, "/dev/xen/gntalloc", "");
    snprintf(path, sizeof(path), "%s/dev/xen/gntalloc", root);
    MUST(chmod(path, 0));
    MUST(chmod(root, 0755));
    if (root_too)
        MUST(setresuid(65534, 65534, 0));
    cr_assert_eq(leat_xen_probe_at(root, LEAT_XEN_SHARE, &why), LEAT_E_REFUSED);
    cr_assert_eq(why.lack, LEAT_XEN_PRIVILEGE);
    cr_assert_eq(why.system_errno, EACCES);
    cr_assert_str_eq(why.name, "/dev/xen/gntalloc");
    if (root_too)
        MUST(setresuid(0, 0, 0));
    gone(root);
}

Test(xen, numbers)
{
    char root[32], path[64];
    size_t n = 7;

    machine(root);
    snprintf(path, sizeof(path), "%s/limit", root);
    cr_assert_not(leat_xen_number(path, &n));
    file(root, "/limit", "1024\n");
    cr_assert(leat_xen_number(path, &n));
    cr_assert_eq(n, 1024);
    file(root, "/limit", "none\n");
    cr_assert_not(leat_xen_number(path, &n));
    file(root, "/limit", "");
    cr_assert_not(leat_xen_number(path, &n));
    file(root, "/limit", "99999999999999999999999\n");
    cr_assert_not(leat_xen_number(path, &n));
    cr_assert_eq(n, 1024);
    gone(root);
}

/* Puts a page of its own into the range, as a driver does. */
static void put_over(struct leat_xen_range *r, size_t page)
{
    void *at = r->base + page * PAGE;

    cr_assert_eq(mmap(at, PAGE, PROT_READ | PROT_WRITE,
                      MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
                 at);
    *(unsigned char *)at = 1;
}

Test(xen, range)
{
    struct leat_xen_range r;
    size_t a, b, c, at;

    MUST(leat_xen_range_init(&r, 10));
    MUST(leat_xen_range_take(&r, 4, &a));
    MUST(leat_xen_range_take(&r, 6, &b));
    cr_assert_eq(leat_xen_range_take(&r, 1, &c), LEAT_E_LIMIT);
    cr_assert_eq(leat_xen_range_take(&r, 0, &c), LEAT_E_LIMIT);
    cr_assert_eq(leat_xen_range_take(&r, 11, &c), LEAT_E_LIMIT);
    cr_assert_eq(r.out, 10);
    put_over(&r, a);
    leat_xen_range_give(&r, a, 4, false);
    cr_assert_eq(leat_xen_range_take(&r, 5, &c), LEAT_E_LIMIT);
    MUST(leat_xen_range_take(&r, 4, &c));
    cr_assert_eq(c, a);
    cr_assert(leat_xen_range_find(&r, r.base + 3 * PAGE, 7, &at));
    cr_assert_eq(at, 3);
    cr_assert_not(leat_xen_range_find(&r, r.base + 3 * PAGE, 8, &at));
    cr_assert_not(leat_xen_range_find(&r, r.base + 1, 1, &at));
    cr_assert_not(leat_xen_range_find(&r, r.base - PAGE, 1, &at));
    cr_assert_not(leat_xen_range_find(&r, r.base + 10 * PAGE, 1, &at));
    cr_assert_null(leat_xen_range_check(&r));
    r.out++;
    cr_assert_not_null(leat_xen_range_check(&r));
    leat_xen_range_fini(&r);
}

/* What comes into a hole before us stays, and its page is lost. */
Test(xen, hole)
{
    struct leat_xen_range r;
    unsigned char *at;
    size_t first;

    MUST(leat_xen_range_init(&r, 4));
    MUST(leat_xen_range_take(&r, 1, &first));
    at = r.base + first * PAGE;
    MUST(munmap(at, PAGE));
    leat_xen_range_give(&r, first, 1, true);
    cr_assert_eq(r.lost, 0);
    MUST(leat_xen_range_take(&r, 2, &first));
    at = r.base + first * PAGE;
    MUST(munmap(at, 2 * PAGE));
    put_over(&r, first + 1);
    leat_xen_range_give(&r, first, 2, true);
    cr_assert_eq(r.lost, 2);
    cr_assert_eq(r.out, 0);
    cr_assert_eq(at[PAGE], 1);
    cr_assert_null(leat_xen_range_check(&r));
    MUST(leat_xen_range_take(&r, 1, &first));
    cr_assert_neq(r.base + first * PAGE, at);
    leat_xen_range_give(&r, first, 1, false);
    leat_xen_range_fini(&r);
    cr_assert_eq(at[PAGE], 1);
    MUST(munmap(at + PAGE, PAGE));
}
