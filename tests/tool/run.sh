#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat run on a small file, and leat bench in its shortest form.

. "$srcdir/tests/tool/common.sh"

work=$tmp/work
mkdir "$work"

check "run" \
    said 0 'SHA-256 of source and copy +agree +agree' \
    run --size 3 --quick --dir "$work"
check "run: whole pages do not bounce, odd views do" \
    grep -Eq '^ +bounces +0 +[1-9][0-9,]*$' "$tmp/said"
check "run: bounces by reason: address" \
    grep -Eq 'because of the address +0 +[1-9]' "$tmp/said"
check "run: bounces by reason: length" \
    grep -Eq 'because of the length +0 +[1-9]' "$tmp/said"
check "run: every byte moved" \
    grep -Eq '^ +bytes copied, file to file +3,145,728 +3,145,728$' "$tmp/said"
check "run: ends with the goals" \
    grep -Eq '^LIFO pair +handle +static +([0-9.]+ ns/page|-) +dpdk' "$tmp/said"
check "run: and their sum" \
    bash -c 'tail -n 1 "$1" | grep -Eq "^[0-9]+ met, [0-9]+ missed"' - "$tmp/said"
check "run: leaves nothing" only "$work"

check "bench" \
    said 0 '^LIFO pair +leat-handle +[0-9]' \
    bench pages --quick --rounds 2 --time 1 --cases lifo,threads \
    --peers leat-handle,leat-plain,glibc --against glibc \
    --json "$work/samples.json"
check "bench: the column against another peer" \
    grep -q '/ glibc$' "$tmp/said"

# 2 rounds of 3 peers; lifo has 1 figure, threads has 3.
samples()
{
    test "$(grep -c '"order"' "$work/samples.json")" -eq 24
}
check "bench: JSON has each sample" samples
check "bench: JSON tells the machine" grep -q '"cpu"' "$work/samples.json"
check "bench: JSON cannot be written" \
    said 1 'cannot write' bench pages --rounds 1 --time 1 --cases lifo \
    --peers leat-handle --json "$work/none/samples.json"

# Every row of every peer, whether there is a figure or not.
states()
{
    grep -c '"state": "\(measured\|no such case\|missing\)"' \
        "$work/samples.json"
}
check "bench: a peer that cannot be there is named" \
    said 0 '^missing: spdk-iobuf: ' bench pages --rounds 1 --time 1 \
    --cases lifo,handover --peers leat-handle,glibc,spdk-iobuf \
    --json "$work/samples.json"
rows()
{
    states
    test "$(states)" -eq 6
}
check "bench: JSON has each row of each peer" rows
check "bench: also of the missing one" \
    grep -q '"spdk-iobuf"' "$work/samples.json"
check "bench: also of a case that a peer has not" \
    grep -q '"no such case"' "$work/samples.json"
check "bench: JSON is read again, and of it nothing else is judged" \
    said 3 '^0 met, 0 missed, [1-9][0-9]* not measured' \
    bench --goals --from "$work/samples.json"

check "bench: batches and sizes of one's own" \
    said 0 '^batch of 64 +leat-handle +[0-9]' bench pages --rounds 1 --time 1 \
    --batch 64,100 --sizes 8192 --peers leat-handle,leat-plain,glibc
check "bench: the sizes" \
    grep -Eq '^LIFO pair, bytes of 8192 +leat-plain +[0-9]' "$tmp/said"
check "bench: views of one's own" \
    said 0 '^view, 100 at \+1 +leat-handle +[0-9]' bench views --rounds 1 \
    --time 1 --sizes 100,2000 --offsets 1,64 --peers leat-handle,bound-inline
check "bench: a view beyond its page" \
    said 2 'beyond a page' bench views --sizes 4096 --offsets 1
check "bench: several into one JSON" \
    said 0 '^borrowed view sliced' bench pages views --rounds 1 --time 1 \
    --cases lifo,slice --peers leat-handle --json "$work/samples.json"
both()
{
    grep -q '"pages": {' "$work/samples.json" &&
        grep -q '"views": {' "$work/samples.json"
}
check "bench: both are in it" both

plan
