# SPDX-License-Identifier: ISC
#
# What tests/link/grant.sh and pv.sh hold an archive to: $library, made of
# $sources, whose calls begin with leat_ and one of $names. It goes with the core,
# and with the archive that $below names, if it does.
#
# It is freestanding: linked with those, nothing is left undefined but the four of
# rule R9. It defines nothing that does not begin with leat_, and takes of them
# nothing but public calls.

lower="${below:+$builddir/.libs/lib$below.a} $builddir/libleat-core.a"

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
        "$builddir/.libs/lib$library.a" $lower &&
        undefined "$tmp/whole.o"
}
check "lib$library.a and what is below it need the four alone" whole

prefixed()
{
    $NM --defined-only -g "$tmp/whole.o" | awk '{ print $NF }' |
        grep -v '^leat_' >"$tmp/other"
    test ! -s "$tmp/other" || { cat "$tmp/other"; return 1; }
}
check "they define nothing that does not begin with leat_" prefixed

# What it wants of them is what the shared libraries export, too.
public()
{
    ld -r -o "$tmp/one.o" --whole-archive \
        "$builddir/.libs/lib$library.a" || return
    $NM -u "$tmp/one.o" | awk '{ print $NF }' | grep '^leat_' | sort \
        >"$tmp/wanted"
    cat "$srcdir/src/leat.map" ${below:+"$srcdir"/src/*/"$below.map"} |
        sed -n 's/^ *\(leat_[a-z0-9_]*\);$/\1/p' | sort >"$tmp/map"
    test -s "$tmp/wanted" && test -z "$(comm -23 "$tmp/wanted" "$tmp/map")"
}
check "it takes nothing but public calls of them" public

# The other way round there is nothing: who does not link it has none of it.
core_alone()
{
    local lib
    for lib in "$builddir/libleat-core.a" "$builddir/.libs/libleat.a"; do
        test -e "$lib" || continue
        $NM "$lib" 2>/dev/null | awk 'NF > 1 { print $NF }' |
            grep -E "^leat_($names)(_|\$)" \
                >"$tmp/named"
        test ! -s "$tmp/named" || { cat "$tmp/named"; return 1; }
    done
}
check "the core and libleat name no call of it" core_alone

compiled()
{
    local cc=$1 source objects= n=0
    shift
    for source in $sources; do
        n=$((n + 1))
        $cc $CORE_CFLAGS "$@" "-I$srcdir/include" -c "$srcdir/$source" \
            -o "$tmp/$n.o" || return
        objects="$objects $tmp/$n.o"
    done
    ld -r -o "$tmp/compiled.o" $objects $lower &&
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
