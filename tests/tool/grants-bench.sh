#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat bench grants: what it is told, what it counts, and that nothing is left.

. "$srcdir/tests/tool/grants.sh"

mkdir "$tmp/run"
export TMPDIR=$tmp/run

for n in x 0 1025 1,; do
    check "--batches '$n'" said 2 'batches' bench grants --batches "$n"
done
check "--cases of none" said 2 'no such name' bench grants --cases share,fly
check "--rounds 0" said 2 'rounds' bench grants --rounds 0
check "--time x" said 2 'time' bench grants --time x
check "--on what is none" said 2 'neither sim:DIR nor xen' bench grants --on moon
check "--on where none runs" said 1 'no simulation' bench grants --on "sim:$sim"
check "a file" said 2 'takes no' bench grants here
check "--list" said 0 '^  persistent$' bench grants --list

check "a simulation" "$leat" sim start "$sim"
export LEAT_ON=sim:$sim
check "in full, of batches, shortly" said 0 'All figures are simulated' \
    bench grants --rounds 3 --time 1 --json "$tmp/out.json"
cp "$tmp/said" "$tmp/report"
check "it says where" grep -q "on sim:$sim:" "$tmp/report"
check "it leaves no grant" nothing_granted
check "and no domain" said 0 '"domains": \[\]' sim list --json "$sim"

# The columns: case batch median least most requests entries mapped copied.
in_order()
{
    awk '/^(share|map|copy|unmap|revoke|per-use|persistent) / {
             rows++
             if (!(0 < $4 && $4 <= $3 && $3 <= $5)) { print; bad = 1 }
         }
         END { print rows; exit bad || rows != 77 }' "$tmp/report"
}
check "each case has each batch, least <= median <= most" in_order
# counted CASE BATCH REQUESTS ENTRIES MAPPED COPIED
counted()
{
    awk -v want="$*" '$1 " " $2 " " $6 " " $7 " " $8 " " $9 == want { n++ }
                      { print } END { exit n != 1 }' "$tmp/report"
}
check "share of 16: a request, 16 entries" counted share 16 1 16 0 0
check "map of 16" counted map 16 1 0 16 0
check "copy of 16" counted copy 16 1 0 0 16
check "unmap of 16" counted unmap 16 1 0 16 0
check "revoke of 16" counted revoke 16 1 16 0 0
check "per use of 1" counted per-use 1 4 2 2 0
check "persistent of 1024: nothing" counted persistent 1024 0 0 0 0
check "the two are set against each other" \
    grep -Eq '^ *1024 pages: granted for each use [0-9]+ ns' "$tmp/report"

is()
{
    local wanted=$1 got
    shift
    got=$(value "$tmp/out.json" benches grants "$@")
    echo "$got, $wanted wanted"
    test "$got" = "$wanted"
}
check "JSON: simulated" is simulated figures
check "JSON: all rows" is 77 rows
check "JSON: the last batch" is 1024 rows 76 batch
check "JSON: its case" is persistent rows 76 case
check "JSON: measured" is measured rows 76 state
check "JSON: its rounds" is 3 rows 76 rounds
check "JSON: its samples" is 3 rows 76 samples
check "JSON: its operations" is 0 rows 76 operations requests

fault()
{
    "$leat" sim stop "$sim" && "$leat" sim start --faults 'map:fail=ENOSPC' "$sim"
}
check "a simulation in which no map succeeds" fault
check "what cannot be measured is an error" said 1 'nothing could be measured' \
    bench grants --rounds 1 --time 1 --batches 2
check "that is told of each row" grep -q '^persistent .* refused: ' "$tmp/said"
check "it leaves no grant either" nothing_granted
check "stop it" "$leat" sim stop "$sim"

unset LEAT_ON
if test "$(cat /sys/hypervisor/type 2>/dev/null)" != xen; then
    check "in a simulation of its own" said 0 'a simulation of its own' \
        bench grants --quick
    check "which is gone after it" only "$tmp/run"
fi

plan
