/* SPDX-License-Identifier: ISC */
#ifndef LEAT_BUILDER_H
#define LEAT_BUILDER_H

/*
 * Builder: a window with room before and after it, for headers and trailers.
 *
 *     |<-- headroom -->|<-- built -->|<-- tailroom -->|
 *
 * It starts empty at a chosen headroom and grows at both ends inside the view
 * it was made of; then it becomes a view of what was built. It copies nothing.
 *
 * Owner:   the caller's struct; borrows the view.
 * Threads: one thread at a time.
 *
 * Errors that all of these calls share:
 *   LEAT_E_INVALID  a needed pointer is NULL
 */

#include <leat/view.h>

LEAT_BEGIN_DECLS

struct leat_builder {
    struct leat_view room; /* (c) all of it                         */
    size_t head;           /* built bytes are [head, tail) of room  */
    size_t tail;
};

/*
 * Starts a builder over (room) with (headroom) bytes free before the window.
 *
 * Errors:  LEAT_E_RANGE  more headroom than bytes; LEAT_E_STALE, a void view
 */
LEAT_API int leat_builder_init(struct leat_builder *b, struct leat_view room,
                               size_t headroom);

/* Bytes free before, and after, what is built; and bytes built. */
LEAT_API size_t leat_builder_headroom(const struct leat_builder *b);
LEAT_API size_t leat_builder_tailroom(const struct leat_builder *b);
LEAT_API size_t leat_builder_len(const struct leat_builder *b);

/*
 * Grows the window by (len) bytes at the front (prepend) or at the end
 * (append) and gives those bytes, as they are, for the caller to write.
 *
 * Errors:  LEAT_E_RANGE  no such room
 */
LEAT_API int leat_builder_prepend(struct leat_builder *b, size_t len,
                                  struct leat_view *out);
LEAT_API int leat_builder_append(struct leat_builder *b, size_t len,
                                 struct leat_view *out);

/*
 * Takes (len) bytes back from the front or the end of what is built.
 *
 * Errors:  LEAT_E_RANGE  fewer are built
 */
LEAT_API int leat_builder_trim_front(struct leat_builder *b, size_t len);
LEAT_API int leat_builder_trim_end(struct leat_builder *b, size_t len);

/* Gives what is built as a view. The builder can go on afterwards. */
LEAT_API struct leat_view leat_builder_view(const struct leat_builder *b);

LEAT_END_DECLS

#endif
