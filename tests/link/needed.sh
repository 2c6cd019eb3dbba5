#!/bin/bash
# SPDX-License-Identifier: ISC
#
# libleat.so needs libc alone.

. "$srcdir/tests/tap.sh"

so=$builddir/.libs/libleat.so
if ! test -e "$so"; then
    echo "1..0 # SKIP built with --disable-shared"
    exit 0
fi

needed()
{
    readelf -d "$so" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' >"$tmp/needed"
    grep -vxE 'libc\.so\.[0-9]+|ld-linux.*\.so\.[0-9]+' "$tmp/needed" &&
        return 1
    grep -xqE 'libc\.so\.[0-9]+' "$tmp/needed"
}
check "DT_NEEDED is libc alone" needed

soname()
{
    readelf -d "$so" | grep -E '\(SONAME\).*\[libleat\.so\.0\]'
}
check "DT_SONAME is libleat.so.0" soname

# The four that are weak, and may be missing, come from the compiler's start
# files.
undefined()
{
    $NM -D -u "$so" | awk '{ print $NF }' |
        grep -vE '@GLIBC_[0-9.]+$' |
        grep -vxE '__gmon_start__|__cxa_finalize|_ITM_(de)?registerTMCloneTable' \
            >"$tmp/undefined"
    test ! -s "$tmp/undefined" || { cat "$tmp/undefined"; return 1; }
}
check "what it leaves undefined is libc's" undefined

relocations()
{
    ! readelf -d "$so" | grep -w TEXTREL
}
check "no text relocations" relocations

plan
