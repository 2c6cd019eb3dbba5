#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The freestanding archives are no larger than leat-porting(7) says, in a build of
# the kind that it speaks of; and need no more than it says.

. "$srcdir/tests/tap.sh"

page=$srcdir/man/leat-porting.7

# fits NAME ARCHIVE: text and data of all of it, against the page's.
fits()
{
    local text data most_text most_data
    read -r text data < <(size -t "$2" | awk 'END { print $1, $2 + $3 }')
    read -r most_text most_data < <(sed -n \
        "s/^\.It $1 Ta \([0-9]*\) text Ta \([0-9]*\) data$/\1 \2/p" "$page")
    echo "# $1: $text text, $data data"
    test "${text:-0}" -gt 0 && test "${most_text:-0}" -gt 0 || return
    case "$(uname -m) $CC $DEBUG_CPPFLAGS $SIZED_CFLAGS" in
    x86_64\ gcc\ *DEBUG=1*) ;;
    x86_64\ gcc\ *sanitize*) ;;
    x86_64\ gcc\ *-O2*)
        test "$text" -le "$most_text" && test "$data" -le "$most_data" ||
            return
        # A figure that is far off is not true either.
        test $((text * 5)) -ge $((most_text * 4))
        ;;
    esac
}

fits libleat-core.a "$builddir/libleat-core.a"
result $? "libleat-core.a is as large as leat-porting(7) says"
fits libleat-grant.a "$builddir/.libs/libleat-grant.a"
result $? "libleat-grant.a is as large as leat-porting(7) says"

# The four functions, in the order of the page.
needs()
{
    local names
    names=$($NM -u "$builddir/libleat-core.a" "$builddir/.libs/libleat-grant.a" |
        awk 'NF == 2 { print $2 }' | grep -v '^leat_\|GLOBAL_OFFSET' | sort -u |
        tr '\n' ' ')
    echo "# taken from outside: $names"
    for name in $names; do
        grep -qE "(^| )$name( |$)" <(sed -n '/^memcpy /p' "$page") || return
    done
}
needs
result $? "what they take from outside is on the page"

plan
