#!/bin/bash
# SPDX-License-Identifier: ISC
#
# jemalloc comes with libleat-flow and not otherwise: told by the dynamic sections
# of the libraries and of programs that link them.

. "$srcdir/tests/tap.sh"

libs=$builddir/.libs
flow=$libs/libleat-flow.so

needed()
{
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p'
}

# What the build was configured with.
jemalloc=no
test -z "${FLOW_LIBS// /}" || jemalloc=yes

# program NAME FLAG...: links tests/link/flow.c with what the flags say.
program()
{
    local name=$1
    shift
    ${CC:-cc} "-I$srcdir/include" "$srcdir/tests/link/flow.c" -o "$tmp/$name" \
        "$@" -pthread
}

without_flow()
{
    program plain "-L$libs" -lleat "-Wl,-rpath,$libs" &&
        ! needed "$tmp/plain" | grep -i jemalloc && "$tmp/plain"
}

with_flow()
{
    program flow -DUSE_FLOW "-L$libs" -lleat-flow -lleat "-Wl,-rpath,$libs" &&
        needed "$tmp/flow" | grep -x 'libleat-flow\.so\.0' && "$tmp/flow"
}

library()
{
    needed "$flow" >"$tmp/needed"
    grep -qx 'libleat\.so\.0' "$tmp/needed" || return
    if test $jemalloc = yes; then
        grep -q '^libjemalloc\.so' "$tmp/needed"
    else
        ! grep -i jemalloc "$tmp/needed"
    fi
}

loaded()
{
    LD_TRACE_LOADED_OBJECTS=1 "$tmp/flow" | grep -ci jemalloc |
        grep -x "$(test $jemalloc = yes && echo 1 || echo 0)" &&
        ! LD_TRACE_LOADED_OBJECTS=1 "$tmp/plain" | grep -i jemalloc
}

if test -e "$flow"; then
    check "a program with libleat does not need jemalloc" without_flow
    check "a program with libleat-flow runs" with_flow
    check "libleat-flow.so needs libleat, and jemalloc if it has it ($jemalloc)" \
        library
    check "jemalloc is loaded with the one and not with the other" loaded
else
    static()
    {
        program flow -DUSE_FLOW "$libs/libleat-flow.a" "$libs/libleat.a" \
            $(test $jemalloc = no || echo -ljemalloc) && "$tmp/flow"
    }
    check "a program with libleat-flow.a runs" static
    plain()
    {
        program plain "$libs/libleat.a" &&
            ! needed "$tmp/plain" | grep -i jemalloc
    }
    check "a program with libleat.a does not need jemalloc" plain
fi

# What it takes of libleat is what that exports.
public()
{
    $NM -u "$libs/libleat-flow.a" | awk '{ print $NF }' | grep '^leat_' |
        grep -v '^leat_flow_' | sort -u >"$tmp/wanted"
    sed -n 's/^ *\(leat_[a-z0-9_]*\);$/\1/p' "$srcdir/src/leat.map" | sort \
        >"$tmp/map"
    test -s "$tmp/wanted" && comm -23 "$tmp/wanted" "$tmp/map" >"$tmp/hidden" &&
        test ! -s "$tmp/hidden"
}
check "it takes nothing but public calls of libleat" public

plan
