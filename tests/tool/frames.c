/* SPDX-License-Identifier: ISC */

/*
 * Writes a capture: frames FILE N [cut]. Sizes from 14 to 65,535 bytes, most of
 * them small; with (cut), every tenth was cut when it was captured, and every
 * seventh is too short to be a frame.
 */

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

static const unsigned sizes[] = {60, 1514, 14, 590, 4096, 4097, 65535, 9014};

int main(int argc, char **argv)
{
    static unsigned char bytes[65535];
    struct pcap_pkthdr h = {.caplen = 0};
    pcap_t *form = pcap_open_dead(DLT_EN10MB, 65535);
    pcap_dumper_t *to;
    unsigned n, i, k;

    if (argc < 3 || !form)
        return 2;
    n = (unsigned)atoi(argv[2]);
    to = pcap_dump_open(form, argv[1]);
    if (!to)
        return 1;
    for (i = 0; i < n; i++) {
        h.len = h.caplen = sizes[i % (sizeof(sizes) / sizeof(sizes[0]))];
        if (argc > 3 && i % 7 == 3)
            h.len = h.caplen = 9;
        if (argc > 3 && i % 10 == 1)
            h.caplen = h.len / 2;
        for (k = 0; k < h.len; k++)
            bytes[k] = (unsigned char)(i * 31 + k * 7 + k / 253);
        bytes[0] &= 0xfe;
        h.ts.tv_sec = 1 + i / 1000;
        h.ts.tv_usec = (int)(i % 1000) * 1000;
        pcap_dump((unsigned char *)to, &h, bytes);
    }
    pcap_dump_close(to);
    pcap_close(form);
    return 0;
}
