#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Counts, exactly, the instructions that one get and one put of a page take: the
# LIFO loop of pages-leat for N repetitions and for more, under callgrind; the
# difference is the loop's alone. It counts all of it: get, the check, the
# address, put, and the loop's own few.
#
#     instructions.sh PAGES-LEAT
#
# prints a line "VARIANT INSTRUCTIONS" for each of handle and plain. What it
# prints for the default build is written down in instructions.expect.

set -u
LC_ALL=C
export LC_ALL

test $# -eq 1 || { echo "usage: $0 PAGES-LEAT" >&2; exit 2; }
program=$1
few=1000
many=101000

out=$(mktemp "${TMPDIR:-/tmp}/leat-instructions.XXXXXX") || exit 1
trap 'rm -f "$out" "$out".log' EXIT

# count VARIANT REPETITIONS
count()
{
    valgrind --tool=callgrind --callgrind-out-file="$out" \
        --log-file="$out.log" "$program" -n "$2" "$1" lifo >/dev/null || {
        cat "$out.log" >&2
        return 1
    }
    sed -n 's/^\(summary\|totals\): *\([0-9]*\).*/\2/p' "$out" | tail -n 1
}

for variant in handle plain; do
    a=$(count $variant $few) && b=$(count $variant $many) || exit 1
    # To the nearest: the start of a process is not the same to an instruction.
    more=$((many - few))
    each=$(((b - a + more / 2) / more))
    rest=$((b - a - each * more))
    # A page that is exchanged with the depot would be seen here: LIFO has none.
    if test ${rest#-} -gt $((more / 100)); then
        echo "$0: $variant: no whole number: $a, then $b" >&2
        exit 1
    fi
    echo "$variant $each"
done
