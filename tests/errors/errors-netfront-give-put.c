/* SPDX-License-Identifier: ISC */

/* A frame is given whose chunk was put. */

#include "net-errors.h"

int main(void)
{
    struct leat_netfront_piece piece = {.page = 0};
    struct leat_netfront_give give = {.pieces = &piece, .n = 1};

    open_net();
    MUST(leat_pool_get(a->pool, 1, &piece.chunk) == 0);
    piece.view = leat_chunk_view(piece.chunk);
    MUST(leat_pool_put(a->pool, piece.chunk) == 0);
    FOUND("a chunk that was put is given", leat_netfront_give(net, &give),
          LEAT_E_STALE, unsent());
}
