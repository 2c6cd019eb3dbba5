#!/bin/bash
# SPDX-License-Identifier: ISC
#
# libleat's thread-local storage is initial-exec, which is the fast kind, and
# small enough that the library can still be loaded by dlopen.

. "$srcdir/tests/tap.sh"

so=$builddir/.libs/libleat.so
if ! test -e "$so"; then
    echo "1..0 # SKIP built with --disable-shared"
    exit 0
fi

static_tls()
{
    readelf -d "$so" | grep -w STATIC_TLS
}
check "libleat.so is marked STATIC_TLS" static_tls

no_call()
{
    ! $NM -D -u "$so" | grep -w __tls_get_addr
}
check "libleat.so makes no call to find it" no_call

# glibc keeps 1664 bytes for libraries that come late, and others want some.
small()
{
    local bytes
    bytes=$(readelf -lW "$so" | awk '$1 == "TLS" { print $6 }')
    echo "TLS: $bytes"
    test -n "$bytes" && test $((bytes)) -le 512
}
check "it is at most 512 bytes" small

build()
{
    $CC -std=gnu11 -O2 -Wall -Wextra -Werror "-I$srcdir/include" -pthread \
        "$srcdir/tests/link/tls.c" -o "$tmp/tls" -ldl
}
check "a program that does not link libleat" build
check "loads it, and gets pages on two threads" "$tmp/tls" "$so"

plan
