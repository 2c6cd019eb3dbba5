#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The model of the grant layer, grant.pml, through spin: what it says of itself
# holds in every state that can be reached, and each of its broken variants is
# found out, by the property that it breaks. No state is left out: no bit state,
# no hash compaction; COLLAPSE is exact.

. "$srcdir/tests/tap.sh"

if ! have spin; then
    echo "1..0 # SKIP no spin"
    exit 0
fi

runs=$builddir/tests/spin/run
depth=400000
megabytes=1000

# pan NAME CFLAGS ARGUMENTS [DEFINE...]: makes and runs the verifier.
pan()
{
    local dir=$runs/$1 cflags=$2 arguments=$3
    shift 3
    rm -rf "$dir"
    mkdir -p "$dir" && cp "$srcdir"/tests/spin/*.pml "$dir" &&
        cd "$dir" && echo "$*" >defines || return 99
    # The words of these are to be split.
    # shellcheck disable=SC2086
    spin -a "$@" grant.pml >spin.log 2>&1 </dev/null &&
        ${CC:-cc} -O1 -w -o pan pan.c -DCOLLAPSE -DMEMLIM=$megabytes \
            $cflags >cc.log 2>&1 &&
        timeout 60 ./pan -m$depth $arguments >pan.log 2>&1
    local status=$?
    cat ./*.log >said
    return $status
}

# All states were seen, and there was no error.
complete()
{
    grep -q ', errors: 0$' pan.log && grep -q ' states, stored' pan.log &&
        ! grep -qE 'not completed|too small|truncated|out of memory' pan.log
}

holds()
{
    (pan "$@" && complete) || { cat "$runs/$1/said"; return 1; }
}

tell()
{
    grep -E 'State-vector|states, stored|total actual|elapsed' \
        "$runs/$1/pan.log" | sed 's/^/# /'
}

safety='-DSAFETY -DNOCLAIM'
claim=-DSAFETY
live=-DNFAIR=2

check "no assertion fails, no deadlock" holds safety "$safety" ""
tell safety

# Two processes have no end; a line that nothing reaches would prove nothing.
reached()
{
    local log=$runs/safety/pan.log
    sed -n '/^unreached in proctype/,/^unreached in claim/p' "$log" |
        grep 'state [0-9]*,' | grep -v '"-end-"' >"$tmp/unreached"
    test "$(grep -c '^unreached in proctype' "$log")" -eq 3 &&
        test ! -s "$tmp/unreached" || { cat "$tmp/unreached"; return 1; }
}
check "every step of the model is reached" reached

check "no page is free while mapped" \
    holds never_free "$claim" "-N never_free" -DCLAIMS_ALONE
tell never_free
check "a page whose peer lets go comes back" \
    holds back "$live" "-a -f -N back" -DCLAIMS_ALONE
tell back
check "no call waits for a peer" \
    holds goes_on "$live" "-a -f -N goes_on" -DCLAIMS_ALONE
tell goes_on

# found PROPERTY NAME CFLAGS ARGUMENTS [DEFINE...]: an error is found, its steps
# can be replayed, and it is of that property: a claim, or the V of the line
# whose assertion fails.
found()
{
    local property=$1 dir=$runs/$2 file line
    shift
    (pan "$@") || { cat "$dir/said"; return 1; }
    cd "$dir" && grep -E '^pan:1|errors:' pan.log &&
        grep -q ', errors: 1$' pan.log && test -s grant.pml.trail || return 1
    shift 3
    case $property in
    never_free) grep -q 'state\[0\]==0.*map_page' pan.log ;;
    back | goes_on) grep -q '^pan:1: acceptance cycle' pan.log ;;
    V8) grep -q '^pan:1: invalid end state' pan.log ;;
    *)
        timeout 60 spin -t "$@" grant.pml >replay.log 2>&1 </dev/null
        read -r file line <<<"$(sed -n \
            's/^spin: \([a-z]*.pml\):\([0-9]*\), Error: assertion.*/\1 \2/p' \
            replay.log)"
        test -n "$line" || { tail replay.log; return 1; }
        sed -n "${line}p" "$file" | tee violated
        grep -q "/\* $property \*/" violated
        ;;
    esac
}

broken()
{
    local property=$1 variant=$2 cflags=$safety arguments=
    local defines=("-DBROKEN_$variant")
    case $property in
    never_free)
        cflags=$claim arguments="-N never_free"
        defines+=(-DCLAIMS_ALONE)
        ;;
    back | goes_on)
        cflags=$live arguments="-a -f -N $property"
        defines+=(-DCLAIMS_ALONE)
        ;;
    esac
    check "BROKEN_$variant is found by $property" found "$property" \
        "BROKEN_$variant" "$cflags" "$arguments" "${defines[@]}"
}

broken never_free LOOK_THEN_ACT
broken V4 NO_ZERO
broken V4 ZERO_EARLY
broken V3 SHOW_DIRTY
broken never_free PUBLISH_FIRST
broken V2 REUSE_REF
broken V5 RESUME_KEEPS
broken V6 FORCED
broken back FORGET
broken V8 LOSE_REF
broken goes_on WAIT

plan
