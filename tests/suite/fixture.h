/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_SUITE_FIXTURE_H
#define LEAT_TESTS_SUITE_FIXTURE_H

/*
 * What the grant suite stands on. A *world* is a test's own domain and its peers;
 * a *fixture* makes worlds of one kind, by a table of operations, and says what
 * it cannot do. A case that needs that is skipped, by the name of what lacks.
 *
 *   array    domains are arrays in this process, which plays the hypervisor
 *   sim      processes, joined to a simulation by its directory
 *   threads  a simulation whose domains are threads, under a seeded schedule
 *   xen      processes of one domain of real Xen, which grants to itself
 */

#include <leat/grant.h>
#include <leat/leat.h>

#include "peer.h"
#include "seam.h"

enum {
    CAN_SHARE_ON_DEMAND = 1u << 0, /* memory that exists, again and again   */
    CAN_KNOW_LETGO = 1u << 1,      /* ending fails while a peer holds       */
    CAN_TWO_PEERS = 1u << 2,       /* and pages move from one to the other  */
    CAN_KILL = 1u << 3,            /* a domain, by SIGKILL or as by it      */
    CAN_INSPECT = 1u << 4,         /* entries, as the hypervisor sees them  */
    CAN_SUSPEND = 1u << 5,         /* and resume with an empty table        */
    CAN_FAIL_BELOW = 1u << 6,      /* the k-th request of the hypervisor    */
    CAN_32768 = 1u << 7,           /* that many references, and pages       */
};
#define CAN_NAMES                                                    \
    "SHARE_ON_DEMAND", "KNOW_LETGO", "TWO_PEERS", "KILL", "INSPECT", \
        "SUSPEND", "FAIL_BELOW", "32768_REFERENCES"

#define PEERS 2

/* Where a pool's slabs come from. */
enum memory {
    MEMORY_PEER_1,  /* to be shared with peer 1 */
    MEMORY_PEER_2,  /* with peer 2              */
    MEMORY_ANY,     /* with any: serves no peer */
    MEMORY_PRIVATE, /* with none                */
    MEMORIES,
};

struct fixture;

/* One domain, in the process that is it. */
struct party {
    const struct fixture *f;
    const char *where;       /* how it finds its world                       */
    unsigned number;         /* 0: the test's own; 1 and 2: its peers        */
    uint32_t id;             /* of its domain                                */
    uint32_t with, with_2;   /* whom it shares with                          */
    enum leat_access access; /* and how, where pages are born shared         */
    bool stranger;           /* to a domain that is not there, instead       */

    /* By the fixture's join. */
    void *self;
    struct leat_share share;
    struct leat_map map;
    void (*point)(void *self); /* another domain may act here; or NULL */

    /* By party_open(). */
    struct seam seam;
    struct leat_lifecycle life;
    struct leat_grants *table;
    struct leat_pool *pool[MEMORIES]; /* made when they are first wanted */
    void *pool_meta[MEMORIES];
    struct {
        unsigned drained, lost;
        uint64_t tag; /* of the last */
        int revoked;  /* what a revoke of it gave, in the callback */
    } events;
};

/* How a case wants its world. */
struct wish {
    enum leat_access access;
    bool stranger;     /* what is shared is for a domain that is not there */
    unsigned peers;    /* 0: 1                                             */
    uint32_t refs_max; /* of leat_grants_config                            */
    struct leat_quota quota;
};

struct world {
    const struct fixture *f;
    struct party own;
    uint32_t peer_id[PEERS + 1]; /* [1] and [2] */
    unsigned peers;
    bool alive[PEERS + 1];
    struct wish wish;
    uint64_t seed;
    struct ask ask; /* the latest */
    struct answer answer;
    void *self; /* the fixture's */
};

struct fixture {
    const char *name;
    uint32_t can;
    unsigned rounds;    /* of the case of many rounds                        */
    unsigned schedules; /* that a case of races is run under                 */
    unsigned share_max; /* pages shared at a time, at most                   */

    /* A world's beginning and end. */
    void (*begin)(struct world *w);
    void (*end)(struct world *w);

    /* Runs (body) as the own domain, where that is not the calling thread. */
    void (*run)(struct world *w, void (*body)(struct world *w));

    /* Of the latest world: a number made of its schedule. Or NULL. */
    uint64_t (*trace)(void);

    /* A domain joins, in this process; it sets what the party says is its. */
    void (*join)(struct party *p);
    void (*leave)(struct party *p);

    /* A backend for a pool of (p), NULL: not of that kind. */
    struct leat_backend (*memory)(struct party *p, enum memory kind);

    /* A peer comes, is asked and answers, goes by itself, is killed. */
    void (*peer_start)(struct world *w, unsigned peer);
    void (*peer_post)(struct world *w, unsigned peer, const struct ask *ask);
    void (*peer_await)(struct world *w, unsigned peer, struct answer *answer);
    void (*peer_end)(struct world *w, unsigned peer);
    void (*peer_kill)(struct world *w, unsigned peer);

    /* What the hypervisor sees of an entry of (domain), not asking leat. */
    void (*witness)(struct world *w, uint32_t domain, uint32_t ref,
                    struct leat_grant_entry *out);

    /* The k-th request of the own domain from now fails, with an errno; 0: none.
     * Whether the one before struck. */
    bool (*fail_below)(struct world *w, unsigned k, int how);

    /*
     * Suspends the own domain by what stands below it, and resumes it. The error
     * of who refused, or 0.
     */
    int (*suspend)(struct world *w, enum leat_resumed how);
};

/* A party's table and pools: see world.c. */
void party_open(struct party *p, const struct leat_grants_config *config);
void party_close(struct party *p);
struct leat_pool *party_pool(struct party *p, enum memory kind);

/* The one that this program is linked with. */
extern const struct fixture the_fixture;

/* Peers that are processes: this program again, asked by a socket. */
int peer_main(char **argv);
void process_start(struct world *w, unsigned peer, const char *where,
                   int *socket, int *pid);
void process_post(int socket, const struct ask *ask);
void process_await(int socket, struct answer *answer);
void process_end(int socket, int pid);
void process_kill(int socket, int pid);

#endif
