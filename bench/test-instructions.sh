#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The instructions of one get and put do not go up. They are those of one
# compiler at one level of optimisation: this is in the list of tests only where
# the build is the one that instructions.expect names.

. "$srcdir/tests/tap.sh"

program=${PAGES_LEAT:-$builddir/bench/pages-leat}
"$srcdir/bench/instructions.sh" "$program" >"$tmp/now" 2>"$tmp/errors"
check "instructions can be counted" test -s "$tmp/now" -a ! -s "$tmp/errors"
sed 's/^/# /' "$tmp/errors"

no_more()
{
    test -n "$2" || { echo "nothing counted"; return 1; }
    echo "$2 instructions, $1 written down"
    test "$2" -le "$1"
}

while read -r variant expected; do
    case $variant in '' | '#'*) continue ;; esac
    now=$(sed -n "s/^$variant //p" "$tmp/now")
    check "$variant: a get and a put take no more instructions than before" \
        no_more "$expected" "$now"
    test "${now:-0}" -ge "$expected" ||
        echo "# $variant takes $now, fewer than $expected: write it down"
done <"$srcdir/bench/instructions.expect"

plan
