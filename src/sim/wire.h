/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_SIM_WIRE_H
#define LEAT_SRC_SIM_WIRE_H

/*
 * What a domain and the hypervisor say to each other.
 *
 * A request is one datagram: the head, then (n) elements of the kind that its
 * operation takes; the reply is one too, with the same (op) and (seq). A domain
 * has at most one request under way. Errors are Xen's: (rc) is 0 or a negated
 * errno; in batches each element has a GNTST_* of its own.
 *
 * Notices go the other way, unasked, over a second socket.
 */

#include <stdint.h>

#define SIM_VERSION 1u

/* The most bytes of a message, and the most descriptors that go with one. */
#define SIM_MESSAGE 16384u
#define SIM_FDS     240u

/* The most grants in one message; a longer batch is several. */
#define SIM_BATCH 240u

/* Sizes of the store. Source: xen/io/xs_wire.h, and xenstored's defaults. */
#define SIM_PATH  1024u /* of an absolute path, without its NUL */
#define SIM_VALUE 2048u
#define SIM_TOKEN 256u

#define SIM_ANY   0xffffffffu /* any domain id        */
#define SIM_ADMIN 0x7ff0u     /* who is not a domain  */

/*
 * What the hypervisor tells in the page after the window, where its domain sees
 * it without asking.
 */
struct sim_life {
    uint32_t state; /* (a) enum sim_domain_state */
    uint32_t generation;
};

/* A frame number: a unit of sharing, and a page in it. */
#define SIM_FRAME(unit, page) ((uint32_t)(unit) << 16 | (page))
#define SIM_UNIT_PAGES        65536u

enum sim_op {
    SIM_JOIN = 1,
    SIM_REGISTER, /* sim_register, one memfd     -> sim_number: the unit      */
    SIM_CONCEAL,  /* sim_conceal                                              */
    SIM_MAP,      /* sim_map, n of sim_gref      -> n of sim_mapped, memfds   */
    SIM_UNMAP,    /* n of sim_number: handles    -> n of sim_status           */
    SIM_COPY,     /* n of sim_seg                -> n of sim_status           */
    SIM_PORT_ALLOC,  /* sim_number: remote domain -> sim_number, a socket     */
    SIM_PORT_BIND,   /* sim_gref: domain, port   -> sim_number, a socket      */
    SIM_PORT_CLOSE,  /* sim_number                                            */
    SIM_PORT_STATUS, /* sim_number               -> sim_port_status           */
    SIM_STORE,       /* sim_store, path, value   -> bytes                     */
    SIM_SUSPENDED,   /* sim_number: 0, or why not (an errno)                  */
    SIM_FAULT,       /* sim_fault                                             */
    /* Of the administrator alone. */
    SIM_LIST,    /* sim_number: from which id    -> n of sim_domain_info      */
    SIM_GRANTS,  /* sim_gref: domain, first ref  -> n of sim_grant_info       */
    SIM_SUSPEND, /* sim_number: domain                                        */
    SIM_RESUME,  /* sim_gref: domain, 1 to cancel                             */
    SIM_STOP,
    SIM_OPS
};

struct sim_head {
    uint32_t op;
    uint32_t seq;
    int32_t rc; /* 0 in a request */
    uint32_t n;
};

struct sim_join {
    uint32_t version;
    uint32_t domain; /* an id, SIM_ANY or SIM_ADMIN */
};

/* The reply, with three descriptors: table, window, and where notices come. */
struct sim_joined {
    uint32_t domain;
    uint32_t frames; /* of the table */
    uint32_t window_pages;
    uint32_t handles; /* the most mappings */
};

struct sim_number {
    uint32_t value;
};

struct sim_status {
    int32_t status;
};

struct sim_register {
    uint32_t pages;
    uint32_t read_only;
};

struct sim_conceal {
    uint32_t unit;
    uint32_t first;
    uint32_t pages;
};

struct sim_map {
    uint32_t read_only;
};

struct sim_gref {
    uint32_t domain;
    uint32_t ref;
};

struct sim_mapped {
    int32_t status;
    uint32_t handle;
    uint32_t fd; /* which of the descriptors of this message */
    uint32_t page;
};

struct sim_side {
    uint32_t is_ref;
    uint32_t domain;
    uint32_t ref;
    uint32_t off; /* in the page, or in the window */
};

struct sim_seg {
    struct sim_side from;
    struct sim_side to;
    uint32_t len;
};

enum sim_port_state {
    SIM_PORT_CLOSED = 0,
    SIM_PORT_UNBOUND = 1,
    SIM_PORT_INTERDOMAIN = 2,
};

struct sim_port_status {
    uint32_t state;
    uint32_t domain;
    uint32_t port;
};

enum sim_store_op {
    SIM_STORE_READ = 1,
    SIM_STORE_WRITE,
    SIM_STORE_MKDIR,
    SIM_STORE_REMOVE,
    SIM_STORE_LIST, /* arg: how many names to pass over -> (n) names, NULs */
    SIM_STORE_GET_PERMS,
    SIM_STORE_SET_PERMS,
    SIM_STORE_WATCH,   /* the value is the token */
    SIM_STORE_UNWATCH, /* the value is the token */
    SIM_STORE_BEGIN,   /*                                -> sim_number: tx    */
    SIM_STORE_END,     /* arg: 1 to commit, 0 to abort                        */
    SIM_STORE_OPS
};

/* Then the path, (path) bytes without NUL, and the value, (value) bytes. */
struct sim_store {
    uint32_t op;
    uint32_t tx;
    uint32_t arg;
    uint32_t path;
    uint32_t value;
};

struct sim_perm {
    uint32_t domain;
    uint32_t access; /* 0 none, 1 read, 2 write, 3 both */
};

enum sim_fault_action {
    SIM_FAULT_NONE = 0,
    SIM_FAULT_FAIL = 1,  /* (arg) is the errno               */
    SIM_FAULT_DELAY = 2, /* (arg) is in microseconds         */
    SIM_FAULT_KEEP = 3,  /* an unmap that does not take place */
};

struct sim_fault {
    uint32_t domain; /* SIM_ANY: all, for the administrator */
    uint32_t op;     /* enum sim_op; 0: any                 */
    uint32_t action;
    uint32_t skip;  /* how many pass first               */
    uint32_t times; /* how many it strikes; 0: each from then on */
    uint32_t arg;
};

enum sim_domain_state {
    SIM_RUNNING = 1,
    SIM_ASKED = 2, /* to suspend */
    SIM_IS_SUSPENDED = 3,
    SIM_DYING = 4, /* dead, but its pages are mapped */
};

struct sim_domain_info {
    uint32_t domain;
    uint32_t state;
    uint32_t pid;
    uint32_t generation;
    uint32_t units;
    uint32_t pages;    /* in units                          */
    uint32_t mappings; /* that it holds                     */
    uint32_t mapped;   /* that others hold of its pages     */
    uint32_t ports;
    uint32_t nodes;
    uint32_t watches;
    uint32_t refused; /* the errno of the last suspend that it refused */
    uint64_t requests;
    uint64_t faults;
};

struct sim_grant_info {
    uint32_t ref;
    uint32_t flags; /* and domain in the upper half */
    uint32_t frame;
    uint32_t readers;
    uint32_t writers;
};

/* Notices: a head whose op is one of these. */
enum sim_notice {
    SIM_NOTICE_WATCH = 1, /* n: bytes of path; then path, NUL, token, NUL */
    SIM_NOTICE_SUSPEND = 2,
    SIM_NOTICE_RESUMED = 3, /* n: the new generation */
    SIM_NOTICE_CANCELLED = 4,
};

/* A grant's status. Source: GNTST_* of xen/grant_table.h. */
enum sim_gntst {
    SIM_OKAY = 0,
    SIM_GENERAL_ERROR = -1,
    SIM_BAD_DOMAIN = -2,
    SIM_BAD_GNTREF = -3,
    SIM_BAD_HANDLE = -4,
    SIM_NO_SPACE = -7,
    SIM_PERMISSION = -8,
    SIM_BAD_PAGE = -9,
    SIM_BAD_COPY = -10,
    SIM_EAGAIN = -12,
};

/* An entry of the table. Source: version 1 of xen/grant_table.h. */
#define SIM_GTF_TYPE   3u
#define SIM_GTF_PERMIT 1u
#define SIM_GTF_RO     4u
#define SIM_GTF_READ   8u
#define SIM_GTF_WRITE  16u

struct sim_entry {
    uint32_t word;  /* (p, a) flags, and above them the domain */
    uint32_t frame; /* (p, a) */
};

#define SIM_PAGE      4096u
#define SIM_PER_FRAME (SIM_PAGE / sizeof(struct sim_entry))

#endif
