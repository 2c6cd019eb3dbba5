/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_PV_NET_FINISH_H
#define LEAT_SRC_PV_NET_FINISH_H

/*
 * What a frame leaves to its receiver, done for one that does not take that:
 * checksums, and TCP segments that are to be cut.
 */

#include <leat/netport.h>

/* A frame, and its headers once more. */
#define NET_FINISH_BYTES (65536u + LEAT_NET_HEAD_MAX)

/*
 * What (meta) leaves to the receiver of a frame with (head), as
 * LEAT_NET_OFFLOAD_*; 0: nothing; NET_LEAVES_OTHER: a checksum that is neither
 * TCP's nor UDP's, which a guest cannot be told of.
 */
#define NET_LEAVES_OTHER 0x80000000u

uint32_t leat_net_leaves(const struct leat_net_meta *meta,
                         struct leat_cview head);

/*
 * Writes the sum of the pseudo header where a checksum that is blank expects it:
 * for GSO frames whose sender did not. (head) has the headers, and is private.
 * Errors: those of leat_net_headers(); LEAT_E_PROTO.
 */
int leat_net_pseudo(unsigned char *head, size_t len, size_t frame);

/*
 * Calls (each) with what (frame) becomes: with itself where (takes) has all that
 * it leaves. Else it is copied to (buffer), of NET_FINISH_BYTES, once; headers
 * are written there, and each frame that comes is a head and one segment of it.
 *
 * Errors:  that of the first (each) that failed: others may have gone
 *          LEAT_E_PROTO   its headers are not what it says; too many pieces
 *          those of leat_net_headers()
 */
int leat_net_finish(const struct leat_net_frame *frame, uint32_t takes,
                    unsigned char *buffer, struct leat_copies *copies,
                    int (*each)(void *arg, const struct leat_net_frame *frame),
                    void *arg);

#endif
