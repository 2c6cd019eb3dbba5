# SPDX-License-Identifier: ISC
#
# What the tests of the command share. They source this; it sources tap.sh.

. "$srcdir/tests/tap.sh"

leat=${LEAT:-$builddir/leat}

# said STATUS PATTERN ARGUMENT...: runs the command, and wants that exit status
# and a line of its output that matches.
said()
{
    local wanted=$1 pattern=$2 status
    shift 2
    timeout 100 "$leat" "$@" >"$tmp/said" 2>&1 </dev/null
    status=$?
    cat "$tmp/said"
    echo "status $status, $wanted wanted; pattern: $pattern"
    test $status -eq "$wanted" && grep -Eq -e "$pattern" "$tmp/said"
}

# Bytes that are not the same twice in a row.
bytes()
{
    head -c "$1" /dev/urandom
}

same_sum()
{
    test "$(sha256sum <"$1")" = "$(sha256sum <"$2")"
}

# Nothing is left beside what is named.
only()
{
    local dir=$1
    shift
    ls -A "$dir"
    test "$(ls -A "$dir" | tr '\n' ' ')" = "$*${1:+ }"
}
