#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Counts, exactly, the instructions that the hot paths take: a loop of pages-leat
# for N repetitions and for more, under callgrind; the difference is the loop's
# alone. It counts all of it: the calls, the checks, and the loop's own few. Only
# the function with the loop is counted, and what it calls: the rest of a process
# does not take the same instructions each time it runs. In a program that was
# stripped all is counted, to the nearest number.
#
#     instructions.sh PAGES-LEAT
#         prints a line "VARIANT CASE INSTRUCTIONS" for each; what it prints for
#         the default build is written down in instructions.expect
#     instructions.sh PAGES-LEAT VARIANT
#         one get and one put, as the line of a peer: "instructions count N"
#
# A repetition of bulk32 is 32 pages got and put, of handover one magazine.
# Exits with 77 where there is no valgrind.

set -u
LC_ALL=C
export LC_ALL

test $# -eq 1 || test $# -eq 2 ||
    { echo "usage: $0 PAGES-LEAT [VARIANT]" >&2; exit 2; }
command -v valgrind >/dev/null || exit 77
program=$1
few=1000
many=3000
only=yes

out=$(mktemp "${TMPDIR:-/tmp}/leat-instructions.XXXXXX") || exit 1
trap 'rm -f "$out" "$out".log' EXIT

# count VARIANT CASE REPETITIONS
count()
{
    valgrind --tool=callgrind ${only:+--toggle-collect="work_$2*"} \
        --callgrind-out-file="$out" --log-file="$out.log" \
        "$program" -n "$3" "$1" "$2" >/dev/null || {
        cat "$out.log" >&2
        return 1
    }
    sed -n 's/^\(summary\|totals\): *\([0-9]*\).*/\2/p' "$out" | tail -n 1
}

# each VARIANT CASE: sets n
each()
{
    local a b more
    a=$(count "$1" "$2" $few) || exit 1
    if test "$a" -eq 0 && test -n "$only"; then
        only=
        many=100000
        a=$(count "$1" "$2" $few) || exit 1
    fi
    b=$(count "$1" "$2" $many) || exit 1
    more=$((many - few))
    n=$(((b - a + more / 2) / more))
    # A page that is exchanged with the depot would be seen here: there is none.
    if test -n "$only" && test $((n * more)) -ne $((b - a)); then
        echo "$0: $1 $2: no whole number: $a, then $b" >&2
        exit 1
    fi
}

if test $# -eq 2; then
    each "$2" lifo
    echo "instructions count $n"
    exit
fi
for what in 'handle lifo' 'plain lifo' 'handle bulk32' 'plain bulk32' \
    'handle handover' 'handle ref' 'handle slice'; do
    # shellcheck disable=SC2086  # two words
    each $what
    echo "$what $n"
done
