/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_SUITE_SUITE_H
#define LEAT_TESTS_SUITE_SUITE_H

/*
 * The cases' own words. A check that fails fails its case, which goes on; a MUST
 * ends the case. At its end all counts must be where they were: a table or a
 * pool with something out, of the test's or of a peer's, fails it too.
 */

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <leat/grant_copy.h>
#include <leat/grant_map.h>
#include <leat/grant_ref.h>
#include <leat/persist.h>
#include <leat/receive.h>

#include "fixture.h"

#define PAGE     LEAT_PAGE_SIZE
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

extern bool test_failed;
extern jmp_buf test_end;

bool test_check(bool good, const char *file, int line, const char *cond);
bool test_gives(int want, int got, const char *file, int line,
                const char *call);

#define CHECK(cond)       test_check((cond), __FILE__, __LINE__, #cond)
#define GIVES(want, call) test_gives((want), (call), __FILE__, __LINE__, #call)
#define MUST(call)                \
    do {                          \
        if (!GIVES(0, call))      \
            longjmp(test_end, 1); \
    } while (0)

/* What the fixture itself cannot go on without. */
#define SURE(cond)                                                      \
    do {                                                                \
        if (!(cond)) {                                                  \
            printf("Bail out! %s:%d: %s\n", __FILE__, __LINE__, #cond); \
            fflush(stdout);                                             \
            exit(2);                                                    \
        }                                                               \
    } while (0)

struct suite_case {
    const char *name;
    void (*run)(struct world *w);
    uint32_t needs;
    struct wish wish;
    bool races; /* run under many schedules */
};

/* Each file's cases, ended by one without a name. */
extern const struct suite_case cases_share[], cases_errors[], cases_revoke[],
    cases_copy[], cases_fail[], cases_limits[], cases_persist[], cases_races[],
    cases_receive[], cases_suspend[];

void world_open(struct world *w, const struct wish *wish);
void world_close(struct world *w);
void world_kill(struct world *w, unsigned peer);

/* Asks a peer without waiting, and waits; and does both. */
void post(struct world *w, unsigned peer, enum peer_op op, unsigned slot);
int await(struct world *w, unsigned peer);
int ask(struct world *w, unsigned peer, enum peer_op op, unsigned slot);
void post_map(struct world *w, unsigned peer, unsigned slot,
              const uint32_t *refs, size_t n, enum leat_access access);
int ask_map(struct world *w, unsigned peer, unsigned slot, const uint32_t *refs,
            size_t n, enum leat_access access);
int ask_unmap(struct world *w, unsigned peer, unsigned slot);
int ask_fill(struct world *w, unsigned peer, unsigned slot, uint32_t seed);
bool ask_filled(struct world *w, unsigned peer, unsigned slot, uint32_t seed);
uint32_t ask_count(struct world *w, unsigned peer, unsigned slot,
                   uint32_t byte);
int ask_write(struct world *w, unsigned peer, unsigned slot, size_t off,
              const char *text);
int ask_share(struct world *w, unsigned peer, unsigned slot, size_t n,
              enum leat_access access, uint32_t seed, struct leat_gref *grefs);

/* Pages of the test's, shared with peer 1 as the world's wish says. */
struct given {
    struct leat_chunk chunk;
    struct leat_view view;
    struct leat_grant grant;
    size_t n;
    uint32_t refs[PEER_REFS];
};

void give(struct world *w, struct given *g, size_t n);
void take(struct world *w, struct given *g); /* the peer has let go */

/* Revokes; where only the peer can tell that it let go, it has. */
int end_share(struct world *w, struct leat_grant g);

/* What a peer does at the (at)th step of the own domain's operations. */
struct intrusion {
    struct world *w;
    const struct given *g;
    unsigned at, page, steps;
    enum leat_access access;
    bool tried, got;
};

void intrude(void *arg, const char *what); /* a step of the seam's */

/* The peers have let go of all that is in quarantine: it drains. */
void settle(struct world *w);

/* A persistent pool for peer 1; and what is given to its close, for a size_t. */
struct leat_persist *persist_open(struct world *w,
                                  const struct leat_persist_config *config,
                                  unsigned char **meta);
void persist_closed(void *arg, size_t held);

void fill(struct leat_view v, uint32_t seed);
bool filled(struct leat_view v, uint32_t seed);
bool all_are(struct leat_view v, unsigned char byte);

/* The own table's, which is sound; and whether two have the same gauges. */
struct leat_grants_stats stats(struct world *w);
bool same(const struct leat_grants_stats *a, const struct leat_grants_stats *b);
uint64_t pages_out(struct world *w, enum memory kind);

#endif
