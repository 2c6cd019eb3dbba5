#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat bench net: what it counts, how it judges, and that nothing is left. What it
# shares with leat bench block is tested there. The figures are not looked at.

. "$srcdir/tests/tool/grants.sh"

mkdir "$tmp/run"
export TMPDIR=$tmp/run

check "--cases of none" said 2 'no such name' bench net --cases 1500-one,x
check "--peers of block" said 2 'no such name' bench net --peers nbdkit-memory
check "--spin 0" said 2 'spin' bench net --spin 0
check "a file" said 2 'takes no' bench net here
check "--list" said 0 '^  leat-shared-spin ' bench net --list

# The three ways, both ways to wait, and frames of one piece and of many.
peers=leat-copy-events,leat-copy-spin,leat-revoke-spin,leat-shared-events
peers=$peers,leat-shared-spin,seqpacket-32
if test "$(nproc)" -lt 2; then
    skip "measured" "two ends need two processors"
else
    check "measured" said 0 '^64 bytes, both ways ' bench net --rounds 1 \
        --time 40 --cases 64-two,65000-one --peers $peers \
        --json "$tmp/out.json"
    cp "$tmp/said" "$tmp/report"
    check "it says that leat's are simulated" grep -q 'simulat' "$tmp/report"
    check "nothing is left" only "$tmp/run"

    # counted PEER COPIES GRANTS: the columns of both cases, exactly.
    counted()
    {
        grep " $1 " "$tmp/report"
        awk -v peer="$1" -v copies="$2" -v grants="$3" '
            match($0, " " peer " ") {
                n = split(substr($0, RSTART), f)
                rows++
                if ((grants != "some" && (f[7] != copies || f[8] != grants)) ||
                    (grants == "some" && f[8] <= 0))
                    bad = 1
            }
            END { exit bad || rows < 2 }' "$tmp/report"
    }
    check "copy, events: one copy, no grant" counted leat-copy-events 1.00 0.00
    check "copy, spin: the same" counted leat-copy-spin 1.00 0.00
    check "shared, events: neither" counted leat-shared-events 0.00 0.00
    check "shared, spin: neither" counted leat-shared-spin 0.00 0.00
    check "revoke: grants" counted leat-revoke-spin "" some

    is()
    {
        local wanted=$1 got
        shift
        got=$(value "$tmp/out.json" benches net "$@")
        echo "$got, $wanted wanted"
        test "$got" = "$wanted"
    }
    check "JSON: the samples" is 12 samples
    check "JSON: all of this case first" is 64-two rows 0 case
    check "JSON is judged again" said 3 '^0 met, 0 missed, 10 not measured' \
        bench net --goals --from "$tmp/out.json"

    # A kernel's TCP: by its own peers, and by them alone.
    check "TCP" said 0 '^TCP, from the front ' bench net --rounds 1 --time 40 \
        --cases tcp-there,tcp-back,1500-one --json "$tmp/tcp.json" \
        --peers veth,relay,leat-tcp-copy,seqpacket-32
    if test "$(id -u)" = 0; then
        check "  through each, both ways" \
            test "$(value "$tmp/tcp.json" benches net samples)" = 7
        check "  figures of leat's are beside the relay's" \
            grep -Eq ' leat-tcp-copy .* Gb/s .* relay$' "$tmp/said"
    else
        check "  who needs root says so" \
            grep -q '^missing: veth: .* root' "$tmp/said"
    fi
    check "  nothing is left" only "$tmp/run"
fi

# sample PEER STATE PER_SECOND
sample()
{
    printf '%s{"case": "%s", "peer": "%s", "state": "%s"' \
        "$comma" "$of" "$1" "$2"
    order=$((order + 1))
    printf ', "per_second": %s, "order": %s' "$3" $order
    printf ', "distance_before_ns": 60}'
    comma=', '
}

# samples EVENTS: where all goals are met, if the near EVENTS are enough.
samples()
{
    local comma= order=0 of=1500-one
    printf '{"benches": {"net": {"samples": ['
    sample seqpacket-32 near 10
    sample memif-best near 80
    sample leat-copy-events near "$1"
    sample leat-copy-spin near 120
    sample leat-shared-spin near 10
    sample seqpacket-32 far 10
    sample memif-best far 20
    sample leat-copy-events far 25
    sample leat-copy-spin far 25
    for of in tcp-there tcp-back; do
        sample relay near 100
        sample veth near 130
        sample leat-tcp-copy near 85
    done
    printf ']}}}\n'
}

judged()
{
    samples "$3" >"$tmp/samples.json"
    said "$1" "$2" bench net --goals --from "$tmp/samples.json"
}

check "all are met" judged 0 '^10 met, 0 missed, 0 not measured$' 70
check "what is told in brackets decides nothing" \
    grep -Eq '^1500 bytes, spin .*\(missed\)$' "$tmp/said"
check "one is missed" judged 3 '^9 met, 1 missed, 0 not measured$' 69
check "it says which" \
    grep -Eq '^1500 bytes, events .* near .* 6.90 .* missed$' "$tmp/said"

plan
