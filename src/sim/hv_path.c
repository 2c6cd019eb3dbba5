/* SPDX-License-Identifier: ISC */

/*
 * Paths of the store: names of letters, digits and -_@:+. between slashes. One
 * that does not begin with a slash is meant from the domain's own directory.
 */

#include <stdio.h>

#include "hv_internal.h"

static bool allowed(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c && strchr("-_@:+./", c));
}

int hv_path(const struct hv_domain *d, const char *path, size_t len,
            char out[SIM_PATH + 1])
{
    size_t home = 0, depth = 0, i;

    if (!len || len > SIM_PATH)
        return -EINVAL;
    for (i = 0; i < len; i++) {
        if (!allowed(path[i]) || (path[i] == '/' && i && path[i - 1] == '/'))
            return -EINVAL;
        depth += path[i] == '/';
    }
    if (path[len - 1] == '/' && len > 1)
        return -EINVAL;
    if (path[0] != '/' && path[0] != '@') {
        home = (size_t)snprintf(out, SIM_PATH + 1, "/local/domain/%u/",
                                (unsigned)(d->admin ? 0 : d->id));
        depth += 4;
    }
    if (home + len > SIM_PATH || depth > TREE_DEPTH)
        return -EINVAL;
    memcpy(out + home, path, len);
    out[home + len] = 0;
    return 0;
}

bool hv_path_under(const char *path, const char *above)
{
    size_t len = strlen(above);

    if (len == 1 && above[0] == '/')
        return path[0] == '/';
    return !strncmp(path, above, len) && (!path[len] || path[len] == '/');
}

size_t hv_path_parent(const char *path)
{
    const char *last = strrchr(path, '/');

    return last && last != path ? (size_t)(last - path) : 1;
}
