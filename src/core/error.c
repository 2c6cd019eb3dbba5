/* SPDX-License-Identifier: ISC */

/*
 * The texts and names of the errors: one table, by the error's distance from 0.
 */

#include <leat/error.h>

#define E(name, text) [-(name)] = {#name, text}

static const struct {
    const char *name;
    const char *text;
} errors[] = {
    E(LEAT_OK, "success"),
    E(LEAT_E_INVALID, "invalid argument"),
    E(LEAT_E_NOMEM, "out of memory"),
    E(LEAT_E_LIMIT, "limit reached"),
    E(LEAT_E_RANGE, "out of range"),
    E(LEAT_E_OVERFLOW, "size overflows"),
    E(LEAT_E_ALIGN, "address is not aligned"),
    E(LEAT_E_LENGTH, "length is not the multiple asked for"),
    E(LEAT_E_BOUNDARY, "segment crosses a boundary"),
    E(LEAT_E_SEGMENTS, "too many segments"),
    E(LEAT_E_PEER, "memory may not be shown to this peer"),
    E(LEAT_E_ACCESS, "memory is read-only"),
    E(LEAT_E_STALE, "stale handle"),
    E(LEAT_E_FOREIGN, "not of this pool"),
    E(LEAT_E_INTERIOR, "inside a chunk, not at its start"),
    E(LEAT_E_BUSY, "in use"),
    E(LEAT_E_STATE, "not possible in this state"),
    E(LEAT_E_UNSUPPORTED, "not supported"),
    E(LEAT_E_REFUSED, "refused"),
    E(LEAT_E_FORKED, "pool belongs to the parent process"),
    E(LEAT_E_ADJACENT, "views are not neighbours"),
    E(LEAT_E_SYSTEM, "operating system error"),
    E(LEAT_E_AGAIN, "would block"),
    E(LEAT_E_CLOSED, "closed"),
    E(LEAT_E_END, "end of stream"),
    E(LEAT_E_REFERENCE, "no such grant reference"),
    E(LEAT_E_DOMAIN, "no such domain"),
    E(LEAT_E_GONE, "the other side is gone"),
    E(LEAT_E_PROTO, "protocol broken by the peer"),
};

_Static_assert(sizeof(errors) / sizeof(errors[0]) == LEAT_ERRORS + 1,
               "each error has a text");

static bool known(int err)
{
    return err <= 0 && err >= -LEAT_ERRORS;
}

const char *leat_strerror(int err)
{
    return known(err) ? errors[-err].text : "no error of leat";
}

const char *leat_error_name(int err)
{
    return known(err) ? errors[-err].name : NULL;
}
