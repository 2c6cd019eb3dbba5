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
    bool own_goals;               /* and has that option itself   */
    int (*run)(int argc, char **argv);
};

extern const struct bench_kind bench_pages;
extern const struct bench_kind bench_views;
extern const struct bench_kind bench_align;
extern const struct bench_kind bench_grants;
extern const struct bench_kind bench_block;
extern const struct bench_kind bench_net;
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
enum bench_peer {
    NOBODY = -1,
    WRITTEN = -2, /* no peer: the number that is written down */
    HANDLE = 0,
    PLAIN,
    SHARED_HANDLE,
    SHARED_PLAIN,
    DPDK,
    DPDK_CLONE,
    GLIB,
    JEMALLOC,
    JEMALLOC_TUNED,
    TCMALLOC,
    MIMALLOC,
    GLIBC,
    GLIBC_TUNED,
    MMAP,
    SPDK,
    BOUND,
    BOUND_CALL,
    BOUND_OWNER,
    BOUND_ATOMIC,
};

struct peer {
    const char *name;
    const char *program;
    const char *variant;
    const char *get;   /* "handle" or "plain", of leat's own  */
    const char *link;  /* "static" or "shared", likewise       */
    const char *tells; /* what it is, in a few words           */
    bool quick;        /* it is in the quick form              */
    unsigned of;       /* OF_PAGES, OF_VIEWS                   */
};

enum bench_row {
    LIFO,
    BULK,
    HANDOVER,
    VIEWED,
    BATCH,
    RANDOM,
    RANDOM_UNTOUCHED,
    RANDOM_TOUCHED,
    RANDOM_MILLION,
    LIVE,
    LIVE_MILLION,
    FRESH_4K,
    FRESH,
    RSS,
    THREAD_ONE,
    THREAD_TWO,
    SCALING,
    CROWD_TWO,
    CROWD,
    CROWD_KEPT,
    PASS,
    PASS_BULK,
    HEADERS,
    COLOURED,
    BOUNCE_BEST,
    BOUNCE_WORST,
    BOUNCE,
    INSTRUCTIONS,
    SLICE,
    REF,
};

struct row {
    char of[32]; /* the case */
    char metric[16];
    char title[48];
    char unit[16];
    unsigned cpus;
    bool quick;
    unsigned bench; /* OF_PAGES or OF_VIEWS */
};

/* ours / theirs <= factor, or >= where more is better. */
struct goal {
    const char *what;
    int our_row, our_peer;
    int their_row, their_peer; /* or NOBODY, WRITTEN */
    bool at_least;
    double factor;
    bool told; /* for information: it decides nothing */
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

/* bench-noise.c: what else went on while it was measured. */
struct noise {
    double load_before, load_after; /* negative: unknown */
    double steal;                   /* of the processors' time, by others */
    uint64_t at_steal, at_all;      /* private */
};
void noise_begin(struct noise *n);
void noise_end(struct noise *n);
void noise_report(const struct noise *n);

struct bench {
    /* Asked for. */
    const char *name;
    unsigned benches; /* OF_PAGES, OF_VIEWS */
    bool quick;
    bool goals; /* only what the goals need, and they alone are told */
    unsigned rounds;
    unsigned milliseconds;
    double budget; /* seconds after which no round begins; 0: none */
    uint64_t seed;
    int against; /* a peer */
    bool peer_in[PEERS_MAX];
    bool row_in[ROWS_MAX];
    struct row rows[ROWS_MAX]; /* bench_rows, and those with numbers given */
    int nrows;

    /* What came of it; NaN where there is none. */
    enum state peer_state[PEERS_MAX];
    enum state state[ROWS_MAX][PEERS_MAX];
    double value[ROWS_MAX][PEERS_MAX][ROUNDS_MAX];
    unsigned order[ROWS_MAX][PEERS_MAX][ROUNDS_MAX];
    unsigned done; /* samples */
    double seconds;
    struct noise noise;
    int cpus[2];
    unsigned ncpus;
};

/* What a bench that was not asked for more does. */
void bench_defaults(struct bench *b, const char *name, unsigned benches,
                    bool quick);
/* Chooses what the goals need, and nothing else. */
void bench_choose_goals(struct bench *b);
bool bench_first_of_case(const struct bench *b, int row);
/* Measures; false when a sample failed, or it was interrupted. */
bool bench_measure_all(struct bench *b);
/* Nothing is measured yet. */
void bench_clear(struct bench *b);

/* bench-sample.c */
bool bench_find(const char *program, char *path, size_t len);
void bench_cpus(struct bench *b);
struct metric {
    char name[16];
    double value;
};
/* (why), unless NULL: what it said last that is no figure, if it has no such
   case. */
#define BENCH_WHY 160
enum state bench_sample(const struct bench *b, const struct peer *peer,
                        const struct row *row, struct metric *metrics,
                        int *nmetrics, char why[BENCH_WHY]);
/* What bench/instructions.expect says; 0: nothing. */
double bench_written(const char *variant, const char *of);

/* bench-report.c */
struct figure {
    unsigned n;
    double median, min, max;
    double noise; /* how far the median may be off, of itself */
};
bool bench_figure(const struct bench *b, int row, int peer, struct figure *out);
void bench_report(const struct bench *b);
/* "missing: ..." for each peer that is asked for and not there. */
void bench_report_missing(const struct bench *b);

/* bench-goals.c */
enum goal_state {
    GOAL_UNKNOWN,
    GOAL_MET,
    GOAL_MISSED
};
struct goal_result {
    enum goal_state state;
    double figure, ratio, noise;
};
void bench_goal(const struct bench *b, const struct goal *g,
                struct goal_result *out);
/* Prints the table; false when one that decides is missed or not measured. */
bool bench_report_goals(const struct bench *b);
const char *bench_goal_peer(const struct goal *g);

/* bench-json.c */
json_t *bench_json_of(const struct bench *b);

/* bench-from.c: takes the samples of an earlier --json. */
bool bench_json_read(struct bench *b, const char *path);

/* machine.c */
struct machine {
    char cpu[128];
    char kernel[128];
    char governor[32];
    char thp[32];
    char compiler[64];
    int cpus;
    long memory_mib;
    long l1d, l2, l3; /* bytes; 0: unknown */
};
void machine_look(struct machine *m);

#endif
