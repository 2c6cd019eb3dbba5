/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_H
#define LEAT_SRC_TOOL_H

/*
 * What the verbs of the command share.
 *
 * A function that can fail says why on stderr, once, and gives false; exit
 * statuses are made of that in main.c and in the verbs.
 */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "unknown"
#endif

enum {
    EXIT_GOOD = 0,
    EXIT_BAD = 1,
    EXIT_USAGE = 2
};

struct verb {
    const char *name;
    const char *summary; /* one line */
    const char *usage;   /* what follows "leat" on the command line */
    const char *help;    /* the rest of "leat help VERB" */
    int (*run)(int argc, char **argv); /* argv[0] is the verb */
};

extern const struct verb verb_bench;
extern const struct verb verb_copy;
extern const struct verb verb_grants;
extern const struct verb verb_map;
extern const struct verb verb_run;
extern const struct verb verb_share;
extern const struct verb verb_sim;

/* main.c: set by SIGINT, SIGTERM and SIGHUP; long work looks at it. */
bool tool_interrupted(void);

/* message.c */
__attribute__((format(printf, 1, 2))) bool tool_fail(const char *fmt, ...);
__attribute__((format(printf, 2, 3))) int tool_usage_error(
    const struct verb *verb, const char *fmt, ...);
/* A whole number in [min, max]. */
bool tool_number(const char *text, uint64_t min, uint64_t max, uint64_t *out);
double tool_now(void);
/* "268435456" as "268,435,456"; gives (buf). */
const char *tool_grouped(uint64_t n, char buf[32]);

/* progress.c: a bar on a terminal, else a line every tenth. */
struct progress {
    const char *what;
    uint64_t total;
    int shown;
    bool terminal;
    bool quiet; /* too short to tell of */
};
void progress_begin(struct progress *p, const char *what, uint64_t total);
void progress_at(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

/* digest.c */
#define DIGEST_HEX 65
/*
 * The SHA-256 of a file, in hexadecimal. From the disk (direct): not from what
 * the kernel remembers of the writing.
 */
bool digest_file(const char *path, bool direct, char hex[DIGEST_HEX]);

/* The same of bytes that come one after the other. NULL: it was said why. */
struct digest;
struct digest *digest_new(void);
void digest_free(struct digest *d);
bool digest_feed(struct digest *d, const void *bytes, size_t len);
bool digest_end(struct digest *d, char hex[DIGEST_HEX]);

#endif
