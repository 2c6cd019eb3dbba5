/* SPDX-License-Identifier: ISC */

/*
 * The fixture "array": plain arrays that play the tables of domains in this
 * process, and a hypervisor that does to them what Xen does (tests/grant/plain.h).
 * Peers are called in turn. A domain that is killed is one whose mappings and
 * table end by themselves, and who is not asked any more.
 */

/* As Xen gives by default: 64 frames of 512 references. */
#define PLAIN_FRAMES 64
#define PLAIN_PAGES  34000

#include "suite.h"

#include "grant/plain.h"

#define STRANGER 99u

/* Where the pools' arenas begin, in a domain's memory. */
static const size_t arena_at[MEMORIES + 1] = {
    [MEMORY_PEER_1] = 0,
    [MEMORY_PEER_2] = 33200,
    [MEMORY_ANY] = 33600,
    [MEMORY_PRIVATE] = PLAIN_PAGES,
};

/* A mapping that the hypervisor knows of. */
struct known {
    struct known *next;
    unsigned char *base;
    size_t n;
    void *cookie;
};

struct array_domain {
    struct plain_domain *plain;
    struct known *known;
    struct leat_map_ops ops;
    struct leat_static_arena arena[MEMORIES];
    struct leat_mmap private;
};

struct array {
    struct plain_world world;
    struct array_domain domain[PEERS + 1];
    struct party party[PEERS + 1];
    struct peer peer[PEERS + 1];
    struct answer answer[PEERS + 1];
    struct array *older;
};

static struct array *now;

/* Worlds where a domain was killed: what it had in this process stays. */
static struct array *kept;

static int array_map(void *self, const struct leat_gref *grefs, size_t n,
                     enum leat_access access, void **base, void **cookie,
                     int *status)
{
    struct array_domain *d = self;
    struct known *k;
    void *at, *inner;
    int err = plain_map(d->plain, grefs, n, access, &at, &inner, status);

    if (err)
        return err;
    k = malloc(sizeof(*k));
    SURE(k);
    *k = (struct known){d->known, at, n, inner};
    d->known = k;
    *base = at;
    *cookie = k;
    return 0;
}

/* Of all that one map gave, or of nothing. */
static int array_unmap(void *self, void *base, size_t n, void *cookie)
{
    struct array_domain *d = self;
    struct known **at = &d->known, *k;
    int err;

    while (*at && ((*at)->base != base || (*at)->n != n || *at != cookie))
        at = &(*at)->next;
    k = *at;
    if (!k)
        return LEAT_E_INVALID;
    *at = k->next;
    err = plain_unmap(d->plain, base, n, k->cookie);
    free(k);
    return err;
}

static int array_copy(void *self, struct leat_copy_seg *segs, size_t n)
{
    struct array_domain *d = self;

    return plain_copy(d->plain, segs, n);
}

static const struct leat_map_ops array_map_ops = {
    .name = "array",
    .caps = LEAT_MAP_MAP | LEAT_MAP_COPY,
    .map = array_map,
    .unmap = array_unmap,
    .copy = array_copy,
};

static void begin(struct world *w)
{
    now = calloc(1, sizeof(*now));
    SURE(now);
    w->self = now;
    plain_world_open(&now->world);
    for (unsigned i = 0; i <= PEERS; i++)
        now->domain[i].plain = &now->world.domain[i];
}

static void end(struct world *w)
{
    struct array *a = w->self;

    for (unsigned i = 0; i < PLAIN_DOMAINS; i++) {
        struct plain_domain *d = &a->world.domain[i];

        munmap(d->memory, PLAIN_PAGES * PAGE);
        close(d->fd);
        free(d->entries);
        d->entries = NULL;
    }
    a->older = kept;
    kept = a;
    for (unsigned i = 0; i <= PEERS; i++)
        if (a->party[i].table)
            return;
    if (test_failed)
        return;
    kept = a->older;
    free(a);
}

static void join(struct party *p)
{
    struct array_domain *d = &now->domain[p->number];

    p->self = d;
    p->id = d->plain->id;
    p->with = p->number ? now->world.domain[0].id : now->world.domain[1].id;
    p->with_2 = now->world.domain[2].id;
    if (p->stranger)
        p->with = STRANGER;
    p->share = d->plain->inner;
    d->ops = array_map_ops;
    p->map = (struct leat_map){&d->ops, d};
}

static void leave(struct party *p)
{
    struct array_domain *d = p->self;

    CHECK(!d->known);
    for (size_t i = 0; i < PLAIN_FRAMES * LEAT_GNTTAB_PER_FRAME; i++)
        if (d->plain->entries[i].flags || d->plain->uses[i])
            CHECK(!"an entry is left");
}

static struct leat_backend memory(struct party *p, enum memory kind)
{
    struct array_domain *d = p->self;
    struct leat_static_arena *a = &d->arena[kind];

    if (kind == MEMORY_PRIVATE) {
        SURE(leat_mmap_init(&d->private) == 0);
        return leat_mmap(&d->private);
    }
    a->base = d->plain->memory + arena_at[kind] * PAGE;
    a->bytes = (arena_at[kind + 1] - arena_at[kind]) * PAGE;
    return leat_static(a);
}

static void peer_start(struct world *w, unsigned i)
{
    struct array *a = w->self;
    struct leat_grants_config config = {.maps_max = 64};

    a->party[i] =
        (struct party){.f = w->f, .number = i, .access = w->wish.access};
    party_open(&a->party[i], &config);
    a->peer[i].party = &a->party[i];
    w->peer_id[i] = a->party[i].id;
}

static void peer_post(struct world *w, unsigned i, const struct ask *ask)
{
    struct array *a = w->self;

    peer_serve(&a->peer[i], ask, &a->answer[i]);
}

static void peer_await(struct world *w, unsigned i, struct answer *answer)
{
    struct array *a = w->self;

    *answer = a->answer[i];
}

static void peer_end(struct world *w, unsigned i)
{
    struct array *a = w->self;

    party_close(&a->party[i]);
    a->party[i].table = NULL;
}

/* Its table goes; what others have mapped of it stays, as the memory does. */
static void peer_kill(struct world *w, unsigned i)
{
    struct array *a = w->self;
    struct array_domain *d = &a->domain[i];

    while (d->known)
        array_unmap(d, d->known->base, d->known->n, d->known);
    for (size_t r = 0; r < PLAIN_FRAMES * LEAT_GNTTAB_PER_FRAME; r++)
        __atomic_fetch_and(&d->plain->entries[r].flags, (uint16_t)~GNTTAB_TYPE,
                           __ATOMIC_SEQ_CST);
}

static void witness(struct world *w, uint32_t domain, uint32_t ref,
                    struct leat_grant_entry *out)
{
    struct array *a = w->self;
    struct plain_domain *d = plain_domain(&a->world, domain);
    const struct gnttab_entry *e = &d->entries[ref];

    *out = (struct leat_grant_entry){
        .domain = e->domain,
        .access =
            e->flags & GNTTAB_READ_ONLY ? LEAT_READ_ONLY : LEAT_READ_WRITE,
        .granted = (e->flags & GNTTAB_TYPE) == GNTTAB_PERMIT,
        .reading = d->uses[ref],
        .writing = d->writes[ref],
        .frame = e->frame,
    };
}

/* The hypervisor's requests, and the kernel's: by the steps of the play. */
static bool fail_below(struct world *w, unsigned k, int how)
{
    struct array *a = w->self;
    bool struck = !a->world.fail_at;

    a->world.fail_at = (long)k;
    a->world.fail_with = how == ENOSPC   ? LEAT_E_LIMIT
                         : how == EAGAIN ? LEAT_E_AGAIN
                                         : LEAT_E_NOMEM;
    return struck;
}

static int suspend(struct world *w, enum leat_resumed how)
{
    int err = leat_lifecycle_suspend(&w->own.life, NULL);

    if (!err)
        GIVES(0, leat_lifecycle_resume(&w->own.life, how));
    return err;
}

const struct fixture the_fixture = {
    .name = "array",
    .can = ~0u,
    .rounds = 10001,
    .schedules = 1,
    .share_max = 33000,
    .begin = begin,
    .end = end,
    .join = join,
    .leave = leave,
    .memory = memory,
    .peer_start = peer_start,
    .peer_post = peer_post,
    .peer_await = peer_await,
    .peer_end = peer_end,
    .peer_kill = peer_kill,
    .witness = witness,
    .fail_below = fail_below,
    .suspend = suspend,
};
