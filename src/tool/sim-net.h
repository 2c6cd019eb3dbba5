/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_SIM_NET_H
#define LEAT_SRC_TOOL_SIM_NET_H

/*
 * leat sim net: real traffic through the rings of a network device, whose front end
 * is in this process, and whose back end is in another.
 *
 *     kernel (namespace) - TAP - netfront ~~~ netback - TAP - kernel (namespace)
 *
 * or, with captures, files in place of the TAP devices.
 */

#include <leat/netback.h>
#include <leat/netfront.h>

#include "sim-report.h"
#include "sim-side.h"

#define NET_NEAR "10.99.0.1" /* of the front end's namespace */
#define NET_FAR  "10.99.0.2" /* of the back end's            */
#define NET_MTU  1500

enum net_disaster {
    NET_NONE,
    NET_KILL,
    NET_SUSPEND
};

struct net_ping {
    bool there; /* the program is */
    unsigned sent, came;
    double average_ms;
};

struct net_job {
    enum leat_receive_mode mode;
    enum net_disaster disaster;
    uint32_t queues;
    uint64_t file_bytes;
    uint32_t seconds; /* of iperf3, each way */
    const char *pcap; /* NULL: TAP devices   */
    bool json;
    bool hold; /* no traffic of ours: the link is the user's */

    struct side side;
    char *far_ns; /* a path of the back end's namespace */
    char *out;    /* --pcap: what came out              */

    /* Results. */
    struct net_ping ping;
    bool have_iperf;
    double iperf[2]; /* bit/s, to the back end's side, and from it */
    double file_seconds[2];
    char sha[2][2][DIGEST_HEX]; /* each way: sent, came                  */
    double outage_seconds;
    bool disaster_done;
    struct leat_netfront_info info;
    struct leat_netfront_stats front;
    struct leat_netback_stats back; /* of the last back end              */
    struct leat_copies payload, messages;

    /* --pcap */
    uint64_t frames, frame_bytes; /* of the file: each goes both ways    */
    double pcap_seconds;
    struct latencies latency; /* from a send to its answer */
};

/* ------------------------------------------------------------- sim-net-link.c */

struct leat_tap;

/* Two namespaces, each with a TAP device; this process is in the near one. */
bool net_link(struct net_job *j, struct leat_tap **near);
/* In a child: into the far namespace. */
bool net_go_far(const char *ns);
void net_unlink(struct net_job *j);

/* ------------------------------------------------------------ sim-net-front.c */

struct net_front;

extern const struct leat_bus_device net_device;

/* What becomes of frames, and where they come from. */
struct net_ends {
    void (*receive)(void *arg, struct leat_netfront_frame *frame);
    /* Sends what there is: false: nothing was there. */
    bool (*send)(void *arg, struct net_front *f);
    int fd; /* polls readable when there is something to send; -1: none */
    void *arg;
};

struct net_front *net_front_open(struct net_job *j,
                                 const struct net_ends *ends);
struct leat_netfront *net_front_end(struct net_front *f);
/* One round; it sleeps where nothing happened. */
bool net_front_turn(struct net_front *f);
bool net_front_ready(struct net_front *f); /* turns until it is connected */
bool net_front_disaster(struct net_front *f);
bool net_front_close(struct net_front *f);

/* ------------------------------------------------------------ sim-net-relay.c */

struct net_relay;

/* With a front end of its own, which is closed first; NULL: it was said why. */
struct net_relay *net_relay_open(struct net_job *j, struct leat_tap *near);
struct net_front *net_relay_front(struct net_relay *r);
void net_relay_free(struct net_relay *r);

/* ---------------------------------------------------------- sim-net-traffic.c */

bool net_traffic(struct net_job *j, struct leat_tap *near);

/* ------------------------------------------------------------- sim-net-hold.c */

/* Tells where the namespaces are, and carries frames until the input ends. */
bool net_hold(struct net_job *j, struct net_front *f);

/* ------------------------------------------------------------- sim-net-pcap.c */

bool net_pcap(struct net_job *j);
/* Counts the frames of the file that can pass. */
bool net_pcap_look(struct net_job *j);
/* Holds what the back end wrote against it. */
bool net_pcap_compare(const struct net_job *j);

/* -------------------------------------------------------------- sim-net-say.c */

void net_say(struct net_job *j);
bool net_json(struct net_job *j);

#endif
