/* SPDX-License-Identifier: ISC */

/*
 * iov: views in an array that the caller gave.
 *
 *   I1  n <= max
 *   I2  no view in the list is the void view
 *   I3  the lengths of the views add up to a size_t
 *
 * The total is added up when it is asked for and not kept: the fields are public,
 * and a total that somebody forgot to keep would be wrong without a sign.
 */

#include <leat/iov.h>
#include <leat/pool.h>

#include "copy.h"
#include "pages.h"

int leat_iov_init(struct leat_iov *iov, struct leat_view *views, size_t max)
{
    if (!iov || (!views && max))
        return LEAT_E_INVALID;
    iov->views = views;
    iov->n = 0;
    iov->max = max;
    return 0;
}

/* Where byte (at) lies: in view (*i), (*off) bytes into it. */
static int find(const struct leat_iov *iov, size_t at, size_t *i, size_t *off)
{
    size_t k = 0;

    /* Stops at once when no bytes are left: the cut is before empty views. */
    while (at && k < iov->n && iov->views[k].len <= at)
        at -= iov->views[k++].len;
    if (at && k == iov->n)
        return LEAT_E_RANGE;
    *i = k;
    *off = at;
    return 0;
}

int leat_iov_total(const struct leat_iov *iov, size_t *total)
{
    size_t i, sum = 0;

    if (!iov || !total)
        return LEAT_E_INVALID;
    for (i = 0; i < iov->n; i++) {
        if (iov->views[i].len > SIZE_MAX - sum)
            return LEAT_E_OVERFLOW;
        sum += iov->views[i].len;
    }
    *total = sum;
    return 0;
}

int leat_iov_append(struct leat_iov *iov, struct leat_view v)
{
    size_t total;
    int err = leat_iov_total(iov, &total);

    if (err)
        return err;
    if (!v.data)
        return LEAT_E_STALE;
    if (iov->n == iov->max)
        return LEAT_E_LIMIT;
    if (v.len > SIZE_MAX - total)
        return LEAT_E_OVERFLOW;
    iov->views[iov->n++] = v;
    return 0;
}

int leat_iov_shift(struct leat_iov *iov, size_t n)
{
    size_t i, k, off;
    int err = iov ? find(iov, n, &k, &off) : LEAT_E_INVALID;

    if (err)
        return err;
    if (off) {
        iov->views[k].data += off;
        iov->views[k].len -= off;
    }
    while (k < iov->n && !iov->views[k].len)
        k++;
    for (i = k; k && i < iov->n; i++)
        iov->views[i - k] = iov->views[i];
    iov->n -= k;
    return 0;
}

int leat_iov_split(struct leat_iov *iov, size_t at, struct leat_iov *tail)
{
    size_t i, k, off;
    int err;

    if (!iov || !tail)
        return LEAT_E_INVALID;
    if (tail->n)
        return LEAT_E_STATE;
    err = find(iov, at, &k, &off);
    if (err)
        return err;
    if (iov->n - k > tail->max)
        return LEAT_E_LIMIT;
    for (i = k; i < iov->n; i++)
        tail->views[i - k] = iov->views[i];
    tail->n = iov->n - k;
    iov->n = k;
    if (off) {
        tail->views[0].data += off;
        tail->views[0].len -= off;
        iov->views[iov->n++].len = off;
    }
    return 0;
}

int leat_iov_fill(const struct leat_iov *iov, const void *src, size_t len,
                  size_t *copied, size_t *rest, struct leat_copies *copies)
{
    const unsigned char *from = src;
    size_t i, done = 0;

    if (!iov || !copies || (!src && len))
        return LEAT_E_INVALID;
    for (i = 0; i < iov->n && done < len; i++) {
        size_t n = iov->views[i].len;

        if (n > len - done)
            n = len - done;
        if (!n)
            continue;
        leat_copy_counted(iov->views[i].data, from + done, n, copies,
                          LEAT_WHY_IN);
        done += n;
    }
    if (copied)
        *copied = done;
    if (rest)
        *rest = len - done;
    return 0;
}

/*
 * Copies all bytes to (to), in order; gives how many. When (moves), the views
 * then are where their bytes are.
 */
static size_t gather(const struct leat_iov *iov, unsigned char *to,
                     struct leat_copies *copies, enum leat_reason why,
                     bool moves)
{
    size_t i, done = 0;

    for (i = 0; i < iov->n; i++) {
        struct leat_view *v = &iov->views[i];

        if (v->len)
            leat_copy_counted(to + done, v->data, v->len, copies, why);
        if (moves)
            v->data = to + done;
        done += v->len;
    }
    return done;
}

int leat_iov_coalesce(const struct leat_iov *iov, struct leat_view into,
                      struct leat_view *out, struct leat_copies *copies)
{
    struct leat_view v;
    size_t total;
    int err;

    if (!out || !copies)
        return LEAT_E_INVALID;
    err = leat_iov_total(iov, &total);
    if (!err)
        err = leat_view_slice(into, 0, total, &v);
    if (err)
        return err;
    if (total)
        gather(iov, v.data, copies, LEAT_WHY_COALESCE, false);
    *out = v;
    return 0;
}

int leat_iov_unshare(struct leat_iov *iov, struct leat_pool *pool,
                     struct leat_chunk *chunk)
{
    struct leat_chunk own = {NULL, 0};
    struct leat_view v;
    size_t total;
    int err;

    if (!pool || !chunk)
        return LEAT_E_INVALID;
    err = leat_iov_total(iov, &total);
    if (!err && total)
        err = leat_pages_get(pool, total, &own, &v);
    if (err)
        return err;
    if (total)
        gather(iov, v.data, leat_pool_copies(pool), LEAT_WHY_UNSHARE, true);
    *chunk = own;
    return 0;
}
