#!/bin/bash
# SPDX-License-Identifier: ISC
#
# libleat-sim exports its public calls and nothing else, and needs libleat and
# libc alone.

. "$srcdir/tests/tap.sh"

cat $(for h in $SIM_HEADERS; do echo "$srcdir/$h"; done) |
    ${AWK:-awk} -f "$srcdir/src/calls.awk" | sort >"$tmp/calls"
check "the headers declare calls" test "$(wc -l <"$tmp/calls")" -gt 25

map()
{
    sed -n 's/^ *\(leat_[a-z0-9_]*\);$/\1/p' "$srcdir/src/sim/leat-sim.map" |
        sort | diff "$tmp/calls" -
}
check "src/sim/leat-sim.map names the public calls (make map writes it)" map

defined()
{
    $NM --defined-only -g "$builddir/.libs/libleat-sim.a" 2>/dev/null |
        awk 'NF == 3 { print $3 }' | sort -u >"$tmp/defined"
    test -z "$(comm -23 "$tmp/calls" "$tmp/defined")" &&
        ! grep -vE '^(leat|sim|hv|tree)_' "$tmp/defined"
}
check "libleat-sim.a defines each, and no name but its own" defined

so=$builddir/.libs/libleat-sim.so
if test -e "$so"; then
    exported()
    {
        $NM -D --defined-only "$so" | awk '$2 != "A" { print $NF }' |
            sed 's/@@LEAT_SIM_0\.1$//' | sort | diff "$tmp/calls" -
    }
    check "libleat-sim.so exports the public calls and nothing else" exported
    needed()
    {
        readelf -d "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' |
            sed 's/\.so\..*//' | sort | diff <(printf 'libc\nlibleat\n') -
    }
    check "it needs libc and libleat" needed
else
    skip "libleat-sim.so exports the public calls and nothing else" \
        "built with --disable-shared"
    skip "it needs libc and libleat" "built with --disable-shared"
fi

plan
