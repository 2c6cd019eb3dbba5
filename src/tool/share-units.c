/* SPDX-License-Identifier: ISC */

/*
 * The pages that leat share holds, and the words that are said of them.
 *
 *   state        by                      its pages
 *   LIVE         share                   the peer's, too
 *   HELD         revoke, and the peer    in quarantine, or not known to be
 *                has not let go          let go of
 *   ENDED        revoke, drained, lost   in the pool again
 *
 * Each unit is a share of its own, and is what one revoke ends. Its chunk's
 * handle is put when it is revoked: from then on the share alone keeps it.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "share.h"

enum unit_state {
    LIVE,
    HELD,
    ENDED
};

struct unit {
    struct leat_chunk chunk;
    struct leat_grant grant;
    enum unit_state state;
};

static struct share *of(struct hold *h)
{
    return (struct share *)(void *)h;
}

/* "revoked 8-11". */
static void say(const struct share *s, const char *what, size_t unit)
{
    char text[256];

    site_refs(text, sizeof text, s->refs + unit * s->unit_pages, s->unit_pages,
              ' ');
    printf("%s %s\n", what, text);
}

/* The references of the units in (state), or of those that are not. */
static size_t refs_in(const struct share *s, enum unit_state state, bool is,
                      uint32_t *out)
{
    size_t i, n = 0;

    for (i = 0; i < s->nunits; i++) {
        if ((s->units[i].state == state) != is)
            continue;
        memcpy(out + n, s->refs + i * s->unit_pages,
               s->unit_pages * sizeof *out);
        n += s->unit_pages;
    }
    return n;
}

/* That nobody can read it is no reason not to share. */
static void tell_store(struct share *s)
{
    uint32_t *refs = calloc(s->nunits * s->unit_pages, sizeof *refs);

    if (!refs || s->hold.gone)
        goto out;
    s->published.refs = refs;
    s->published.nrefs = refs_in(s, ENDED, false, refs);
    publish(&s->hold.site, &s->published);
out:
    free(refs);
}

/* ------------------------------------------------------------ coming, going */

static void ended(void *arg, enum leat_grant_event what,
                  const struct leat_grant_info *info)
{
    struct share *s = arg;
    size_t i = (size_t)info->tag - 1;

    if (info->tag == 0 || i >= s->nunits)
        return;
    if (what == LEAT_GRANT_LOST && s->units[i].state == LIVE)
        leat_pool_put(s->pool, s->units[i].chunk);
    s->units[i].state = ENDED;
    say(s, what == LEAT_GRANT_LOST ? "lost" : "drained", i);
}

/* Gives what is free back to where it came from. */
static void give_back(struct share *s)
{
    leat_pool_trim(s->pool, 0, NULL);
    tell_store(s);
}

static int revoke_unit(struct share *s, size_t i)
{
    struct unit *u = &s->units[i];
    bool was_live = u->state == LIVE;
    int err = leat_grant_revoke(u->grant);

    if (err == LEAT_E_STALE || err == LEAT_E_STATE)
        return err;
    if (was_live)
        leat_pool_put(s->pool, u->chunk);
    u->state = err ? HELD : ENDED;
    if (!err)
        say(s, "revoked", i);
    else if (s->letgo == LEAT_LETGO_KNOWN)
        say(s, "quarantined", i);
    else
        say(s, "untold", i);
    return 0;
}

/* Shares all units; what was shared before a failure is revoked. */
static bool share_all(struct share *s)
{
    size_t i, done;
    int err = 0;

    for (i = 0; i < s->nunits && !err; i++) {
        struct unit *u = &s->units[i];

        err = leat_pool_get(s->pool, s->unit_pages, &u->chunk);
        if (err)
            break;
        err = leat_grant_share(s->hold.table, u->chunk, s->peer, s->access,
                               &u->grant);
        if (err) {
            leat_pool_put(s->pool, u->chunk);
            break;
        }
        leat_grant_tag(u->grant, i + 1);
        leat_grant_refs(u->grant, s->refs + i * s->unit_pages, s->unit_pages);
        u->state = LIVE;
    }
    if (!err)
        return true;
    for (done = 0; done < i; done++) {
        leat_grant_told(s->units[done].grant);
        leat_grant_revoke(s->units[done].grant);
        leat_pool_put(s->pool, s->units[done].chunk);
    }
    s->nunits = 0;
    return hold_failed(&s->hold, "nothing is shared", err);
}

/* -------------------------------------------------------------------- words */

/* The unit of the reference (text); nunits: there is none. */
static size_t find(struct share *s, const char *text)
{
    uint64_t ref;
    size_t i;

    if (!tool_number(text, 0, UINT32_MAX, &ref)) {
        hold_wrong(&s->hold, "a reference is a number");
        return s->nunits;
    }
    for (i = 0; i < s->nunits * s->unit_pages; i++) {
        if (s->refs[i] == ref && s->units[i / s->unit_pages].state != ENDED)
            return i / s->unit_pages;
    }
    hold_failed(&s->hold, text, LEAT_E_REFERENCE);
    return s->nunits;
}

static bool word_revoke(struct hold *h, char *rest)
{
    struct share *s = of(h);
    size_t i = *rest ? find(s, rest) : 0;
    size_t end = *rest ? i + 1 : s->nunits;
    int err;

    if (*rest && i == s->nunits)
        return false;
    for (; i < end; i++) {
        if (s->units[i].state == ENDED)
            continue;
        err = revoke_unit(s, i);
        if (err)
            hold_failed(h, "revoke", err);
    }
    give_back(s);
    return true;
}

static bool word_told(struct hold *h, char *rest)
{
    struct share *s = of(h);
    size_t i = find(s, rest);
    int err;

    if (i == s->nunits)
        return false;
    err = leat_grant_told(s->units[i].grant);
    if (err)
        return hold_failed(h, "told", err);
    if (s->units[i].state == LIVE)
        say(s, "told", i);
    give_back(s);
    return true;
}

static int list_one(void *arg, const struct leat_grant_info *info)
{
    const struct share *s = arg;
    char text[256];
    size_t i = (size_t)info->tag - 1;

    if (i >= s->nunits)
        return 0;
    site_refs(text, sizeof text, s->refs + i * s->unit_pages, s->unit_pages,
              ' ');
    printf("%s domain %u %s %s held %u of %u age %.1f\n", text, info->domain,
           hold_access(info->access),
           info->state == LEAT_GRANT_LIVE ? "live" : "quarantined", info->held,
           info->pages, (double)info->age_ns / 1e9);
    return 0;
}

static bool word_list(struct hold *h, char *rest)
{
    (void)rest;
    leat_grants_each(h->table, list_one, of(h));
    printf("listed\n");
    return true;
}

static const struct hold_word words[] = {
    {"revoke", "[REF]", word_revoke},  {"told", "REF", word_told},
    {"write", "OFF TEXT", hold_write}, {"read", "OFF LEN", hold_read},
    {"list", "", word_list},           {NULL, NULL, NULL},
};

static int page(struct hold *h, size_t i, enum leat_access access,
                struct leat_shared *out)
{
    struct share *s = of(h);
    const struct unit *u = &s->units[i / s->unit_pages];
    struct leat_view v;

    (void)access; /* it is our own */
    if (u->state != LIVE)
        return LEAT_E_STALE;
    v = leat_chunk_view(u->chunk);
    return leat_shared_of(v.data + i % s->unit_pages * LEAT_PAGE_SIZE,
                          LEAT_PAGE_SIZE, out);
}

static void tick(struct hold *h)
{
    size_t drained = 0;

    leat_grant_poll(h->table, 64, &drained);
    if (drained)
        give_back(of(h));
}

/* ------------------------------------------------------------------ the end */

static void nap(void)
{
    const struct timespec t = {.tv_nsec = 20000000};

    nanosleep(&t, NULL);
}

/* Revokes all; waits a little; says what is left. */
static void end(struct share *s)
{
    double until = tool_now() + (double)s->wait;
    uint32_t *refs;
    char text[1024];
    size_t i, n, some, at;

    for (i = 0; i < s->nunits; i++) {
        if (s->units[i].state == LIVE)
            revoke_unit(s, i);
    }
    fflush(stdout);
    refs = calloc(s->nunits * s->unit_pages + 1, sizeof *refs);
    while (refs && (n = refs_in(s, HELD, true, refs)) &&
           s->letgo == LEAT_LETGO_KNOWN && !s->hold.gone &&
           tool_now() < until) {
        nap();
        leat_grant_poll(s->hold.table, SIZE_MAX, NULL);
    }
    n = refs ? refs_in(s, HELD, true, refs) : 0;
    for (at = 0; at < n; at += some) {
        some = site_refs(text, sizeof text, refs + at, n - at, ' ');
        if (s->letgo == LEAT_LETGO_KNOWN)
            tool_fail("share: domain %u holds on to %s: left in quarantine",
                      s->peer, text);
        else
            printf("given back, and not known to be let go of by domain %u: "
                   "%s\n",
                   s->peer, text);
    }
    if (n && s->letgo == LEAT_LETGO_KNOWN)
        s->hold.failed = true;
    free(refs);
    /* Nothing of this process's lives on. */
    s->published.nrefs = 0;
    if (!s->hold.gone)
        publish(&s->hold.site, &s->published);
}

static bool begin(struct share *s, uint32_t as)
{
    /* What was revoked must not lie in a magazine, still granted (Xen). */
    struct leat_pool_config pool = {.peer = s->peer + 1,
                                    .flags = LEAT_POOL_EXACT};
    struct leat_grants_config table = {.event = ended, .arg = s};
    char text[1024];
    size_t at, some, n = s->nunits * s->unit_pages;
    int err;

    s->units = calloc(s->nunits, sizeof *s->units);
    s->refs = calloc(n, sizeof *s->refs);
    if (!s->units || !s->refs)
        return tool_fail("out of memory");
    if (!hold_open(&s->hold, as) ||
        !s->hold.site.ops->share(&s->hold.site, s->peer, s->access,
                                 s->unit_pages, n, &pool.backend, &table.share))
        return false;
    s->letgo = table.share.ops->letgo;
    err = leat_pool_create(&s->pool, &pool);
    if (err)
        return hold_failed(&s->hold, "a pool", err);
    if (!hold_table(&s->hold, &table) || !share_all(s))
        return false;
    tell_store(s);
    printf("domain %u shares %zu pages with domain %u, %s, on %s (%s)\n",
           s->hold.site.domain, n, s->peer, hold_access(s->access),
           s->hold.site.on, s->hold.site.label);
    for (at = 0; at < n; at += some) {
        some = site_refs(text, sizeof text, s->refs + at, n - at, ' ');
        printf("refs %s\n", text);
    }
    return true;
}

int share_hold(struct share *s, uint32_t as)
{
    struct timespec now;

    s->hold.words = words;
    s->hold.page = page;
    s->hold.tick = tick;
    clock_gettime(CLOCK_REALTIME, &now);
    s->published.since = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    s->published.pid = (uint32_t)getpid();
    s->published.peer = s->peer;
    s->published.access = s->access;
    if (begin(s, as)) {
        s->hold.pages = s->nunits * s->unit_pages;
        hold_run(&s->hold);
        end(s);
    } else {
        s->hold.failed = true;
    }
    if (s->hold.table && !leat_grants_destroy(s->hold.table))
        s->hold.table = NULL;
    if (s->pool && !s->hold.table)
        leat_pool_destroy(s->pool);
    hold_close(&s->hold);
    free(s->units);
    free(s->refs);
    return s->hold.failed ? EXIT_BAD : EXIT_GOOD;
}
