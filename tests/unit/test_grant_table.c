/* SPDX-License-Identifier: ISC */

#include <leat/grant_copy.h>

#include "fake_backend.h"
#include "grant_fixture.h"

static struct plain_world world;
static struct plain_domain *d;

static void open_world(void)
{
    plain_world_open(&world);
    d = &world.domain[0];
    d->ops = *d->inner.ops;
}

static void shut(void)
{
    plain_world_close(&world);
}

TestSuite(grant_table, .init = open_world, .fini = shut);

Test(grant_table, refuses_what_is_no_configuration)
{
    struct leat_grants_config good = {.share = d->inner}, c = {0};
    struct leat_grants *t;
    size_t bytes;

#define BAD(err, ...)                                  \
    do {                                               \
        c = good;                                      \
        __VA_ARGS__;                                   \
        FAILS(err, leat_grants_meta_size(&c, &bytes)); \
        FAILS(err, leat_grants_create(&t, &c));        \
    } while (0)
    MUST(leat_grants_meta_size(&good, &bytes));
    BAD(LEAT_E_INVALID, c.share.ops = NULL);
    BAD(LEAT_E_INVALID, c.refs_max = 8);
    BAD(LEAT_E_INVALID, c.maps_max = 1); /* without map */
    BAD(LEAT_E_INVALID, c.peers_max = LEAT_DOMAIN_MAX + 2);
    BAD(LEAT_E_INVALID, d->gnttab.frame = NULL);
    d->gnttab.frame = plain_frame;
    BAD(LEAT_E_INVALID, d->gnttab.frames = NULL);
    d->gnttab.frames = d->frames;
    BAD(LEAT_E_INVALID, d->gnttab.nframes = LEAT_GNTTAB_FRAMES_MAX + 1);
    d->gnttab.nframes = PLAIN_FRAMES;
    BAD(LEAT_E_INVALID, d->gnttab.expose = plain_expose);
    d->gnttab.expose = NULL;
#undef BAD
    FAILS(LEAT_E_INVALID, leat_grants_create(NULL, &good));
    FAILS(LEAT_E_INVALID, leat_grants_create(&t, NULL));
    FAILS(LEAT_E_INVALID, leat_grants_destroy(NULL));
    FAILS(LEAT_E_NOMEM, leat_grants_create(&t, &good)); /* from nowhere */
}

Test(grant_table, lives_in_the_callers_memory_wherever_it_begins)
{
    struct leat_grants_config c = {.share = d->inner};
    struct leat_grants *t;
    unsigned char *mem;
    size_t bytes;

    MUST(leat_grants_meta_size(&c, &bytes));
    mem = malloc(bytes + 64);
    for (size_t off = 0; off < 64; off++) {
        memset(mem, 0x99, bytes + 64);
        c.meta = mem + off;
        c.meta_bytes = bytes;
        MUST(leat_grants_create(&t, &c));
        cr_assert_null(leat_grants_check(t));
        cr_assert_eq(leat_grant_refs_free(t), PLAIN_FRAMES * 512 - 8);
        MUST(leat_grants_destroy(t));
        cr_assert(all_bytes(mem, off, 0x99));
        cr_assert(all_bytes(mem + off + bytes, 64 - off, 0x99));
    }
    c.meta_bytes = bytes - 64;
    FAILS(LEAT_E_NOMEM, leat_grants_create(&t, &c));
    free(mem);
}

Test(grant_table, takes_its_metadata_from_a_backend)
{
    struct leat_grants_config c = {.share = d->inner};
    struct leat_lifecycle life;
    struct leat_grants *t;
    struct fake fake;

    c.backend = fake_backend(&fake);
    MUST(leat_grants_create(&t, &c));
    cr_assert_eq(fake.metas, 1);
    MUST(leat_grants_destroy(t));
    cr_assert_eq(fake.metas, 0);
    /* A list that cannot take it. */
    MUST(leat_lifecycle_init(&life));
    MUST(leat_lifecycle_suspend(&life, NULL));
    c.lifecycle = &life;
    FAILS(LEAT_E_STATE, leat_grants_create(&t, &c));
    cr_assert_eq(fake.metas, 0);
}

Test(grant_table, no_memory_that_a_peer_sees_is_of_the_tables)
{
    struct leat_grants_config c = {.share = d->inner};
    struct leat_grants *t;

    /* What is written of the table's frames is entries, and those alone. */
    MUST(leat_grants_meta_size(&c, &c.meta_bytes));
    c.meta = malloc(c.meta_bytes);
    MUST(leat_grants_create(&t, &c));
    cr_assert(all_bytes(d->frames[0], PLAIN_FRAMES * PAGE, 0));
    MUST(leat_grants_destroy(t));
    free(c.meta);
}

Test(grant_table, the_entry_is_as_the_protocol_says)
{
    struct leat_grant_entry e;
    struct gnttab_entry *at;
    struct leat_grant g;
    struct leat_chunk c;

    plain_open(d, (struct leat_grants_config){0}, (struct leat_pool_config){0});
    g = shared_page(d, 2, &c);
    at = &d->entries[ref_of(g)];
    cr_assert(at->flags == 1 && at->domain == 2);
    cr_assert_eq(at->frame, PLAIN_FRAME_0 + (bytes_of(c) - d->memory) / PAGE);
    MUST(plain_use(d, ref_of(g), 2, LEAT_READ_ONLY));
    MUST(d->inner.ops->entry(d->inner.self, ref_of(g), &e));
    cr_assert(e.granted && e.reading && !e.writing && e.domain == 2 &&
              e.access == LEAT_READ_WRITE && e.frame == at->frame);
    plain_unuse(d, ref_of(g), LEAT_READ_ONLY);
    MUST(leat_grant_revoke(g));
    cr_assert(at->flags == 0 && at->domain == 0 && at->frame == 0);
    FAILS(LEAT_E_REFERENCE, d->inner.ops->entry(d->inner.self, 1u << 20, &e));
    /* An entry that somebody else wrote is not taken for free. */
    MUST(leat_grant_share(d->table, c, 3, LEAT_READ_ONLY, &g));
    cr_assert(d->entries[ref_of(g)].flags == 5);
    d->entries[ref_of(g) + 1].flags = 1;
    {
        struct leat_chunk other = get(d->pool, 1);
        struct leat_grant none;

        FAILS(LEAT_E_BUSY,
              leat_grant_share(d->table, other, 3, LEAT_READ_ONLY, &none));
        cr_assert_eq(d->entries[ref_of(g) + 1].flags, 1, "and not cleared");
        MUST(leat_pool_put(d->pool, other));
    }
    d->entries[ref_of(g) + 1].flags = 0;
    MUST(leat_grant_revoke(g));
    MUST(leat_pool_put(d->pool, c));
    plain_close(d);
}

Test(grant_table, null_is_refused)
{
    struct leat_quota q = {0};
    struct leat_grant g = {0};
    struct leat_mapping m = {0};
    struct leat_grant_info info;
    struct leat_shared s;
    uint32_t ref;

    FAILS(LEAT_E_INVALID, leat_grants_quota(NULL, 1, &q));
    FAILS(LEAT_E_INVALID, leat_grants_trust(NULL, 1, true));
    cr_assert(!leat_grants_trusted(NULL, 1));
    FAILS(LEAT_E_INVALID, leat_grants_cost(NULL, 1, &q));
    FAILS(LEAT_E_INVALID, leat_grant_share(NULL, (struct leat_chunk){0}, 1,
                                           LEAT_READ_ONLY, &g));
    FAILS(LEAT_E_INVALID, leat_grant_revoke(g));
    FAILS(LEAT_E_INVALID, leat_grant_revoke_keep(g));
    FAILS(LEAT_E_INVALID, leat_grant_poll(NULL, 1, NULL));
    FAILS(LEAT_E_INVALID, leat_grant_told(g));
    FAILS(LEAT_E_INVALID, leat_grant_ref(g, &ref));
    FAILS(LEAT_E_INVALID, leat_grant_refs(g, &ref, 1));
    FAILS(LEAT_E_INVALID, leat_grant_tag(g, 1));
    FAILS(LEAT_E_INVALID, leat_grant_describe(g, &info));
    FAILS(LEAT_E_INVALID, leat_grants_each(NULL, NULL, NULL));
    FAILS(LEAT_E_INVALID, leat_grants_stats(NULL, NULL));
    FAILS(LEAT_E_INVALID, leat_grant_refs_get(NULL, &ref, 1));
    FAILS(LEAT_E_INVALID, leat_grant_refs_put(NULL, &ref, 1));
    cr_assert_eq(leat_grant_refs_free(NULL), 0);
    FAILS(LEAT_E_INVALID,
          leat_grant_refs_wait(NULL, NULL, NULL, 1, NULL, NULL));
    FAILS(LEAT_E_INVALID, leat_grant_refs_cancel(NULL, NULL));
    FAILS(LEAT_E_INVALID,
          leat_grant_map(NULL, NULL, 0, LEAT_READ_ONLY, NULL, &m));
    FAILS(LEAT_E_INVALID, leat_grant_unmap(m));
    FAILS(LEAT_E_INVALID, leat_mapping_shared(m, LEAT_READ_ONLY, &s));
    FAILS(LEAT_E_INVALID, leat_copy_init(NULL, NULL, NULL, 0, NULL));
    cr_assert_not_null(leat_grants_check(NULL));
}
