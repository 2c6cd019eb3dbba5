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
check "run: ends with the bench" grep -q '^LIFO pair .*leat-handle' "$tmp/said"
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

plan
