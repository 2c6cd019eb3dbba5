/* SPDX-License-Identifier: ISC */

/*
 * The grant suite: each case once, in a world of its own, over the fixture that
 * this program is linked with. Arguments pick cases, by parts of their names.
 *
 * LEAT_TEST_SEED begins the schedules, where they are seeded; what failed under
 * one is replayed by it.
 */

#include "suite.h"

bool test_failed;
jmp_buf test_end;

static const struct suite_case *const lists[] = {
    cases_share, cases_errors, cases_copy,    cases_revoke,  cases_races,
    cases_fail,  cases_limits, cases_persist, cases_receive, cases_suspend,
};

static const char *const can_names[] = {CAN_NAMES};

static const struct suite_case *now;
static int printed;

bool test_check(bool good, const char *file, int line, const char *cond)
{
    if (!good && printed++ < 20)
        printf("# %s:%d: not so: %s\n", file, line, cond);
    test_failed |= !good;
    return good;
}

bool test_gives(int want, int got, const char *file, int line, const char *call)
{
    if (got != want && printed++ < 20)
        printf("# %s:%d: %s: %s, not %s\n", file, line, call,
               leat_strerror(got), leat_strerror(want));
    test_failed |= got != want;
    return got == want;
}

static void body(struct world *w)
{
    world_open(w, &now->wish);
    if (!setjmp(test_end))
        now->run(w);
    world_close(w);
}

static void run(struct world *w, uint64_t seed)
{
    w->seed = seed;
    w->wish = now->wish;
    w->peers = now->wish.peers ? now->wish.peers : 1;
    w->f->begin(w);
    if (w->f->run)
        w->f->run(w, body);
    else
        body(w);
    w->f->end(w);
}

/* A seed gives the same schedule again, and another one another. */
static void replay(struct world *w, uint64_t seed, uint64_t other)
{
    uint64_t trace;

    run(w, seed);
    trace = w->f->trace();
    run(w, other);
    CHECK(w->f->trace() != trace);
    run(w, seed);
    CHECK(w->f->trace() == trace);
}

static const char *lacks(const struct fixture *f, const struct suite_case *c)
{
    uint32_t lack = c->needs & ~f->can;

    return lack ? can_names[__builtin_ctz(lack)] : NULL;
}

static bool wanted(const char *name, int argc, char **argv)
{
    bool any = argc < 2;

    for (int i = 1; i < argc; i++)
        any |= strstr(name, argv[i]) != NULL;
    return any;
}

int main(int argc, char **argv)
{
    static struct world w;
    const char *text = getenv("LEAT_TEST_SEED");
    uint64_t first = text ? strtoull(text, NULL, 0) : 1;
    int n = 0, failed = 0;

    if (argc == 6 && !strcmp(argv[1], "--peer"))
        return peer_main(argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    w.f = &the_fixture;
    for (size_t i = 0; i < COUNT(lists); i++) {
        for (now = lists[i]; now->name; now++) {
            const char *lack = lacks(w.f, now);
            uint64_t seed = first;
            unsigned times = now->races && !text ? w.f->schedules : 1;

            if (!wanted(now->name, argc, argv))
                continue;
            n++;
            if (lack) {
                printf("ok %d - %s # SKIP %s has no %s\n", n, now->name,
                       w.f->name, lack);
                continue;
            }
            test_failed = false;
            printed = 0;
            for (; times-- && !test_failed; seed++)
                run(&w, seed);
            if (now->races && w.f->trace && !test_failed)
                replay(&w, first, first + 1);
            if (test_failed)
                printf("# seed %llu\n", (unsigned long long)(seed - 1));
            printf("%sok %d - %s\n", test_failed ? "not " : "", n, now->name);
            failed += test_failed;
        }
    }
    printf("1..%d\n", n);
    return failed != 0;
}
