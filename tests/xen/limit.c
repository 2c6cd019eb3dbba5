/* SPDX-License-Identifier: ISC */

/*
 * The kernel's limit on shared pages: what does not fit is refused before the
 * kernel is asked, with the parameter's name and value; a raised limit is seen.
 * And the pool above: units, pages that come born granted and go back.
 */

#include <fcntl.h>

#include "grants.h"

#define LIMIT "/sys/module/xen_gntalloc/parameters/limit"

static uint32_t own;

static void set_limit(unsigned n)
{
    FILE *f = fopen(LIMIT, "w");

    MUST(f && fprintf(f, "%u", n) > 0 && !fclose(f));
}

/* Whether the kernel is at its limit: it alone can tell. */
static void limits(void)
{
    struct leat_xen_share_config config = {.domain = own, .unit_pages = 100};
    struct leat_xen_share *x, *y;
    struct leat_backend b, c;
    struct leat_slab slab[12], other;
    struct leat_xen_why why;
    size_t process = 0;

    MUST(!leat_xen_share_open(&x, &config, &why));
    config.unit_pages = 1;
    MUST(!leat_xen_share_open(&y, &config, &why));
    b = leat_xen_share_backend(x);
    c = leat_xen_share_backend(y);
    OK(b.ops->pages_max(b.self) == 1000, "whole units of the kernel's 1024");
    for (size_t i = 0; i < 10; i++)
        MUST(!b.ops->slab_get(b.self, 1, &slab[i]));
    OK(leat_xen_share_pages(x, &process) == 1000 && process == 1000,
       "1000 pages are out");
    GIVES(b.ops->slab_get(b.self, 1, &other), LEAT_E_LIMIT,
          "what the backend has is all out");
    leat_xen_share_why(x, &why);
    OK(why.lack == LEAT_XEN_ROOM && !strcmp(why.name, "limit_pages") &&
           why.value == 1000,
       "and it says so: %s", why.text);
    GIVES(c.ops->slab_get(c.self, 25, &other), LEAT_E_LIMIT,
          "25 more do not fit in 1024");
    leat_xen_share_why(y, &why);
    OK(why.lack == LEAT_XEN_ROOM && !strcmp(why.name, "xen_gntalloc.limit") &&
           why.value == 1024 && why.system_errno == 0 &&
           strstr(why.text, LIMIT),
       "and it says so: %s", why.text);
    GIVES(c.ops->slab_get(c.self, 24, &other), 0, "24 do");
    c.ops->slab_put(c.self, &other);
    set_limit(2000);
    GIVES(c.ops->slab_get(c.self, 1000, &other), 0,
          "nor 1000 where the limit is raised");
    OK(leat_xen_share_pages(y, &process) == 1000 && process == 2000,
       "2000 pages are out");
    GIVES(leat_xen_share_close(y), LEAT_E_BUSY, "which keeps it open");
    c.ops->slab_put(c.self, &other);
    set_limit(1024);
    for (size_t i = 0; i < 10; i++)
        b.ops->slab_put(b.self, &slab[i]);
    OK(!leat_xen_share_check(x) && !leat_xen_share_check(y), "all is well");
    MUST(!leat_xen_share_close(x) && !leat_xen_share_close(y));

    config.unit_pages = 1025;
    GIVES(leat_xen_share_open(&x, &config, &why), LEAT_E_LIMIT,
          "a unit that never fits");
    OK(why.lack == LEAT_XEN_ROOM && why.value == 1024, "%s", why.text);
}

/* Another process has most of what there is: the kernel itself refuses. */
static void of_others(void)
{
    struct leat_xen_share_config config = {.domain = own};
    static struct shared s;
    struct leat_xen_share *x;
    struct leat_xen_why why;
    struct leat_backend b;
    struct leat_slab slab;
    int there[2], back[2], status;
    char c = 0;
    pid_t pid;

    MUST(!pipe(there) && !pipe(back));
    pid = fork();
    if (pid == 0) {
        MUST(!share(&s, config, 1000, own));
        MUST(write(there[1], &c, 1) == 1 && read(back[0], &c, 1) == 1);
        unshare(&s);
        _exit(0);
    }
    MUST(read(there[0], &c, 1) == 1);
    MUST(!leat_xen_share_open(&x, &config, &why));
    b = leat_xen_share_backend(x);
    GIVES(b.ops->slab_get(b.self, 100, &slab), LEAT_E_LIMIT,
          "other processes count, and the kernel says so");
    leat_xen_share_why(x, &why);
    OK(why.system_errno == ENOSPC && why.value == 1024, "%s", why.text);
    OK(leat_xen_share_pages(x, NULL) == 0 && !leat_xen_share_check(x),
       "nothing is left of it");
    MUST(write(back[1], &c, 1) == 1 && waitpid(pid, &status, 0) == pid);
    GIVES(b.ops->slab_get(b.self, 100, &slab), 0, "then it has them");
    b.ops->slab_put(b.self, &slab);
    MUST(!leat_xen_share_close(x));
}

static void pool(void)
{
    struct leat_xen_share_config config = {.domain = own, .unit_pages = 16};
    struct leat_pool_config pc = {.peer = own + 1};
    struct leat_pool *pool;
    struct leat_xen_share *x;
    struct leat_share ops;
    struct leat_chunk chunk[40];
    static struct leat_xen_map *m;
    static struct mapped w;
    struct leat_gref gref = {.domain = own};
    enum leat_access access;
    size_t good = 0;
    uint32_t domain;

    m = open_map();
    MUST(!leat_xen_share_open(&x, &config, NULL));
    ops = leat_xen_share_ops(x);
    pc.backend = leat_xen_share_backend(x);
    GIVES(leat_pool_create(&pool, &pc), 0, "a pool of shared pages");
    for (size_t i = 0; i < COUNT(chunk); i++) {
        unsigned char *page;

        MUST(!leat_pool_get(pool, 1 + i % 3, &chunk[i]));
        page = leat_chunk_view(chunk[i]).data;
        fill(page, 1, (unsigned)i);
        MUST(!ops.ops->born(ops.self, page, &gref.ref, &domain, &access));
        MUST(!map(m, &w, &gref, 1, LEAT_READ_ONLY));
        good += filled(w.base, 1, (unsigned)i);
        MUST(!unmap(m, &w));
    }
    OK(good == COUNT(chunk), "each chunk's reference maps its page");
    OK(leat_xen_share_pages(x, NULL) % 16 == 0, "it took whole units");
    GIVES(ops.ops->end(ops.self, gref.ref, leat_chunk_view(chunk[0]).data),
          LEAT_E_UNSUPPORTED, "that the peer lets go is never known");
    GIVES(ops.ops->born(ops.self, &pool, &gref.ref, &domain, &access),
          LEAT_E_FOREIGN, "what is no page of it has no reference");
    for (size_t i = 0; i < COUNT(chunk); i++)
        MUST(!leat_pool_put(pool, chunk[i]));
    OK(leat_pool_check(pool) == NULL, "the pool is well");
    GIVES(leat_pool_destroy(pool), 0, "it is destroyed");
    OK(leat_xen_share_pages(x, NULL) == 0, "and has given all back");
    MUST(!leat_xen_share_close(x) && !leat_xen_map_close(m));
}

int main(void)
{
    own = own_domain();
    limits();
    of_others();
    pool();
    return tap_end();
}
