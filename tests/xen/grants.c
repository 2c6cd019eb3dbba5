/* SPDX-License-Identifier: ISC */

/*
 * Sharing and mapping within one domain, which is its own peer: each fact that
 * the backends rely on.
 */

#include "grants.h"

#define NOBODY 1234u /* no such domain */

static uint32_t own;
static struct leat_xen_map *m;

static struct leat_xen_share_config with(enum leat_access access)
{
    struct leat_xen_share_config config = {.domain = own, .access = access};

    return config;
}

static void both_ways(void)
{
    static struct shared s;
    static struct mapped a, b;

    GIVES(share(&s, with(LEAT_READ_WRITE), 1, own), 0, "one page is shared");
    OK(s.slab.base[0] == 0 && !memcmp(s.slab.base, s.slab.base + 1, PAGE - 1),
       "it comes zeroed");
    GIVES(map(m, &a, s.grefs, 1, LEAT_READ_WRITE), 0, "it is mapped");
    fill(s.slab.base, 1, 1);
    OK(filled(a.base, 1, 1), "what the sharer writes, the mapper sees");
    fill(a.base, 1, 2);
    OK(filled(s.slab.base, 1, 2), "what the mapper writes, the sharer sees");
    GIVES(map(m, &b, s.grefs, 1, LEAT_READ_ONLY), 0,
          "a second map, for reading, works");
    OK(filled(b.base, 1, 2), "and sees the same");
    OK(fault(b.base, false) == 0 && fault(b.base, true) == SIGSEGV,
       "a write through it is SIGSEGV");
    OK(leat_xen_map_pages(m) == 2 && !leat_xen_map_check(m), "two are mapped");
    GIVES(unmap(m, &b), 0, "unmap");
    OK(fault(b.base, false) == SIGSEGV, "what was unmapped is SIGSEGV");
    GIVES(unmap(m, &b), LEAT_E_INVALID, "a double unmap is refused");
    GIVES(unmap(m, &a), 0, "unmap the other");
    OK(leat_xen_map_pages(m) == 0 && !leat_xen_map_check(m), "none is mapped");
    unshare(&s);
    GIVES(map(m, &a, s.grefs, 1, LEAT_READ_WRITE), LEAT_E_REFERENCE,
          "a reference that was unshared maps no more");
}

static void access_is_kept(void)
{
    static struct shared s;
    static struct mapped w;

    MUST(!share(&s, with(LEAT_READ_ONLY), 2, own));
    GIVES(map(m, &w, s.grefs, 1, LEAT_READ_WRITE), LEAT_E_ACCESS,
          "a grant for reading is not mapped for writing");
    OK(w.status[0] == LEAT_E_ACCESS && !w.base, "and its status says so");
    GIVES(map(m, &w, s.grefs, 2, LEAT_READ_WRITE), LEAT_E_ACCESS,
          "nor are two");
    GIVES(map(m, &w, s.grefs, 2, LEAT_READ_ONLY), 0, "it is for reading");
    fill(s.slab.base, 2, 3);
    OK(filled(w.base, 2, 3), "and shows what the sharer writes");
    GIVES(unmap(m, &w), 0, "unmap");
    unshare(&s);
}

static void what_is_no_grant(void)
{
    static const uint32_t none[] = {0,     5000,       32767,
                                    32768, 0x7fffffff, 0xffffffff};
    static struct shared s;
    static struct mapped w;
    struct leat_gref gref = {.domain = own};
    struct leat_xen_share_config config = with(LEAT_READ_WRITE);

    for (size_t i = 0; i < COUNT(none); i++) {
        gref.ref = none[i];
        GIVES(map(m, &w, &gref, 1, LEAT_READ_ONLY), LEAT_E_REFERENCE,
              "reference %u is none", none[i]);
    }
    gref.ref = 8;
    gref.domain = NOBODY;
    GIVES(map(m, &w, &gref, 1, LEAT_READ_ONLY), LEAT_E_DOMAIN,
          "a domain that is not there");
    gref.domain = LEAT_DOMAIN_MAX + 1;
    GIVES(map(m, &w, &gref, 1, LEAT_READ_ONLY), LEAT_E_DOMAIN,
          "a number that is no domain's");
    gref.domain = own + 0x10000;
    GIVES(map(m, &w, &gref, 1, LEAT_READ_ONLY), LEAT_E_DOMAIN,
          "nor is one that is too long");

    config.domain = NOBODY;
    GIVES(share(&s, config, 1, own), 0, "a page is shared with nobody");
    GIVES(map(m, &w, s.grefs, 1, LEAT_READ_WRITE), LEAT_E_REFERENCE,
          "a grant meant for another is not mapped");
    unshare(&s);
}

static void one_bad_maps_nothing(void)
{
    static struct shared s;
    static struct mapped w;
    size_t bad = 0;

    MUST(!share(&s, with(LEAT_READ_WRITE), 20, own));
    s.grefs[7].ref = 32767;
    s.grefs[13].domain = NOBODY;
    GIVES(map(m, &w, s.grefs, 20, LEAT_READ_WRITE), LEAT_E_REFERENCE,
          "a batch with two bad ones fails");
    OK(!w.base && leat_xen_map_pages(m) == 0 && !leat_xen_map_check(m),
       "and maps nothing");
    for (size_t i = 0; i < 20; i++)
        bad += w.status[i] != 0;
    OK(bad == 2 && w.status[7] == LEAT_E_REFERENCE &&
           w.status[13] == LEAT_E_DOMAIN,
       "each status is right");
    unshare(&s);
}

static void many(void)
{
    static const size_t counts[] = {2, 255, 256, 257, 1000};
    static struct shared s;
    static struct mapped w;

    for (size_t i = 0; i < COUNT(counts); i++) {
        size_t n = counts[i];
        uint64_t t[5];

        t[0] = now_ns();
        GIVES(share(&s, with(LEAT_READ_WRITE), n, own), 0, "share %zu", n);
        t[1] = now_ns();
        GIVES(map(m, &w, s.grefs, n, LEAT_READ_WRITE), 0, "map %zu", n);
        t[2] = now_ns();
        fill(w.base, n, 9);
        OK(filled(s.slab.base, n, 9), "the pages of %zu are in order", n);
        w.n = n - 1;
        GIVES(unmap(m, &w), LEAT_E_INVALID, "%zu are not unmapped in part", n);
        w.n = n;
        w.base += PAGE;
        GIVES(unmap(m, &w), LEAT_E_INVALID, "nor from within");
        w.base -= PAGE;
        t[3] = now_ns();
        GIVES(unmap(m, &w), 0, "unmap %zu", n);
        t[4] = now_ns();
        unshare(&s);
        tap_note("emulated: %zu pages, us each: share %.1f, map %.1f, unmap "
                 "%.1f",
                 n, (double)(t[1] - t[0]) / 1e3 / (double)n,
                 (double)(t[2] - t[1]) / 1e3 / (double)n,
                 (double)(t[4] - t[3]) / 1e3 / (double)n);
    }
}

/* A pool's memory never comes to lie where mappings do. */
static void a_range_of_its_own(void)
{
    static struct shared s;
    static struct mapped w;
    struct leat_mmap backend = {0};
    struct leat_pool_config config = {0};
    struct leat_pool *pool;
    struct leat_chunk c[8];
    void *base;
    size_t bytes, inside = 0;

    leat_xen_map_range(m, &base, &bytes);
    MUST(!share(&s, with(LEAT_READ_WRITE), 4, own));
    MUST(!map(m, &w, s.grefs, 4, LEAT_READ_WRITE));
    OK(w.base >= (unsigned char *)base &&
           w.base + 4 * PAGE <= (unsigned char *)base + bytes,
       "a mapping lies in the range");
    MUST(!unmap(m, &w));
    MUST(!leat_mmap_init(&backend));
    config.backend = leat_mmap(&backend);
    MUST(!leat_pool_create(&pool, &config));
    for (size_t i = 0; i < COUNT(c); i++) {
        MUST(!leat_pool_get(pool, 512, &c[i]));
        inside +=
            (uintptr_t)leat_chunk_view(c[i]).data - (uintptr_t)base < bytes;
    }
    OK(inside == 0, "a pool's memory does not");
    OK(fault(w.base, false) == SIGSEGV, "and nothing lies there");
    for (size_t i = 0; i < COUNT(c); i++)
        MUST(!leat_pool_put(pool, c[i]));
    MUST(!leat_pool_destroy(pool));
    unshare(&s);
}

static void forked(void)
{
    static struct shared s;
    static struct mapped w;
    int status = 0;
    pid_t pid;

    MUST(!share(&s, with(LEAT_READ_WRITE), 1, own));
    MUST(!map(m, &w, s.grefs, 1, LEAT_READ_WRITE));
    pid = fork();
    if (pid == 0)
        _exit((fault(s.slab.base, false) == SIGSEGV) |
              (fault(w.base, false) == SIGSEGV) << 1);
    MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
    OK(WIFEXITED(status) && WEXITSTATUS(status) & 1,
       "a child has no shared page");
    OK(WIFEXITED(status) && WEXITSTATUS(status) & 2, "and no mapping");
    MUST(!unmap(m, &w));
    unshare(&s);
}

int main(void)
{
    own = own_domain();
    m = open_map();
    both_ways();
    access_is_kept();
    what_is_no_grant();
    one_bad_maps_nothing();
    many();
    a_range_of_its_own();
    forked();
    GIVES(leat_xen_map_close(m), 0, "close");
    return tap_end();
}
