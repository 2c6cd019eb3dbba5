/* SPDX-License-Identifier: ISC */

/*
 * The machine is what the other tests take it for: a domain on Xen with its
 * devices, its store, and the limits of Linux untouched.
 */

#include <xenstore.h>

#include "tap.h"

static long number(const char *path)
{
    FILE *f = fopen(path, "r");
    long n = -1;

    if (!f || fscanf(f, "%ld", &n) != 1)
        n = -1;
    if (f)
        fclose(f);
    return n;
}

static bool says(const char *path, const char *word)
{
    char line[64] = "";
    FILE *f = fopen(path, "r");
    bool good =
        f && fgets(line, sizeof(line), f) && !strncmp(line, word, strlen(word));

    if (f)
        fclose(f);
    return good;
}

int main(void)
{
    static const char *const nodes[] = {"evtchn", "gntalloc", "gntdev",
                                        "privcmd", "xenbus"};
    struct xs_handle *xs = xs_open(0);
    unsigned len = 0;
    char *domid;

    OK(says("/sys/hypervisor/type", "xen"), "the hypervisor is Xen");
    OK(number("/sys/hypervisor/version/major") == 4, "of version 4");
    for (size_t i = 0; i < COUNT(nodes); i++) {
        char path[64];

        snprintf(path, sizeof(path), "/dev/xen/%s", nodes[i]);
        OK(access(path, R_OK | W_OK) == 0, "%s is there", path);
    }
    OK(number("/sys/module/xen_gntalloc/parameters/limit") == 1024,
       "gntalloc shares 1024 pages");
    OK(number("/sys/module/xen_gntdev/parameters/limit") == 65536,
       "gntdev maps 65536");
    domid = xs ? xs_read(xs, 0, "domid", &len) : NULL;
    OK(domid &&
           (atoi(domid) == 0) == says("/proc/xen/capabilities", "control_d"),
       "the store knows this domain: %s", domid ? domid : "no answer");
    free(domid);
    if (xs)
        xs_close(xs);
    return tap_end();
}
