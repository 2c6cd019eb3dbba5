/* SPDX-License-Identifier: ISC */

/*
 * The command: leat VERB [ARGUMENT...]. One file per verb.
 */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

static const struct verb *const verbs[] = {
    &verb_run,   &verb_copy, &verb_bench,  &verb_sim,
    &verb_share, &verb_map,  &verb_grants,
};

#define VERBS (sizeof verbs / sizeof *verbs)

static volatile sig_atomic_t interrupted;

bool tool_interrupted(void)
{
    return interrupted;
}

/* The second time it ends at once, should the first not have been heard. */
static void interrupt(int sig)
{
    struct sigaction act = {.sa_handler = SIG_DFL};

    interrupted = 1;
    sigaction(sig, &act, NULL);
}

static void catch_signals(void)
{
    static const int sigs[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction act = {.sa_handler = interrupt}, old;
    size_t i;

    for (i = 0; i < sizeof sigs / sizeof *sigs; i++) {
        if (!sigaction(sigs[i], NULL, &old) && old.sa_handler != SIG_IGN)
            sigaction(sigs[i], &act, NULL);
    }
    /* A full disk or a closed pipe is an error to tell, not an end. */
    act.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &act, NULL);
    sigaction(SIGXFSZ, &act, NULL);
}

static const struct verb *find(const char *name)
{
    size_t i;

    for (i = 0; i < VERBS; i++) {
        if (!strcmp(verbs[i]->name, name))
            return verbs[i];
    }
    return NULL;
}

static void overview(FILE *to)
{
    size_t i;

    fprintf(to, "usage: leat VERB [ARGUMENT...]\n\n");
    for (i = 0; i < VERBS; i++)
        fprintf(to, "  %-12s %s\n", verbs[i]->name, verbs[i]->summary);
    fprintf(to, "  %-12s %s\n\n", "help [VERB]", "this text, or a verb's");
    fprintf(to, "leat --version tells the version; the manual is leat(1).\n");
}

static int help(int argc, char **argv)
{
    const struct verb *verb;

    if (argc < 2) {
        overview(stdout);
        return EXIT_GOOD;
    }
    verb = find(argv[1]);
    if (!verb || argc > 2) {
        if (verb)
            tool_fail("help: one verb at a time");
        else
            tool_fail("help: no such verb: %s", argv[1]);
        overview(stderr);
        return EXIT_USAGE;
    }
    printf("usage: leat %s\n\n%s", verb->usage, verb->help);
    return EXIT_GOOD;
}

static int dispatch(int argc, char **argv)
{
    const struct verb *verb;

    if (argc < 2) {
        overview(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help") ||
        !strcmp(argv[1], "-h"))
        return help(argc - 1, argv + 1);
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        printf("leat %s\n", PACKAGE_VERSION);
        return EXIT_GOOD;
    }
    verb = find(argv[1]);
    if (!verb) {
        tool_fail("no such verb: %s", argv[1]);
        overview(stderr);
        return EXIT_USAGE;
    }
    catch_signals();
    return verb->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    int status = dispatch(argc, argv);

    /* What could not be said was not done. */
    if ((fflush(stdout) || ferror(stdout)) && status == EXIT_GOOD) {
        tool_fail("cannot write to standard output");
        status = EXIT_BAD;
    }
    return status;
}
