/* SPDX-License-Identifier: ISC */

/*
 * leat bench net: who is measured, at what, and what is to be reached. As with
 * blocks, the default way to receive decides. A kernel's TCP is carried by peers
 * of its own.
 */

#include <string.h>

#include "bench-device.h"

/* clang-format off */
#define OTHER(name, program, variant, tells) \
    {name, program, variant, tells, NULL, false, true}
#define LEAT(way, quick)                                                    \
    {"leat-" way "-events", "net-leat", way ",0",                           \
     "leat: " way ", woken by events", "seqpacket-32", true, quick},        \
    {"leat-" way "-spin", "net-leat", way ",",                              \
     "leat: " way ", spins before it sleeps", "seqpacket-32", true, quick}
#define TCP(way, quick)                                                     \
    {"leat-tcp-" way, "net-tcp", "leat-" way, "leat sim net: " way,         \
     "relay", true, quick}

static const struct device_peer peers[] = {
    OTHER("seqpacket", "net-seqpacket", "one",
          "a unix socket of packets, a call for each"),
    OTHER("seqpacket-32", "net-seqpacket", "32",
          "the same by sendmmsg and recvmmsg, 32 a call"),
    OTHER("tap", "net-tap", "bridged",
          "two TAP devices, joined by the kernel's bridge"),
    OTHER("memif", "net-memif", "default",
          "DPDK's memif, zero-copy where it sends, polled"),
    OTHER("memif-best", "net-memif", "best",
          "DPDK's memif, zero-copy where it receives, polled"),
    LEAT("copy", true),
    LEAT("revoke", true),
    LEAT("shared", true),
    OTHER("veth", "net-tcp", "veth",
          "TCP by a veth pair between two network namespaces"),
    OTHER("relay", "net-tcp", "relay",
          "TCP by one process that reads one TAP and writes the other"),
    TCP("copy", true),
    TCP("revoke", false),
    TCP("shared", true),
};

#define CASE(name, title, quick) {name, title, "M/s", 1e6, quick}

static const struct device_case cases[] = {
    CASE("64-one", "64 bytes, one way", false),
    CASE("64-two", "64 bytes, both ways", false),
    CASE("1500-one", "1500 bytes, one way", true),
    CASE("1500-two", "1500 bytes, both ways", true),
    CASE("65000-one", "65,000 bytes, one way", true),
    CASE("65000-two", "65,000 bytes, both ways", false),
    {"tcp-there", "TCP, from the front", "Gb/s", 1e9, false},
    {"tcp-back", "TCP, from the back", "Gb/s", 1e9, false},
};

#define GOAL(what, ours, theirs, state, factor)              \
    {what, "1500-one", "leat-" ours, theirs, state, factor, false}
#define TOLD(what, ours, theirs, state, factor)              \
    {what, "1500-one", "leat-" ours, theirs, state, factor, true}
#define BOTH(what, how, theirs, state, factor)               \
    GOAL(what, "copy-" how, theirs, state, factor),          \
    TOLD(what, "shared-" how, theirs, state, factor)
#define TCP_GOALS(of)                                                       \
    {"TCP, a bare relay", of, "leat-tcp-copy", "relay", DEVICE_ANY, 0.85,   \
     false},                                                                \
    {"TCP, a bare relay: try for", of, "leat-tcp-copy", "relay",            \
     DEVICE_ANY, 0.95, true},                                               \
    {"TCP, a veth pair", of, "leat-tcp-copy", "veth", DEVICE_ANY, 0.65,     \
     false}

static const struct device_goal goals[] = {
    BOTH("1500 bytes, spin", "spin", "seqpacket-32", DEVICE_NEAR, 12),
    BOTH("1500 bytes, events", "events", "seqpacket-32", DEVICE_NEAR, 7),
    BOTH("1500 bytes, spin", "spin", "seqpacket-32", DEVICE_FAR, 2.5),
    BOTH("1500 bytes, events", "events", "seqpacket-32", DEVICE_FAR, 2.5),
    BOTH("1500 bytes, spin", "spin", "memif-best", DEVICE_NEAR, 1.5),
    BOTH("1500 bytes, spin", "spin", "memif-best", DEVICE_FAR, 1.2),
    TCP_GOALS("tcp-there"),
    TCP_GOALS("tcp-back"),
};
/* clang-format on */

static bool has(const struct device_case *c, const struct device_peer *p)
{
    return !strncmp(c->name, "tcp-", 4) == !strcmp(p->program, "net-tcp");
}

const struct device_kind device_net = {
    .name = "net",
    .peers = peers,
    .npeers = sizeof peers / sizeof *peers,
    .cases = cases,
    .ncases = sizeof cases / sizeof *cases,
    .goals = goals,
    .ngoals = sizeof goals / sizeof *goals,
    .has = has,
    .op = "frame",
};
