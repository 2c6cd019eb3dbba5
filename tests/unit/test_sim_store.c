/* SPDX-License-Identifier: ISC */

#include "sim_fixture.h"

static struct played p;

static struct hv_domain *zero, *one, *two;

static void open_three(struct hv_config config)
{
    play(&p, config);
    zero = joined(&p, 0);
    one = joined(&p, 1);
    two = joined(&p, 2);
}

/* The next notice of a watch: its path and token. */
static bool told(struct hv_domain *d, const char *path, const char *token)
{
    const void *bytes;
    size_t len = hv_notice(d, &bytes);
    const struct sim_head *head = bytes;
    const char *text;
    bool is;

    if (!len)
        return false;
    text = (const char *)(head + 1);
    is = head->op == SIM_NOTICE_WATCH && !strcmp(text, path) &&
         !strcmp(text + head->n + 1, token);
    hv_notice_drop(p.hv, d);
    return is;
}

static bool silent(struct hv_domain *d)
{
    const void *bytes;

    return hv_notice(d, &bytes) == 0;
}

static uint32_t begin(struct hv_domain *d)
{
    cr_assert_eq(key(&p, d, SIM_STORE_BEGIN, 0, "", NULL, 0), 0);
    return ((struct sim_number *)body(&p))->value;
}

static int end(struct hv_domain *d, uint32_t tx, uint32_t commits)
{
    struct sim_store s = {SIM_STORE_END, tx, commits, 0, 0};

    return ask(&p, d, SIM_STORE, 1, &s, sizeof(s));
}

Test(sim_store, relative_paths_are_of_the_own_part)
{
    open_three((struct hv_config){0});
    cr_assert_eq(put(&p, one, 0, "device/vif/0/state", "1"), 0);
    cr_assert(reads(&p, one, 0, "/local/domain/1/device/vif/0/state", "1"));
    cr_assert(reads(&p, one, 0, "domid", "1"));
    cr_assert(reads(&p, zero, 0, "/local/domain/1/device/vif", ""));
    curtain(&p);
}

Test(sim_store, paths_that_are_none)
{
    static const char *const bad[] = {"/a//b", "/a/",  "a b", "/a\n",
                                      "//",    "/a*b", "@x",  "a/"};
    char deep[400] = "";

    open_three((struct hv_config){0});
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        cr_assert_eq(put(&p, zero, 0, bad[i], "x"), -EINVAL, "%s", bad[i]);
    for (int i = 0; i < 80; i++)
        strcat(deep, "/d");
    cr_assert_eq(put(&p, zero, 0, deep, "x"), -EINVAL);
    cr_assert_eq(key(&p, zero, SIM_STORE_READ, 0, "/none", NULL, 0), -ENOENT);
    cr_assert_eq(key(&p, zero, SIM_STORE_REMOVE, 0, "/", NULL, 0), -EINVAL);
    cr_assert_eq(key(&p, zero, SIM_STORE_REMOVE, 0, "/none", NULL, 0), 0);
    cr_assert_eq(key(&p, zero, SIM_STORE_REMOVE, 0, "/none/x", NULL, 0),
                 -ENOENT);
    curtain(&p);
}

Test(sim_store, permissions)
{
    struct sim_perm perms[2] = {{1, 0}, {2, 1}};
    const struct sim_perm *got;

    open_three((struct hv_config){0});
    cr_assert_eq(put(&p, one, 0, "x", "v"), 0);
    cr_assert_eq(put(&p, one, 0, "/else", "v"), -EACCES);
    cr_assert_eq(key(&p, two, SIM_STORE_READ, 0, "/local/domain/1/x", NULL, 0),
                 -EACCES);
    cr_assert_eq(key(&p, two, SIM_STORE_SET_PERMS, 0, "/local/domain/1/x",
                     perms, sizeof(perms)),
                 -EPERM);
    cr_assert_eq(
        key(&p, one, SIM_STORE_SET_PERMS, 0, "x", perms, sizeof(perms)), 0);
    cr_assert(reads(&p, two, 0, "/local/domain/1/x", "v"));
    cr_assert_eq(put(&p, two, 0, "/local/domain/1/x", "w"), -EACCES);
    cr_assert_eq(key(&p, one, SIM_STORE_GET_PERMS, 0, "x", NULL, 0), 0);
    got = body(&p);
    cr_assert(n_of(&p) == 2 && got[1].domain == 2 && got[1].access == 1);
    perms[1].access = 3;
    cr_assert_eq(
        key(&p, one, SIM_STORE_SET_PERMS, 0, "x", perms, sizeof(perms)), 0);
    cr_assert_eq(put(&p, two, 0, "/local/domain/1/x", "w"), 0);
    perms[0].domain = 2;
    cr_assert_eq(
        key(&p, one, SIM_STORE_SET_PERMS, 0, "x", perms, sizeof(perms)), -EPERM,
        "it cannot be given away");
    perms[1].access = 4;
    cr_assert_eq(
        key(&p, zero, SIM_STORE_SET_PERMS, 0, "/x", perms, sizeof(perms)),
        -ENOENT);
    cr_assert_eq(key(&p, zero, SIM_STORE_SET_PERMS, 0, "/local/domain/1/x",
                     perms, sizeof(perms)),
                 -EINVAL);
    curtain(&p);
}

Test(sim_store, a_watch_fires_at_once_and_for_what_is_below)
{
    open_three((struct hv_config){0});
    cr_assert_eq(key(&p, one, SIM_STORE_WATCH, 0, "dev", "tok", 3), 0);
    cr_assert(told(one, "dev", "tok"));
    cr_assert(silent(one));
    cr_assert_eq(put(&p, one, 0, "dev/a/b", "1"), 0);
    cr_assert(told(one, "dev/a/b", "tok"));
    cr_assert_eq(put(&p, one, 0, "device", "1"), 0);
    cr_assert(silent(one), "another name");
    cr_assert_eq(key(&p, one, SIM_STORE_WATCH, 0, "dev", "tok", 3), -EEXIST);
    cr_assert_eq(
        key(&p, one, SIM_STORE_WATCH, 0, "/local/domain/1/dev/a/b", "t2", 2),
        0);
    cr_assert(told(one, "/local/domain/1/dev/a/b", "t2"));
    /* What is above it goes, and it with it. */
    cr_assert_eq(key(&p, one, SIM_STORE_REMOVE, 0, "dev", NULL, 0), 0);
    cr_assert(told(one, "/local/domain/1/dev/a/b", "t2"));
    cr_assert(told(one, "dev", "tok"));
    cr_assert_eq(key(&p, one, SIM_STORE_UNWATCH, 0, "dev", "tok", 3), 0);
    cr_assert_eq(key(&p, one, SIM_STORE_UNWATCH, 0, "dev", "tok", 3), -ENOENT);
    cr_assert_eq(put(&p, one, 0, "dev", "1"), 0);
    cr_assert(silent(one));
    curtain(&p);
}

Test(sim_store, nobody_hears_of_what_he_may_not_read)
{
    open_three((struct hv_config){0});
    cr_assert_eq(key(&p, two, SIM_STORE_WATCH, 0, "/local/domain/1", "t", 1),
                 0);
    cr_assert(told(two, "/local/domain/1", "t"));
    cr_assert_eq(put(&p, one, 0, "secret", "1"), 0);
    cr_assert(silent(two));
    curtain(&p);
}

Test(sim_store, one_who_does_not_listen_loses_no_watch)
{
    char path[32];
    int n = 0;

    open_three((struct hv_config){0});
    cr_assert_eq(key(&p, one, SIM_STORE_WATCH, 0, "a", "1", 1), 0);
    cr_assert_eq(key(&p, one, SIM_STORE_WATCH, 0, "b", "2", 1), 0);
    while (!silent(one))
        hv_notice_drop(p.hv, one);
    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof(path), "a/%d", i);
        cr_assert_eq(put(&p, one, 0, path, "x"), 0);
    }
    cr_assert_eq(put(&p, one, 0, "b/x", "x"), 0);
    for (; !silent(one) && n < 64; n++)
        hv_notice_drop(p.hv, one);
    cr_assert_eq(n, 64);
    cr_assert(told(one, "a", "1"));
    cr_assert(told(one, "b", "2"));
    cr_assert(silent(one));
    cr_assert_eq(put(&p, one, 0, "b/x", "x"), 0);
    cr_assert(told(one, "b/x", "2"));
    curtain(&p);
}

Test(sim_store, transactions_see_their_own_and_conflict)
{
    uint32_t t, u;

    open_three((struct hv_config){0});
    cr_assert_eq(put(&p, one, 0, "a", "1"), 0);
    cr_assert_eq(put(&p, one, 0, "b", "1"), 0);
    cr_assert_eq(key(&p, one, SIM_STORE_WATCH, 0, "a", "t", 1), 0);
    cr_assert(told(one, "a", "t"));
    t = begin(one);
    u = begin(one);
    cr_assert_eq(put(&p, one, t, "a", "2"), 0);
    cr_assert(reads(&p, one, t, "a", "2") && reads(&p, one, 0, "a", "1"));
    cr_assert(reads(&p, one, u, "a", "1"));
    cr_assert_eq(put(&p, one, u, "b", "3"), 0);
    cr_assert(silent(one), "not before it is done");
    cr_assert_eq(end(one, t, 1), 0);
    cr_assert(told(one, "a", "t") && reads(&p, one, 0, "a", "2"));
    cr_assert(reads(&p, one, u, "a", "1"), "as it was when it began");
    cr_assert_eq(end(one, u, 1), -EAGAIN);
    cr_assert(reads(&p, one, 0, "b", "1"));
    cr_assert_eq(end(one, u, 1), -ENOENT);
    /* What it did not look at does not matter. */
    t = begin(one);
    cr_assert_eq(put(&p, one, t, "b", "4"), 0);
    cr_assert_eq(put(&p, one, 0, "c/d", "5"), 0);
    cr_assert_eq(end(one, t, 1), 0);
    cr_assert(reads(&p, one, 0, "b", "4") && reads(&p, one, 0, "c/d", "5"));
    /* A key that is not there was looked at, too. */
    t = begin(one);
    cr_assert_eq(key(&p, one, SIM_STORE_READ, t, "new", NULL, 0), -ENOENT);
    cr_assert_eq(put(&p, one, 0, "new", "x"), 0);
    cr_assert_eq(end(one, t, 1), -EAGAIN);
    t = begin(one);
    cr_assert_eq(key(&p, one, SIM_STORE_REMOVE, t, "new", NULL, 0), 0);
    cr_assert_eq(end(one, t, 0), 0);
    cr_assert(reads(&p, one, 0, "new", "x"), "given up");
    curtain(&p);
}

Test(sim_store, quotas)
{
    char path[32], value[SIM_VALUE + 1] = "";
    int rc = 0, n = 0;

    open_three(
        (struct hv_config){.nodes = 20, .watches = 3, .transactions = 2});
    for (; !rc && n < 30; n++) {
        snprintf(path, sizeof(path), "k%d/x", n);
        rc = put(&p, one, 0, path, "x");
    }
    cr_assert_eq(rc, -ENOSPC);
    cr_assert_leq(one->nodes, 20);
    cr_assert_eq(put(&p, two, 0, "k", "x"), 0, "another has its own");
    cr_assert_eq(key(&p, one, SIM_STORE_WRITE, 0, "k0/x", value, sizeof(value)),
                 -EINVAL);
    for (n = 0; n < 3; n++) {
        snprintf(path, sizeof(path), "w%d", n);
        cr_assert_eq(key(&p, one, SIM_STORE_WATCH, 0, path, "t", 1), 0);
    }
    cr_assert_eq(key(&p, one, SIM_STORE_WATCH, 0, "w9", "t", 1), -ENOSPC);
    begin(one);
    begin(one);
    cr_assert_eq(key(&p, one, SIM_STORE_BEGIN, 0, "", NULL, 0), -ENOSPC);
    curtain(&p);
}

Test(sim_store, the_dead_leave_nothing)
{
    struct sim_perm all = {0, 3};

    open_three((struct hv_config){0});
    cr_assert_eq(put(&p, zero, 0, "/shared", ""), 0);
    cr_assert_eq(
        key(&p, zero, SIM_STORE_SET_PERMS, 0, "/shared", &all, sizeof(all)), 0);
    cr_assert_eq(put(&p, one, 0, "/shared/of-one/x", "1"), 0);
    cr_assert_eq(put(&p, one, 0, "device/x", "1"), 0);
    cr_assert_eq(key(&p, two, SIM_STORE_WATCH, 0, "@releaseDomain", "t", 1), 0);
    cr_assert(told(two, "@releaseDomain", "t"));
    hv_leave(p.hv, one);
    cr_assert_null(hv_check(p.hv));
    cr_assert(told(two, "@releaseDomain", "t"));
    cr_assert_eq(key(&p, zero, SIM_STORE_READ, 0, "/local/domain/1", NULL, 0),
                 -ENOENT);
    cr_assert_eq(key(&p, zero, SIM_STORE_READ, 0, "/shared/of-one", NULL, 0),
                 -ENOENT);
    cr_assert_eq(key(&p, two, SIM_STORE_WATCH, 0, "@other", "t", 1), -EINVAL);
    curtain(&p);
}
