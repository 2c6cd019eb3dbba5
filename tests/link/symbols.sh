#!/bin/bash
# SPDX-License-Identifier: ISC
#
# libleat exports the public calls, in one version node, and nothing else; and
# each library defines all of those that its headers promise.

. "$srcdir/tests/tap.sh"

so=$builddir/.libs/libleat.so

calls()
{
    cat "$@" | ${AWK:-awk} -f "$srcdir/src/calls.awk" | sort
}

calls $(for h in $PUBLIC_HEADERS; do echo "$srcdir/$h"; done) >"$tmp/calls"
check "the headers declare calls" test -s "$tmp/calls"

# A name that the awk program overlooked would be missing on both sides of each
# comparison; a plain count tells.
counted()
{
    local by_grep by_awk
    by_awk=$(wc -l <"$tmp/calls")
    by_grep=$(cd "$srcdir" && cat $PUBLIC_HEADERS |
        grep -A2 -E '^LEAT_(API|INLINE) ' |
        grep -oE '\bleat_[a-z0-9_]+\(' | sort -u |
        while IFS= read -r name; do
            grep -qxF "${name%(}" "$tmp/calls" && echo "$name"
        done | wc -l)
    test "$by_awk" -eq "$by_grep" && test "$by_awk" -gt 100
}
check "all of them were found" counted

map()
{
    sed -n 's/^ *\(leat_[a-z0-9_]*\);$/\1/p' "$srcdir/src/leat.map" |
        sort | diff "$tmp/calls" -
}
check "src/leat.map names the public calls (make map writes it)" map

nodes()
{
    test "$(grep -c '{' "$srcdir/src/leat.map")" -eq 1 &&
        grep -q '^LEAT_0.1 {' "$srcdir/src/leat.map"
}
check "src/leat.map has one version node" nodes

if test -e "$so"; then
    exported()
    {
        $NM -D --defined-only "$so" | awk '$2 != "A" { print $NF }' |
            sed 's/@@LEAT_0\.1$//' | sort | diff "$tmp/calls" -
    }
    check "libleat.so exports the public calls and nothing else" exported
else
    skip "libleat.so exports the public calls and nothing else" \
        "built with --disable-shared"
fi

# The headers that need an operating system are not of the core.
calls $(for h in $PUBLIC_HEADERS; do
    case $h in
    */host.h | */mmap.h | */leat.h) ;;
    *) echo "$srcdir/$h" ;;
    esac
done) >"$tmp/core"

defines()
{
    $NM --defined-only -g "$2" 2>/dev/null | awk 'NF == 3 { print $3 }' |
        sort -u >"$tmp/defined"
    comm -23 "$1" "$tmp/defined" >"$tmp/missing"
    test ! -s "$tmp/missing" || { cat "$tmp/missing"; return 1; }
}
check "libleat-core.a defines each call of the core's headers" \
    defines "$tmp/core" "$builddir/libleat-core.a"
check "libleat.a defines each call" \
    defines "$tmp/calls" "$builddir/.libs/libleat.a"

# libleat-grant, in the same way.
calls $(for h in $GRANT_HEADERS; do echo "$srcdir/$h"; done) >"$tmp/grant"

grant_map()
{
    sed -n 's/^ *\(leat_[a-z0-9_]*\);$/\1/p' "$srcdir/src/grant/leat-grant.map" |
        sort | diff "$tmp/grant" -
}
check "src/grant/leat-grant.map names the public calls" grant_map
check "libleat-grant.a defines each call" \
    defines "$tmp/grant" "$builddir/.libs/libleat-grant.a"

so=$builddir/.libs/libleat-grant.so
if test -e "$so"; then
    grant_exported()
    {
        $NM -D --defined-only "$so" | awk '$2 != "A" { print $NF }' |
            sed 's/@@LEAT_GRANT_0\.1$//' | sort | diff "$tmp/grant" -
    }
    check "libleat-grant.so exports the public calls and nothing else" \
        grant_exported
else
    skip "libleat-grant.so exports the public calls and nothing else" \
        "built with --disable-shared"
fi

# libleat-pv.
calls $(for h in $PV_HEADERS; do echo "$srcdir/$h"; done) >"$tmp/pv"

pv_map()
{
    sed -n 's/^ *\(leat_[a-z0-9_]*\);$/\1/p' "$srcdir/src/pv/leat-pv.map" |
        sort | diff "$tmp/pv" -
}
check "src/pv/leat-pv.map names the public calls" pv_map
check "libleat-pv.a defines each call" \
    defines "$tmp/pv" "$builddir/.libs/libleat-pv.a"

so=$builddir/.libs/libleat-pv.so
if test -e "$so"; then
    pv_exported()
    {
        $NM -D --defined-only "$so" | awk '$2 != "A" { print $NF }' |
            sed 's/@@LEAT_PV_0\.1$//' | sort | diff "$tmp/pv" -
    }
    check "libleat-pv.so exports the public calls and nothing else" pv_exported
else
    skip "libleat-pv.so exports the public calls and nothing else" \
        "built with --disable-shared"
fi

# libleat-flow, too.
calls $(for h in $FLOW_HEADERS; do echo "$srcdir/$h"; done) >"$tmp/flow"

flow_map()
{
    sed -n 's/^ *\(leat_[a-z0-9_]*\);$/\1/p' "$srcdir/src/flow/leat-flow.map" |
        sort | diff "$tmp/flow" -
}
check "src/flow/leat-flow.map names the public calls" flow_map
check "libleat-flow.a defines each call" \
    defines "$tmp/flow" "$builddir/.libs/libleat-flow.a"

so=$builddir/.libs/libleat-flow.so
if test -e "$so"; then
    flow_exported()
    {
        $NM -D --defined-only "$so" | awk '$2 != "A" { print $NF }' |
            sed 's/@@LEAT_FLOW_0\.1$//' | sort | diff "$tmp/flow" -
    }
    check "libleat-flow.so exports the public calls and nothing else" \
        flow_exported
else
    skip "libleat-flow.so exports the public calls and nothing else" \
        "built with --disable-shared"
fi

# libleat-io, of which a part may be left out.
calls $(for h in $IO_HEADERS; do echo "$srcdir/$h"; done) >"$tmp/io"

io_map()
{
    sed -n 's/^ *\(leat_[a-z0-9_]*\);$/\1/p' "$srcdir/src/io/leat-io.map" |
        sort | diff "$tmp/io" -
}
check "src/io/leat-io.map names the public calls" io_map

io_defines()
{
    defines "$tmp/io" "$builddir/.libs/libleat-io.a" >/dev/null && return
    test "$HAVE_LIBURING" = yes || sed -i '/^leat_file_/d' "$tmp/missing"
    test "$HAVE_PCAP" = yes || sed -i '/^leat_pcap/d' "$tmp/missing"
    test ! -s "$tmp/missing" || { cat "$tmp/missing"; return 1; }
}
check "libleat-io.a defines each call of what is not left out" io_defines

so=$builddir/.libs/libleat-io.so
if test -e "$so"; then
    io_exported()
    {
        $NM -D --defined-only "$so" | awk '$2 != "A" { print $NF }' |
            sed 's/@@LEAT_IO_0\.1$//' | sort | comm -13 "$tmp/io" - >"$tmp/other"
        test ! -s "$tmp/other" || { cat "$tmp/other"; return 1; }
    }
    check "libleat-io.so exports the public calls and nothing else" io_exported
else
    skip "libleat-io.so exports the public calls and nothing else" \
        "built with --disable-shared"
fi

plan
