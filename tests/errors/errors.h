/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_ERRORS_H
#define LEAT_TESTS_ERRORS_H

/*
 * One misuse, one program: it passes when the misuse was found as its header
 * says. These need no test framework, and so run under every sanitizer.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <leat/leat.h>

/* What must be for the misuse to be tried at all. */
#define MUST(cond)                                              \
    do {                                                        \
        if (!(cond)) {                                          \
            printf("Bail out! line %d: %s\n", __LINE__, #cond); \
            exit(1);                                            \
        }                                                       \
    } while (0)

/* Ends the program: was it found, and is all else as before? */
#define FOUND(what, call, want, unchanged)                               \
    do {                                                                 \
        int got_ = (call);                                               \
        bool good_ = got_ == (want) && (unchanged);                      \
                                                                         \
        printf("1..1\n%sok 1 - %s\n", good_ ? "" : "not ", what);        \
        if (!good_)                                                      \
            printf("# %s, not %s; %s: %s\n", leat_strerror(got_), #want, \
                   #unchanged, (unchanged) ? "yes" : "no");              \
        return !good_;                                                   \
    } while (0)

#endif
