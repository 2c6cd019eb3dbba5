/* SPDX-License-Identifier: ISC */
#ifndef LEAT_TESTS_SUITE_PEER_H
#define LEAT_TESTS_SUITE_PEER_H

/*
 * A peer, and what it does when it is asked. It is the same code whether it is a
 * process of its own, which reads what is asked from a socket, or a thread, or
 * called in turn.
 */

#include <leat/grant_map.h>

#define PEER_REFS  1024
#define PEER_DATA  4096
#define PEER_SLOTS 16

enum peer_op {
    PEER_HELLO = 1, /* value: its domain                                    */
    PEER_MAP,       /* slot; domain, refs, n, access: status                */
    PEER_UNMAP,     /* slot                                                 */
    PEER_FILL,      /* slot, seed: all bytes of the mapping                 */
    PEER_FILLED,    /* slot, seed: value: whether they are that             */
    PEER_WRITE,     /* slot; off, len, data                                 */
    PEER_READ,      /* slot; off, len: data                                 */
    PEER_COUNT,     /* slot, seed: value: bytes of the mapping that are it  */
    PEER_FAULT,     /* slot, off, seed: write or not: value: the signal     */
    PEER_COPY_FROM, /* domain, refs, n, off, len: data                      */
    PEER_COPY_TO,   /* domain, refs, n, off, len, data                      */
    PEER_SHARE,     /* slot, n, seed: what they hold: refs                  */
    PEER_OWN,       /* slot, seed: value: whether its share's bytes are it  */
    PEER_REVOKE,    /* slot; it is put as well                              */
    PEER_IDLE,      /* value: whether its table has nothing out             */
    PEER_LEAVE,
};

struct ask {
    uint32_t op;
    uint32_t slot;
    uint32_t domain;
    uint32_t access;
    uint32_t n;
    uint32_t seed;
    uint32_t off;
    uint32_t len;
    uint32_t refs[PEER_REFS];
    unsigned char data[PEER_DATA];
};

struct answer {
    int32_t result;
    uint32_t value;
    uint32_t refs[PEER_REFS];
    int32_t status[PEER_REFS];
    unsigned char data[PEER_DATA];
};

struct party;

struct peer {
    struct party *party;
    struct {
        struct leat_mapping mapping;
        struct leat_shared shared;
        enum leat_access access;
        struct leat_chunk chunk;
        struct leat_grant grant;
    } slot[PEER_SLOTS];
};

void peer_serve(struct peer *p, const struct ask *ask, struct answer *answer);

/* Bytes that tell where they are: byte (i) of a run that was filled by (seed). */
static inline unsigned char pattern(uint32_t seed, size_t i)
{
    return (unsigned char)(seed + i + (i >> 8) * 31 + (i >> 16) * 17);
}

/* The signal that reading, or writing, the byte at (at) ends with; 0: none. */
int touch(volatile unsigned char *at, bool write);

#endif
