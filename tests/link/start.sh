#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A program without a C library: its own _start and its own mem* functions, and
# the core over an arena. It says by its exit status which step failed.

. "$srcdir/tests/tap.sh"

if test "$(uname -m)" != x86_64; then
    echo "1..0 # SKIP the program's _start is for x86-64"
    exit 0
fi

build()
{
    $CC -std=c11 -O2 -ffreestanding -fno-builtin -fno-stack-protector \
        -fno-pie -Wall -Wextra -Werror "-I$srcdir/include" \
        -nostdlib -static "$srcdir/tests/link/start.c" \
        "$builddir/libleat-core.a" -o "$tmp/start"
}
check "links with -nostdlib -static" build
check "runs the core over an arena" "$tmp/start"

complete()
{
    test -z "$($NM -u "$tmp/start")" &&
        ! readelf -l "$tmp/start" | grep -E 'INTERP|DYNAMIC'
}
check "needs nothing at run time" complete

plan
