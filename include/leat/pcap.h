/* SPDX-License-Identifier: ISC */
#ifndef LEAT_PCAP_H
#define LEAT_PCAP_H

/*
 * Capture files as what stands behind a network backend (leat/netport.h): the
 * guest gets the frames of one, in their order, and what it sends is written to
 * another. Of libleat-io, by libpcap.
 *
 * Frames of Ethernet alone: a file of another link type is refused. One that was
 * cut when it was captured is skipped, and counted. What a frame leaves open is no
 * part of such a file: it comes with nothing open, and goes with its bytes as they
 * are.
 *
 * Threads: one at a time.
 *
 * Source: pcap-savefile(5).
 */

#include <leat/netport.h>

LEAT_BEGIN_DECLS

struct leat_pcap;

/* Zero it; each field's zero is its default, here in brackets. */
struct leat_pcap_config {
    const char *from; /* read; NULL: the guest gets nothing                   */
    const char *to;   /* written, and made or emptied before; NULL: what the
                         guest sends is lost                                  */
    uint32_t times;   /* (from) is read so often [1]                          */
};

/*
 * Opens them.
 *
 * Owner:   (*out) is the caller's, to close, which ends the file that is
 *          written.
 * Errors:  LEAT_E_INVALID      neither is named; a field out of its set
 *          LEAT_E_REFERENCE    there is no such file
 *          LEAT_E_ACCESS       its permissions forbid it
 *          LEAT_E_UNSUPPORTED  it is no capture of Ethernet frames
 *          LEAT_E_NOMEM, LEAT_E_SYSTEM
 *          close: LEAT_E_SYSTEM: not all was written, and it is closed
 */
LEAT_API int leat_pcap_open(struct leat_pcap **out,
                            const struct leat_pcap_config *config);
LEAT_API int leat_pcap_close(struct leat_pcap *p);

/* As a port, which is asked, and says LEAT_E_END at the end of its file. Owner:
 * (p) is borrowed. */
LEAT_API struct leat_netport leat_pcap(struct leat_pcap *p);

struct leat_pcap_stats {
    uint64_t read, read_bytes;       /* frames given to the guest             */
    uint64_t written, written_bytes; /* frames of the guest's                 */
    uint64_t cut;                    /* skipped: captured in part             */
    uint64_t too_long;               /* lost: longer than a frame may be, or
                                        than the guest has room for           */
};

LEAT_API int leat_pcap_stats(const struct leat_pcap *p,
                             struct leat_pcap_stats *out);

/* What was copied between frames and the files' buffers, LEAT_WHY_SHARED. Owner:
 * borrowed from (p). */
LEAT_API const struct leat_copies *leat_pcap_copies(const struct leat_pcap *p);

LEAT_END_DECLS

#endif
