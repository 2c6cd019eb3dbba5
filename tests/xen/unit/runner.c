/* SPDX-License-Identifier: ISC */

/*
 * Runs the core's unit tests, in a domain, by the Criterion of the guests
 * (tests/xen/guest/unit): each in a process of its own, as under Criterion, but
 * one that begins in a millisecond where the other needs half a second under
 * emulation. What is printed is TAP.
 */

#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xen/tap.h"

/* The section that Test() puts them in; the linker names its ends. */
extern const struct guest_test __start_guest_tests[], __stop_guest_tests[];

#define SECONDS 60

void guest_test_failed(const char *file, int line, const char *cond)
{
    printf("# %s:%d: not so: %s\n", file, line, cond);
    fflush(stdout);
    _exit(1);
}

int main(void)
{
    const struct guest_test *t;

    for (t = __start_guest_tests; t < __stop_guest_tests; t++) {
        pid_t child;
        int status;

        fflush(stdout);
        child = fork();
        MUST(child >= 0);
        if (!child) {
            alarm(SECONDS);
            t->run();
            fflush(stdout);
            _exit(0);
        }
        MUST(waitpid(child, &status, 0) == child);
        if (WIFSIGNALED(status))
            tap_note("signal %d", WTERMSIG(status));
        OK(status == 0, "%s::%s", t->suite, t->name);
    }
    return tap_end();
}
