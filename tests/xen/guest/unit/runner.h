/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GUEST_RUNNER_H
#define LEAT_TESTS_GUEST_RUNNER_H

/* The test needs (what) of an operating system: it is left out. */
_Noreturn void guest_test_needs(const char *what);

void guest_heap_reset(void);

#endif
