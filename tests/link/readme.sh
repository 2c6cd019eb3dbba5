#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The program in README.md compiles as it is shown, and runs.

. "$srcdir/tests/tap.sh"

# The first block that is marked as C.
awk '/^```c$/ { on = 1; next } /^```$/ { if (on) exit } on' \
    "$srcdir/README.md" >"$tmp/readme.c"
check "README.md shows a program" grep -q 'int main' "$tmp/readme.c"

check "of ten lines" test "$(grep -c . "$tmp/readme.c")" -le 10

build()
{
    local lib=$builddir/.libs/libleat.so
    test -e "$lib" || lib=$builddir/.libs/libleat.a
    $CC -std=c11 -Wall -Wextra -Werror "-I$srcdir/include" "$tmp/readme.c" \
        "$lib" -pthread "-Wl,-rpath,$builddir/.libs" -o "$tmp/readme"
}
check "it compiles" build
check "it runs" "$tmp/readme"

plan
