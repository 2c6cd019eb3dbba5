/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_BENCH_H
#define LEAT_SRC_TOOL_BENCH_H

/*
 * The benches.
 *
 *   peer    an allocator, in one of its variants: an executable of its own
 *   case    a loop that it runs, by name
 *   row     one figure of a case; most have one
 *   sample  one process that runs one case of one peer
 *   round   a sample of each, in a shuffled order
 */

#include <getopt.h>
#include <jansson.h>

#include "tool.h"

/* Exit status of --goals: measured, and not all of them are met. */
#define EXIT_MISSED 3

/*
 * A row of the table in bench.c: one of the names that "leat bench" takes.
 *
 * run() gets its name and those of its options that were given, each as two
 * words, then "--" and the FILE if there is one; it parses them anew and gives
 * an exit status. It hands what it measured to bench_json_add(): there are
 * several benches in one document, which bench.c writes. So no bench has a
 * --json of its own.
 */
struct bench_kind {
    const char *name;
    const struct option *options; /* a name of NULL ends them */
    bool file;                    /* it takes a FILE          */
    bool goals;                   /* it may be named with --goals */
    int (*run)(int argc, char **argv);
};

extern const struct bench_kind bench_pages;
extern const struct bench_kind bench_views;
extern const struct bench_kind bench_align;
extern const struct bench_kind bench_goals_kind;

/* bench-json.c: takes (doc) over; NULL is an error, which it tells. */
bool bench_json_add(const char *bench, json_t *doc);
void bench_json_begin(int argc, char **argv);
bool bench_json_write(const char *path);

/* ------------------------------------- the harness of pages, views and goals */

#define ROUNDS_MAX  99
#define ROWS_MAX    48
#define PEERS_MAX   24
#define METRICS_MAX 8

/* The benches that a row or a peer is of. */
#define OF_PAGES 1u
#define OF_VIEWS 2u

/* bench-tables.c */
struct peer {
    const char *name;
    const char *program;
    const char *variant;
    const char *tells; /* what it is, in a few words */
    bool quick;        /* it is in the quick form   */
    unsigned of;       /* OF_PAGES, OF_VIEWS        */
};

struct row {
    const char *of; /* the case   */
    const char *metric;
    const char *title;
    const char *unit;
    unsigned cpus;
    bool quick;
    unsigned bench; /* OF_PAGES or OF_VIEWS */
};

/* ours / theirs <= factor, or >= where more is better; theirs < 0: of 1. */
struct goal {
    const char *what;
    int our_row, our_peer;
    int their_row, their_peer;
    bool at_least;
    double factor;
};

extern const struct peer bench_peers[];
extern const int bench_npeers;
extern const struct row bench_rows[];
extern const int bench_nrows;
extern const struct goal bench_goals[];
extern const int bench_ngoals;

/* Why there are no samples of a peer, or of a case of it. */
enum state {
    STATE_GOOD = 0,
    STATE_OUT,
    STATE_MISSING,
    STATE_NONE,
    STATE_BAD
};

struct bench {
    /* Asked for. */
    const char *name;
    unsigned benches; /* OF_PAGES, OF_VIEWS */
    bool quick;
    bool brief; /* no list of what was measured in which way */
    unsigned rounds;
    unsigned milliseconds;
    uint64_t seed;
    int against; /* a peer */
    bool peer_in[PEERS_MAX];
    bool row_in[ROWS_MAX];

    /* What came of it; NaN where there is none. */
    enum state peer_state[PEERS_MAX];
    enum state state[ROWS_MAX][PEERS_MAX];
    double value[ROWS_MAX][PEERS_MAX][ROUNDS_MAX];
    unsigned order[ROWS_MAX][PEERS_MAX][ROUNDS_MAX];
    unsigned done; /* samples */
    double seconds;
    double load; /* of the machine, before; negative: unknown */
    int cpus[2];
    unsigned ncpus;
};

/* What a bench that was not asked for more does. */
void bench_defaults(struct bench *b, const char *name, unsigned benches,
                    bool quick);
/* Measures; false when a sample failed, or it was interrupted. */
bool bench_measure_all(struct bench *b);

/* bench-sample.c */
bool bench_find(const char *program, char *path, size_t len);
void bench_cpus(struct bench *b);
struct metric {
    char name[16];
    double value;
};
enum state bench_sample(const struct bench *b, const struct peer *peer,
                        const struct row *row, struct metric *metrics,
                        int *nmetrics);

/* bench-report.c */
bool bench_median(const struct bench *b, int row, int peer, double *median,
                  double *min, double *max);
void bench_report(const struct bench *b);

/* bench-goals.c */
void bench_report_goals(const struct bench *b);

/* bench-json.c */
json_t *bench_json_of(const struct bench *b);

/* machine.c */
struct machine {
    char cpu[128];
    char kernel[128];
    char governor[32];
    char thp[32];
    char compiler[64];
    int cpus;
};
void machine_look(struct machine *m);

#endif
