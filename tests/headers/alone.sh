#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Each public header compiles by itself, twice in one unit, in C11 and in C++,
# with each compiler, without a warning. And <leat/leat.h> knows them all.

. "$srcdir/tests/tap.sh"

flags="-Wall -Wextra -Werror -pedantic -fsyntax-only -I$srcdir/include"

# alone COMPILER LANGUAGE STANDARD HEADER
alone()
{
    printf '#include <%s>\n#include <%s>\n' "$4" "$4" |
        $1 -x "$2" "-std=$3" $flags -
}

for header in $PUBLIC_HEADERS $GRANT_HEADERS $PV_HEADERS $FLOW_HEADERS $IO_HEADERS $SIM_HEADERS $XEN_HEADERS; do
    h=${header#include/}
    for cc in gcc clang; do
        for std in c11 gnu17; do
            if have $cc; then
                check "$h, $cc -std=$std" alone $cc c $std "$h"
            else
                skip "$h, $cc -std=$std" "no $cc"
            fi
        done
    done
    for cxx in g++ clang++; do
        for std in c++11 c++17; do
            if have $cxx; then
                check "$h, $cxx -std=$std" alone $cxx c++ $std "$h"
            else
                skip "$h, $cxx -std=$std" "no $cxx"
            fi
        done
    done
done

in_tree()
{
    (cd "$srcdir" && ls include/leat/*.h) >"$tmp/tree"
    printf '%s\n' $PUBLIC_HEADERS $GRANT_HEADERS $PV_HEADERS $FLOW_HEADERS $IO_HEADERS $SIM_HEADERS $XEN_HEADERS | sort | diff - "$tmp/tree"
}
check "every header of the tree is installed" in_tree

included()
{
    printf '#include <leat/leat.h>\n' |
        ${CC:-cc} -E "-I$srcdir/include" - |
        sed -n 's/^# [0-9]* ".*\(include\/leat\/[a-z_]*\.h\)".*/\1/p' |
        sort -u >"$tmp/included"
    printf '%s\n' $PUBLIC_HEADERS | sort | diff "$tmp/included" -
}
check "leat/leat.h includes every header of libleat" included

plan
