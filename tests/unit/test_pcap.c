/* SPDX-License-Identifier: ISC */

/* Capture files as a port: what one end writes, libpcap and the other read. */

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <leat/pcap.h>

#include "pool_fixture.h"

static char directory[] = "/tmp/leat-pcap-XXXXXX";
static char path[3][64];

static void begin(void)
{
    cr_assert_not_null(mkdtemp(directory));
    for (int i = 0; i < 3; i++)
        snprintf(path[i], sizeof(path[i]), "%s/%d.pcap", directory, i);
}

static void end(void)
{
    for (int i = 0; i < 3; i++)
        unlink(path[i]);
    cr_assert_eq(rmdir(directory), 0);
}

static const size_t lengths[] = {14, 60, 1514, 9000, 65535, 15};

static unsigned char byte_of(size_t frame, size_t i)
{
    return (unsigned char)(frame * 31 + i * 7);
}

/* Writes those frames, each as a head and two pieces. */
static void write_frames(const char *to)
{
    static unsigned char bytes[65535];
    struct leat_pcap *p = NULL;
    struct leat_netport port;
    struct leat_pcap_stats s;

    MUST(leat_pcap_open(&p, &(struct leat_pcap_config){.to = to}));
    port = leat_pcap(p);
    for (size_t k = 0; k < 6; k++) {
        struct leat_shared segs[2];
        struct leat_net_frame f = {
            .head = {bytes, 10}, .segs = segs, .nsegs = 2, .len = lengths[k]};

        for (size_t i = 0; i < lengths[k]; i++)
            bytes[i] = byte_of(k, i);
        MUST(leat_shared_of(bytes + 10, 3, &segs[0]));
        MUST(leat_shared_of(bytes + 13, lengths[k] - 13, &segs[1]));
        MUST(port.ops->send(port.self, &f));
    }
    MUST(leat_pcap_stats(p, &s));
    cr_assert_eq(s.written, 6);
    cr_assert_eq(s.written_bytes, 14 + 60 + 1514 + 9000 + 65535 + 15);
    cr_assert_eq(leat_copies_bytes(leat_pcap_copies(p)), s.written_bytes);
    MUST(leat_pcap_close(p));
}

Test(pcap, what_is_written_libpcap_reads)
{
    char text[PCAP_ERRBUF_SIZE];
    const unsigned char *bytes;
    struct pcap_pkthdr *h;
    pcap_t *f;

    begin();
    write_frames(path[0]);
    f = pcap_open_offline(path[0], text);
    cr_assert_not_null(f, "%s", text);
    cr_assert_eq(pcap_datalink(f), DLT_EN10MB);
    for (size_t k = 0; k < 6; k++) {
        cr_assert_eq(pcap_next_ex(f, &h, &bytes), 1);
        cr_assert_eq(h->len, lengths[k]);
        cr_assert_eq(h->caplen, lengths[k]);
        for (size_t i = 0; i < lengths[k]; i++)
            cr_assert_eq(bytes[i], byte_of(k, i));
    }
    cr_assert_eq(pcap_next_ex(f, &h, &bytes), PCAP_ERROR_BREAK);
    pcap_close(f);
    end();
}

Test(pcap, what_is_written_is_given)
{
    static unsigned char room_bytes[70000];
    struct leat_pcap_config c = {.from = path[0], .times = 2};
    struct leat_shared segs[2];
    struct leat_net_room room = {segs, 2, 65535};
    struct leat_net_meta meta;
    struct leat_pcap_stats s;
    struct leat_pcap *p = NULL;
    struct leat_netport port;
    size_t len;

    begin();
    write_frames(path[0]);
    MUST(leat_pcap_open(&p, &c));
    port = leat_pcap(p);
    MUST(leat_shared_of(room_bytes, 100, &segs[0]));
    MUST(leat_shared_of(room_bytes + 100, 65435, &segs[1]));
    for (size_t k = 0; k < 12; k++) {
        meta.flags = 7;
        MUST(port.ops->receive(port.self, 0, &room, &meta, &len));
        cr_assert_eq(len, lengths[k % 6]);
        cr_assert_eq(meta.flags, 0);
        for (size_t i = 0; i < len; i++)
            cr_assert_eq(room_bytes[i], byte_of(k % 6, i));
    }
    FAILS(LEAT_E_END, port.ops->receive(port.self, 0, &room, &meta, &len));
    FAILS(LEAT_E_INVALID, port.ops->receive(port.self, 1, &room, &meta, &len));
    MUST(leat_pcap_stats(p, &s));
    cr_assert_eq(s.read, 12);
    MUST(leat_pcap_close(p));

    /* A guest with less room loses what does not fit, and gets the next. */
    c.times = 0;
    MUST(leat_pcap_open(&p, &c));
    port = leat_pcap(p);
    room.bytes = 100;
    room.nsegs = 1;
    MUST(port.ops->receive(port.self, 0, &room, &meta, &len));
    MUST(port.ops->receive(port.self, 0, &room, &meta, &len));
    for (int i = 0; i < 3; i++)
        FAILS(LEAT_E_LENGTH,
              port.ops->receive(port.self, 0, &room, &meta, &len));
    MUST(port.ops->receive(port.self, 0, &room, &meta, &len));
    cr_assert_eq(len, 15);
    MUST(leat_pcap_stats(p, &s));
    cr_assert_eq(s.too_long, 3);
    MUST(leat_pcap_close(p));
    end();
}

/* Files that are not what they should be. */
Test(pcap, other_files)
{
    struct leat_pcap *p = NULL;
    struct pcap_pkthdr h = {.caplen = 20, .len = 100};
    static unsigned char bytes[100];
    struct leat_shared seg;
    struct leat_net_room room = {&seg, 1, 100};
    struct leat_net_meta meta;
    struct leat_pcap_stats s;
    struct leat_netport port;
    pcap_dumper_t *to;
    pcap_t *form;
    size_t len = 6;
    FILE *f;

    begin();
    FAILS(LEAT_E_INVALID, leat_pcap_open(&p, &(struct leat_pcap_config){0}));
    FAILS(LEAT_E_INVALID, leat_pcap_open(&p, NULL));
    FAILS(LEAT_E_REFERENCE,
          leat_pcap_open(&p, &(struct leat_pcap_config){.from = path[0]}));
    FAILS(LEAT_E_REFERENCE,
          leat_pcap_open(&p, &(struct leat_pcap_config){.to = "/no/where"}));
    f = fopen(path[0], "w");
    fprintf(f, "this is no capture, but it is long enough to be one\n");
    fclose(f);
    FAILS(LEAT_E_UNSUPPORTED,
          leat_pcap_open(&p, &(struct leat_pcap_config){.from = path[0]}));
    form = pcap_open_dead(DLT_RAW, 100);
    to = pcap_dump_open(form, path[1]);
    pcap_dump_close(to);
    pcap_close(form);
    FAILS(LEAT_E_UNSUPPORTED,
          leat_pcap_open(&p, &(struct leat_pcap_config){.from = path[1]}));
    cr_assert_null(p);

    /* A frame that was cut is skipped; one that is cut off is an error. */
    form = pcap_open_dead(DLT_EN10MB, 100);
    to = pcap_dump_open(form, path[2]);
    pcap_dump((unsigned char *)to, &h, bytes);
    h.caplen = h.len = 42;
    pcap_dump((unsigned char *)to, &h, bytes);
    pcap_dump((unsigned char *)to, &h, bytes);
    pcap_dump_close(to);
    pcap_close(form);
    cr_assert_eq(truncate(path[2], 24 + 16 + 20 + 16 + 42 + 16 + 30), 0);
    MUST(leat_pcap_open(&p, &(struct leat_pcap_config){.from = path[2]}));
    port = leat_pcap(p);
    MUST(leat_shared_of(bytes, 100, &seg));
    MUST(port.ops->receive(port.self, 0, &room, &meta, &len));
    cr_assert_eq(len, 42);
    FAILS(LEAT_E_SYSTEM, port.ops->receive(port.self, 0, &room, &meta, &len));
    MUST(leat_pcap_stats(p, &s));
    cr_assert_eq(s.cut, 1);
    MUST(leat_pcap_close(p));
    end();
}
