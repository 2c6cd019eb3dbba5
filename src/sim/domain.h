/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_SIM_DOMAIN_H
#define LEAT_SRC_SIM_DOMAIN_H

/*
 * A domain as it sees itself, shared by the files that implement it.
 *
 * Lock order: lock, then events_lock; neither is held while a caller's code
 * runs.
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <leat/mmap.h>
#include <leat/sim_domain.h>

#include "hv.h"
#include "message.h"
#include "tree.h"

/*
 * The way to a hypervisor: another process, or a machine of this one.
 *
 * exchange() gives a request and takes its reply: 0 or LEAT_E_GONE. Descriptors
 * sent stay the caller's; those that came are its, too.
 */
struct sim_link {
    int (*exchange)(void *self, const void *out, size_t out_len, int out_fd,
                    void *in, size_t *in_len, int *fds, size_t *nfds);
    void (*died)(void *self); /* the hypervisor did, as was just found out */
    void (*close)(void *self);
    int (*wait)(void *self, int fd, uint64_t timeout_ns);
    uint64_t (*now_ns)(void *self);
    void (*point)(void *self); /* somebody else's turn may come here */
    void *self;
};

/* A run of pages of one unit. */
struct exposed {
    unsigned char *base;
    uint32_t pages;
    uint32_t unit;
    uint32_t first; /* of the unit's pages */
    bool read_only;
};

/* What a map gave. */
struct mapping {
    struct mapping *next;
    void *base;
    size_t n;
    uint32_t life; /* the domain's generation then */
    uint32_t handles[];
};

struct port {
    int fd; /* -1: closed */
    bool masked;
    bool waits; /* delivered when unmasked, whatever the socket says */
};

struct notice {
    struct notice *next;
    uint32_t path; /* bytes, of it and of its NUL */
    char text[];   /* path, NUL, token, NUL */
};

struct leat_sim_domain {
    pthread_mutex_t lock;
    struct sim_link link;
    bool gone; /* (a) */
    uint32_t id;

    struct sim_entry *table; /* (p) */
    uint32_t frames;
    void **frame; /* the table's pages */
    unsigned char *window;
    uint32_t window_pages;
    const struct sim_life *life; /* (p) the hypervisor's */
    uint32_t generation;

    struct exposed *exposed; /* by base */
    size_t nexposed;
    size_t exposed_room;
    struct mapping *mappings;
    uint32_t *leftover; /* handles that could not be given back */
    size_t nleftover;
    struct leat_mmap memory;

    int poll_fd;   /* of all there is to look at */
    int store_fd;  /* in it: of the next two */
    int notice_fd; /* the socket */
    int kept_fd;   /* readable while notices are kept */
    bool kept;     /* it is */
    int asked_fd;  /* readable while a suspend is asked for, unlooked at */
    bool asked;    /* it is */
    struct notice *notices;
    struct notice **last_notice;
    size_t nnotices;

    pthread_mutex_t events_lock;
    int events_fd;
    int kick_fd; /* readable while a port waits */
    struct port *ports;
    uint32_t nports;
    uint32_t waits;

    /* One request and its reply; under the lock. */
    uint32_t seq;
    size_t out_len;
    size_t in_len;
    size_t nfds;
    int fds[SIM_FDS];
    _Alignas(8) unsigned char out[SIM_MESSAGE];
    _Alignas(8) unsigned char in[SIM_MESSAGE];
};

/* join.c */
int sim_domain_create(struct sim_link link, uint32_t id,
                      struct leat_sim_domain **out);

/* start.c: a hypervisor in this process. */
int sim_hv_create(const struct leat_sim_config *config, struct hv **out);

/* A link to the hypervisor of (dir); link.c. */
int sim_link_process(const char *dir, struct sim_link *out);

/*
 * Requests, in call.c. sim_begin() locks and gives room for (len) bytes of
 * body; sim_exchange() sends it as (n) elements of (op), with (fd) unless it is
 * -1, and gives 0 or a leat error; then the reply is there until sim_end(),
 * which closes what descriptors are left in it.
 */
void *sim_begin(struct leat_sim_domain *d, size_t len);
int sim_exchange(struct leat_sim_domain *d, enum sim_op op, uint32_t n, int fd);
void sim_end(struct leat_sim_domain *d);
/* The reply's body as (n) of (size); NULL when it is not that. */
const void *sim_reply(struct leat_sim_domain *d, uint32_t n, size_t size);
/* The (rc) of the last reply. */
int sim_rc(const struct leat_sim_domain *d);
/* Takes the first descriptor of the reply; -1: there is none. */
int sim_take_fd(struct leat_sim_domain *d);

/* Errors of Xen as leat's. */
int sim_error(int rc);
int sim_grant_error(int status);

/* The hypervisor is dead, as was just found out. */
int sim_gone(struct leat_sim_domain *d);

/* share.c */
int sim_conceal_all(struct leat_sim_domain *d);
/* copy.c */
int sim_copy(void *self, struct leat_copy_seg *segs, size_t n);
/* map.c */
void sim_unmap_all(struct leat_sim_domain *d);
/* event.c */
int sim_events_open(struct leat_sim_domain *d);
void sim_events_close(struct leat_sim_domain *d, bool reopen);
/* notice.c: reads what has come; LEAT_E_AGAIN: nothing, LEAT_E_GONE. */
int sim_notices_read(struct leat_sim_domain *d);
/* After the list has changed, under the lock. */
void sim_notices_kept(struct leat_sim_domain *d);
/* Somebody looks whether a suspend is asked for. */
void sim_notices_looked(struct leat_sim_domain *d);

static inline bool sim_is_gone(struct leat_sim_domain *d)
{
    return __atomic_load_n(&d->gone, __ATOMIC_ACQUIRE);
}

#endif
