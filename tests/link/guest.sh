#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The guests of tests/xen/guest, which make check-xen boots, link, by both
# compilers; so does a program by the line of leat-porting(7), as it stands there.
# The one without libleat-grant has no symbol of grants.

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

# The line of the page, in a directory with what it names.
by_the_page()
(
    line=$(sed -n '/^\.Ss The link line/,/^\.Ed/p' "$srcdir/man/leat-porting.7" |
        grep -v '^\.' | sed 's/ \\e$//' | tr '\n' ' ')
    mkdir -p "$tmp/$1" && cd "$tmp/$1" || exit
    cp "$guest"/{start,machine,events,console,memory}.c "$guest"/{guest,xen}.h \
        "$guest/guest.ld" "$builddir/libleat-core.a" \
        "$builddir/.libs/libleat-grant.a" . || exit
    cat >main.c <<'END'
#include <leat/core.h>
#include <leat/grant.h>
#include "guest.h"

void guest_main(void)
{
    static unsigned char memory[64 * 4096];
    struct leat_static_arena arena = {.base = memory, .bytes = sizeof(memory)};
    struct leat_pool_config config = {.backend = leat_static(&arena)};
    struct leat_pool *pool;
    struct leat_grant none = {0};

    if (!leat_pool_create(&pool, &config))
        guest_print("%d\n", leat_grant_revoke(none));
}
END
    C_INCLUDE_PATH=$srcdir/include sh -c "$1 ${line#cc }" || exit
    test -s guest && $NM guest | grep -q ' T leat_grant_revoke$'
)

# The core's own tests, which have a C library of the guest's.
units()
{
    local cc=$1 name=$2
    shift 2
    # shellcheck disable=SC2086
    $cc -std=gnu11 -O1 -Wall -Wextra -Werror -Wno-sign-compare \
        -Wno-unused-variable -ffreestanding -fno-stack-protector -fno-pie \
        -mno-red-zone "-I$guest/unit" "-I$srcdir/include" "-I$srcdir/tests" \
        "-I$srcdir/src" -D_GNU_SOURCE -nostdlib -static \
        "-Wl,-T,$guest/guest.ld" -Wl,--build-id=none -Wl,-z,noexecstack \
        -Wl,--wrap=leat_pool_create -Wl,--wrap=leat_pool_meta_size \
        -o "$tmp/$name" "$@" "$guest/unit/libc.c" $machine \
        "$builddir/libleat-core.a"
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

# Those that tests/xen/local.mk has for the guest.
unit_tests=$(sed -n "/^tests_xen_guest_units_SOURCES/,/NULL/s|^    \(tests/unit/test_.*\.c\) \\\\$|$srcdir/\1|p" \
    "$srcdir/tests/xen/local.mk")

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
    check "$cc: one that shares links" linked $cc sharer -Wl,--wrap=memset \
        "$guest/sharer.c" "$guest/orders.c" "$guest/stops.c" "$guest/store.c" "$guest/table.c"
    ! lacks sharer leat_grant >/dev/null
    result $? "$cc: it names grants"
    check "$cc: the line of leat-porting(7) links" by_the_page $cc
    check "$cc: the core's model links" units $cc model -Dmain=model_main \
        "$guest/unit/model.c" "$srcdir/tests/model/model.c"
    check "$cc: so do its unit tests" units $cc units "$guest/unit/runner.c" \
        $unit_tests
done

plan
