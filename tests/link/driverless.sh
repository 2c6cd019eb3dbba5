#!/bin/bash
# SPDX-License-Identifier: ISC
#
# A program without devices, with a backend of its own, contains that backend
# and no other, and no grant: what a program links is what it uses.

. "$srcdir/tests/tap.sh"

build()
{
    $CC -std=c11 -O2 -Wall -Wextra -Werror "-I$srcdir/include" \
        "$srcdir/tests/link/driverless.c" "$builddir/libleat-core.a" \
        -o "$tmp/driverless"
}
check "links with libleat-core.a" build
check "runs" "$tmp/driverless"

# lacks PATTERN: no symbol of the program, defined or not, matches.
lacks()
{
    $NM "$tmp/driverless" | awk '{ sub(/@.*/, "", $NF); print $NF }' |
        grep -iE "$1" >"$tmp/found"
    test ! -s "$tmp/found" || { cat "$tmp/found"; return 1; }
}
check "its own backend is there" \
    sh -c "$NM '$tmp/driverless' | grep -w backend_of_mine"
check "no static backend" lacks '^leat_static'
check "no mmap" lacks 'mmap|memfd|madvise'
check "no grant, no Xen" lacks 'grant|gnttab|xen'
check "no thread, no malloc" lacks 'pthread|malloc|calloc'

plan
