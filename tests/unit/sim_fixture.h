/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_SIM_FIXTURE_H
#define LEAT_TESTS_SIM_FIXTURE_H

/*
 * The hypervisor over a host that is played: descriptors are numbers, memory is
 * the test's. Nothing here makes a system call.
 */

#include <stdio.h>

#include <criterion/criterion.h>

#include "sim/hv_internal.h"

#define PLAYED 4096

struct played {
    struct hv *hv;
    struct {
        bool open;
        bool memory; /* good enough to be shared    */
        bool sealed; /* against writing             */
        unsigned char *base;
        size_t bytes;
    } fd[PLAYED];
    size_t room; /* descriptors that there may be */
    struct hv_reply reply;
};

static inline int played_fd(struct played *p)
{
    for (int i = 3; i < PLAYED; i++) {
        if (!p->fd[i].open) {
            memset(&p->fd[i], 0, sizeof(p->fd[i]));
            p->fd[i].open = true;
            return i;
        }
    }
    cr_assert_fail("no descriptor is left");
    return -1;
}

static inline void played_close(void *self, int fd)
{
    struct played *p = self;

    cr_assert(fd >= 3 && fd < PLAYED && p->fd[fd].open, "closed twice: %d", fd);
    free(p->fd[fd].base);
    p->fd[fd].open = false;
    p->fd[fd].base = NULL;
}

/* A domain's memory of (n) pages. */
static inline int played_memfd(struct played *p, size_t n, bool sealed)
{
    int fd = played_fd(p);

    p->fd[fd].memory = true;
    p->fd[fd].sealed = sealed;
    p->fd[fd].bytes = n * SIM_PAGE;
    p->fd[fd].base = calloc(n, SIM_PAGE);
    return fd;
}

static inline int played_memory(void *self, const char *what, size_t bytes,
                                int *fd, void **base)
{
    struct played *p = self;

    (void)what;
    *fd = played_fd(p);
    p->fd[*fd].bytes = bytes;
    p->fd[*fd].base = calloc(1, bytes);
    *base = p->fd[*fd].base;
    return 0;
}

static inline void played_memory_end(void *self, int fd, void *base,
                                     size_t bytes)
{
    struct played *p = self;

    cr_assert(p->fd[fd].base == base && p->fd[fd].bytes == bytes);
    played_close(self, fd);
}

static inline int played_check(void *self, int fd, uint64_t bytes,
                               bool read_only)
{
    struct played *p = self;

    return p->fd[fd].memory && p->fd[fd].bytes == bytes &&
                   (!read_only || p->fd[fd].sealed)
               ? 0
               : -EINVAL;
}

static inline int played_read(void *self, int fd, uint64_t off, void *to,
                              size_t len)
{
    struct played *p = self;

    cr_assert(p->fd[fd].open && off + len <= p->fd[fd].bytes);
    memcpy(to, p->fd[fd].base + off, len);
    return 0;
}

static inline int played_write(void *self, int fd, uint64_t off,
                               const void *from, size_t len)
{
    struct played *p = self;

    cr_assert(p->fd[fd].open && off + len <= p->fd[fd].bytes);
    memcpy(p->fd[fd].base + off, from, len);
    return 0;
}

static inline int played_pair(void *self, bool stream, int fds[2])
{
    (void)stream;
    fds[0] = played_fd(self);
    fds[1] = played_fd(self);
    return 0;
}

static inline size_t played_room(void *self)
{
    return ((struct played *)self)->room;
}

static inline void play(struct played *p, struct hv_config config)
{
    struct hv_host host = {
        .memory = played_memory,
        .memory_end = played_memory_end,
        .check = played_check,
        .read = played_read,
        .write = played_write,
        .pair = played_pair,
        .close = played_close,
        .fds = played_room,
        .self = p,
    };

    memset(p, 0, sizeof(*p));
    p->room = 4000;
    cr_assert_eq(hv_create(&p->hv, &config, &host), 0);
}

/* What the transport does with a reply's descriptors. */
static inline void sent(struct played *p)
{
    for (size_t i = 0; i < p->reply.nfds; i++) {
        if (p->reply.fds[i].how == HV_GIVE)
            played_close(p, p->reply.fds[i].fd);
    }
}

static inline void *body(struct played *p)
{
    return p->reply.bytes + sizeof(struct sim_head);
}

static inline int rc_of(struct played *p)
{
    const struct sim_head *head = (const void *)p->reply.bytes;

    cr_assert_geq(p->reply.len, sizeof(*head));
    cr_assert_leq(p->reply.len, SIM_MESSAGE);
    return head->rc;
}

static inline uint32_t n_of(struct played *p)
{
    return ((const struct sim_head *)(const void *)p->reply.bytes)->n;
}

/* A request with (len) bytes of body, and perhaps a descriptor. */
static inline int ask_fd(struct played *p, struct hv_domain *d, uint32_t op,
                         uint32_t n, const void *with, size_t len, int fd)
{
    unsigned char bytes[SIM_MESSAGE];
    struct sim_head head = {.op = op, .seq = 9, .n = n};
    struct hv_request r = {
        .data = bytes,
        .len = sizeof(head) + len,
        .fds = &fd,
        .nfds = fd >= 0,
    };
    const char *broken;

    memcpy(bytes, &head, sizeof(head));
    if (len)
        memcpy(bytes + sizeof(head), with, len);
    hv_request(p->hv, d, &r, &p->reply);
    sent(p);
    broken = hv_check(p->hv);
    cr_assert_null(broken, "%s after %u", broken, op);
    return p->reply.delay_us ? 0 : rc_of(p);
}

static inline int ask(struct played *p, struct hv_domain *d, uint32_t op,
                      uint32_t n, const void *with, size_t len)
{
    return ask_fd(p, d, op, n, with, len, -1);
}

static inline int try_join(struct played *p, uint32_t id,
                           struct hv_domain **out)
{
    struct {
        struct sim_head head;
        struct sim_join join;
    } m = {{SIM_JOIN, 1, 0, 1}, {SIM_VERSION, id}};
    struct hv_request r = {.data = &m, .len = sizeof(m), .pid = 77};

    hv_join(p->hv, &r, &p->reply, out);
    sent(p);
    return rc_of(p);
}

static inline struct hv_domain *joined(struct played *p, uint32_t id)
{
    struct hv_domain *d = NULL;

    cr_assert_eq(try_join(p, id, &d), 0);
    cr_assert_not_null(d);
    return d;
}

/* All leave; nothing is left open. */
static inline void curtain(struct played *p)
{
    hv_destroy(p->hv);
    for (int i = 3; i < PLAYED; i++)
        cr_assert(!p->fd[i].open, "descriptor %d is left", i);
}

/* Shares (n) pages, and grants page 0 to (to) by (ref). */
static inline uint32_t shared(struct played *p, struct hv_domain *d, uint32_t n,
                              uint32_t to, uint32_t ref, uint32_t flags)
{
    struct sim_register r = {n, (flags & SIM_GTF_RO) != 0};
    uint32_t unit;

    cr_assert_eq(ask_fd(p, d, SIM_REGISTER, 1, &r, sizeof(r),
                        played_memfd(p, n, r.read_only)),
                 0);
    unit = ((struct sim_number *)body(p))->value;
    d->table[ref].frame = SIM_FRAME(unit, 0);
    d->table[ref].word = to << 16 | flags;
    return unit;
}

/* Maps one; its status, and its handle. */
static inline int map1(struct played *p, struct hv_domain *d, uint32_t domain,
                       uint32_t ref, bool read_only, uint32_t *handle)
{
    struct {
        struct sim_map m;
        struct sim_gref g;
    } m = {{read_only}, {domain, ref}};
    int rc = ask(p, d, SIM_MAP, 1, &m, sizeof(m));
    const struct sim_mapped *out = body(p);

    cr_assert_eq(rc, out->status ? -EINVAL : 0);
    if (!rc)
        *handle = out->handle;
    return out->status;
}

static inline int unmap1(struct played *p, struct hv_domain *d, uint32_t handle)
{
    struct sim_number h = {handle};

    cr_assert_eq(ask(p, d, SIM_UNMAP, 1, &h, sizeof(h)), 0);
    return ((struct sim_status *)body(p))->status;
}

/* A request to the store; (value) of (len). */
static inline int key(struct played *p, struct hv_domain *d,
                      enum sim_store_op op, uint32_t tx, const char *path,
                      const void *value, size_t len)
{
    unsigned char bytes[SIM_MESSAGE];
    struct sim_store s = {op, tx, 0, (uint32_t)strlen(path), (uint32_t)len};

    memcpy(bytes, &s, sizeof(s));
    memcpy(bytes + sizeof(s), path, s.path);
    if (len)
        memcpy(bytes + sizeof(s) + s.path, value, len);
    return ask(p, d, SIM_STORE, 1, bytes, sizeof(s) + s.path + len);
}

static inline int put(struct played *p, struct hv_domain *d, uint32_t tx,
                      const char *path, const char *value)
{
    return key(p, d, SIM_STORE_WRITE, tx, path, value, strlen(value));
}

static inline bool reads(struct played *p, struct hv_domain *d, uint32_t tx,
                         const char *path, const char *value)
{
    return !key(p, d, SIM_STORE_READ, tx, path, NULL, 0) &&
           n_of(p) == strlen(value) && !memcmp(body(p), value, n_of(p));
}

#endif
