/* SPDX-License-Identifier: ISC */

/*
 * leat bench net: who is measured, at what, and what is to be reached. As with
 * blocks, the default way to receive decides.
 */

#include "bench-device.h"

/* clang-format off */
#define OTHER(name, program, variant, tells) \
    {name, program, variant, tells, NULL, false, true}
#define LEAT(way, quick)                                                    \
    {"leat-" way "-events", "net-leat", way ",0",                           \
     "leat: " way ", woken by events", "seqpacket-32", true, quick},        \
    {"leat-" way "-spin", "net-leat", way ",",                              \
     "leat: " way ", spins before it sleeps", "seqpacket-32", true, quick}

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
};

#define CASE(name, title, quick) {name, title, "M/s", 1e6, quick}

static const struct device_case cases[] = {
    CASE("64-one", "64 bytes, one way", false),
    CASE("64-two", "64 bytes, both ways", false),
    CASE("1500-one", "1500 bytes, one way", true),
    CASE("1500-two", "1500 bytes, both ways", true),
    CASE("65000-one", "65,000 bytes, one way", true),
    CASE("65000-two", "65,000 bytes, both ways", false),
};

#define GOAL(what, ours, theirs, state, factor)              \
    {what, "1500-one", "leat-" ours, theirs, state, factor, false}
#define TOLD(what, ours, theirs, state, factor)              \
    {what, "1500-one", "leat-" ours, theirs, state, factor, true}
#define BOTH(what, how, theirs, state, factor)               \
    GOAL(what, "copy-" how, theirs, state, factor),          \
    TOLD(what, "shared-" how, theirs, state, factor)

static const struct device_goal goals[] = {
    BOTH("1500 bytes, spin", "spin", "seqpacket-32", DEVICE_NEAR, 12),
    BOTH("1500 bytes, events", "events", "seqpacket-32", DEVICE_NEAR, 7),
    BOTH("1500 bytes, spin", "spin", "seqpacket-32", DEVICE_FAR, 2.5),
    BOTH("1500 bytes, events", "events", "seqpacket-32", DEVICE_FAR, 2.5),
    BOTH("1500 bytes, spin", "spin", "memif-best", DEVICE_NEAR, 1.5),
    BOTH("1500 bytes, spin", "spin", "memif-best", DEVICE_FAR, 1.2),
};
/* clang-format on */

const struct device_kind device_net = {
    .name = "net",
    .peers = peers,
    .npeers = sizeof peers / sizeof *peers,
    .cases = cases,
    .ncases = sizeof cases / sizeof *cases,
    .goals = goals,
    .ngoals = sizeof goals / sizeof *goals,
    .op = "frame",
};
