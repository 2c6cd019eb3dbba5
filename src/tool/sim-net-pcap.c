/* SPDX-License-Identifier: ISC */

/*
 * leat sim net --pcap: the frames of a capture go both ways at once. Those that the
 * back end gives are held against the file here; those that it got are written to
 * another file by its port, which is held against it in the end.
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "sim-net.h"

#define BATCH    64
#define PATIENCE 20.0
#define TIMES    4096u /* of frames on their way */

struct replay {
    struct net_job *job;
    struct net_front *front;
    pcap_t *out, *in; /* the file, twice: what is sent, what has to come */
    const unsigned char *bytes;
    size_t len; /* of the frame that is to be sent next; 0: none yet */
    uint64_t sent, came, answered;
    double when[TIMES]; /* of those that are not answered */
    bool wrong;
};

/* The next frame that can pass: whole, and not too short. */
static bool next(pcap_t *p, const unsigned char **bytes, size_t *len)
{
    struct pcap_pkthdr *h;

    while (pcap_next_ex(p, &h, bytes) == 1) {
        if (h->caplen != h->len || h->len < LEAT_NET_FRAME_MIN ||
            h->len > LEAT_NET_FRAME_MAX)
            continue;
        *len = h->len;
        return true;
    }
    return false;
}

static pcap_t *open_capture(const char *path)
{
    char text[PCAP_ERRBUF_SIZE] = "";
    pcap_t *p = pcap_open_offline(path, text);

    if (!p)
        tool_fail("sim net: %s", text);
    else if (pcap_datalink(p) != DLT_EN10MB)
        tool_fail("sim net: %s: no capture of Ethernet frames", path);
    else
        return p;
    if (p)
        pcap_close(p);
    return NULL;
}

bool net_pcap_look(struct net_job *j)
{
    pcap_t *p = open_capture(j->pcap);
    const unsigned char *bytes;
    size_t len;

    if (!p)
        return false;
    while (next(p, &bytes, &len)) {
        j->frames++;
        j->frame_bytes += len;
    }
    pcap_close(p);
    return j->frames ||
           tool_fail("sim net: %s: no frame in it can pass", j->pcap);
}

/* ----------------------------------------------------------------- both ways */

static bool same(const struct leat_netfront_frame *frame,
                 const unsigned char *bytes, size_t len)
{
    struct leat_copies copies = {{0}, {0}};
    unsigned char part[LEAT_PAGE_SIZE];
    size_t at = 0;
    uint32_t i;

    for (i = 0; i < frame->n && at <= len; i++) {
        const struct leat_netfront_piece *p = &frame->pieces[i];
        const unsigned char *here = p->view.data;
        const size_t n = here ? p->view.len : p->shared.len;

        if (n > len - at)
            return false;
        if (!here) {
            (void)leat_shared_copy_out(p->shared, 0, part, n, &copies);
            here = part;
        }
        if (memcmp(here, bytes + at, n))
            return false;
        at += n;
    }
    return at == len;
}

static void receive(void *arg, struct leat_netfront_frame *frame)
{
    struct replay *r = arg;
    const unsigned char *bytes;
    size_t len;

    if (!r->wrong && (!next(r->in, &bytes, &len) || !same(frame, bytes, len))) {
        tool_fail("sim net: frame %llu is not the one of the capture",
                  (unsigned long long)r->came + 1);
        r->wrong = true;
    }
    r->came++;
}

static int fill(void *arg, const struct leat_view *views, size_t n, size_t *len)
{
    const struct replay *r = arg;
    size_t at = 0, i;

    (void)len;
    for (i = 0; i < n; at += views[i++].len)
        memcpy(views[i].data, r->bytes + at, views[i].len);
    return 0;
}

/* Answers come in the order in which frames were sent. */
static void look_at_answers(struct replay *r)
{
    struct leat_netfront_stats s;
    const double now = tool_now();

    if (leat_netfront_stats(net_front_end(r->front), &s))
        return;
    for (; r->answered < s.tx_okay + s.tx_failed; r->answered++)
        r->job->latency.ns[r->answered] =
            (uint64_t)((now - r->when[r->answered % TIMES]) * 1e9);
    r->wrong |= s.tx_failed != 0;
}

static bool send_all(void *arg, struct net_front *front)
{
    struct replay *r = arg;
    struct leat_netfront_fill f = {
        .flags = LEAT_NETFRONT_DIRTY, .fill = fill, .arg = r};
    int i;

    look_at_answers(r);
    for (i = 0; i < BATCH && r->sent - r->answered < TIMES; i++) {
        if (!r->len && !next(r->out, &r->bytes, &r->len))
            break;
        f.size = r->len;
        if (leat_netfront_send(net_front_end(front), &f))
            break; /* there is no room now */
        r->when[r->sent++ % TIMES] = tool_now();
        r->len = 0;
    }
    return i > 0;
}

static bool run(struct replay *r)
{
    struct net_job *j = r->job;
    double began, since;
    uint64_t seen = 0;
    struct progress p;

    if (!net_front_ready(r->front))
        return false;
    began = since = tool_now();
    progress_begin(&p, "frames of a capture, both ways", 2 * j->frames);
    while ((r->answered < j->frames || r->came < j->frames) && !r->wrong &&
           net_front_turn(r->front)) {
        look_at_answers(r);
        progress_at(&p, r->answered + r->came);
        if (r->answered + r->came != seen) {
            seen = r->answered + r->came;
            since = tool_now();
        }
        if (tool_now() - since > PATIENCE) {
            progress_end(&p);
            return tool_fail("sim net: %llu of %llu frames went, %llu came",
                             (unsigned long long)r->answered,
                             (unsigned long long)j->frames,
                             (unsigned long long)r->came);
        }
    }
    progress_end(&p);
    j->pcap_seconds = tool_now() - began;
    return r->answered == j->frames && r->came == j->frames && !r->wrong;
}

bool net_pcap(struct net_job *j)
{
    struct replay *r = calloc(1, sizeof *r);
    struct net_ends ends = {
        .receive = receive, .send = send_all, .fd = -1, .arg = r};
    bool good = false;

    if (!r)
        return tool_fail("out of memory");
    r->job = j;
    j->latency.ns = calloc((size_t)j->frames, sizeof *j->latency.ns);
    j->latency.n = j->latency.room = (size_t)j->frames;
    r->out = open_capture(j->pcap);
    r->in = open_capture(j->pcap);
    if (j->latency.ns && r->out && r->in) {
        r->front = net_front_open(j, &ends);
        good = r->front && run(r);
        good = good && net_front_close(r->front);
    }
    if (r->out)
        pcap_close(r->out);
    if (r->in)
        pcap_close(r->in);
    free(r);
    return good;
}

/* What the back end wrote, against the capture. */
bool net_pcap_compare(const struct net_job *j)
{
    pcap_t *a = open_capture(j->pcap), *b = open_capture(j->out);
    const unsigned char *x, *y;
    size_t lx, ly;
    uint64_t n = 0;
    bool good = a && b;

    while (good && next(a, &x, &lx)) {
        n++;
        if (!next(b, &y, &ly) || lx != ly || memcmp(x, y, lx))
            good = tool_fail("sim net: frame %llu was written otherwise",
                             (unsigned long long)n);
    }
    if (good && next(b, &y, &ly))
        good = tool_fail("sim net: more frames were written than sent");
    if (a)
        pcap_close(a);
    if (b)
        pcap_close(b);
    return good;
}
