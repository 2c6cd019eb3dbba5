/* SPDX-License-Identifier: ISC */

/* Loads libleat by dlopen and uses its plain calls on two threads: tls.sh. */

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

#include <leat/leat.h>

static struct leat_chunk (*get)(struct leat_pool *, size_t);
static int (*put)(struct leat_pool *, struct leat_chunk);

static void *work(void *arg)
{
    struct leat_pool *pool = arg;
    struct leat_chunk c;

    for (int i = 0; i < 1000; i++) {
        c = get(pool, 1);
        if (!c.pool || put(pool, c))
            return arg;
    }
    return NULL;
}

/* ISO C has no cast from an object's pointer to a function's: copy it. */
static int find(void *lib, const char *name, void *out)
{
    void *found = dlsym(lib, name);

    if (!found)
        return fprintf(stderr, "%s\n", dlerror());
    *(void **)out = found;
    return 0;
}

int main(int argc, char **argv)
{
    struct leat_backend (*backend)(struct leat_mmap *);
    int (*init)(struct leat_mmap *);
    int (*create)(struct leat_pool **, const struct leat_pool_config *);
    int (*destroy)(struct leat_pool *);
    struct leat_mmap memory = {.limit_bytes = 1 << 24};
    struct leat_pool_config config = {.name = "tls"};
    struct leat_pool *pool;
    pthread_t other;
    void *lib, *failed;

    lib = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!lib) {
        fprintf(stderr, "%s\n", argc > 1 ? dlerror() : "which library?");
        return 1;
    }
    if (find(lib, "leat_mmap", &backend) ||
        find(lib, "leat_mmap_init", &init) ||
        find(lib, "leat_pool_create", &create) ||
        find(lib, "leat_pool_destroy", &destroy) ||
        find(lib, "leat_pool_get_value", &get) ||
        find(lib, "leat_pool_put", &put))
        return 2;

    if (init(&memory))
        return 3;
    config.backend = backend(&memory);
    if (create(&pool, &config))
        return 4;
    if (pthread_create(&other, NULL, work, pool))
        return 5;
    if (work(pool))
        return 6;
    if (pthread_join(other, &failed) || failed)
        return 7;
    return destroy(pool) ? 8 : 0;
}
