#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat bench align: what it is told, what it tells, and what it leaves.

. "$srcdir/tests/tool/common.sh"

work=$tmp/work
mkdir "$work"
bytes 3000000 >"$work/file"
sum=$(sha256sum <"$work/file")
stamp=$(stat -c '%Y %s %a' "$work/file")

# The user's file is as it was, and nothing is beside it.
untouched()
{
    test "$(sha256sum <"$work/file")" = "$sum" &&
        test "$(stat -c '%Y %s %a' "$work/file")" = "$stamp" &&
        only "$work" file
}

sound()
{
    "$builddir/tests/tool/align-json" "$tmp/out.json"
}

# --------------------------------------------------------------------- usage

check "an unknown option" said 2 'no such option' bench align --slow
check "an option without its argument" said 2 'no such option' \
    bench align --sizes
check "two files" said 2 'one file' bench align a b
for n in x 0 100; do
    check "--rounds $n" said 2 'rounds' bench align --rounds $n
done
for n in x 0 1048577 64,x 64, ''; do
    check "--sizes '$n'" said 2 'sizes' bench align --sizes "$n"
done
for n in x -1 65536 1,,2; do
    check "--offsets '$n'" said 2 'offsets' bench align --offsets "$n"
done
for n in 0 65; do
    check "--batch $n" said 2 'batch' bench align --batch $n
done
for n in align=3 align=8192 size=1 align align= multiple=x \
    multiple=512,boundary=256; do
    check "--constraint $n" said 2 'constraint' bench align --constraint $n
done
check "--cases with an unknown name" said 2 'no such name' \
    bench align --cases memcpy,fly
check "--list" said 0 'read-uring-direct-fixed' bench align --list
check "a file that is not there" said 1 'No such file' \
    bench align "$work/none"
check "a directory" said 1 'not a regular file' bench align "$work"
check "a device" said 1 'not a regular file' bench align /dev/null
ln "$work/file" "$tmp/same"
check "the JSON over the file itself" said 2 'is the FILE' \
    bench align --json "$tmp/same" "$work/file"
check "nothing was left by any of these" untouched

# ---------------------------------------------------------------- a whole run

check "all ways, on a file" said 0 '^File: .*/file \(' \
    bench align --rounds 3 --time 1 --sizes 512,4096 --offsets 0,1,512 \
    --seed 7 --json "$tmp/out.json" --rows "$work/file"
cp "$tmp/said" "$tmp/report"
check "the file is as it was" untouched
check "every row, verdict and sentence follows from the samples" sound
check "progress was shown" grep -q '^bench align: 50 %' "$tmp/report"
check "noise is told" grep -q '^Noise: in [0-9]' "$tmp/report"

# Every way has a row: measured, refused or missing.
for way in $("$leat" bench align --list | sed -n 's/^  \([a-z-]*\) .*/\1/p'); do
    check "there are rows of $way" grep -q "^$way  *[0-9]" "$tmp/report"
done

if grep -q 'in memory' "$tmp/report"; then
    skip "O_DIRECT refused is told as such" "files here are in memory"
else
    check "what O_DIRECT refuses is no number" \
        grep -Eq '^read-direct +4096 +0 +1 EINVAL$' "$tmp/report"
    check "a verdict on O_DIRECT" grep -Eq \
        '^  4096 bytes from \+1 .*: bounce\. ' "$tmp/report"
    check "what the file asks of a view" grep -Eq \
        '^  4096 bytes from \+1.*: refused because of the address.*bounced' \
        "$tmp/report"
fi

# ------------------------------------------------------------------- options

check "a constraint of the user's" said 0 \
    '4096 bytes from \+512: refused because of the address.*bounced' \
    bench align --rounds 1 --time 1 --sizes 4096 --offsets 0,512 \
    --cases read-direct --constraint align=4096 "$work/file"
check "a constraint that the length does not meet" said 0 \
    '1000 bytes from \+0: refused because of the length.*not mend' \
    bench align --rounds 1 --time 1 --sizes 1000 --offsets 0 \
    --cases load --constraint multiple=512 "$work/file"
check "a boundary makes segments" said 0 \
    '4096 bytes from \+2048: pass, in 2 segments' \
    bench align --rounds 1 --time 1 --sizes 4096 --offsets 2048 \
    --cases load --constraint boundary=4096 "$work/file"
if ! grep -q 'in memory' "$tmp/report"; then
    check "a constraint that the file excludes" said 1 'exclude each other' \
        bench align --constraint boundary=256 "$work/file"
fi
check "of one round nothing is concluded" said 0 \
    '64 bytes from \+0 .*: cannot tell' \
    bench align --rounds 1 --time 1 --sizes 64 --offsets 0 \
    --cases checksum,bounce "$work/file"

# Of the cases that are measured every round, the order is the seed's.
order()
{
    "$leat" bench align --rounds 2 --time 1 --seed "$1" --cases load,store \
        --json "$tmp/out.json" >/dev/null 2>&1 &&
        grep '"order"' "$tmp/out.json" | tr -d '\n '
}
one=$(order 1)
check "a seed gives the same order again" test "$(order 1)" = "$one"
check "another seed another" test "$(order 2)" != "$one"

check "JSON that cannot be written" said 1 'cannot write' \
    bench align --rounds 1 --time 1 --cases load --json "$work/none/x"
check "a file shorter than the size" said 0 'missing: read-cached: .*shorter' \
    bench align --rounds 1 --time 1 --sizes 4096 --offsets 0 \
    --cases read-cached "$srcdir/tests/tap.sh"
check "the file is still as it was" untouched

# -------------------------------------------------------------- interruption

# A shell's jobs heed SIGINT only under job control.
interrupted()
{
    local pid status
    set -m
    "$leat" bench align --rounds 99 "$work/file" >"$tmp/said" 2>&1 &
    pid=$!
    set +m
    sleep 0.5
    kill -"$1" $pid
    wait $pid
    status=$?
    cat "$tmp/said"
    echo "status $status"
    test $status -eq "$2"
}
check "SIGINT ends it" interrupted INT 1
check "it says so" grep -q 'interrupted' "$tmp/said"
check "nothing is left by that" untouched
check "SIGTERM ends it" interrupted TERM 1
check "nothing is left by that either" untouched
check "SIGKILL ends it" interrupted KILL 137
check "nor by that: what is written to has no name" untouched

# ------------------------------------------------------------- tmpfs

memory=
for dir in /dev/shm /run; do
    if test "$(stat -f -c %T "$dir" 2>/dev/null)" = tmpfs && test -w "$dir"
    then
        memory=$(mktemp -d "$dir/leat-test.XXXXXX") && break
    fi
done
if test -n "$memory"; then
    trap 'rm -rf "$tmp" "$memory"' EXIT
    cp "$work/file" "$memory/file"
    check "tmpfs is named, and proves nothing" said 0 \
        'tmpfs, a file system in memory.*proves nothing' \
        bench align --rounds 3 --time 1 --sizes 4096 --offsets 0,1 \
        --cases read-direct,read-direct-bounced,read-cached \
        --json "$tmp/out.json" "$memory/file"
    none()
    {
        ! grep -E 'zero-copy or bounce|: (zero-copy|bounce)\.' "$tmp/said"
    }
    check "and nothing is concluded from it" none
    check "its rows are kept" sound
    check "nothing is left there" only "$memory" file
    check "TMPDIR on tmpfs is not taken silently" \
        env TMPDIR="$memory" bash -c '. "$srcdir/tests/tool/common.sh"
            leat=$1
            said 0 "file system in memory" bench align --rounds 1 --time 1 \
                --sizes 4096 --offsets 0 --cases read-cached' - "$leat"
fi

plan
