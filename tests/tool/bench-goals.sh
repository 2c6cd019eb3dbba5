#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat bench --goals --from: samples that were made up are judged.

. "$srcdir/tests/tool/common.sh"

# sample CASE METRIC PEER VALUE
sample()
{
    printf '%s{"case": "%s", "metric": "%s", "peer": "%s", "round": 0, ' \
        "$comma" "$1" "$2" "$3"
    printf '"order": 0, "value": %s}' "$4"
    comma=', '
}

# Where all goals are met; arguments are samples that come after, and count.
samples()
{
    local comma= peer of
    printf '{"benches": {"pages": {"samples": ['
    for of in lifo batch256 random4096 random32768 bulk32 ref; do
        for peer in leat-handle leat-plain leat-shared-handle \
            leat-shared-plain; do
            sample $of ns $peer 1
        done
        sample $of ns dpdk 10
        sample $of ns jemalloc-tuned 20
    done
    sample slice ns leat-handle 1
    sample slice ns bound-inline 1
    sample fresh4k ns jemalloc 1000
    for peer in leat-handle leat-plain; do
        sample fresh ns $peer 100
        sample rss x $peer 1.001
        sample live4096 ns $peer 1
        sample live1m ns $peer 1.2
        sample threads two $peer 300
        sample threads scaling $peer 2
        sample threads16 kept $peer 1
        sample pass mpps $peer 90
        sample pass32 mpps $peer 200
        sample instructions count $peer 1
    done
    sample threads two dpdk 200
    sample pass mpps dpdk 100
    sample pass32 mpps dpdk 100
    sample handover ns leat-handle 0.1
    sample bounce ratio leat-handle 1.1
    sample headers ns leat-handle 5
    sample coloured ns leat-handle 2
    while test $# -gt 0; do
        # shellcheck disable=SC2086  # four words
        sample $1
        shift
    done
    printf ']}}}\n'
}

# judged STATUS PATTERN SAMPLE...
judged()
{
    local status=$1 pattern=$2
    shift 2
    samples "$@" >"$tmp/samples.json"
    said "$status" "$pattern" bench --goals --from "$tmp/samples.json"
}

check "all are met" judged 0 '^[1-9][0-9]* met, 0 missed, 0 not measured$'
check "one is missed" judged 3 ' 1 missed, 0 not measured$' \
    'pass mpps leat-handle 79'
check "it says which" grep -Eq \
    '^one gets, the other puts +handle +static +79.00 .* >= 0.80  missed$' \
    "$tmp/said"
check "at the bound it is met" judged 0 ' 0 missed, 0 not measured$' \
    'pass mpps leat-handle 80'
check "the plain calls are told, and decide nothing" \
    judged 0 ' 0 missed, 0 not measured$' 'pass mpps leat-plain 79' \
    'lifo ns leat-shared-plain 11.6'
check "both of them" test "$(grep -Ec \
    ' plain .*(79.00|11.60) .*\(missed\)$' "$tmp/said")" -eq 2
check "a peer without a figure is no goal met" \
    judged 3 ' 0 missed, 1 not measured$' 'fresh4k ns jemalloc 0'
check "more instructions than written down" judged 3 ' 1 missed' \
    'instructions count leat-handle 100000'
check "shared is judged as shared" judged 3 ' 1 missed' \
    'lifo ns leat-shared-handle 11.6'
check "it says so" grep -Eq '^LIFO pair +handle +shared .* 1.16 .*missed$' \
    "$tmp/said"

# The median of three rounds, not the last.
rounds()
{
    samples | sed 's/"bounce", "metric": "ratio", "peer": "leat-handle", "round": 0[^}]*}/&\
, {"case": "bounce", "metric": "ratio", "peer": "leat-handle", "round": 1, "value": 1.15}\
, {"case": "bounce", "metric": "ratio", "peer": "leat-handle", "round": 2, "value": 9}/' \
        >"$tmp/samples.json"
    said 0 '^bounce.* 1.15 .*met$' bench --goals --from "$tmp/samples.json"
}
check "of three rounds the median" rounds

judged 3 ' 1 missed' 'lifo ns leat-handle 6.6' >/dev/null
check "JSON has the goals" said 3 'missed' bench --goals \
    --from "$tmp/samples.json" --json "$tmp/out.json"
goals()
{
    local n
    n=$(grep -c '"factor"' "$tmp/out.json")
    echo "$n goals"
    test "$n" -gt 30 && grep -q '"state": "missed"' "$tmp/out.json" &&
        grep -q '"decides": false' "$tmp/out.json"
}
check "each of them" goals
check "and can be judged again" \
    said 3 'missed' bench --goals --from "$tmp/out.json"

check "no file" said 1 'No such file|nowhere' bench --goals \
    --from "$tmp/nowhere"
echo '{"benches": ' >"$tmp/half.json"
check "half a file" said 1 'half.json' bench --goals --from "$tmp/half.json"
echo '{}' >"$tmp/none.json"
check "no samples" said 1 'no samples' bench --goals --from "$tmp/none.json"
check "--from without --goals" said 2 'has no --from' bench pages --from x

plan
