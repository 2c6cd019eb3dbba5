#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The instructions of a request, the default way, do not go up by more than what
# is chance. In the list of tests only where the build is the one that
# block-instructions.expect names.

. "$srcdir/tests/tap.sh"

program=${BLOCK_LEAT:-$builddir/bench/block-leat}
read -r way of front back <<END
$(grep '^copy read4k-32 ' "$srcdir/bench/block-instructions.expect")
END
"$srcdir/bench/block-instructions.sh" "$program" "$way" "$of" >"$tmp/now" \
    2>"$tmp/errors"
check "instructions can be counted" test -s "$tmp/now" -a ! -s "$tmp/errors"
sed 's/^/# /' "$tmp/errors" "$tmp/now"

# no_more NOW BEFORE
no_more()
{
    echo "$1 instructions, $2 written down"
    test "${1:-0}" -gt 0 && test "$1" -le $(($2 + $2 / 25))
}
check "at the front no more than before" \
    no_more "$(cut -d' ' -f3 "$tmp/now")" "$front"
check "at the back no more than before" \
    no_more "$(cut -d' ' -f4 "$tmp/now")" "$back"

plan
