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
        agree '^  back end +killed; connected again' --kill-backend --mode $mode
    check "  requests that it had were sent again" \
        grep -Eq ' [1-9][0-9]* requests sent again;$' "$tmp/said"
    check "  what was flushed before was looked for" grep -Eq \
        ' [1-9][0-9,]* bytes were acknowledged and flushed before: all read' \
        "$tmp/said"
    check "$mode: a suspend in the middle" \
        agree '^  front end +suspended and resumed' --suspend --mode $mode
    check "  what was flushed before was looked for" grep -Eq \
        ' [1-9][0-9,]* bytes were acknowledged and flushed before: all read' \
        "$tmp/said"
done

# Whoever loses what was flushed is found out: by a process that writes over it
# from the side, again and again.
scribble()
{
    local file
    while :; do
        for file in "$work"/.leat-copy-*; do
            test -e "$file" || continue
            set -- if=/dev/zero of="$file" bs=512 count=1 conv=notrunc,nocreat
            dd "$@" oflag=direct || dd "$@"
        done
    done
}
loses()
{
    local scribbler status
    scribble 2>/dev/null &
    scribbler=$!
    said 1 "$1" sim block --out "$work/lost" "${@:2}" "$tmp/large"
    status=$?
    kill $scribbler
    wait $scribbler 2>/dev/null
    return $status
}
bytes $((32 << 20)) >"$tmp/large"
check "a disk that loses bytes is found out" \
    loses 'what the rings gave back is not the image|file is not the image'
check "one that loses what was flushed, after a back end's death" \
    loses 'lost: what was flushed is lost, at byte 0$' --kill-backend
check "  and there is no copy" test ! -e "$work/lost"
rm -f "$tmp/large" "$work"/.leat-copy-*

cp "$image" "$tmp/json-image"
bytes 512 >"$image"
check "one sector" agree '^  copied +512 bytes'
check "  and the back end is killed" agree '^  back end +killed' --kill-backend

"$leat" sim block --json "$image" >"$work/json" 2>"$tmp/progress"
json=$(realpath "$builddir")/tests/tool/json
check "JSON says that it is simulated" \
    test "$("$json" "$work/json" simulated)" = true
check "  and what was copied" test "$("$json" "$work/json" bytes)" = 512
check "  and whether files were read directly" \
    test -n "$("$json" "$work/json" from_direct)"
"$leat" sim block --json --kill-backend "$tmp/json-image" \
    >"$work/json" 2>"$tmp/progress"
found()
{
    local flushed
    flushed=$("$json" "$work/json" flushed_bytes) &&
        test "$flushed" -gt 0 &&
        test "$("$json" "$work/json" found_bytes)" = "$flushed"
}
check "  what was flushed is what was found" found
check "  the sum is that of sha256sum" \
    test "$("$json" "$work/json" sha256)" = \
    "$(sha256sum <"$tmp/json-image" | cut -d ' ' -f 1)"
check "without --out the copy goes" only "$TMPDIR"

check "no such image" said 1 'No such file' sim block "$work/none"
: >"$work/empty"
check "an empty image" said 1 'is empty' sim block "$work/empty"
bytes 1000 >"$work/odd"
check "an image of no whole sectors" \
    said 1 'not whole sectors of 512' sim block "$work/odd"
check "a directory" \
    said 1 'neither a file nor a block device' sim block "$work"
check "a device of bytes" \
    said 1 'neither a file nor a block device' sim block /dev/null
check "the image is not its own copy" \
    said 1 'the source itself' sim block --out "$image" "$image"
check "  and is as it was" test "$(stat -c %s "$image")" = 512
check "a copy that cannot be made" \
    said 1 'No such file' sim block --out "$work/no/where" "$image"
check "a copy that is a device" \
    said 1 'not a regular file' sim block --out /dev/null "$image"
check "a copy where nobody may write" \
    said 1 'cannot make a file beside' sim block --out /proc/copy "$image"
bytes 3000000 | head -c 2999808 >"$work/kept-image"
echo kept >"$work/kept"
limited()
{
    (ulimit -f 1000 && said 1 'no room for 2999808 bytes' \
        sim block --out "$work/kept" "$work/kept-image")
}
check "a disk that takes no more" limited
check "  what was there is there" test "$(cat "$work/kept")" = kept
check "a mode that is none" said 2 'mode' sim block --mode fast "$image"
check "a depth that is none" said 2 'depth' sim block --depth 0 "$image"
check "a block that is none" said 2 'block' sim block --block 5 "$image"
check "both disasters" \
    said 2 'not both' sim block --suspend --kill-backend "$image"
# Stopped in the middle: by a signal that it hears, and by one that it cannot.
bytes 67108864 >"$image"
begin()
{
    local i
    "$leat" sim block "$@" --depth 1 --block 4 "$image" >"$tmp/begun" 2>&1 &
    pid=$!
    for ((i = 0; i < 500; i++)); do
        grep -q '10 %' "$tmp/begun" && return
        sleep 0.01
    done
    return 1
}
interrupted()
{
    begin --out "$work/kept" && kill "$pid" || return 1
    wait "$pid"
    test $? -eq 1 && grep -q interrupted "$tmp/begun" &&
        test "$(cat "$work/kept")" = kept && ! ls "$work"/.leat-copy-*
}
check "interrupted, it says so, and leaves what was there" interrupted
killed()
{
    local i
    begin && kill -KILL "$pid" || return 1
    wait "$pid"
    for ((i = 0; i < 500; i++)); do
        only "$TMPDIR" && return
        sleep 0.01
    done
    return 1
}
check "killed, it leaves nothing" killed

# A file system with files in it is whole after a back end's death.
PATH=$PATH:/usr/sbin:/sbin
ext4()
{
    mkdir "$tmp/files" && cp -r "$srcdir/include" "$tmp/files" &&
        rm "$image" && truncate -s 16M "$image" &&
        mke2fs -q -F -t ext4 -d "$tmp/files" "$image" &&
        agree '^  back end +killed' --kill-backend && e2fsck -fn "$work/out"
}
if have mke2fs && have e2fsck; then
    check "an ext4 disk, checked by e2fsck" ext4
else
    skip "an ext4 disk, checked by e2fsck" "without e2fsprogs"
fi
rm "$image"
check "no image" said 2 'one IMAGE' sim block
check "nothing is left" only "$TMPDIR"

plan
