/* SPDX-License-Identifier: ISC */

/*
 * leat bench block: who is measured, at what, and what is to be reached.
 *
 * What decides a goal is the default way to receive, persistent grants and one
 * copy; what others come to is told beside it.
 */

#include "bench-device.h"

/* clang-format off */
#define OTHER(name, program, variant, tells) \
    {name, program, variant, tells, NULL, false, true}
#define LEAT(disk, way, against, quick)                                     \
    {"leat-" disk "-" way "-events", "block-leat", disk "," way ",0",       \
     "leat (simulated): " disk ", " way ", woken by events", against, true, quick},     \
    {"leat-" disk "-" way "-spin", "block-leat", disk "," way ",",          \
     "leat (simulated): " disk ", " way ", spins before it sleeps", against, true, quick}

static const struct device_peer peers[] = {
    OTHER("nbdkit-memory", "block-nbdkit", "memory",
          "nbdkit's memory plugin, by libnbd over a unix socket"),
    OTHER("nbdkit-file", "block-nbdkit", "file",
          "nbdkit's file plugin, hot in the page cache, likewise"),
    OTHER("uring-direct", "block-uring", "direct",
          "plain io_uring, one process, O_DIRECT"),
    OTHER("uring-cached", "block-uring", "cached",
          "plain io_uring, one process, page cache"),
    LEAT("memory", "copy", "nbdkit-memory", true),
    LEAT("memory", "revoke", "nbdkit-memory", true),
    LEAT("memory", "shared", "nbdkit-memory", true),
    LEAT("cached", "copy", "nbdkit-file", true),
    LEAT("cached", "revoke", "nbdkit-file", false),
    LEAT("cached", "shared", "nbdkit-file", false),
    LEAT("direct", "copy", "uring-direct", true),
    LEAT("direct", "revoke", "uring-direct", false),
    LEAT("direct", "shared", "uring-direct", false),
};

#define CASE(name, title, quick) {name, title, "k/s", 1e3, quick}

static const struct device_case cases[] = {
    CASE("read4k-1", "4 KiB read, depth 1", true),
    CASE("read4k-32", "4 KiB read, depth 32", true),
    CASE("write4k-1", "4 KiB write, depth 1", false),
    CASE("write4k-32", "4 KiB write, depth 32", true),
    CASE("read128k-8", "128 KiB read, depth 8", true),
    CASE("write128k-8", "128 KiB write, depth 8", false),
};

#define GOAL(what, of, ours, theirs, state, factor)          \
    {what, of, "leat-" ours, theirs, state, factor, false}
#define TOLD(what, of, ours, theirs, state, factor)          \
    {what, of, "leat-" ours, theirs, state, factor, true}

static const struct device_goal goals[] = {
    GOAL("memory disk, events", "read4k-32", "memory-copy-events",
         "nbdkit-memory", DEVICE_NEAR, 5),
    TOLD("memory disk, events", "read4k-32", "memory-shared-events",
         "nbdkit-memory", DEVICE_NEAR, 5),
    GOAL("memory disk, spin", "read4k-32", "memory-copy-spin", "nbdkit-memory",
         DEVICE_NEAR, 8),
    TOLD("memory disk, spin", "read4k-32", "memory-shared-spin",
         "nbdkit-memory", DEVICE_NEAR, 8),
    GOAL("memory disk, events", "read4k-32", "memory-copy-events",
         "nbdkit-memory", DEVICE_FAR, 3),
    GOAL("memory disk, spin", "read4k-32", "memory-copy-spin", "nbdkit-memory",
         DEVICE_FAR, 3),
    TOLD("memory disk, spin", "read4k-32", "memory-shared-spin",
         "nbdkit-memory", DEVICE_FAR, 3),
    GOAL("page-cache file, events", "read4k-32", "cached-copy-events",
         "nbdkit-file", DEVICE_ANY, 3),
    GOAL("page-cache file, spin", "read4k-32", "cached-copy-spin",
         "nbdkit-file", DEVICE_ANY, 4.5),
    TOLD("page-cache file, spin", "read4k-32", "cached-shared-spin",
         "nbdkit-file", DEVICE_ANY, 4.5),
    GOAL("O_DIRECT file, events", "read4k-32", "direct-copy-events",
         "uring-direct", DEVICE_ANY, 0.80),
    GOAL("O_DIRECT file, spin", "read4k-32", "direct-copy-spin",
         "uring-direct", DEVICE_ANY, 0.90),
    GOAL("O_DIRECT file, depth 1, spin", "read4k-1", "direct-copy-spin",
         "uring-direct", DEVICE_ANY, 1.0),
};
/* clang-format on */

const struct device_kind device_block = {
    .name = "block",
    .peers = peers,
    .npeers = sizeof peers / sizeof *peers,
    .cases = cases,
    .ncases = sizeof cases / sizeof *cases,
    .goals = goals,
    .ngoals = sizeof goals / sizeof *goals,
    .op = "request",
    .files = true,
};
