/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_BENCH_H
#define LEAT_SRC_TOOL_BENCH_H

/*
 * The harness of the bench.
 *
 *   peer    an allocator, in one of its variants: an executable of its own
 *   case    a loop that it runs, by name
 *   row     one figure of a case; most have one
 *   sample  one process that runs one case of one peer
 *   round   a sample of each, in a shuffled order
 */

#include "tool.h"

#define ROUNDS_MAX  99
#define ROWS_MAX    24
#define PEERS_MAX   12
#define METRICS_MAX 4

/* bench-tables.c */
struct peer {
    const char *name;
    const char *program;
    const char *variant;
    const char *tells; /* what it is, in a few words */
    bool quick;        /* it is in the quick form   */
};

struct row {
    const char *of; /* the case   */
    const char *metric;
    const char *title;
    const char *unit;
    unsigned cpus;
    bool quick;
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
    bool quick;
    bool brief; /* no list of what was measured in which way */
    unsigned rounds;
    unsigned milliseconds;
    uint64_t seed;
    int against; /* a peer */
    const char *json;
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
void bench_defaults(struct bench *b, bool quick);
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
bool bench_write_json(const struct bench *b);

/* bench-align.c: leat bench align; gives an exit status. */
int bench_align(int argc, char **argv);

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
