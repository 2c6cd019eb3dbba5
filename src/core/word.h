/* SPDX-License-Identifier: ISC */
#ifndef LEAT_SRC_WORD_H
#define LEAT_SRC_WORD_H

/*
 * Words at any address, through a register and never through a call: the type
 * says that the address is not aligned and that the bytes are of any type.
 */

#include <leat/attr.h>

#define LEAT_WORD(bits)      \
    struct leat_word##bits { \
        uint##bits##_t x;    \
    } __attribute__((packed, may_alias))

LEAT_WORD(8);
LEAT_WORD(16);
LEAT_WORD(32);
LEAT_WORD(64);

/* Swaps unless the host's order is the one that is asked for. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LEAT_LE(bits, x) (x)
#define LEAT_BE(bits, x) __builtin_bswap##bits(x)
#else
#define LEAT_LE(bits, x) __builtin_bswap##bits(x)
#define LEAT_BE(bits, x) (x)
#endif
#define LEAT_AS_IS(bits, x) (x)

#endif
