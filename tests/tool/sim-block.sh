#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat sim block: an image through the rings of two devices, in each way, with a
# back end that is killed and a domain that is suspended; and what is refused.

. "$srcdir/tests/tool/common.sh"

work=$tmp/work
mkdir "$work" "$tmp/tmp"
export TMPDIR=$tmp/tmp
image=$work/image

if test "${HAVE_LIBURING:-yes}" = no; then
    check "without liburing it says so" \
        said 1 'built without liburing' sim block "$work/none"
    plan
    exit
fi

# agree PATTERN ARGUMENT...: it is done, says PATTERN, and both files are alike.
agree()
{
    local pattern=$1
    shift
    said 0 "$pattern" sim block --out "$work/out" "$@" "$image" &&
        grep -q "^  SHA-256  *$(sha256sum <"$image" | cut -d ' ' -f 1)$" \
            "$tmp/said" && cmp "$image" "$work/out"
}

bytes 5243392 >"$image" # 5 MiB and a sector
check "by copy: one copy a request" \
    agree '^  payload copies +1\.00 a request' --mode copy
check "  and no grant operation of the front's" \
    grep -Eq '^  grant operations +0\.00 a request in front' "$tmp/said"
check "by revoke: no copy" \
    agree '^  payload copies +0\.00 a request' --mode revoke
check "shared: no copy by the devices" \
    agree '^  payload copies +0\.00 a request' --mode shared
check "  and no grant operation of the front's" \
    grep -Eq '^  grant operations +0\.00 a request in front' "$tmp/said"
check "each figure of time is labelled" \
    sh -c "! grep -E '(MB/s| us|[0-9] ms)' '$tmp/said' | grep -qv simulated"
check "small blocks, one at a time" \
    agree 'in blocks of 4,096, 1 at a time' --block 4 --depth 1

for mode in copy revoke shared; do
    check "$mode: the back end is killed in the middle" \
        agree '^  back end +killed after [0-9,]+ bytes were flushed' \
        --kill-backend --mode $mode
    check "  requests that it had were sent again" \
        grep -Eq ' [1-9][0-9]* requests were sent again' "$tmp/said"
    check "$mode: a suspend in the middle" \
        agree '^  front end +suspended and resumed' --suspend --mode $mode
done

bytes 512 >"$image"
check "one sector" agree '^  copied +512 bytes'

"$leat" sim block --json "$image" >"$work/json" 2>"$tmp/progress"
json=$(realpath "$builddir")/tests/tool/json
check "JSON says that it is simulated" \
    test "$("$json" "$work/json" simulated)" = true
check "  and what was copied" test "$("$json" "$work/json" bytes)" = 512
check "without --out the copy goes" only "$TMPDIR"

check "no such image" said 1 'No such file' sim block "$work/none"
: >"$work/empty"
check "an empty image" said 1 'it is empty' sim block "$work/empty"
bytes 1000 >"$work/odd"
check "an image of no whole sectors" \
    said 1 'no whole sectors of 512' sim block "$work/odd"
check "a directory" said 1 'not a regular file' sim block "$work"
check "the image is not its own copy" \
    said 1 'it is the image' sim block --out "$image" "$image"
check "  and is as it was" test "$(stat -c %s "$image")" = 512
check "a copy that cannot be made" \
    said 1 'No such file' sim block --out "$work/no/where" "$image"
check "a mode that is none" said 2 'mode' sim block --mode fast "$image"
check "a depth that is none" said 2 'depth' sim block --depth 0 "$image"
check "a block that is none" said 2 'block' sim block --block 5 "$image"
check "both disasters" \
    said 2 'not both' sim block --suspend --kill-backend "$image"
bytes 67108864 >"$image"
"$leat" sim block "$image" >"$tmp/interrupted" 2>&1 &
pid=$!
sleep 0.3
kill "$pid"
wait "$pid"
check "interrupted, it says so" grep -q 'interrupted' "$tmp/interrupted"
rm "$image"
check "no image" said 2 'one IMAGE' sim block
check "nothing is left" only "$TMPDIR"

plan
