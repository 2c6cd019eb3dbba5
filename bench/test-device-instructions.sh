#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The instructions of a request, and of a frame, the default way, do not go up by
# more than what is chance. In the list of tests only where the build is the one that
# block-instructions.expect and net-instructions.expect name.

. "$srcdir/tests/tap.sh"

# no_more NOW BEFORE
no_more()
{
    echo "$1 instructions, $2 written down"
    test "${1:-0}" -gt 0 && test "$1" -le $(($2 + $2 / $chance))
}

# held KIND CASE PROGRAM
held()
{
    local way of front back
    read -r way of front back <<END
$(grep "^copy $2 " "$srcdir/bench/$1-instructions.expect")
END
    "$srcdir/bench/device-instructions.sh" "$3" "$way" "$of" >"$tmp/now" \
        2>"$tmp/errors"
    check "$1: instructions can be counted" \
        test -s "$tmp/now" -a ! -s "$tmp/errors"
    sed 's/^/# /' "$tmp/errors" "$tmp/now"
    check "$1: at the front no more than before" \
        no_more "$(cut -d' ' -f3 "$tmp/now")" "$front"
    check "$1: at the back no more than before" \
        no_more "$(cut -d' ' -f4 "$tmp/now")" "$back"
}

block=${BLOCK_LEAT:-$builddir/bench/block-leat}
chance=25
if test -x "$block"; then
    held block read4k-32 "$block"
else
    skip "block: instructions" "no liburing, and so no block devices"
fi
chance=12
held net 1500-one "${NET_LEAT:-$builddir/bench/net-leat}"

plan
