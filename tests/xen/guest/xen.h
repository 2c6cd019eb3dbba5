/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_GUEST_XEN_H
#define LEAT_TESTS_GUEST_XEN_H

/*
 * What a 64-bit PV guest and Xen say to each other: structures of our own, of
 * the fields that are used here. tests/unit/test_guest_layout.c holds them
 * against Xen's public headers.
 */

#include <stdint.h>

#define XEN_DOMID_SELF 0x7ff0u

/* Hypercalls, by their number. */
enum {
    XEN_UPDATE_VA_MAPPING = 14,
    XEN_GRANT_TABLE_OP = 20,
    XEN_SCHED_OP = 29,
    XEN_EVENT_CHANNEL_OP = 32,
};

/* Their operations. */
enum {
    XEN_SCHED_SHUTDOWN = 2,
    XEN_SCHED_POLL = 3,

    XEN_EVENT_CLOSE = 3,
    XEN_EVENT_SEND = 4,
    XEN_EVENT_ALLOC_UNBOUND = 6,

    XEN_GRANT_SETUP_TABLE = 2,
};

enum {
    XEN_SHUTDOWN_POWEROFF = 0,
    XEN_SHUTDOWN_SUSPEND = 2,
    XEN_SHUTDOWN_CRASH = 3,
};

#define XEN_INVALIDATE 2 /* the address alone, of this CPU: UVMF_INVLPG */

/* A page-table entry: present, writable, user, accessed, dirty. */
#define XEN_PTE_RW 0x67u

struct xen_start_info {
    char magic[32];
    uint64_t nr_pages;
    uint64_t shared_info; /* machine address */
    uint32_t flags;
    uint64_t store_frame;
    uint32_t store_port;
    uint64_t console_frame;
    uint32_t console_port;

    /* Only at the first start. */
    uint64_t pt_base; /* virtual address of the top page table */
    uint64_t nr_pt_frames;
    uint64_t mfn_list; /* virtual address: the frame of each page */
    uint64_t mod_start;
    uint64_t mod_len;
    char cmd_line[1024];
};

struct xen_time {
    uint32_t version; /* odd while it changes */
    uint32_t pad0;
    uint64_t tsc;    /* when it was    */
    uint64_t system; /* so many ns     */
    uint32_t mul;    /* ns of a tick, in 2^-32, after (shift) */
    int8_t shift;
    uint8_t pad1[3];
};

struct xen_vcpu_info {
    uint8_t upcall_pending;
    uint8_t upcall_mask;
    uint64_t pending_sel;
    uint64_t cr2;
    uint64_t pad;
    struct xen_time time;
};

struct xen_shared_info {
    struct xen_vcpu_info vcpu[32];
    uint64_t pending[64];
    uint64_t mask[64];
    uint32_t wall[4];

    /* How the toolstack finds the list of our frames. */
    uint64_t max_pfn;
    uint64_t frame_list_list;
    uint64_t nmi_reason;
    uint64_t p2m_cr3;
    uint64_t p2m_vaddr;
    uint64_t p2m_generation;
};

struct xen_console {
    char in[1024];
    char out[2048];
    uint32_t in_cons, in_prod;
    uint32_t out_cons, out_prod;
};

struct xen_store_ring {
    char req[1024];
    char rsp[1024];
    uint32_t req_cons, req_prod;
    uint32_t rsp_cons, rsp_prod;
};

/* What goes before each message of the store, and its kinds. */
struct xen_store_head {
    uint32_t type;
    uint32_t id;
    uint32_t transaction;
    uint32_t len;
};

enum {
    XEN_STORE_READ = 2,
    XEN_STORE_WATCH = 4,
    XEN_STORE_WRITE = 11,
    XEN_STORE_EVENT = 15,
    XEN_STORE_ERROR = 16,
};

#define XEN_STORE_PAYLOAD_MAX 4096

struct xen_shutdown {
    uint32_t reason;
};

struct xen_poll {
    const uint32_t *ports;
    uint32_t nports;
    uint64_t timeout; /* system time, in ns */
};

struct xen_alloc_unbound {
    uint16_t domain, remote;
    uint32_t port; /* out */
};

struct xen_setup_table {
    uint16_t domain;
    uint32_t nframes;
    int16_t status;   /* out */
    uint64_t *frames; /* out */
};

#endif
