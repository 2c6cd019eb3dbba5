#!/bin/bash
# SPDX-License-Identifier: ISC
#
# libleat-xen exports its public calls and nothing else, and needs the libraries
# that it names; no other library of ours needs Xen's.

. "$srcdir/tests/tap.sh"

if test "$HAVE_XEN" != yes; then
    echo "1..0 # SKIP configured without the libraries of Xen"
    exit 0
fi

cat $(for h in $XEN_HEADERS; do echo "$srcdir/$h"; done) |
    ${AWK:-awk} -f "$srcdir/src/calls.awk" | sort >"$tmp/calls"
check "the headers declare calls" test "$(wc -l <"$tmp/calls")" -gt 25

map()
{
    sed -n 's/^ *\(leat_[a-z0-9_]*\);$/\1/p' "$srcdir/src/xen/leat-xen.map" |
        sort | diff "$tmp/calls" -
}
check "src/xen/leat-xen.map names the public calls (make map writes it)" map

defined()
{
    $NM --defined-only -g "$builddir/.libs/libleat-xen.a" 2>/dev/null |
        awk 'NF == 3 { print $3 }' | sort -u >"$tmp/defined"
    test -z "$(comm -23 "$tmp/calls" "$tmp/defined")" &&
        ! grep -v '^leat_' "$tmp/defined"
}
check "libleat-xen.a defines each, and no name that is not leat_" defined

foreign()
{
    ! grep -hE '^ *# *include <xen' $(for h in $XEN_HEADERS; do
        echo "$srcdir/$h"
    done)
}
check "the headers include none of Xen's" foreign

so=$builddir/.libs/libleat-xen.so
needs()
{
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' | sort
}

if test -e "$so"; then
    exported()
    {
        $NM -D --defined-only "$so" | awk '$2 != "A" { print $NF }' |
            sed 's/@@LEAT_XEN_0\.1$//' | sort | diff "$tmp/calls" -
    }
    check "libleat-xen.so exports the public calls and nothing else" exported
    needed()
    {
        printf '%s\n' libc libxenevtchn libxenforeignmemory libxengnttab \
            libxenstore >"$tmp/wanted"
        needs "$so" | sed 's/\.so\..*//' | diff "$tmp/wanted" -
    }
    check "DT_NEEDED is libc and four of Xen's" needed
    without()
    {
        local other
        for other in "$builddir"/.libs/libleat*.so; do
            case $other in
            */libleat-xen.so) ;;
            *) needs "$other" | grep -i xen && return 1 ;;
            esac
        done
        return 0
    }
    check "no other library needs them" without
else
    skip "libleat-xen.so exports the public calls and nothing else" \
        "built with --disable-shared"
    skip "DT_NEEDED is libc and four of Xen's" "built with --disable-shared"
    skip "no other library needs them" "built with --disable-shared"
fi

plan
