/* SPDX-License-Identifier: ISC */

/*
 * leat sim net --hold: the link is there for programs of the user's, until the
 * standard input ends.
 */

#include <poll.h>
#include <unistd.h>

#include "sim-net.h"

/* Seconds between two looks at the input: the frames come first. */
#define LOOK 0.05

static bool ended(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char line[256];

    return poll(&in, 1, 0) > 0 && read(STDIN_FILENO, line, sizeof line) <= 0;
}

bool net_hold(struct net_job *j, struct net_front *f)
{
    double next = 0;

    if (!net_front_ready(f))
        return false;
    printf("front=/proc/%ld/ns/net address=" NET_NEAR
           " back=%s address=" NET_FAR "\n",
           (long)getpid(), j->far_ns);
    fflush(stdout);
    for (;;) {
        if (tool_now() >= next) {
            if (ended())
                return true;
            next = tool_now() + LOOK;
        }
        if (!net_front_turn(f))
            return false;
    }
}
