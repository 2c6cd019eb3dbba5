# SPDX-License-Identifier: ISC
#
# TAP for the shell tests, which source this. The plan comes last, so a script
# that dies on its way has none, and fails.
#
#     . "$srcdir/tests/tap.sh"
#     check "name of the case" command argument...
#     plan

set -u
LC_ALL=C
export LC_ALL

cases=0
failed=0
tmp=$(mktemp -d "${TMPDIR:-/tmp}/leat-test.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM

result()
{
    cases=$((cases + 1))
    if test "$1" -eq 0; then
        echo "ok $cases - $2"
    else
        failed=$((failed + 1))
        echo "not ok $cases - $2"
    fi
}

# check NAME COMMAND...: passes when the command does; else its output is shown.
check()
{
    local name=$1 status
    shift
    "$@" >"$tmp/check.out" 2>&1
    status=$?
    result $status "$name"
    if test $status -ne 0; then
        echo "# status $status of: $*"
        sed 's/^/# /' "$tmp/check.out"
    fi
}

# skip NAME WHY: for what this machine does not have.
skip()
{
    cases=$((cases + 1))
    echo "ok $cases - $1 # SKIP $2"
}

have()
{
    command -v "$1" >/dev/null 2>&1
}

plan()
{
    echo "1..$cases"
    test "$failed" -eq 0
    exit
}
