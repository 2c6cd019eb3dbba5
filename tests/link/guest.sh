#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The guests of tests/xen/guest link by the line of leat-porting(7), which
# make check-xen boots; the one without libleat-grant has no symbol of grants.

. "$srcdir/tests/tap.sh"

if test "$(uname -m)" != x86_64; then
    echo "1..0 # SKIP no x86-64"
    exit 0
fi

guest=$srcdir/tests/xen/guest
machine="$guest/start.c $guest/machine.c $guest/events.c $guest/console.c
    $guest/memory.c $guest/tap.c"

# linked COMPILER NAME FILE...: what says what is left out says so here.
linked()
{
    local cc=$1 name=$2
    shift 2
    # shellcheck disable=SC2086
    $cc -std=gnu11 -O2 -Wall -Wextra -Werror -ffreestanding \
        -fno-stack-protector -fno-pie -mno-red-zone "-I$srcdir/include" \
        "-I$srcdir/tests" -nostdlib -static \
        "-Wl,-T,$guest/guest.ld" -Wl,--build-id=none -Wl,-z,noexecstack \
        -o "$tmp/$name" "$@" $machine $libs "$builddir/libleat-core.a"
}

lacks()
{
    $NM "$tmp/$1" | awk '{ print $NF }' | grep -iE "$2" >"$tmp/found"
    test ! -s "$tmp/found" || { cat "$tmp/found"; return 1; }
}

notes()
{
    readelf -nW "$tmp/$1" | grep -c '^  *Xen ' | grep -qx 10
}

for cc in gcc clang; do
    if ! have $cc; then
        skip "guests by $cc" "no $cc"
        continue
    fi
    libs=
    check "$cc: a guest without libleat-grant links" \
        linked $cc driverless "$guest/driverless.c"
    check "$cc: it names no grant" lacks driverless 'grant|gnttab'
    check "$cc: it has Xen's notes" notes driverless
    libs=$builddir/.libs/libleat-grant.a
    check "$cc: one that shares links" linked $cc sharer "$guest/sharer.c" \
        "$guest/orders.c" "$guest/stops.c" "$guest/store.c" "$guest/table.c"
    ! lacks sharer leat_grant >/dev/null
    result $? "$cc: it names grants"
done

plan
