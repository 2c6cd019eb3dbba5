/* SPDX-License-Identifier: ISC */

/* What leat sim net says: every figure of it is simulated. */

#include <jansson.h>
#include <string.h>

#include "sim-net.h"

static const char *const ways[] = {"there", "back"};

static uint64_t frames(struct net_job *j)
{
    return j->front.tx_frames + j->front.rx_frames;
}

/* Grant operations of each end, a frame. */
static double front_operations(struct net_job *j)
{
    return frames(j) ? (double)(j->front.shares + j->front.revokes) /
                           (double)frames(j)
                     : 0;
}

static double back_operations(struct net_job *j)
{
    const uint64_t n = j->back.tx_frames + j->back.rx_frames;

    /* Those that map for good are no frame's. */
    return n ? (double)(j->back.tx_mapped * 2 + j->back.copies) / (double)n : 0;
}

static void say_traffic(struct net_job *j)
{
    char a[32];
    int i;

    printf(
        "A kernel's TCP, through the rings of a simulated network device, by "
        "%s\n\n",
        report_mode_name(j->mode));
    printf("  %-18s %u of %u came back, %.2f ms (simulated)\n", "ping",
           j->ping.came, j->ping.sent, j->ping.average_ms);
    if (j->have_iperf)
        printf("  %-18s %.2f Gbit/s there, %.2f back (simulated)\n",
               "TCP, iperf3", j->iperf[0] / 1e9, j->iperf[1] / 1e9);
    for (i = 0; i < 2; i++)
        printf("  %-18s %s bytes %s, %.0f MB/s (simulated); SHA-256 agrees:\n"
               "  %-18s %s\n",
               i ? "" : "a file each way", tool_grouped(j->file_bytes, a),
               ways[i], (double)j->file_bytes / 1e6 / j->file_seconds[i], "",
               j->sha[i][0]);
    if (j->disaster == NET_KILL)
        printf(
            "  %-18s killed in the middle of the first file; connected again "
            "in %.0f ms\n  %-18s (simulated), and TCP went on\n",
            "back end", j->outage_seconds * 1e3, "");
    if (j->disaster == NET_SUSPEND)
        printf("  %-18s suspended and resumed in the middle of the first file; "
               "connected again\n  %-18s in %.0f ms (simulated), and TCP went "
               "on\n",
               "front end", "", j->outage_seconds * 1e3);
}

static void say_pcap(struct net_job *j)
{
    char a[32], b[32];

    printf("%s, through the rings of a simulated network device, both ways, by "
           "%s\n\n",
           j->pcap, report_mode_name(j->mode));
    printf("  %-18s %s, %s bytes, each way; every byte was verified\n",
           "frames", tool_grouped(j->frames, a),
           tool_grouped(j->frame_bytes, b));
    printf("  %-18s %.0f frames/s, %.0f MB/s, both ways together (simulated)\n",
           "speed", 2 * (double)j->frames / j->pcap_seconds,
           2 * (double)j->frame_bytes / 1e6 / j->pcap_seconds);
    printf("  %-18s p50 %.0f us, p90 %.0f us, p99 %.0f us, longest %.0f us, "
           "from send to\n  %-18s answer (simulated)\n",
           "latency", report_percentile(&j->latency, 50),
           report_percentile(&j->latency, 90),
           report_percentile(&j->latency, 99),
           report_percentile(&j->latency, 100), "");
}

void net_say(struct net_job *j)
{
    char a[32], b[32], c[32], d[32];

    if (j->pcap)
        say_pcap(j);
    else if (!j->hold)
        say_traffic(j);
    printf("  %-18s %u; static pages by the control ring: %s\n", "queues",
           j->info.queues, j->info.statics ? "yes" : "no");
    printf("  %-18s %s went, %s of them long segments; %s came, %s long\n",
           "frames", tool_grouped(j->front.tx_frames, a),
           tool_grouped(j->front.tx_gso, b),
           tool_grouped(j->front.rx_frames, c),
           tool_grouped(j->front.rx_gso, d));
    printf("  %-18s %.2f a frame in front", "grant operations",
           front_operations(j));
    if (j->side.have_stats)
        printf(", %.2f a frame in back", back_operations(j));
    printf(" (simulated)\n");
    report_copies("copies, front", &j->payload);
    if (j->side.have_stats)
        report_copies("copies, back", &j->back.copied);
    report_copies("messages", &j->messages);
}

/* --------------------------------------------------------------------- JSON */

static json_t *traffic_json(struct net_job *j)
{
    return json_pack("{s:i, s:i, s:f, s:[f, f], s:I, s:[f, f], s:[s, s]}",
                     "ping_sent", (int)j->ping.sent, "ping_came",
                     (int)j->ping.came, "ping_ms", j->ping.average_ms,
                     "iperf3_bits_per_second", j->iperf[0], j->iperf[1],
                     "file_bytes", (json_int_t)j->file_bytes, "file_seconds",
                     j->file_seconds[0], j->file_seconds[1], "file_sha256",
                     j->sha[0][0], j->sha[1][0]);
}

static json_t *pcap_json(struct net_job *j)
{
    return json_pack(
        "{s:s, s:I, s:I, s:f, s:[f, f, f, f]}", "file", j->pcap,
        "frames_each_way", (json_int_t)j->frames, "bytes_each_way",
        (json_int_t)j->frame_bytes, "seconds", j->pcap_seconds,
        "latency_us_p50_p90_p99_longest", report_percentile(&j->latency, 50),
        report_percentile(&j->latency, 90), report_percentile(&j->latency, 99),
        report_percentile(&j->latency, 100));
}

bool net_json(struct net_job *j)
{
    static const char *const disasters[] = {"none", "kill-backend", "suspend"};
    json_t *all = json_pack(
        "{s:b, s:s, s:s, s:f, s:i, s:b, s:I, s:I, s:I, s:I, s:f, s:o, s:o}",
        "simulated", 1, "mode", report_mode_name(j->mode), "disaster",
        disasters[j->disaster], "outage_seconds", j->outage_seconds, "queues",
        (int)j->info.queues, "static_pages", (int)j->info.statics,
        "frames_sent", (json_int_t)j->front.tx_frames, "frames_came",
        (json_int_t)j->front.rx_frames, "gso_sent", (json_int_t)j->front.tx_gso,
        "gso_came", (json_int_t)j->front.rx_gso,
        "front_grant_operations_per_frame", front_operations(j), "front_copies",
        report_copies_json(&j->payload), "messages",
        report_copies_json(&j->messages));

    if (!all)
        return tool_fail("out of memory");
    json_object_set_new(all, j->pcap ? "capture" : "traffic",
                        j->pcap ? pcap_json(j) : traffic_json(j));
    if (j->side.have_stats) {
        json_object_set_new(all, "back_grant_operations_per_frame",
                            json_real(back_operations(j)));
        json_object_set_new(all, "back_copies",
                            report_copies_json(&j->back.copied));
    }
    return report_json(all);
}
