/* SPDX-License-Identifier: ISC */

/* A site's store, in few words. */

#include <stdlib.h>
#include <string.h>

#include "site.h"

#define NAMES_BYTES (1u << 24)

int site_read(struct site *s, const char *path, char *buf, size_t size)
{
    return s->store.ops->read(s->store.self, LEAT_STORE_NOW, path, buf, size,
                              NULL);
}

int site_write(struct site *s, const char *path, const char *value)
{
    if (!value)
        return s->store.ops->remove(s->store.self, LEAT_STORE_NOW, path);
    return s->store.ops->write(s->store.self, LEAT_STORE_NOW, path, value,
                               strlen(value));
}

int site_list(struct site *s, const char *path,
              int (*fn)(void *arg, const char *name), void *arg)
{
    size_t size, n = 0, i;
    char *names = NULL, *name;
    int err = LEAT_E_RANGE;

    for (size = 4096; err == LEAT_E_RANGE && size <= NAMES_BYTES; size *= 4) {
        free(names);
        names = malloc(size);
        if (!names)
            return LEAT_E_NOMEM;
        err = s->store.ops->list(s->store.self, LEAT_STORE_NOW, path, names,
                                 size, &n);
    }
    for (i = 0, name = names; i < n && !err; i++, name += strlen(name) + 1)
        err = fn(arg, name);
    free(names);
    return err;
}
