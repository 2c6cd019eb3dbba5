/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_PAGES_H
#define LEAT_SRC_PAGES_H

/* Pages that the library takes for bytes that it copies. */

#include <string.h>

#include <leat/pool.h>

/*
 * Gets pages for (bytes), not 0, and where they are. In a pool with a peer they
 * are zero, whatever the pool's policy: the last page is not filled, there are
 * gaps between segments, and a device may write less than it could; the peer
 * must find nothing of a former owner there (rule R2).
 */
static inline int leat_pages_get(struct leat_pool *pool, size_t bytes,
                                 struct leat_chunk *out, struct leat_view *v)
{
    size_t pages = bytes / LEAT_PAGE_SIZE + (bytes % LEAT_PAGE_SIZE != 0);
    bool peer = leat_pool_peer(pool) != LEAT_NO_PEER;
    struct leat_chunk c = {NULL, 0};
    bool wipe = false;
    int err = LEAT_E_UNSUPPORTED;

    if (peer)
        err = leat_pool_get_zeroed(pool, pages, &c);
    if (err == LEAT_E_UNSUPPORTED) {
        wipe = peer;
        err = leat_pool_get(pool, pages, &c);
    }
    if (err)
        return err;
    *v = leat_chunk_view(c);
    if (wipe)
        memset(v->data, 0, v->len);
    *out = c;
    return 0;
}

#endif
