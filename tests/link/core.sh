#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The core needs no more of a C library than memcpy, memmove, memset and memcmp
# (rule R9): the whole archive, linked with ld -r, leaves nothing else undefined.
# So too with the other compiler, without optimisation, and in a debug build.

. "$srcdir/tests/tap.sh"

# undefined FILE: what it leaves undefined, but for the four.
undefined()
{
    $NM -u "$1" | awk '{ print $NF }' |
        grep -vxE 'memcpy|memmove|memset|memcmp' >"$tmp/undefined"
    test ! -s "$tmp/undefined" || { cat "$tmp/undefined"; return 1; }
}

whole()
{
    ld -r -o "$tmp/whole.o" --whole-archive "$builddir/libleat-core.a" &&
        undefined "$tmp/whole.o"
}
check "libleat-core.a as built" whole

named()
{
    $NM "$tmp/whole.o" | awk '{ print $NF }' |
        grep -iE 'grant|gnttab|xen|mmap|pthread|malloc' >"$tmp/named"
    test ! -s "$tmp/named" || { cat "$tmp/named"; return 1; }
}
check "libleat-core.a names no grant, no mmap, no thread, no malloc" named

# No symbol of the core but its own: unikernels have one name space.
prefixed()
{
    $NM --defined-only -g "$tmp/whole.o" | awk '{ print $NF }' |
        grep -v '^leat_' >"$tmp/other"
    test ! -s "$tmp/other" || { cat "$tmp/other"; return 1; }
}
check "libleat-core.a defines nothing that does not begin with leat_" prefixed

# compiled COMPILER FLAG...: the core, with other flags.
compiled()
{
    local cc=$1 source objects= n=0
    shift
    for source in $CORE_SOURCES; do
        n=$((n + 1))
        $cc $CORE_CFLAGS "$@" "-I$srcdir/include" -c "$srcdir/$source" \
            -o "$tmp/$n.o" || return
        objects="$objects $tmp/$n.o"
    done
    ld -r -o "$tmp/compiled.o" $objects && undefined "$tmp/compiled.o"
}

# both FLAG...: with each compiler.
both()
{
    local cc
    for cc in gcc clang; do
        if have $cc; then
            check "$cc $*" compiled $cc "$@"
        else
            skip "$cc $*" "no $cc"
        fi
    done
}

both -O0
both -O3
both -O2 -DLEAT_DEBUG=1
both -O2 -fno-builtin

# Kernels keep out of the vector registers.
test "$(uname -m)" != x86_64 || both -O2 -mgeneral-regs-only

plan
