#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Counts the instructions that a request, or a frame, takes at each end, under
# callgrind: block-leat or net-leat for N of them and for more, the difference by
# their number. All of the process is counted, in user space: the device, the bus,
# the copy of the payload, and the look at it. Both ends wait for events, so no spin
# is counted; but how many one wake-up finds is chance, and so a count moves by some
# hundredths.
#
#     device-instructions.sh PROGRAM [WAY CASE]...
#         prints "WAY CASE FRONT BACK" for each; what it prints for the default build
#         is written down in block-instructions.expect and net-instructions.expect
#
# Exits with 77 where there is no valgrind.

set -u
LC_ALL=C
export LC_ALL

test $# -ge 1 || { echo "usage: $0 PROGRAM [WAY CASE]..." >&2; exit 2; }
command -v valgrind >/dev/null || exit 77
program=$1
shift
case ${program##*/} in
net-*)
    disk= begin=run few=2000 many=12000
    test $# -gt 0 || set -- copy 64-one copy 1500-one copy 65000-one \
        revoke 1500-one shared 64-one shared 1500-one
    ;;
*)
    disk=memory, begin=open few=1000 many=5000
    test $# -gt 0 || set -- copy read4k-1 copy read4k-32 copy write4k-32 \
        copy read128k-8 revoke read4k-32 shared read4k-1 shared read4k-32
    ;;
esac

out=$(mktemp -d "${TMPDIR:-/tmp}/leat-instructions.XXXXXX") || exit 1
trap 'rm -rf "$out"' EXIT

# Of the process that runs the function (1).
sum_of()
{
    local file
    file=$(grep -lE "^fn=(.* )?$1\$" "$out"/callgrind.*) || return 1
    sed -n 's/^\(summary\|totals\): *\([0-9]*\).*/\2/p' "$file" | tail -n 1
}

# count WAY CASE REQUESTS: sets front, back
count()
{
    rm -f "$out"/callgrind.*
    valgrind --tool=callgrind --compress-strings=no --compress-pos=no \
        --callgrind-out-file="$out/callgrind.%p" --log-file="$out/log.%p" \
        "$program" -n "$3" "$disk$1,0" "$2" >/dev/null || {
        cat "$out"/log.* >&2
        return 1
    }
    front=$(sum_of "bench_front_$begin") && back=$(sum_of "bench_back_$begin")
}

while test $# -ge 2; do
    count "$1" "$2" $few || exit 1
    front_few=$front back_few=$back
    count "$1" "$2" $many || exit 1
    echo "$1 $2 $(((front - front_few) / (many - few)))" \
        "$(((back - back_few) / (many - few)))"
    shift 2
done
