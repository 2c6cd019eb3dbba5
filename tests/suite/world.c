/* SPDX-License-Identifier: ISC */

/* See fixture.h and suite.h: what all fixtures share. */

#include "suite.h"

/* Pages of each pool, at most. */
static const size_t pool_pages[MEMORIES] = {
    [MEMORY_PEER_1] = 33000,
    [MEMORY_PEER_2] = 256,
    [MEMORY_ANY] = 256,
    [MEMORY_PRIVATE] = 256,
};

/* Metadata lies where no peer can see it. */
static struct leat_backend meta(void)
{
    static struct leat_mmap mmap;

    SURE(leat_mmap_init(&mmap) == 0);
    return leat_mmap(&mmap);
}

/* ----------------------------------------------------------------- parties */

static void on_event(void *arg, enum leat_grant_event what,
                     const struct leat_grant_info *info)
{
    struct party *p = arg;

    if (what == LEAT_GRANT_DRAINED)
        p->events.drained++;
    else
        p->events.lost++;
    p->events.tag = info->tag;
    /* Its handle is stale by now. */
    p->events.revoked = leat_grant_revoke(info->grant);
}

void party_open(struct party *p, const struct leat_grants_config *config)
{
    struct leat_grants_config c = *config;

    p->f->join(p);
    p->seam.point = p->point;
    p->seam.self = p->self;
    seam_put(&p->seam, &p->share, &p->map);
    SURE(leat_lifecycle_init(&p->life) == 0);
    c.share = p->share;
    c.map = p->map;
    c.event = on_event;
    c.arg = p;
    c.lifecycle = &p->life;
    c.backend = meta();
    SURE(leat_grants_create(&p->table, &c) == 0);
}

struct leat_pool *party_pool(struct party *p, enum memory kind)
{
    struct leat_pool_config c = {.flags = LEAT_POOL_EXACT};

    if (p->pool[kind])
        return p->pool[kind];
    c.backend = p->f->memory(p, kind);
    SURE(c.backend.ops);
    c.limit_pages = pool_pages[kind];
    if (kind == MEMORY_PEER_1 && c.limit_pages > p->f->share_max)
        c.limit_pages = p->f->share_max;
    c.peer = kind == MEMORY_PEER_1   ? p->with + 1
             : kind == MEMORY_PEER_2 ? p->with_2 + 1
                                     : 0;
    c.meta_bytes = 0;
    SURE(leat_pool_meta_size(&c, &c.meta_bytes) == 0);
    c.meta = p->pool_meta[kind] = calloc(1, c.meta_bytes);
    SURE(c.meta);
    SURE(leat_pool_create(&p->pool[kind], &c) == 0);
    return p->pool[kind];
}

/* What is left is told; it is not taken along by force. */
void party_close(struct party *p)
{
    bool left = false;

    GIVES(0, leat_grants_destroy(p->table));
    left = test_failed;
    for (int i = 0; i < MEMORIES; i++) {
        if (!p->pool[i])
            continue;
        CHECK(!leat_pool_check(p->pool[i]));
        GIVES(0, leat_pool_destroy(p->pool[i]));
        left |= test_failed;
        if (left)
            continue;
        free(p->pool_meta[i]);
        p->pool_meta[i] = NULL;
    }
    if (!left)
        p->f->leave(p);
}

/* ------------------------------------------------------------------ worlds */

void world_open(struct world *w, const struct wish *wish)
{
    struct leat_grants_config config = {
        .refs_max = wish->refs_max,
        .quota = wish->quota,
        .maps_max = 64,
    };

    memset(&w->own, 0, sizeof(w->own));
    w->own.f = w->f;
    w->own.access = wish->access;
    w->own.stranger = wish->stranger;
    party_open(&w->own, &config);
    for (unsigned i = 1; i <= w->peers; i++)
        w->f->peer_start(w, i);
    for (unsigned i = 1; i <= w->peers; i++) {
        ask(w, i, PEER_HELLO, 0);
        CHECK(w->answer.value == w->peer_id[i]);
        w->alive[i] = true;
    }
}

void world_close(struct world *w)
{
    for (unsigned i = 1; i <= w->peers; i++) {
        if (!w->alive[i])
            continue;
        ask(w, i, PEER_IDLE, 0);
        CHECK(w->answer.value);
    }
    if (!test_failed) {
        for (unsigned i = 1; i <= w->peers; i++)
            if (w->alive[i])
                w->f->peer_end(w, i);
        party_close(&w->own);
    }
    /* After a failure nothing is sure; what is left goes with the program. */
    if (test_failed)
        for (unsigned i = 1; i <= w->peers; i++)
            if (w->alive[i])
                w->f->peer_kill(w, i);
}

void world_kill(struct world *w, unsigned peer)
{
    w->f->peer_kill(w, peer);
    w->alive[peer] = false;
}

/* ------------------------------------------------------------ what is asked */

void post(struct world *w, unsigned peer, enum peer_op op, unsigned slot)
{
    w->ask.op = op;
    w->ask.slot = slot;
    w->answer.result = LEAT_E_STATE;
    w->f->peer_post(w, peer, &w->ask);
}

int await(struct world *w, unsigned peer)
{
    w->f->peer_await(w, peer, &w->answer);
    return w->answer.result;
}

int ask(struct world *w, unsigned peer, enum peer_op op, unsigned slot)
{
    post(w, peer, op, slot);
    return await(w, peer);
}

void post_map(struct world *w, unsigned peer, unsigned slot,
              const uint32_t *refs, size_t n, enum leat_access access)
{
    SURE(n <= PEER_REFS);
    w->ask.domain = w->own.id;
    w->ask.n = (uint32_t)n;
    w->ask.access = access;
    memcpy(w->ask.refs, refs, n * sizeof(*refs));
    post(w, peer, PEER_MAP, slot);
}

int ask_map(struct world *w, unsigned peer, unsigned slot, const uint32_t *refs,
            size_t n, enum leat_access access)
{
    post_map(w, peer, slot, refs, n, access);
    return await(w, peer);
}

int ask_unmap(struct world *w, unsigned peer, unsigned slot)
{
    return ask(w, peer, PEER_UNMAP, slot);
}

int ask_fill(struct world *w, unsigned peer, unsigned slot, uint32_t seed)
{
    w->ask.seed = seed;
    return ask(w, peer, PEER_FILL, slot);
}

bool ask_filled(struct world *w, unsigned peer, unsigned slot, uint32_t seed)
{
    w->ask.seed = seed;
    return !ask(w, peer, PEER_FILLED, slot) && w->answer.value;
}

uint32_t ask_count(struct world *w, unsigned peer, unsigned slot, uint32_t byte)
{
    w->ask.seed = byte;
    GIVES(0, ask(w, peer, PEER_COUNT, slot));
    return w->answer.value;
}

int ask_write(struct world *w, unsigned peer, unsigned slot, size_t off,
              const char *text)
{
    w->ask.off = (uint32_t)off;
    w->ask.len = (uint32_t)strlen(text);
    memcpy(w->ask.data, text, w->ask.len);
    return ask(w, peer, PEER_WRITE, slot);
}

int ask_share(struct world *w, unsigned peer, unsigned slot, size_t n,
              enum leat_access access, uint32_t seed, struct leat_gref *grefs)
{
    int err;

    w->ask.domain = w->own.id;
    w->ask.n = (uint32_t)n;
    w->ask.access = access;
    w->ask.seed = seed;
    err = ask(w, peer, PEER_SHARE, slot);
    for (size_t i = 0; !err && i < n; i++)
        grefs[i] = (struct leat_gref){w->peer_id[peer], w->answer.refs[i]};
    return err;
}

/* ------------------------------------------------------------------- pages */

void give(struct world *w, struct given *g, size_t n)
{
    memset(g, 0, sizeof(*g));
    g->n = n;
    MUST(leat_pool_get(party_pool(&w->own, MEMORY_PEER_1), n, &g->chunk));
    g->view = leat_chunk_view(g->chunk);
    MUST(leat_grant_share(w->own.table, g->chunk, w->own.with, w->wish.access,
                          &g->grant));
    MUST(leat_grant_refs(g->grant, g->refs, PEER_REFS));
}

int end_share(struct world *w, struct leat_grant g)
{
    if (!(w->f->can & CAN_KNOW_LETGO))
        GIVES(0, leat_grant_told(g));
    return leat_grant_revoke(g);
}

void take(struct world *w, struct given *g)
{
    GIVES(0, leat_pool_put(g->chunk.pool, g->chunk));
    GIVES(0, end_share(w, g->grant));
}

void intrude(void *arg, const char *what)
{
    struct intrusion *in = arg;

    (void)what;
    if (in->steps++ != in->at)
        return;
    in->tried = true;
    in->got = !ask_map(in->w, 1, 0, &in->g->refs[in->page], 1, in->access);
}

static int tell(void *arg, const struct leat_grant_info *info)
{
    struct leat_grant *one = arg;

    if (info->state != LEAT_GRANT_QUARANTINED)
        return 0;
    *one = info->grant;
    return 1;
}

void settle(struct world *w)
{
    struct leat_grant one;

    GIVES(0, leat_grant_poll(w->own.table, SIZE_MAX, NULL));
    while (!(w->f->can & CAN_KNOW_LETGO) &&
           leat_grants_each(w->own.table, tell, &one) == 1 &&
           GIVES(0, leat_grant_told(one)))
        ;
    CHECK(stats(w).quarantined == 0);
}

void fill(struct leat_view v, uint32_t seed)
{
    for (size_t i = 0; i < v.len; i++)
        v.data[i] = pattern(seed, i);
}

bool filled(struct leat_view v, uint32_t seed)
{
    for (size_t i = 0; i < v.len; i++)
        if (v.data[i] != pattern(seed, i))
            return false;
    return v.len;
}

bool all_are(struct leat_view v, unsigned char byte)
{
    for (size_t i = 0; i < v.len; i++)
        if (v.data[i] != byte)
            return false;
    return v.len;
}

struct leat_grants_stats stats(struct world *w)
{
    struct leat_grants_stats s = {0};
    const char *broken = leat_grants_check(w->own.table);

    if (broken)
        printf("# %s\n", broken);
    CHECK(!broken);
    GIVES(0, leat_grants_stats(w->own.table, &s));
    return s;
}

bool same(const struct leat_grants_stats *a, const struct leat_grants_stats *b)
{
    return a->refs_free == b->refs_free && a->refs_held == b->refs_held &&
           a->refs_granted == b->refs_granted &&
           a->shares_live == b->shares_live &&
           a->pages_shared == b->pages_shared &&
           a->quarantined == b->quarantined && a->pages_held == b->pages_held &&
           a->mappings == b->mappings && a->pages_mapped == b->pages_mapped &&
           a->waiting == b->waiting;
}

uint64_t pages_out(struct world *w, enum memory kind)
{
    struct leat_stats s = {0};

    CHECK(!leat_pool_check(party_pool(&w->own, kind)));
    GIVES(0, leat_pool_stats(party_pool(&w->own, kind), &s));
    return s.pages_out;
}
