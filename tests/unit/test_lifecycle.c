/* SPDX-License-Identifier: ISC */

#include "pool_fixture.h"

/* A hook that writes down when it is called, and can refuse. */
struct noted {
    struct leat_hook hook;
    struct leat_lifecycle *list;
    char name;
    int gives;
    uint64_t generation; /* as seen in the resume hook */
    bool meddles;        /* calls what it must not     */
};

static char notes[64];
static size_t nnotes;

static void note(char c)
{
    cr_assert_lt(nnotes + 1, sizeof(notes));
    notes[nnotes++] = c;
    notes[nnotes] = 0;
}

static void assert_notes(const char *want)
{
    cr_assert_str_eq(notes, want);
    nnotes = 0;
    notes[0] = 0;
}

static void meddle(struct noted *n)
{
    struct leat_hook other = {0};

    FAILS(LEAT_E_STATE, leat_lifecycle_add(n->list, &other));
    FAILS(LEAT_E_STATE, leat_lifecycle_remove(n->list, &n->hook));
    FAILS(LEAT_E_STATE, leat_lifecycle_suspend(n->list, NULL));
    FAILS(LEAT_E_STATE, leat_lifecycle_resume(n->list, LEAT_RESUMED));
    FAILS(LEAT_E_STATE, leat_lifecycle_resume(n->list, LEAT_CANCELLED));
    cr_assert_null(other.list);
}

static int on_suspend(void *arg)
{
    struct noted *n = arg;

    note(n->name);
    if (n->meddles)
        meddle(n);
    return n->gives;
}

static void on_resume(void *arg, enum leat_resumed how)
{
    struct noted *n = arg;

    note(how == LEAT_RESUMED ? '+' : '-');
    note(n->name);
    n->generation = leat_lifecycle_generation(n->list);
    if (n->meddles)
        meddle(n);
}

/* A list of hooks a, b, c, d, the first one oldest. */
static void open_list(struct leat_lifecycle *list, struct noted hooks[4])
{
    MUST(leat_lifecycle_init(list));
    memset(hooks, 0, 4 * sizeof(*hooks));
    for (int i = 0; i < 4; i++) {
        hooks[i].hook.suspend = on_suspend;
        hooks[i].hook.resume = on_resume;
        hooks[i].hook.arg = &hooks[i];
        hooks[i].list = list;
        hooks[i].name = (char)('a' + i);
        MUST(leat_lifecycle_add(list, &hooks[i].hook));
    }
}

Test(lifecycle, newest_first_then_oldest_first)
{
    struct leat_lifecycle list;
    struct noted hooks[4];

    open_list(&list, hooks);
    MUST(leat_lifecycle_suspend(&list, NULL));
    assert_notes("dcba");
    MUST(leat_lifecycle_resume(&list, LEAT_RESUMED));
    assert_notes("+a+b+c+d");
    MUST(leat_lifecycle_suspend(&list, NULL));
    assert_notes("dcba");
    MUST(leat_lifecycle_resume(&list, LEAT_CANCELLED));
    assert_notes("-a-b-c-d");
}

Test(lifecycle, a_resume_is_a_generation)
{
    struct leat_lifecycle list;
    struct noted hooks[4];

    open_list(&list, hooks);
    cr_assert_eq(leat_lifecycle_generation(&list), 0);
    MUST(leat_lifecycle_suspend(&list, NULL));
    cr_assert_eq(leat_lifecycle_generation(&list), 0);
    MUST(leat_lifecycle_resume(&list, LEAT_RESUMED));
    cr_assert_eq(leat_lifecycle_generation(&list), 1);
    cr_assert_eq(hooks[0].generation, 1, "hooks see the new one");
    MUST(leat_lifecycle_suspend(&list, NULL));
    MUST(leat_lifecycle_resume(&list, LEAT_CANCELLED));
    cr_assert_eq(leat_lifecycle_generation(&list), 1);
    hooks[0].gives = LEAT_E_BUSY;
    FAILS(LEAT_E_BUSY, leat_lifecycle_suspend(&list, NULL));
    cr_assert_eq(leat_lifecycle_generation(&list), 1);
    hooks[0].gives = 0;
    MUST(leat_lifecycle_suspend(&list, NULL));
    MUST(leat_lifecycle_resume(&list, LEAT_RESUMED));
    cr_assert_eq(leat_lifecycle_generation(&list), 2);
}

Test(lifecycle, a_refusal_is_taken_back)
{
    static const char *const want[] = {"dcba-b-c-d", "dcb-c-d", "dc-d", "d"};
    struct leat_lifecycle list;
    struct leat_hook *refused;
    struct noted hooks[4];

    open_list(&list, hooks);
    for (int i = 0; i < 4; i++) {
        hooks[i].gives = LEAT_E_BUSY;
        refused = NULL;
        FAILS(LEAT_E_BUSY, leat_lifecycle_suspend(&list, &refused));
        cr_assert_eq(refused, &hooks[i].hook);
        assert_notes(want[i]);
        cr_assert_eq(list.state, LEAT_LIFE_RUNNING);
        FAILS(LEAT_E_STATE, leat_lifecycle_resume(&list, LEAT_CANCELLED));
        hooks[i].gives = 0;
    }
    refused = NULL;
    MUST(leat_lifecycle_suspend(&list, &refused));
    cr_assert_null(refused);
    assert_notes("dcba");
}

Test(lifecycle, a_refusal_is_an_error_of_leat)
{
    struct leat_lifecycle list;
    struct noted hooks[4];

    open_list(&list, hooks);
    hooks[1].gives = 1;
    FAILS(LEAT_E_REFUSED, leat_lifecycle_suspend(&list, NULL));
    hooks[1].gives = -1000;
    FAILS(LEAT_E_REFUSED, leat_lifecycle_suspend(&list, NULL));
    hooks[1].gives = LEAT_E_SYSTEM;
    FAILS(LEAT_E_SYSTEM, leat_lifecycle_suspend(&list, NULL));
}

Test(lifecycle, hooks_may_have_nothing_to_do)
{
    struct leat_lifecycle list;
    struct noted hooks[4];

    open_list(&list, hooks);
    hooks[1].hook.suspend = NULL;
    hooks[2].hook.resume = NULL;
    MUST(leat_lifecycle_suspend(&list, NULL));
    assert_notes("dca");
    MUST(leat_lifecycle_resume(&list, LEAT_RESUMED));
    assert_notes("+a+b+d");
    hooks[0].gives = LEAT_E_BUSY;
    FAILS(LEAT_E_BUSY, leat_lifecycle_suspend(&list, NULL));
    assert_notes("dca-b-d");
}

Test(lifecycle, an_empty_list_suspends)
{
    struct leat_lifecycle list;

    MUST(leat_lifecycle_init(&list));
    MUST(leat_lifecycle_suspend(&list, NULL));
    MUST(leat_lifecycle_resume(&list, LEAT_RESUMED));
    cr_assert_eq(leat_lifecycle_generation(&list), 1);
}

Test(lifecycle, hooks_are_removed_from_anywhere)
{
    struct leat_lifecycle list;
    struct noted hooks[4];

    open_list(&list, hooks);
    MUST(leat_lifecycle_remove(&list, &hooks[1].hook));
    MUST(leat_lifecycle_suspend(&list, NULL));
    assert_notes("dca");
    MUST(leat_lifecycle_resume(&list, LEAT_RESUMED));
    assert_notes("+a+c+d");
    MUST(leat_lifecycle_remove(&list, &hooks[3].hook));
    MUST(leat_lifecycle_remove(&list, &hooks[0].hook));
    MUST(leat_lifecycle_add(&list, &hooks[1].hook)); /* the newest now */
    MUST(leat_lifecycle_suspend(&list, NULL));
    assert_notes("bc");
    MUST(leat_lifecycle_resume(&list, LEAT_CANCELLED));
    assert_notes("-c-b");
    MUST(leat_lifecycle_remove(&list, &hooks[1].hook));
    MUST(leat_lifecycle_remove(&list, &hooks[2].hook));
    cr_assert(!list.oldest && !list.newest);
    MUST(leat_lifecycle_suspend(&list, NULL));
    assert_notes("");
}

Test(lifecycle, a_hook_is_in_one_list)
{
    struct leat_lifecycle list, other;
    struct noted hooks[4];

    open_list(&list, hooks);
    MUST(leat_lifecycle_init(&other));
    FAILS(LEAT_E_BUSY, leat_lifecycle_add(&list, &hooks[2].hook));
    FAILS(LEAT_E_BUSY, leat_lifecycle_add(&other, &hooks[2].hook));
    FAILS(LEAT_E_FOREIGN, leat_lifecycle_remove(&other, &hooks[2].hook));
    MUST(leat_lifecycle_remove(&list, &hooks[2].hook));
    FAILS(LEAT_E_FOREIGN, leat_lifecycle_remove(&list, &hooks[2].hook));
    MUST(leat_lifecycle_add(&other, &hooks[2].hook));
    MUST(leat_lifecycle_suspend(&list, NULL));
    assert_notes("dba");
    MUST(leat_lifecycle_suspend(&other, NULL));
    assert_notes("c");
}

Test(lifecycle, while_suspended_only_a_resume)
{
    struct leat_lifecycle list;
    struct leat_hook extra = {0};
    struct leat_hook *refused = &extra;
    struct noted hooks[4];

    open_list(&list, hooks);
    FAILS(LEAT_E_STATE, leat_lifecycle_resume(&list, LEAT_RESUMED));
    MUST(leat_lifecycle_suspend(&list, NULL));
    FAILS(LEAT_E_STATE, leat_lifecycle_suspend(&list, &refused));
    FAILS(LEAT_E_STATE, leat_lifecycle_add(&list, &extra));
    FAILS(LEAT_E_STATE, leat_lifecycle_remove(&list, &hooks[0].hook));
    FAILS(LEAT_E_INVALID, leat_lifecycle_resume(&list, (enum leat_resumed)2));
    cr_assert_eq(refused, &extra);
    assert_notes("dcba");
    MUST(leat_lifecycle_resume(&list, LEAT_RESUMED));
    FAILS(LEAT_E_STATE, leat_lifecycle_resume(&list, LEAT_RESUMED));
    MUST(leat_lifecycle_add(&list, &extra));
}

Test(lifecycle, hooks_do_not_meddle)
{
    struct leat_lifecycle list;
    struct noted hooks[4];

    open_list(&list, hooks);
    hooks[0].meddles = hooks[3].meddles = true;
    MUST(leat_lifecycle_suspend(&list, NULL));
    MUST(leat_lifecycle_resume(&list, LEAT_RESUMED));
    hooks[0].gives = LEAT_E_BUSY;
    FAILS(LEAT_E_BUSY, leat_lifecycle_suspend(&list, NULL));
    assert_notes("dcba+a+b+c+ddcba-b-c-d");
    cr_assert_eq(leat_lifecycle_generation(&list), 1);
}

Test(lifecycle, null_is_refused)
{
    struct leat_lifecycle list;
    struct leat_hook hook = {0};

    MUST(leat_lifecycle_init(&list));
    FAILS(LEAT_E_INVALID, leat_lifecycle_init(NULL));
    FAILS(LEAT_E_INVALID, leat_lifecycle_add(NULL, &hook));
    FAILS(LEAT_E_INVALID, leat_lifecycle_add(&list, NULL));
    FAILS(LEAT_E_INVALID, leat_lifecycle_remove(NULL, &hook));
    FAILS(LEAT_E_INVALID, leat_lifecycle_remove(&list, NULL));
    FAILS(LEAT_E_INVALID, leat_lifecycle_suspend(NULL, NULL));
    FAILS(LEAT_E_INVALID, leat_lifecycle_resume(NULL, LEAT_RESUMED));
}
