/* SPDX-License-Identifier: ISC */

#include "sim_fixture.h"

static struct played p;

#define PERMIT SIM_GTF_PERMIT

Test(sim_hv, ids_ascend_and_are_taken_once)
{
    struct hv_domain *a, *b, *c;

    play(&p, (struct hv_config){.domains = 3});
    a = joined(&p, SIM_ANY);
    b = joined(&p, SIM_ANY);
    cr_assert(hv_id(a) == 0 && hv_id(b) == 1);
    cr_assert_eq(try_join(&p, 1, &c), -EEXIST);
    cr_assert(p.reply.end && !c);
    cr_assert_eq(try_join(&p, HV_IDS + 1, &c), -EINVAL);
    hv_leave(p.hv, b);
    b = joined(&p, SIM_ANY);
    cr_assert_eq(hv_id(b), 2, "not the one that was just free");
    c = joined(&p, 77);
    cr_assert_eq(try_join(&p, SIM_ANY, &c), -ENOSPC);
    curtain(&p);
}

Test(sim_hv, what_is_no_join_is_hung_up)
{
    struct sim_head head = {SIM_MAP, 1, 0, 0};
    struct {
        struct sim_head head;
        struct sim_join join;
    } m = {{SIM_JOIN, 1, 0, 1}, {SIM_VERSION + 1, 3}};
    struct hv_request r = {.data = &head, .len = sizeof(head)};
    struct hv_domain *d;

    play(&p, (struct hv_config){0});
    hv_join(p.hv, &r, &p.reply, &d);
    cr_assert(!d && p.reply.end && rc_of(&p) == -EPROTO);
    r.len = 3;
    hv_join(p.hv, &r, &p.reply, &d);
    cr_assert(!d && p.reply.end && rc_of(&p) == -EBADMSG);
    r.data = &m;
    r.len = sizeof(m);
    hv_join(p.hv, &r, &p.reply, &d);
    cr_assert(!d && p.reply.end && rc_of(&p) == -EINVAL);
    curtain(&p);
}

Test(sim_hv, marks_are_those_of_xen)
{
    struct hv_domain *a, *b;
    uint32_t r1, r2, w;

    play(&p, (struct hv_config){0});
    a = joined(&p, 0);
    b = joined(&p, 1);
    shared(&p, a, 1, 1, 8, PERMIT);
    cr_assert_eq(map1(&p, b, 0, 8, true, &r1), SIM_OKAY);
    cr_assert_eq(a->table[8].word, 1u << 16 | PERMIT | SIM_GTF_READ);
    cr_assert_eq(map1(&p, b, 0, 8, false, &w), SIM_OKAY);
    cr_assert_eq(a->table[8].word & 31, PERMIT | SIM_GTF_READ | SIM_GTF_WRITE);
    cr_assert_eq(map1(&p, b, 0, 8, true, &r2), SIM_OKAY);
    cr_assert_eq(unmap1(&p, b, r1), SIM_OKAY);
    cr_assert_eq(unmap1(&p, b, w), SIM_OKAY);
    cr_assert_eq(a->table[8].word & 31, PERMIT | SIM_GTF_READ);
    cr_assert_eq(unmap1(&p, b, w), SIM_BAD_HANDLE, "twice");
    cr_assert_eq(unmap1(&p, b, 12345), SIM_BAD_HANDLE);
    cr_assert_eq(unmap1(&p, b, r2), SIM_OKAY);
    cr_assert_eq(a->table[8].word & 31, PERMIT);
    curtain(&p);
}

Test(sim_hv, errors_of_a_map)
{
    struct hv_domain *a, *b, *c;
    uint32_t h, unit;

    play(&p, (struct hv_config){.frames = 1});
    a = joined(&p, 0);
    b = joined(&p, 1);
    c = joined(&p, 2);
    unit = shared(&p, a, 2, 1, 8, PERMIT | SIM_GTF_RO);
    cr_assert_eq(map1(&p, b, 0, 8, false, &h), SIM_GENERAL_ERROR);
    cr_assert_eq(map1(&p, c, 0, 8, true, &h), SIM_BAD_GNTREF, "for another");
    cr_assert_eq(map1(&p, b, 0, 9, true, &h), SIM_BAD_GNTREF, "unused");
    cr_assert_eq(map1(&p, b, 0, 512, true, &h), SIM_BAD_GNTREF);
    cr_assert_eq(map1(&p, b, 0, ~0u, true, &h), SIM_BAD_GNTREF);
    cr_assert_eq(map1(&p, b, 9, 8, true, &h), SIM_BAD_DOMAIN);
    cr_assert_eq(map1(&p, b, ~0u, 8, true, &h), SIM_BAD_DOMAIN);
    /* An entry that permits writing, over memory that does not. */
    a->table[8].word = 1u << 16 | PERMIT;
    cr_assert_eq(map1(&p, b, 0, 8, false, &h), SIM_GENERAL_ERROR);
    cr_assert_eq(a->table[8].word, 1u << 16 | PERMIT, "no mark is left");
    a->table[8].frame = SIM_FRAME(unit, 2);
    cr_assert_eq(map1(&p, b, 0, 8, true, &h), SIM_BAD_PAGE);
    a->table[8].frame = SIM_FRAME(unit + 1, 0);
    cr_assert_eq(map1(&p, b, 0, 8, true, &h), SIM_BAD_PAGE);
    a->table[8].frame = 0;
    cr_assert_eq(map1(&p, b, 0, 8, true, &h), SIM_BAD_PAGE);
    cr_assert_eq(a->table[8].word, 1u << 16 | PERMIT);
    curtain(&p);
}

Test(sim_hv, a_batch_with_a_bad_one_maps_nothing)
{
    struct {
        struct sim_map m;
        struct sim_gref g[3];
    } m = {{0}, {{0, 8}, {0, 8}, {0, 9}}};
    struct hv_domain *a, *b;
    const struct sim_mapped *out;

    play(&p, (struct hv_config){0});
    a = joined(&p, 0);
    b = joined(&p, 1);
    shared(&p, a, 1, 1, 8, PERMIT);
    cr_assert_eq(ask(&p, b, SIM_MAP, 3, &m, sizeof(m)), -EINVAL);
    out = body(&p);
    cr_assert(!out[0].status && !out[1].status);
    cr_assert_eq(out[2].status, SIM_BAD_GNTREF);
    cr_assert_eq(p.reply.nfds, 0);
    cr_assert(b->mappings == 0 && a->mapped == 0);
    cr_assert_eq(a->table[8].word & 31, PERMIT);
    curtain(&p);
}

Test(sim_hv, a_use_keeps_its_page_whatever_the_entry_says)
{
    struct hv_domain *a, *b;
    uint32_t h, h2, unit;

    play(&p, (struct hv_config){0});
    a = joined(&p, 0);
    b = joined(&p, 1);
    unit = shared(&p, a, 2, 1, 8, PERMIT);
    cr_assert_eq(map1(&p, b, 0, 8, true, &h), SIM_OKAY);
    a->table[8].frame = SIM_FRAME(99, 7);
    a->table[8].word = 0; /* H1 */
    cr_assert_eq(map1(&p, b, 0, 8, true, &h2), SIM_OKAY);
    cr_assert_eq(((struct sim_mapped *)body(&p))->page, 0);
    (void)unit;
    cr_assert_eq(unmap1(&p, b, h), SIM_OKAY);
    cr_assert_eq(unmap1(&p, b, h2), SIM_OKAY);
    cr_assert_eq(map1(&p, b, 0, 8, true, &h), SIM_BAD_GNTREF);
    curtain(&p);
}

Test(sim_hv, what_is_concealed_is_mapped_no_more_and_lives_until_unmapped)
{
    struct hv_domain *a, *b;
    struct sim_conceal con;
    uint32_t h, h2;

    play(&p, (struct hv_config){0});
    a = joined(&p, 0);
    b = joined(&p, 1);
    con = (struct sim_conceal){shared(&p, a, 9, 1, 8, PERMIT), 0, 1};
    cr_assert_eq(map1(&p, b, 0, 8, false, &h), SIM_OKAY);
    cr_assert_eq(ask(&p, a, SIM_CONCEAL, 1, &con, sizeof(con)), 0);
    cr_assert_eq(map1(&p, b, 0, 8, false, &h2), SIM_BAD_PAGE);
    a->table[9] = a->table[8];
    a->table[9].word &= ~(SIM_GTF_READ | SIM_GTF_WRITE);
    a->table[9].frame++;
    cr_assert_eq(map1(&p, b, 0, 9, false, &h2), SIM_OKAY, "its neighbour");
    con.first = 1;
    con.pages = 8;
    cr_assert_eq(ask(&p, a, SIM_CONCEAL, 1, &con, sizeof(con)), 0);
    cr_assert_eq(a->units_used, 1);
    cr_assert_eq(unmap1(&p, b, h), SIM_OKAY);
    cr_assert_eq(unmap1(&p, b, h2), SIM_OKAY);
    cr_assert_eq(a->units_used, 0);
    cr_assert_eq(ask(&p, a, SIM_CONCEAL, 1, &con, sizeof(con)), -EINVAL);
    con = (struct sim_conceal){~0u, ~0u, ~0u};
    cr_assert_eq(ask(&p, a, SIM_CONCEAL, 1, &con, sizeof(con)), -EINVAL);
    curtain(&p);
}

Test(sim_hv, the_dead_keep_what_is_mapped)
{
    struct hv_domain *a, *b, *c;
    uint32_t h, own;

    play(&p, (struct hv_config){0});
    a = joined(&p, 0);
    b = joined(&p, 1);
    shared(&p, a, 1, 1, 8, PERMIT);
    shared(&p, b, 1, 0, 8, PERMIT);
    shared(&p, a, 1, 0, 9, PERMIT);
    cr_assert_eq(map1(&p, b, 0, 8, false, &h), SIM_OKAY);
    cr_assert_eq(map1(&p, a, 0, 9, false, &own), SIM_OKAY, "of its own");
    cr_assert_eq(map1(&p, a, 1, 8, false, &own), SIM_OKAY);
    hv_leave(p.hv, a);
    cr_assert_null(hv_check(p.hv));
    cr_assert_eq(b->table[8].word & 31, PERMIT, "its marks are cleared");
    cr_assert_eq(map1(&p, b, 0, 8, false, &own), SIM_BAD_DOMAIN);
    cr_assert_eq(try_join(&p, 0, &c), -EEXIST);
    cr_assert_eq(unmap1(&p, b, h), SIM_OKAY);
    c = joined(&p, 0);
    hv_leave(p.hv, c);
    curtain(&p);
}

Test(sim_hv, copies_have_a_status_each)
{
    struct sim_seg s[5] = {
        {{1, 0, 8, 4090}, {0, 0, 0, 10}, 6}, {{0, 0, 0, 10}, {1, 0, 9, 0}, 6},
        {{0, 0, 0, 10}, {1, 0, 8, 0}, 3},    {{1, 0, 10, 0}, {0, 0, 0, 0}, 3},
        {{1, 7, 8, 0}, {0, 0, 0, 0}, 3},
    };
    struct hv_domain *a, *b;
    const struct sim_status *out = body(&p);
    uint32_t unit;

    play(&p, (struct hv_config){.window_pages = 2});
    a = joined(&p, 0);
    b = joined(&p, 1);
    unit = shared(&p, a, 1, 1, 8, PERMIT);
    shared(&p, a, 1, 1, 9, PERMIT | SIM_GTF_RO);
    memcpy(p.fd[a->units[unit]->fd].base + 4090, "abcdef", 6);
    cr_assert_eq(ask(&p, b, SIM_COPY, 5, s, sizeof(s)), 0);
    cr_assert(!out[0].status && !memcmp(b->window + 10, "abcdef", 6));
    cr_assert_eq(out[1].status, SIM_GENERAL_ERROR, "for reading");
    cr_assert(!out[2].status);
    cr_assert_eq(memcmp(p.fd[a->units[unit]->fd].base, "abc", 3), 0);
    cr_assert_eq(out[3].status, SIM_BAD_GNTREF);
    cr_assert_eq(out[4].status, SIM_BAD_DOMAIN);
    cr_assert_eq(a->mapped, 0);
    cr_assert_eq(a->table[8].word & 31, PERMIT);
    s[0].from.off = 4091;
    cr_assert_eq(ask(&p, b, SIM_COPY, 1, s, sizeof(*s)), -EINVAL);
    s[0].from.off = ~0u;
    cr_assert_eq(ask(&p, b, SIM_COPY, 1, s, sizeof(*s)), -EINVAL);
    s[1].from.off = 2 * 4096 - 5;
    cr_assert_eq(ask(&p, b, SIM_COPY, 1, &s[1], sizeof(*s)), -EINVAL);
    s[1].from.is_ref = 2;
    cr_assert_eq(ask(&p, b, SIM_COPY, 1, &s[1], sizeof(*s)), -EINVAL);
    curtain(&p);
}

/* Whatever the body of a request is: an answer, and the invariants. */
Test(sim_hv, every_request_is_hostile)
{
    static unsigned char junk[4096];
    struct hv_domain *a, *b;
    uint64_t x = 88172645463325252u;
    uint32_t op, h;

    play(&p, (struct hv_config){.frames = 1});
    a = joined(&p, 0);
    b = joined(&p, 1);
    shared(&p, a, 3, 1, 8, PERMIT);
    map1(&p, b, 0, 8, false, &h);
    for (int i = 0; i < 3000; i++) {
        size_t len;
        uint32_t n;

        for (size_t k = 0; k < 256; k++) {
            uint32_t v;

            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            v = x >> 60 ? (uint32_t)(x >> 20) % 10 : (uint32_t)x;
            memcpy(junk + 4 * k, &v, 4);
        }
        op = (uint32_t)(x >> 8) % (SIM_OPS + 1);
        n = x >> 16 & 3 ? (uint32_t)(x >> 24) % 4 : (uint32_t)(x >> 24);
        len = x >> 18 & 3 ? (x >> 32) % 20 * 4 : (x >> 32) % 1024;
        cr_assert_leq(ask(&p, i % 2 ? a : b, op, n, junk, len), 0);
    }
    curtain(&p);
}

Test(sim_hv, each_domain_can_have_some_descriptors)
{
    struct sim_register r = {1, 0};
    struct hv_domain *a, *b;
    int rc = 0, n = 0;

    play(&p, (struct hv_config){0});
    p.room = 300;
    a = joined(&p, 0);
    b = joined(&p, 1);
    while (!rc && n < 400) {
        rc = ask_fd(&p, a, SIM_REGISTER, 1, &r, sizeof(r),
                    played_memfd(&p, 1, false));
        n += !rc;
    }
    cr_assert_eq(rc, -ENFILE);
    cr_assert(n > 100);
    for (n = 0; n < 50; n++)
        cr_assert_eq(ask_fd(&p, b, SIM_REGISTER, 1, &r, sizeof(r),
                            played_memfd(&p, 1, false)),
                     0); /* H5 */
    curtain(&p);
}

Test(sim_hv, faults_strike_as_told)
{
    struct sim_fault f = {0, SIM_MAP, SIM_FAULT_FAIL, 1, 2, ENOSPC};
    struct hv_domain *a, *b;
    struct {
        struct sim_map m;
        struct sim_gref g;
    } m = {{0}, {0, 8}};
    uint32_t h;

    play(&p, (struct hv_config){0});
    a = joined(&p, 0);
    b = joined(&p, 1);
    shared(&p, a, 1, 1, 8, PERMIT);
    cr_assert_eq(ask(&p, b, SIM_FAULT, 1, &f, sizeof(f)), -EPERM);
    f.domain = 1;
    cr_assert_eq(ask(&p, b, SIM_FAULT, 1, &f, sizeof(f)), 0);
    cr_assert_eq(map1(&p, b, 0, 8, false, &h), 0);
    cr_assert_eq(ask(&p, b, SIM_MAP, 1, &m, sizeof(m)), -ENOSPC);
    cr_assert_eq(ask(&p, b, SIM_MAP, 1, &m, sizeof(m)), -ENOSPC);
    cr_assert_eq(ask(&p, b, SIM_MAP, 1, &m, sizeof(m)), 0);
    f = (struct sim_fault){1, SIM_UNMAP, SIM_FAULT_KEEP, 0, 1, 0};
    cr_assert_eq(ask(&p, b, SIM_FAULT, 1, &f, sizeof(f)), 0);
    cr_assert_eq(unmap1(&p, b, h), 0);
    cr_assert_eq(b->mappings, 2, "it only says so");
    f = (struct sim_fault){1, 0, SIM_FAULT_DELAY, 0, 1, 500};
    cr_assert_eq(ask(&p, b, SIM_FAULT, 1, &f, sizeof(f)), 0);
    ask(&p, b, SIM_MAP, 1, &m, sizeof(m));
    cr_assert_eq(p.reply.delay_us, 500);
    cr_assert_eq(b->mappings, 2);
    f.action = 9;
    cr_assert_eq(ask(&p, b, SIM_FAULT, 1, &f, sizeof(f)), -EINVAL);
    curtain(&p);
}
