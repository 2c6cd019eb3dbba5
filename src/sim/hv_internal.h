/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_SIM_HV_INTERNAL_H
#define LEAT_SRC_SIM_HV_INTERNAL_H

/* The hypervisor's structures, shared by the files that implement it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hv.h"
#include "tree.h"

#define NONE 0xffffffffu

/* Descriptors that no other domain's use can take from a domain. */
#define FDS_SURE 64u

/* One memfd that a domain shares. */
struct hv_unit {
    int fd;
    uint32_t pages;
    uint32_t live; /* not concealed yet              */
    uint32_t maps; /* mappings of its pages, of all  */
    bool read_only;
    uint8_t *hidden; /* a bit for each page concealed  */
};

/* What is known of an entry while it is in use: the table is the domain's. */
struct hv_active {
    uint32_t readers;
    uint32_t writers;
    uint32_t frame;
    uint16_t domain; /* whose use it is */
};

/* A mapping, as its holder names it. */
struct hv_handle {
    uint32_t owner; /* NONE: free            */
    uint32_t ref;   /* or the next free one  */
    uint32_t life;  /* of the owner's table  */
    uint32_t frame;
    bool read_only;
};

struct hv_port {
    enum sim_port_state state;
    uint32_t domain; /* who may bind it, or has */
    uint32_t port;   /* and that one's          */
    int fd;          /* the end that the peer has  */
    int own;         /* its own, while nobody is the peer; or -1 */
};

struct hv_watch {
    struct hv_watch *next;
    char *path; /* absolute, or @...               */
    char *token;
    size_t skip; /* of an event's path, to make it relative again */
    uint32_t queued;
    bool overflow; /* events were lost; one at (path) stands for them */
};

struct hv_event {
    struct hv_event *next;
    struct hv_watch *watch;
    char path[];
};

struct hv_access {
    struct hv_access *next;
    uint64_t seen; /* the node's number when the transaction began; 0: none */
    char path[];
};

struct hv_change {
    struct hv_change *next;
    enum sim_store_op op;
    uint32_t len;
    bool removed; /* there was something to remove */
    char *path;
    unsigned char bytes[]; /* the value, then the path */
};

struct hv_tx {
    struct hv_tx *next;
    uint32_t id;
    uint32_t entries; /* accesses and changes */
    struct tree_node *base;
    struct tree_node *root;
    struct hv_access *accesses;
    struct hv_change *changes;
    struct hv_change **last;
};

struct hv_domain {
    uint32_t id;
    uint32_t pid;
    bool admin;
    struct hv_domain *next; /* of those */
    enum sim_domain_state state;
    uint32_t generation;
    uint32_t refused;
    void *arg;
    uint64_t requests;
    uint64_t faults;
    uint32_t fds; /* that it makes the hypervisor hold */

    int table_fd;
    struct sim_entry *table; /* (p) */
    uint32_t refs;
    struct hv_active *active;

    int window_fd;
    unsigned char *window; /* (p) */

    struct hv_unit **units; /* [0] is none */
    uint32_t nunits;        /* room        */
    uint32_t unit_next;
    uint32_t units_used;
    uint32_t pages_used;

    struct hv_handle *handles;
    uint32_t nhandles;
    uint32_t handle_free;
    uint32_t mappings; /* handles in use          */
    uint32_t mapped;   /* others' handles on this */

    struct hv_port *ports; /* [0] is none */
    uint32_t nports;
    uint32_t ports_used;

    uint32_t nodes;
    struct hv_watch *watches;
    uint32_t nwatches;
    struct hv_tx *txs;
    uint32_t ntxs;
    uint32_t tx_next;

    int notice_fd;
    int notice_far; /* until it is given */
    uint32_t told;  /* bits of enum sim_notice that wait, but watches */
    struct hv_event *events;
    struct hv_event **last_event;
    uint32_t nevents;
    _Alignas(8) unsigned char notice[sizeof(struct sim_head) + SIM_PATH +
                                     SIM_TOKEN + 8];
};

#define FAULTS 64u

struct hv_fault_rule {
    struct sim_fault fault;
    uint32_t by; /* who set it, and whose they are that pass */
    uint32_t passed;
};

struct hv {
    struct hv_config config;
    struct hv_host host;
    struct hv_domain **domains; /* by id */
    struct hv_domain *admins;
    uint32_t next_id;
    size_t living;
    size_t present; /* the dying too */
    uint64_t joins;
    size_t fds; /* that it holds: of all domains */
    bool stopped;

    struct tree_node *root;
    uint64_t tree_number; /* the last that was given to a node */
    size_t nodes;

    struct hv_fault_rule faults[FAULTS];
    size_t nfaults;
};

/* The parts of one request. */
struct hv_call {
    struct hv *hv;
    struct hv_domain *d;
    const struct hv_request *request;
    struct hv_reply *reply;
    uint32_t n;
    const unsigned char *body;
    size_t len;
};

/* The ids that a domain can have. Source: DOMID_FIRST_RESERVED, xen.h. */
#define HV_IDS 0x7ff0u

static inline struct hv_domain *hv_find(struct hv *hv, uint32_t id)
{
    return id < HV_IDS ? hv->domains[id] : NULL;
}

/* Where a domain can be used: it lives. */
static inline struct hv_domain *hv_alive(struct hv *hv, uint32_t id)
{
    struct hv_domain *d = hv_find(hv, id);

    return d && d->state != SIM_DYING ? d : NULL;
}

/* hv_life.c */
int hv_joining(struct hv_call *c, struct hv_domain **out);

/* hv.c: whether (d) may have (n) more descriptors; counts them, or back. */
bool hv_fds_take(struct hv *hv, struct hv_domain *d, uint32_t n);
void hv_fds_give(struct hv *hv, struct hv_domain *d, uint32_t n);
/* The body as (n) of (size): NULL when it is not exactly that. */
const void *hv_body(const struct hv_call *c, uint32_t n, size_t size);
/* Room in the reply for (n) of (size), zeroed. */
void *hv_answer(const struct hv_call *c, uint32_t n, size_t size);
/* Adds a descriptor to the reply; its number there. */
uint32_t hv_attach(const struct hv_call *c, int fd, enum hv_send how);
void hv_tell(struct hv_domain *d, enum sim_notice what);
/* Changes the state of (d), which can see it. */
void hv_state(struct hv *hv, struct hv_domain *d, enum sim_domain_state state);
/* Frees a dead domain when nothing of it is mapped any more. */
void hv_reap(struct hv *hv, struct hv_domain *d);

/* hv_unit.c */
int hv_register(struct hv_call *c);
int hv_conceal(struct hv_call *c);
struct hv_unit *hv_unit_of(const struct hv_domain *d, uint32_t frame);
void hv_unit_let_go(struct hv *hv, struct hv_domain *d, uint32_t frame);
void hv_units_hide(struct hv *hv, struct hv_domain *d);

/* hv_pin.c: in-use marks. */
int hv_pin(struct hv *hv, uint32_t by, uint32_t owner, uint32_t ref,
           bool read_only, uint32_t *frame);
void hv_unpin(struct hv *hv, struct hv_domain *owner, uint32_t ref,
              uint32_t frame, bool read_only, uint32_t life);

/* hv_map.c */
int hv_map(struct hv_call *c);
int hv_unmap(struct hv_call *c);
void hv_handles_drop(struct hv *hv, struct hv_domain *d);

/* hv_copy.c */
int hv_copy(struct hv_call *c);

/* hv_port.c */
int hv_port_alloc(struct hv_call *c);
int hv_port_bind(struct hv_call *c);
int hv_port_close(struct hv_call *c);
int hv_port_status(struct hv_call *c);
void hv_ports_close(struct hv *hv, struct hv_domain *d);

/* hv_store.c: requests. */
int hv_store(struct hv_call *c);

/* hv_path.c: the absolute path of a request's. */
int hv_path(const struct hv_domain *d, const char *path, size_t len,
            char out[SIM_PATH + 1]);
bool hv_path_under(const char *path, const char *above);
/* The end of the path of what is above the last name. */
size_t hv_path_parent(const char *path);

/* hv_change.c: changes of a tree, as (d). */
bool hv_may(const struct hv_domain *d, struct tree_node *root, const char *path,
            uint32_t access);
int hv_change(struct hv *hv, struct hv_domain *d, struct tree_node **root,
              bool count, enum sim_store_op op, const char *path,
              const void *value, uint32_t len);
/* The same to the store's own, and watches fire. */
int hv_store_change(struct hv *hv, struct hv_domain *d, enum sim_store_op op,
                    const char *path, const void *value, uint32_t len);
void hv_store_recount(struct hv *hv);

/* hv_home.c: what the toolstack keeps of a domain in the store. */
int hv_store_introduce(struct hv *hv, struct hv_domain *d);
void hv_store_release(struct hv *hv, struct hv_domain *d);
/* control/shutdown of (d); NULL: there is none. */
void hv_store_shutdown(struct hv *hv, struct hv_domain *d, const char *value);

/* hv_tx.c */
int hv_tx_begin(struct hv *hv, struct hv_domain *d, uint32_t *id);
int hv_tx_end(struct hv *hv, struct hv_domain *d, uint32_t id, bool commit);
struct hv_tx *hv_tx_find(struct hv_domain *d, uint32_t id);
int hv_tx_touch(struct hv_tx *tx, const char *path);
int hv_tx_change(struct hv *hv, struct hv_domain *d, struct hv_tx *tx,
                 enum sim_store_op op, const char *path, const void *value,
                 uint32_t len);
void hv_txs_drop(struct hv_domain *d);

/* hv_watch.c */
int hv_watch_add(struct hv *hv, struct hv_domain *d, const char *path,
                 size_t skip, const char *token, size_t len);
int hv_watch_remove(struct hv_domain *d, const char *path, const char *token,
                    size_t len);
/* Something changed at (path) since the tree (before), or was removed there. */
void hv_watch_fire(struct hv *hv, struct tree_node *before, const char *path,
                   bool removed);
void hv_watches_drop(struct hv_domain *d);

/* hv_fault.c: what becomes of this request. */
enum sim_fault_action hv_fault(struct hv *hv, struct hv_domain *d, uint32_t op,
                               bool late, uint32_t *arg);
int hv_fault_request(struct hv_call *c);

/* hv_admin.c */
int hv_list(struct hv_call *c);
int hv_grants(struct hv_call *c);
int hv_suspend(struct hv_call *c);
int hv_suspended(struct hv_call *c);
int hv_resume(struct hv_call *c);

#endif
