/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_SIM_HV_H
#define LEAT_SRC_SIM_HV_H

/*
 * The hypervisor as a state machine: a request goes in, a reply comes out, and
 * notices wait to be fetched. It does no input or output of its own; memory and
 * descriptors it reaches through (struct hv_host), which a test can play.
 *
 * Threads: the caller serialises all calls on one hypervisor.
 */

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

struct hv;
struct hv_domain;

/*
 * How it reaches memory and descriptors. Descriptors are numbers to it. int
 * functions give 0 or a negated errno.
 */
struct hv_host {
    /* Makes shared zeroed memory, mapped here; takes it back. */
    int (*memory)(void *self, const char *what, size_t bytes, int *fd,
                  void **base);
    void (*memory_end)(void *self, int fd, void *base, size_t bytes);

    /* Whether a domain's descriptor is memory of (bytes) that cannot shrink;
     * read_only: nor be written by whoever maps it. */
    int (*check)(void *self, int fd, uint64_t bytes, bool read_only);

    /* Copies out of such memory, and into it. */
    int (*read)(void *self, int fd, uint64_t off, void *to, size_t len);
    int (*write)(void *self, int fd, uint64_t off, const void *from,
                 size_t len);

    /* Makes a pair of connected sockets, of bytes or of datagrams. */
    int (*pair)(void *self, bool stream, int fds[2]);

    void (*close)(void *self, int fd);

    /* How many descriptors it can hold in all. */
    size_t (*fds)(void *self);

    void *self;
};

/* 0 stands for the default, here in brackets. */
struct hv_config {
    uint32_t frames;       /* of each table [64]                            */
    uint32_t domains;      /* at a time [256]                               */
    uint32_t window_pages; /* for copies [64]                               */
    uint32_t units;        /* of a domain [16384]                           */
    uint32_t unit_pages;   /* in all units of a domain [1048576]            */
    uint32_t handles;      /* mappings that a domain holds [65536]          */
    uint32_t ports;        /* of a domain [1023]                            */
    uint32_t nodes;        /* of the store, owned by a domain [1000]        */
    uint32_t watches;      /* of a domain [128]                             */
    uint32_t transactions; /* of a domain [10]                              */
};

/* How a descriptor is to be sent. */
enum hv_send {
    HV_LEND,      /* as it is; the hypervisor keeps it */
    HV_LEND_READ, /* opened anew, for reading          */
    HV_GIVE,      /* and closed afterwards             */
};

struct hv_reply {
    size_t len;
    size_t nfds;
    struct {
        int fd;
        enum hv_send how;
    } fds[SIM_FDS];
    uint64_t delay_us; /* nothing was done: ask again, late, after this */
    bool end;          /* hang up: it does not speak the protocol       */
    _Alignas(8) unsigned char bytes[SIM_MESSAGE];
};

struct hv_request {
    const void *data;
    size_t len;
    const int *fds; /* all taken over: kept or closed, unless delayed */
    size_t nfds;
    uint32_t pid;
    bool late; /* it was delayed, and its time has come */
};

int hv_create(struct hv **out, const struct hv_config *config,
              const struct hv_host *host);
void hv_destroy(struct hv *hv);

/*
 * A newcomer's first request: (*out) is its domain if the reply's rc is 0.
 */
void hv_join(struct hv *hv, const struct hv_request *request,
             struct hv_reply *reply, struct hv_domain **out);

/* Any other request of (d). */
void hv_request(struct hv *hv, struct hv_domain *d,
                const struct hv_request *request, struct hv_reply *reply);

/* (d) is no more: died, or left. The caller forgets it. */
void hv_leave(struct hv *hv, struct hv_domain *d);

/* Where (d)'s notices are sent: the hypervisor's end of the socket. */
int hv_notice_fd(const struct hv_domain *d);

/* A domain that has notices, after (d), or the first; NULL: none. */
struct hv_domain *hv_noisy(struct hv *hv, struct hv_domain *d);

/* Looks at the oldest notice of (d): its bytes, or 0; drops it. */
size_t hv_notice(struct hv_domain *d, const void **bytes);
void hv_notice_drop(struct hv *hv, struct hv_domain *d);

/* What the transport keeps with a domain. */
void hv_set_arg(struct hv_domain *d, void *arg);
void *hv_arg(const struct hv_domain *d);
uint32_t hv_id(const struct hv_domain *d);

/* Adds a fault; -EINVAL, -ENOSPC. */
int hv_fault_add(struct hv *hv, const struct sim_fault *fault);

/* How many domains live, and how many ever joined; whether it was stopped. */
size_t hv_living(const struct hv *hv);
uint64_t hv_joins(const struct hv *hv);
bool hv_stopped(const struct hv *hv);

/* Verifies the invariants; NULL, or which is broken. For tests. */
const char *hv_check(struct hv *hv);

#endif
