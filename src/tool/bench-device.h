/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_BENCH_DEVICE_H
#define LEAT_SRC_TOOL_BENCH_DEVICE_H

/*
 * leat bench block, and net: their harness, which knows nothing of them.
 *
 *   peer     what carries, in one of its variants: an executable of its own
 *   case     what is carried
 *   sample   one process (it makes a second one) that runs one case of one peer
 *   state    how far apart the two processors were, before and after a sample
 *   round    a sample of each
 *
 * Virtual processors move, and every figure that crosses them with them. So
 * figures are told for each state by itself; a sample in which the state changed
 * is made again. The ratio of two peers is one of neighbours: each sample of ours
 * over the one of theirs, of the same case and state, that was made next to it.
 */

#include "bench.h"

#define DEVICE_PEERS 32
#define DEVICE_CASES 16
#define DEVICE_GOALS 32

/* A cache line goes to the other processor and back in less: near. */
#define DEVICE_NEAR_NS 200.0

enum device_state {
    DEVICE_NEAR,
    DEVICE_FAR,
    DEVICE_MOVED, /* it was not the same before and after */
    DEVICE_STATES = 2,
    DEVICE_ANY = -1
};

struct device_peer {
    const char *name;
    const char *program;
    const char *variant; /* after a comma at its end, the spin: microseconds */
    const char *tells;
    const char
        *against; /* the peer to whom its figures are compared; or NULL */
    bool ours;
    bool quick;
};

struct device_case {
    const char *name;
    const char *title;
    const char *unit;
    double scale; /* operations in a unit */
    bool quick;
};

/* ours / theirs >= factor, in one state, or in any. Peers and cases by name. */
struct device_goal {
    const char *what;
    const char *of;
    const char *ours, *theirs;
    int state;
    double factor;
    bool told; /* for information: it decides nothing */
};

struct device_kind {
    const char *name;
    const struct device_peer *peers;
    int npeers;
    const struct device_case *cases;
    int ncases;
    const struct device_goal *goals;
    int ngoals;
    /* Whether it is a case of the peer's; NULL: each is. */
    bool (*has)(const struct device_case *c, const struct device_peer *p);
    const char *op; /* "request" or "frame"                   */
    bool files;     /* the peers want some                    */
};

extern const struct device_kind device_block, device_net;

struct device_sample {
    int peer, of; /* a case */
    unsigned round, order;
    double ops; /* per second */
    double before, after;
    double copies, grants; /* per operation; NaN: not told */
    enum device_state state;
};

struct device_bench {
    const struct device_kind *kind;
    struct bench *base; /* for bench_sample() */

    /* Asked for. */
    bool quick, goals;
    unsigned rounds, milliseconds, spin_us;
    double budget; /* seconds after which no round begins; 0: none */
    uint64_t seed;
    int against;      /* a peer for all; or -1: each has its own */
    const char *dir;  /* where the files are made; NULL: anywhere */
    const char *from; /* judges the samples of an earlier --json  */
    bool peer_in[DEVICE_PEERS], case_in[DEVICE_CASES];

    /* What came of it. */
    struct device_sample *samples;
    unsigned nsamples, room;
    enum state peer_state[DEVICE_PEERS];
    enum state state[DEVICE_CASES][DEVICE_PEERS];
    char why[DEVICE_PEERS][BENCH_WHY]; /* a peer was not measured */
    unsigned done, moved;              /* made, and made again for that */
    unsigned seen[DEVICE_STATES];      /* samples */
    double distance[DEVICE_STATES];    /* medians, ns */
    double seconds;
    struct noise noise;
    char work[128]; /* a directory of our own, or "" */
};

/* bench-device-run.c */
bool device_measure(struct device_bench *d);
bool device_keep(struct device_bench *d, const struct device_sample *s);
/* Whether a goal is of this case and peer. */
bool device_goal_needs(const struct device_kind *k, int of, int peer);
int device_find_peer(const struct device_kind *k, const char *name);
int device_find_case(const struct device_kind *k, const char *name);

/* bench-device-files.c: what the peers are told by the environment. */
bool device_prepare(struct device_bench *d);
void device_clean(struct device_bench *d);

/* bench-device-figure.c: medians of one state, or of any. */
bool device_figure(const struct device_bench *d, int of, int peer, int state,
                   struct figure *out);
/* Per operation; NaN where nobody told. */
double device_copies(const struct device_bench *d, int of, int peer);
double device_grants(const struct device_bench *d, int of, int peer);
/* Of neighbours; (n) pairs, 0: none. */
struct device_ratio {
    unsigned n;
    double median, min, max;
};
void device_ratio(const struct device_bench *d, int of, int ours, int theirs,
                  int state, struct device_ratio *out);
void device_distances(struct device_bench *d);
extern const char *const device_state_names[DEVICE_STATES + 1];

/* bench-device-goals.c */
enum device_verdict {
    DEVICE_MET,
    DEVICE_MISSED,
    DEVICE_UNKNOWN, /* somebody was not measured             */
    DEVICE_UNSEEN   /* the processors were never in its state */
};
extern const char *const device_verdicts[];
enum device_verdict device_goal(const struct device_bench *d,
                                const struct device_goal *g,
                                struct device_ratio *out);
/* Prints the table; false when one that decides is missed or not measured. */
bool device_report_goals(const struct device_bench *d);

/* bench-device-say.c */
void device_say(const struct device_bench *d);
void device_say_missing(const struct device_bench *d);

/* bench-device-from.c */
bool device_read(struct device_bench *d, const char *path);

/* bench-device-json.c */
json_t *device_json(const struct device_bench *d);

#endif
