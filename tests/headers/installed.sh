#!/bin/bash
# SPDX-License-Identifier: ISC
#
# What make install leaves is enough: programs in C and in C++ are built with
# nothing but what pkg-config says of the installed libraries, and run.

. "$srcdir/tests/tap.sh"

root=$tmp/root

install_tree()
{
    env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL \
        "$MAKE" -C "$builddir" install DESTDIR="$root"
}
check "make install DESTDIR" install_tree

export PKG_CONFIG_LIBDIR=$root$libdir/pkgconfig
export PKG_CONFIG_SYSROOT_DIR=$root
export LD_LIBRARY_PATH=$root$libdir

same_headers()
{
    diff -r "$srcdir/include/leat" "$root$includedir/leat"
}
check "the headers are installed as they are" same_headers

# use MODULE COMPILER FLAG...
use()
{
    local module=$1 cc=$2 said
    shift 2
    said=$($PKG_CONFIG --cflags --libs "$module") || return
    $cc -Wall -Wextra -Werror -pedantic "$@" "$srcdir/tests/headers/use.c" \
        $said -o "$tmp/use" && "$tmp/use"
}

# The shared library is not there in a build with --disable-shared; then the
# same words link the static one.
for cc in gcc clang; do
    if have $cc; then
        check "libleat, $cc -std=c11" use libleat $cc -std=c11
        check "libleat-core, $cc -std=c11" \
            use libleat-core $cc -std=c11 -DUSE_CORE
    else
        skip "libleat, $cc -std=c11" "no $cc"
        skip "libleat-core, $cc -std=c11" "no $cc"
    fi
done
for cxx in g++ clang++; do
    for std in c++11 c++17; do
        if have $cxx; then
            check "libleat, $cxx -std=$std" use libleat "$cxx -x c++" -std=$std
            check "libleat-core, $cxx -std=$std" \
                use libleat-core "$cxx -x c++" -std=$std -DUSE_CORE
        else
            skip "libleat, $cxx -std=$std" "no $cxx"
            skip "libleat-core, $cxx -std=$std" "no $cxx"
        fi
    done
done

plan
