/* SPDX-License-Identifier: ISC */

/* Capture files, by libpcap, as a port. */

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <leat/pcap.h>

#include "io.h"

struct leat_pcap {
    pcap_t *from;
    pcap_t *form; /* of what is written */
    pcap_dumper_t *to;
    char *path; /* of (from), to begin again */
    uint32_t again;
    struct leat_pcap_stats stats;
    struct leat_copies copies;
    unsigned char frame[LEAT_NET_FRAME_MAX];
};

/* Opens the file that is read, from its beginning. */
static int open_from(struct leat_pcap *p)
{
    char text[PCAP_ERRBUF_SIZE];
    FILE *file = fopen(p->path, "re");

    if (!file)
        return leat_io_error(errno);
    p->from = pcap_fopen_offline(file, text);
    if (!p->from) {
        (void)fclose(file);
        return LEAT_E_UNSUPPORTED;
    }
    return pcap_datalink(p->from) == DLT_EN10MB ? 0 : LEAT_E_UNSUPPORTED;
}

static int open_to(struct leat_pcap *p, const char *path)
{
    FILE *file = fopen(path, "we");

    if (!file)
        return leat_io_error(errno);
    p->form = pcap_open_dead(DLT_EN10MB, LEAT_NET_FRAME_MAX);
    if (p->form)
        p->to = pcap_dump_fopen(p->form, file);
    if (!p->to) {
        (void)fclose(file);
        return LEAT_E_SYSTEM;
    }
    return 0;
}

int leat_pcap_open(struct leat_pcap **out,
                   const struct leat_pcap_config *config)
{
    struct leat_pcap *p;
    int err = 0;

    if (!out || !config || (!config->from && !config->to))
        return LEAT_E_INVALID;
    p = calloc(1, sizeof(*p));
    if (!p)
        return LEAT_E_NOMEM;
    p->again = config->times ? config->times - 1 : 0;
    if (config->from) {
        p->path = strdup(config->from);
        err = p->path ? open_from(p) : LEAT_E_NOMEM;
    }
    if (!err && config->to)
        err = open_to(p, config->to);
    if (err) {
        (void)leat_pcap_close(p);
        return err;
    }
    *out = p;
    return 0;
}

int leat_pcap_close(struct leat_pcap *p)
{
    int err = 0;

    if (!p)
        return LEAT_E_INVALID;
    if (p->from)
        pcap_close(p->from);
    if (p->to) {
        if (pcap_dump_flush(p->to) || ferror(pcap_dump_file(p->to)))
            err = LEAT_E_SYSTEM;
        pcap_dump_close(p->to);
    }
    if (p->form)
        pcap_close(p->form);
    free(p->path);
    free(p);
    return err;
}

/* ------------------------------------------------------------------ frames */

static int take(void *self, const struct leat_net_frame *frame)
{
    struct leat_pcap *p = self;
    struct pcap_pkthdr h = {.len = (bpf_u_int32)frame->len};
    struct timespec now;
    size_t at = frame->head.len, i;

    if (frame->len > sizeof(p->frame) || at > frame->len) {
        p->stats.too_long++;
        return LEAT_E_LENGTH;
    }
    if (!p->to)
        return 0;
    if (at) {
        memcpy(p->frame, frame->head.data, at);
        (void)leat_copies_add(&p->copies, LEAT_WHY_OUT, at);
    }
    for (i = 0; i < frame->nsegs; i++) {
        struct leat_shared s = frame->segs[i];

        if (s.len > frame->len - at)
            return LEAT_E_LENGTH;
        (void)leat_shared_copy_out(s, 0, p->frame + at, s.len, &p->copies);
        at += s.len;
    }
    clock_gettime(CLOCK_REALTIME, &now);
    h.caplen = h.len;
    h.ts.tv_sec = now.tv_sec;
    h.ts.tv_usec = now.tv_nsec / 1000;
    pcap_dump((unsigned char *)p->to, &h, p->frame);
    p->stats.written++;
    p->stats.written_bytes += frame->len;
    return ferror(pcap_dump_file(p->to)) ? LEAT_E_SYSTEM : 0;
}

/* The next whole frame, over the file's end as often as asked. */
static int next(struct leat_pcap *p, const unsigned char **bytes, size_t *len)
{
    struct pcap_pkthdr *h;
    int rc, err;

    while (p->from) {
        rc = pcap_next_ex(p->from, &h, bytes);
        if (rc == PCAP_ERROR)
            return LEAT_E_SYSTEM;
        if (rc == 1 && h->caplen == h->len && h->len <= LEAT_NET_FRAME_MAX) {
            *len = h->len;
            return 0;
        }
        if (rc == 1) {
            ++*(h->caplen != h->len ? &p->stats.cut : &p->stats.too_long);
            continue;
        }
        if (!p->again)
            break;
        p->again--;
        pcap_close(p->from);
        p->from = NULL;
        err = open_from(p);
        if (err)
            return err;
    }
    return LEAT_E_END;
}

static int give(void *self, uint32_t queue, const struct leat_net_room *room,
                struct leat_net_meta *meta, size_t *len)
{
    struct leat_pcap *p = self;
    const unsigned char *bytes = NULL;
    size_t have = 0, at = 0, n, i;
    int err = queue ? LEAT_E_INVALID : next(p, &bytes, &have);

    if (err)
        return err;
    if (have > room->bytes) {
        p->stats.too_long++;
        return LEAT_E_LENGTH;
    }
    for (i = 0; i < room->nsegs && at < have; i++, at += n) {
        n = room->segs[i].len < have - at ? room->segs[i].len : have - at;
        (void)leat_shared_copy_in(room->segs[i], 0, bytes + at, n, &p->copies);
    }
    *meta = (struct leat_net_meta){.flags = 0};
    *len = have;
    p->stats.read++;
    p->stats.read_bytes += have;
    return 0;
}

static const struct leat_netport_ops ops = {
    .name = "pcap",
    .send = take,
    .receive = give,
};

struct leat_netport leat_pcap(struct leat_pcap *p)
{
    return (struct leat_netport){&ops, p};
}

int leat_pcap_stats(const struct leat_pcap *p, struct leat_pcap_stats *out)
{
    if (!p || !out)
        return LEAT_E_INVALID;
    *out = p->stats;
    return 0;
}

const struct leat_copies *leat_pcap_copies(const struct leat_pcap *p)
{
    return p ? &p->copies : NULL;
}
