/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_XEN_SHELL_H
#define LEAT_TESTS_XEN_SHELL_H

/* Commands of the shell's in this domain, and what the system's tools say. */

#include "tap.h"

/* Whether it ended well. */
__attribute__((format(printf, 1, 2))) static inline bool sh(const char *format,
                                                            ...)
{
    char line[400];
    va_list args;

    va_start(args, format);
    MUST(vsnprintf(line, sizeof(line), format, args) < (int)sizeof(line));
    va_end(args);
    return system(line) == 0;
}

/* The first line that it prints. */
__attribute__((format(printf, 3, 4))) static inline char *sh_line(
    char *text, size_t size, const char *format, ...)
{
    char line[400];
    va_list args;
    FILE *f;

    va_start(args, format);
    MUST(vsnprintf(line, sizeof(line), format, args) < (int)sizeof(line));
    va_end(args);
    f = popen(line, "r");
    MUST(f);
    if (!fgets(text, (int)size, f))
        text[0] = '\0';
    pclose(f);
    text[strcspn(text, "\n")] = '\0';
    return text;
}

/* The number that it prints. */
#define sh_number(...) \
    strtoull(sh_line((char[64]){""}, 64, __VA_ARGS__), NULL, 10)

/* Whether a directory of the store has a key with that value, a pattern of
 * grep's, by xenstore-ls. */
static inline bool store_has(const char *directory, const char *key,
                             const char *value)
{
    return sh("xenstore-ls %s | grep -q '^%s = \"%s\"$'", directory, key,
              value);
}

/* The numbers that are no 0: a grant's, a port's. */
#define STORE_SOME "[1-9][0-9]*"

/* Two rings and two event channels, of a queue of a network device. */
static inline bool store_has_queue(const char *directory)
{
    return store_has(directory, "tx-ring-ref", STORE_SOME) &&
           store_has(directory, "rx-ring-ref", STORE_SOME) &&
           store_has(directory, "event-channel-tx", STORE_SOME) &&
           store_has(directory, "event-channel-rx", STORE_SOME);
}

/* A command: whether ethtool has a feature of an interface at (state). */
#define ETHTOOL_HAS(interface, feature, state) \
    "ethtool -k " interface " | grep -q '^[[:space:]]*" feature ": " state "'"

/* And whether a counter of its driver's is (value), a pattern of grep's. */
#define ETHTOOL_COUNTS(interface, counter, value) \
    "ethtool -S " interface " | grep -q '^ *" counter ": " value "$'"

#endif
