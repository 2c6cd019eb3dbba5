#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat copy, for sizes around sectors and pages, both ways.

. "$srcdir/tests/tool/common.sh"

work=$tmp/work
mkdir "$work"

for size in 0 1 511 512 513 4095 4096 4097 1048576 1048583 3145727; do
    bytes $size >"$work/source"

    check "$size bytes, direct: 0 bounces" \
        said 0 '^bounces +0$' copy --direct "$work/source" "$work/direct"
    check "$size bytes, direct: equal" same_sum "$work/source" "$work/direct"
    check "$size bytes, direct: no byte copied" \
        grep -q '^copies  *0 bytes; by reason: none$' "$tmp/said"

    if test $size -eq 0; then bounces=0; else bounces='[1-9][0-9]* \('; fi
    check "$size bytes, odd: bounces counted" \
        said 0 "^bounces +$bounces" copy --odd 1 "$work/source" "$work/odd"
    check "$size bytes, odd: equal" same_sum "$work/source" "$work/odd"

    sum=$(sha256sum <"$work/source")
    check "$size bytes: the sum is the one that sha256sum tells" \
        grep -q "^sha256  *${sum%% *}," "$tmp/said"
done

rm -f "$work"/*

bytes 1048583 >"$work/source"
check "a tail of 7 bytes is told" \
    said 0 '^tail +7 bytes' copy "$work/source" "$work/copy"
check "bounces tell the address as a reason" \
    said 0 'by reason: .*address [1-9]' copy --odd 4095 \
    "$work/source" "$work/copy"
check "bounces tell the length as a reason" \
    said 0 'by reason: .*length [1-9]' copy --odd 1 \
    "$work/source" "$work/copy"
check "what was there is replaced" same_sum "$work/source" "$work/copy"
check "nothing else is left" only "$work" copy source

chmod 640 "$work/copy"
check "the mode of what was there stays" \
    said 0 '^sha256' copy "$work/source" "$work/copy"
check "it did" test "$(stat -c %a "$work/copy")" = 640

chmod 604 "$work/source"
rm "$work/copy"
(umask 022; "$leat" copy "$work/source" "$work/copy" >/dev/null 2>&1)
check "a new file has the source's mode" \
    test "$(stat -c %a "$work/copy")" = 604

ln -s copy "$work/link"
check "through a link" said 0 '^sha256' copy "$work/source" "$work/link"
check "the link stays" test -L "$work/link"

plan
