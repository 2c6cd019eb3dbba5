/* SPDX-License-Identifier: ISC */

/*
 * Runs the core's unit tests, one after another, in a guest. Under Criterion each
 * has a process of its own; here what it got is given back, and what is static in
 * the tests' files is put back as it was at first.
 *
 * A test that needs an operating system ends when it asks for one, and must be one
 * of those that are known to: they are left out. One that is known to and passes
 * is a failure.
 */

#include <criterion/criterion.h>
#include <setjmp.h>

#include "runner.h"
#include "xen/guest/tap.h"

extern const struct guest_test guest_tests[], guest_tests_end[];

/* Those that need threads, or what libleat alone has: a magazine that is found by
 * the thread, and numbers of pages that come round. */
static const char *const known[] = {
    "copies::no_count_is_lost_between_threads",
    "magazine::of_the_calling_thread",
    "page::numbers_come_round",
    "shared::a_word_is_never_torn",
    "stats::monotonic_exact",
    "stats::monotonic_with_magazines",
    NULL,
};

/* guest.ld: where the static data of the tests lies. */
extern unsigned char guest_tests_data[], guest_tests_data_end[];
extern unsigned char guest_tests_bss[], guest_tests_bss_end[];
static unsigned char at_first[1 << 16];

static jmp_buf leave;
static const char *why_out;

void guest_test_failed(const char *file, int line, const char *cond)
{
    guest_print("# %s:%d: not so: %s\n", file, line, cond);
    longjmp(leave, 1);
}

void guest_test_needs(const char *what)
{
    why_out = what;
    longjmp(leave, 2);
}

static bool is_known(const char *name)
{
    for (size_t i = 0; known[i]; i++)
        if (!strcmp(known[i], name))
            return true;
    return false;
}

void guest_main(void)
{
    static const struct guest_test *t;
    static char name[200];

    size_t data = (size_t)(guest_tests_data_end - guest_tests_data);

    MUST(data <= sizeof(at_first));
    memcpy(at_first, guest_tests_data, data);
    for (t = guest_tests; t < guest_tests_end; t++) {
        int how;

        guest_text(name, sizeof(name), "%s::%s", t->suite, t->name);
        guest_heap_reset();
        memcpy(guest_tests_data, at_first, data);
        memset(guest_tests_bss, 0,
               (size_t)(guest_tests_bss_end - guest_tests_bss));
        how = setjmp(leave);
        if (!how)
            t->run();
        if (is_known(name) && how)
            guest_print("# left out: %s\n", name);
        else
            OK(how == 0 && !is_known(name), "%s%s%s", name,
               how == 2 ? ", which needs " : "", how == 2 ? why_out : "");
    }
    tap_end();
}
