#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The archive of libleat-pv is freestanding: linked with the core's, nothing is
# left undefined but the four of rule R9. It defines nothing that does not begin
# with leat_, and takes of the core nothing but public calls.

. "$srcdir/tests/tap.sh"

# The offset table is the linker's own.
undefined()
{
    $NM -u "$1" | awk '{ print $NF }' |
        grep -vxE 'memcpy|memmove|memset|memcmp|_GLOBAL_OFFSET_TABLE_' \
            >"$tmp/undefined"
    test ! -s "$tmp/undefined" || { cat "$tmp/undefined"; return 1; }
}

whole()
{
    ld -r -o "$tmp/whole.o" --whole-archive \
        "$builddir/.libs/libleat-pv.a" "$builddir/libleat-core.a" &&
        undefined "$tmp/whole.o"
}
check "libleat-pv.a and libleat-core.a need the four alone" whole

prefixed()
{
    $NM --defined-only -g "$tmp/whole.o" | awk '{ print $NF }' |
        grep -v '^leat_' >"$tmp/other"
    test ! -s "$tmp/other" || { cat "$tmp/other"; return 1; }
}
check "they define nothing that does not begin with leat_" prefixed

# What it wants of the core is what libleat.so exports, too.
public()
{
    ld -r -o "$tmp/pv.o" --whole-archive \
        "$builddir/.libs/libleat-pv.a" || return
    $NM -u "$tmp/pv.o" | awk '{ print $NF }' | grep '^leat_' | sort \
        >"$tmp/wanted"
    sed -n 's/^ *\(leat_[a-z0-9_]*\);$/\1/p' "$srcdir/src/leat.map" | sort \
        >"$tmp/map"
    test -s "$tmp/wanted" && test -z "$(comm -23 "$tmp/wanted" "$tmp/map")"
}
check "it takes nothing but public calls of the core" public

# The other way round there is nothing: who does not link rings has none.
core_alone()
{
    local lib
    for lib in "$builddir/libleat-core.a" "$builddir/.libs/libleat.a"; do
        test -e "$lib" || continue
        $NM "$lib" 2>/dev/null | awk 'NF > 1 { print $NF }' |
            grep -E '^leat_(ring|slots)(_|$)' \
                >"$tmp/named"
        test ! -s "$tmp/named" || { cat "$tmp/named"; return 1; }
    done
}
check "the core and libleat name no call of it" core_alone

compiled()
{
    local cc=$1 source objects= n=0
    shift
    for source in $PV_SOURCES; do
        n=$((n + 1))
        $cc $CORE_CFLAGS "$@" "-I$srcdir/include" -c "$srcdir/$source" \
            -o "$tmp/$n.o" || return
        objects="$objects $tmp/$n.o"
    done
    ld -r -o "$tmp/compiled.o" $objects "$builddir/libleat-core.a" &&
        undefined "$tmp/compiled.o"
}

for cc in gcc clang; do
    for flags in -O0 -O3 "-O2 -DLEAT_DEBUG=1" "-O2 -fno-builtin"; do
        if have $cc; then
            check "$cc $flags" compiled $cc $flags
        else
            skip "$cc $flags" "no $cc"
        fi
    done
done

plan
