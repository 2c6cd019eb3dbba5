/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_BENCH_ALIGN_H
#define LEAT_SRC_TOOL_BENCH_ALIGN_H

/*
 * leat bench align: what misalignment costs, in memory and at a file.
 *
 *   way       what is done: a copy by memcpy(), a read by O_DIRECT
 *   case      a way, at one size and one offset
 *   sample    one process that measures one case
 *   figure    what the samples of a case came to, or why there are none
 *   question  two ways to the same end: as it lies (zero-copy), and bounced
 *   answer    a question at one size and offset, with the verdict
 */

#include <limits.h>

#include <leat/leat.h>

#include "bench.h"

#define ALIGN_SIZES_MAX   16
#define ALIGN_OFFSETS_MAX 32
#define ALIGN_SIZE_MAX    ((size_t)1 << 20)
#define ALIGN_ERROR_LEN   64
#define ALIGN_ROUNDS_MAX  99
/* Of fewer there is no noise to know. */
#define ALIGN_ROUNDS_LEAST 3

/* ---------------------------------------------------- bench-align-verdict.c */

/* Times in nanoseconds. Without samples (n is 0) the error says why. */
struct align_figure {
    unsigned n;
    double median, min, max;
    double noise; /* how far the median may be off */
    char error[ALIGN_ERROR_LEN];
};

enum align_verdict {
    ALIGN_UNKNOWN, /* it was not measured                              */
    ALIGN_ZERO_COPY,
    ALIGN_BOUNCE,
    ALIGN_TIE,     /* the two differ by less than the noise            */
    ALIGN_NEITHER, /* both are refused                                 */
};

void align_figure(double *samples, unsigned n, struct align_figure *out);
void align_add(const struct align_figure *a, const struct align_figure *b,
               struct align_figure *sum);
/* (*ratio), of the slower to the faster, is 0 where there are not both. */
enum align_verdict align_decide(const struct align_figure *zero,
                                const struct align_figure *bounce,
                                double *ratio);
const char *align_verdict_name(enum align_verdict v);

/* Offsets that a machine, or (need), tells apart. */
enum align_class {
    ALIGN_AT_PAGE, /* a page's start                                   */
    ALIGN_AT_NEED, /* a multiple of what the file asks                 */
    ALIGN_AT_LINE, /* a multiple of 64                                 */
    /* As destination, as source of a page's copy: rep movsb may be slow. */
    ALIGN_NEAR_PAGE, /* 1 to 31 into a page                              */
    ALIGN_NEAR_END,  /* 1 to 31 before its end                           */
    ALIGN_IN_LINE,   /* anywhere else                                    */
};
enum align_class align_class_of(size_t off, size_t need);
const char *align_class_name(enum align_class c);

/* ------------------------------------------------------- bench-align-plan.c */

enum align_group {
    ALIGN_COPIES,   /* of both sides' offsets      */
    ALIGN_TOUCHES,  /* of one side's               */
    ALIGN_ACCESSES, /* of eight bytes              */
    ALIGN_READS,
    ALIGN_WRITES
};

struct align_way {
    const char *name;
    enum align_group group;
    bool cached; /* of a file: through the page cache    */
    bool uring;
    const char *tells;
};

extern const struct align_way align_ways[];
extern const int align_nways;

enum align_state {
    ALIGN_WAITS = 0, /* no sample yet                           */
    ALIGN_GOOD,
    ALIGN_REFUSED, /* that is the answer                      */
    ALIGN_ABSENT,  /* there is no such thing here             */
    ALIGN_FAULT
};

struct align_case {
    int way;
    size_t size;
    size_t off;   /* of the buffer, or the destination */
    size_t other; /* of the source; of the position    */
    enum align_state state;
    struct align_figure figure;
    double *value; /* by round; NaN where there is none */
    unsigned *order;
};

/* A file, or the part of it, that helpers open by this path. */
struct align_part {
    char path[PATH_MAX];
    uint64_t from, bytes;
    int fd; /* of a file without a name; -1 */
};

struct align_answer {
    int question;
    size_t size, off;
    enum align_class class;
    enum align_verdict verdict;
    int forbidden; /* as it lies, by the constraint: the error of that; or 0 */
    double ratio;
    struct align_figure zero, bounce;
};

/* What the constraint makes of a view. */
struct align_fit {
    size_t size, off;
    int refuse; /* of leat_export(LEAT_REFUSE): 0, or the error */
    int bounce; /* of leat_export(LEAT_BOUNCE)                  */
    enum leat_reason why;
    size_t segments, bounced_bytes;
};

struct align {
    /* Asked for. */
    bool quick;
    unsigned rounds, milliseconds, batch;
    uint64_t seed;
    bool rows;  /* tell of each */
    char *path; /* of the user's file, or NULL */
    bool *way_in;
    size_t sizes[ALIGN_SIZES_MAX], offsets[ALIGN_OFFSETS_MAX];
    int nsizes, noffsets; /* 0: not asked for */
    struct leat_constraint asked;
    bool has_asked;

    /* bench-align-file.c */
    char file[PATH_MAX + 64];      /* how it is called */
    char system[32];               /* its file system  */
    bool in_memory;                /* which proves nothing */
    struct align_part parts[2][2]; /* read, write; direct, cached */
    char no_reads[128], no_writes[PATH_MAX + 160]; /* why not */
    struct leat_constraint need;
    bool has_need; /* the kernel said */

    /* What came of it. */
    struct align_case *cases;
    int ncases;
    struct align_answer *answers;
    int nanswers;
    struct align_fit *fits;
    int nfits;
    unsigned done;
    double seconds, load, steal; /* negative: unknown */
    int cpu;                     /* pinned to; -1 */
    FILE *out;                   /* where it is told */
};

/* The cases; false without memory. */
bool align_plan(struct align *a);
int align_way_find(const char *name);
const struct align_case *align_find(const struct align *a, const char *way,
                                    size_t size, size_t off, size_t other);
/* Sizes and offsets that a group is measured at; gives how many. */
int align_sizes(const struct align *a, enum align_group g, size_t *out);
int align_offsets(const struct align *a, enum align_group g, size_t *out);
void align_free(struct align *a);

/* bench-align-file.c */
bool align_file_open(struct align *a);
void align_file_close(struct align *a);

/* bench-align-rounds.c: false when a sample failed, or it was interrupted. */
bool align_measure(struct align *a);

/* bench-align-sample.c */
enum align_state align_sample(const struct align *a, const struct align_case *c,
                              double *ns, char error[ALIGN_ERROR_LEN]);

/* bench-align-answer.c */
struct align_question {
    const char *name;
    const char *zero, *bounce; /* ways */
    const char *then;          /* what is done after the bounce, or NULL */
    const char *title;
    const char *as_it_lies; /* what zero-copy is there */
    bool file;
    bool direct; /* the constraint holds there */
};
extern const struct align_question align_questions[];
extern const int align_nquestions;
bool align_answer(struct align *a);

/* bench-align-fit.c */
bool align_fits(struct align *a);
const struct align_fit *align_fit_find(const struct align *a, size_t size,
                                       size_t off);
void align_say_fits(const struct align *a);

/* bench-align-say.c, bench-align-costs.c */
void align_say(const struct align *a);
void align_say_costs(const struct align *a);
/* As "1.20 us"; gives (buf). */
const char *align_time(double ns, char buf[32]);
const char *align_times(double ratio, char buf[32]);

/* bench-align-rows.c */
void align_say_rows(const struct align *a);

/* bench-align-json.c: (text) is what was told. */
json_t *align_json(const struct align *a, const char *text);

#endif
