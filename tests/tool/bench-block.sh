#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat bench block: what it is told, what it counts, how it judges, and that
# nothing is left. Samples are short: the figures are not looked at.

. "$srcdir/tests/tool/grants.sh"

mkdir "$tmp/run"
export TMPDIR=$tmp/run

for n in x 0 100; do
    check "--rounds '$n'" said 2 'rounds' bench block --rounds "$n"
done
check "--time 0" said 2 'time' bench block --time 0
check "--spin 0" said 2 'spin' bench block --spin 0
check "--cases of none" said 2 'no such name' bench block --cases read4k-1,x
check "--peers of none" said 2 'no such name' bench block --peers x
check "--against none" said 2 'no such name' bench block --against x
check "--from without --goals" said 2 'has no --from' bench block --from x
check "--spin of others" said 2 'no --spin' bench pages --spin 5
check "a file" said 2 'takes no' bench block here
check "--list" said 0 '^  leat-memory-copy-spin ' bench block --list
check "--dir that is not there" said 1 'No such file' bench block --quick \
    --dir "$tmp/nowhere"

# The three ways, both ways to wait, three kinds of disk.
peers=leat-memory-copy-events,leat-memory-copy-spin,leat-memory-revoke-spin
peers=$peers,leat-memory-shared-events,leat-memory-shared-spin
peers=$peers,leat-cached-copy-events,uring-cached
measured()
{
    said 0 "$@" bench block --rounds 1 --time 20 --cases read4k-32,write128k-8 \
        --peers $peers --json "$tmp/out.json"
}
if test "$(nproc)" -lt 2; then
    skip "measured" "two ends need two processors"
elif ! test -x "$builddir/bench/block-leat"; then
    skip "measured" "no liburing, and so no block devices"
else
    check "measured" measured '^4 KiB read, depth 32 '
    cp "$tmp/said" "$tmp/report"
    check "it says that leat's are simulated" grep -q 'simulat' "$tmp/report"
    check "it tells how far the processors are" \
        grep -Eq '^The two processors .*(near|far) in [0-9]+ samples' \
        "$tmp/report"
    check "nothing is left" only "$tmp/run"

    # counted PEER COPIES GRANTS: the columns of both cases, exactly.
    counted()
    {
        grep " $1 " "$tmp/report"
        awk -v peer="$1" -v copies="$2" -v grants="$3" '
            match($0, " " peer " ") {
                n = split(substr($0, RSTART), f)
                rows++
                if (f[7] != copies || (grants != "some" && f[8] != grants) ||
                    (grants == "some" && f[8] <= 0))
                    bad = 1
            }
            END { exit bad || rows < 2 }' "$tmp/report"
    }
    check "copy, events: one copy, no grant" \
        counted leat-memory-copy-events 1.00 0.00
    check "copy, spin: the same" counted leat-memory-copy-spin 1.00 0.00
    check "copy, a file: the same" counted leat-cached-copy-events 1.00 0.00
    check "shared, events: neither" counted leat-memory-shared-events 0.00 0.00
    check "shared, spin: neither" counted leat-memory-shared-spin 0.00 0.00
    check "revoke: no copy, but grants" \
        counted leat-memory-revoke-spin 0.00 some

    is()
    {
        local wanted=$1 got
        shift
        got=$(value "$tmp/out.json" benches block "$@")
        echo "$got, $wanted wanted"
        test "$got" = "$wanted"
    }
    check "JSON: the samples" is 14 samples
    check "JSON: all of this case first" is read4k-32 rows 0 case
    check "JSON: measured" is measured rows 0 measured
    check "JSON: nobody is missing" is 0 missing
    check "JSON is judged again" said 3 '^0 met, 0 missed|not measured' \
        bench block --goals --from "$tmp/out.json"
fi

# One that is not there is named, and so are those that need what is not there.
# Installed ones would be found.
cp "$leat" "$tmp/leat"
lonely()
{
    "$tmp/leat" bench block --rounds 1 --cases read4k-1 \
        --peers nbdkit-memory >"$tmp/said" 2>&1
    cat "$tmp/said"
    grep -q '^missing: nbdkit-memory: there is no block-nbdkit' "$tmp/said"
}
check "a peer that is not there is named" lonely
check "nothing is left of that either" only "$tmp/run"

# ------------------------------------------------------------------- the goals

# sample CASE PEER STATE PER_SECOND
sample()
{
    printf '%s{"case": "%s", "peer": "%s", "state": "%s", "per_second": %s' \
        "$comma" "$1" "$2" "$3" "$4"
    order=$((order + 1))
    printf ', "order": %s, "distance_before_ns": 60}' $order
    comma=', '
}

# Where all goals are met; arguments are samples more.
samples()
{
    local comma= order=0 state
    printf '{"benches": {"block": {"samples": ['
    for state in near ${far:+far}; do
        sample read4k-32 nbdkit-memory $state 10
        sample read4k-32 leat-memory-copy-events $state 50
        sample read4k-32 leat-memory-copy-spin $state 80
        sample read4k-32 leat-memory-shared-events $state 50
        sample read4k-32 leat-memory-shared-spin $state 10
        sample read4k-32 nbdkit-file $state 10
        sample read4k-32 leat-cached-copy-events $state 30
        sample read4k-32 leat-cached-copy-spin $state 45
        sample read4k-32 uring-direct $state 10
        sample read4k-32 leat-direct-copy-events $state 8
        sample read4k-32 leat-direct-copy-spin $state 9
        sample read4k-1 uring-direct $state 10
        sample read4k-1 leat-direct-copy-spin $state 10
    done
    while test $# -gt 0; do
        # shellcheck disable=SC2086  # four words
        sample $1
        shift
    done
    printf ']}}}\n'
}

judged()
{
    local status=$1 pattern=$2
    shift 2
    samples "$@" >"$tmp/samples.json"
    said "$status" "$pattern" bench block --goals --from "$tmp/samples.json"
}

far=yes
check "all are met" judged 0 '^9 met, 0 missed, 0 not measured$'
check "what is told in brackets decides nothing" \
    grep -Eq '^memory disk, spin .*\(missed\)$' "$tmp/said"
far=
check "a state that was not seen decides nothing" \
    judged 0 '^7 met, 0 missed, 0 not measured, 2 of a state that was not seen$'
far=yes
check "neighbours are compared, not all" judged 3 ' 1 missed,' \
    'read4k-1 uring-direct near 100' 'read4k-1 leat-direct-copy-spin near 99' \
    'read4k-1 uring-direct near 100' 'read4k-1 leat-direct-copy-spin near 99'
check "it says which" grep -Eq \
    '^O_DIRECT file, depth 1, spin .* 0.99 .* >= 1.00  missed$' "$tmp/said"
check "of another state they are no neighbours" judged 0 ' 0 missed,' \
    'read4k-32 leat-memory-copy-events far 49' 'read4k-32 nbdkit-memory near 99'
echo '{}' >"$tmp/none.json"
check "no samples" said 1 'no samples' bench block --goals \
    --from "$tmp/none.json"
check "no file" said 1 'nowhere' bench block --goals --from "$tmp/nowhere"

plan
