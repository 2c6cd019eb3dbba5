/* SPDX-License-Identifier: ISC */

/* What leat sim block says: every figure of it is simulated. */

#include <jansson.h>
#include <stdlib.h>

#include "sim-block.h"

/* Grant operations of both ends, a request of the ring. */
static double front_operations(const struct block_job *j)
{
    uint64_t ops = 0, sent = 0;
    int i;

    for (i = 0; i < DISKS; i++) {
        ops += j->front[i].shares + j->front[i].revokes;
        sent += j->front[i].sent;
    }
    return sent ? (double)ops / (double)sent : 0;
}

static double back_operations(const struct block_job *j)
{
    uint64_t ops = 0, served = 0;
    int i;

    for (i = 0; i < DISKS; i++) {
        const struct leat_blkback_stats *b = &j->back_stats[i];

        ops += b->maps + b->unmaps;
        served += b->okay + b->error + b->unsupported;
    }
    return served ? (double)ops / (double)served : 0;
}

/* Requests of which the payload was copied, of those that have any. */
static double copied(const struct block_job *j)
{
    uint64_t all = 0, of = 0;
    int i;

    for (i = 0; i < DISKS; i++) {
        all += j->front[i].copied;
        of += j->front[i].reads + j->front[i].writes;
    }
    return of ? (double)all / (double)of : 0;
}

static void latency(const char *what, struct latencies *l)
{
    printf("  %-18s p50 %.0f us, p90 %.0f us, p99 %.0f us, longest %.0f us "
           "(simulated)\n",
           what, report_percentile(l, 50), report_percentile(l, 90),
           report_percentile(l, 99), report_percentile(l, 100));
}

static void disaster(const struct block_job *j)
{
    char bytes[32], again[32];
    const uint64_t resent =
        j->front[DISK_FROM].resent + j->front[DISK_TO].resent;

    if (j->disaster == NO_DISASTER)
        return;
    printf(
        "  %-18s %s; connected again in %.0f ms (simulated), %s requests sent "
        "again;\n"
        "  %-18s %s bytes were acknowledged and flushed before: all read "
        "back, and right\n",
        j->disaster == KILL_BACKEND ? "back end" : "front end",
        j->disaster == KILL_BACKEND ? "killed" : "suspended and resumed",
        j->outage_seconds * 1e3, tool_grouped(resent, again), "",
        tool_grouped(j->found, bytes));
}

void block_say(struct block_job *j)
{
    const struct leat_blkfront_info *info = &j->info[DISK_TO];
    char a[32], b[32], c[32];
    int i;

    printf("%s, through the rings of two simulated block devices, by %s\n\n",
           j->image, report_mode_name(j->mode));
    printf("  %-18s %s bytes in blocks of %s, %u at a time\n", "copied",
           tool_grouped(j->bytes, a), tool_grouped(j->block, b), j->depth);
    printf("  %-18s %.0f MB/s copying, %.0f MB/s reading back (simulated)\n",
           "speed", (double)j->bytes / 1e6 / j->copy_seconds,
           (double)j->bytes / 1e6 / j->verify_seconds);
    latency("latency, reads", &j->reads);
    latency("latency, writes", &j->writes);
    printf("  %-18s %u of %u pages; %s; persistent grants: %s\n", "rings",
           info->queues, info->ring_pages,
           info->indirect ? "indirect requests" : "direct requests alone",
           info->persistent ? "yes" : "no");
    printf("  %-18s %s of the rings, %s of them indirect, %s segments\n",
           "requests", tool_grouped(j->front[0].sent + j->front[1].sent, a),
           tool_grouped(j->front[0].indirect + j->front[1].indirect, b),
           tool_grouped(j->front[0].segments + j->front[1].segments, c));
    printf("  %-18s %.2f a request in front", "grant operations",
           front_operations(j));
    if (j->side.have_stats)
        printf(", %.2f a request in back", back_operations(j));
    printf(" (simulated)\n");
    printf("  %-18s %.2f a request\n", "payload copies", copied(j));
    report_copies("  of them", &j->payload);
    report_copies("bounces", &j->pool);
    report_copies("messages", &j->messages);
    if (j->mode == LEAT_RECEIVE_SHARED)
        report_copies("by this command", &j->carried);
    for (i = 0; i < DISKS; i++)
        printf("  %-18s %s, %s\n", i == DISK_FROM ? "from" : "to",
               j->file[i].name,
               j->file[i].cached ? "through the page cache" : "by O_DIRECT");
    disaster(j);
    printf("  %-18s %s\n  %-18s the same of the image, of what the rings gave "
           "back, and of the copy's file\n",
           "SHA-256", j->sha_image, "");
}

/* --------------------------------------------------------------------- JSON */

static json_t *latency_json(struct latencies *l)
{
    return json_pack(
        "{s:I, s:f, s:f, s:f, s:f}", "n", (json_int_t)l->n, "p50_us",
        report_percentile(l, 50), "p90_us", report_percentile(l, 90), "p99_us",
        report_percentile(l, 99), "longest_us", report_percentile(l, 100));
}

bool block_json(struct block_job *j)
{
    static const char *const disasters[] = {"none", "kill-backend", "suspend"};
    const struct leat_blkfront_stats *s = j->front;
    json_t *all = json_pack(
        "{s:b, s:s, s:I, s:I, s:i, s:i, s:f, s:f, s:o, s:o}", "simulated", 1,
        "mode", report_mode_name(j->mode), "bytes", (json_int_t)j->bytes,
        "sent", (json_int_t)(s[0].sent + s[1].sent), "block", (int)j->block,
        "depth", (int)j->depth, "copy_seconds", j->copy_seconds,
        "verify_seconds", j->verify_seconds, "reads", latency_json(&j->reads),
        "writes", latency_json(&j->writes));

    if (!all)
        return tool_fail("out of memory");
    json_object_update_new(
        all,
        json_pack("{s:s, s:f, s:I, s:I, s:I, s:f, s:f, s:o, s:o, s:o, s:s, "
                  "s:b, s:b, s:b}",
                  "disaster", disasters[j->disaster], "outage_seconds",
                  j->outage_seconds, "flushed_bytes", (json_int_t)j->flushed,
                  "found_bytes", (json_int_t)j->found, "resent",
                  (json_int_t)(s[0].resent + s[1].resent),
                  "front_grant_operations_per_request", front_operations(j),
                  "payload_copies_per_request", copied(j), "payload_copies",
                  report_copies_json(&j->payload), "bounces",
                  report_copies_json(&j->pool), "messages",
                  report_copies_json(&j->messages), "sha256", j->sha_image,
                  "persistent", (int)j->info[DISK_TO].persistent, "from_direct",
                  !j->file[DISK_FROM].cached, "to_direct",
                  !j->file[DISK_TO].cached));
    if (j->side.have_stats)
        json_object_set_new(all, "back_grant_operations_per_request",
                            json_real(back_operations(j)));
    return report_json(all);
}
