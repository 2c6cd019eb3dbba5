/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_TOOL_SHARE_H
#define LEAT_SRC_TOOL_SHARE_H

/*
 * "leat share": share.c takes the command line, share-units.c shares and holds. A
 * unit is what is shared, and revoked, at once.
 */

#include "hold.h"

struct unit;

struct share {
    struct hold hold; /* first */
    struct leat_pool *pool;
    enum leat_letgo letgo;
    uint32_t peer;
    enum leat_access access;
    uint64_t unit_pages;
    uint64_t wait;
    struct unit *units;
    size_t nunits;
    uint32_t *refs; /* of all pages */
    struct published published;
};

/* Shares, and holds, what (s) asks for; its status. */
int share_hold(struct share *s, uint32_t as);

#endif
