#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The instructions of the hot paths do not go up. They are those of one compiler
# at one level of optimisation: this is in the list of tests only where the build
# is the one that instructions.expect names.

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

while read -r variant of expected; do
    case $variant in '' | '#'*) continue ;; esac
    now=$(sed -n "s/^$variant $of //p" "$tmp/now")
    check "$variant, $of: no more instructions than before" \
        no_more "$expected" "$now"
    test "${now:-0}" -ge "$expected" ||
        echo "# $variant $of takes $now, fewer than $expected: write it down"
done <"$srcdir/bench/instructions.expect"

# What is counted is written down, and nothing is left out.
lines()
{
    test "$(grep -c '^[a-z]' "$srcdir/bench/instructions.expect")" -eq \
        "$(wc -l <"$tmp/now")"
}
check "all that is counted is written down" lines

plan
