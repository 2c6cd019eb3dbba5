# SPDX-License-Identifier: ISC
#
# What the tests of share, map and grants have in common: a simulation, and
# commands that hold pages, each with lines to it and from it.

. "$srcdir/tests/tool/common.sh"

sim=$tmp/d
leat=$(realpath "$leat")
json=$(realpath "$builddir")/tests/tool/json
declare -A pid to
unset LEAT_ON

# Nothing of ours lives on, and nothing that is not ours is ended.
ended()
{
    local name
    for name in "${!pid[@]}"; do
        kill -9 "${pid[$name]}" 2>/dev/null
    done
    "$leat" sim stop "$sim" >/dev/null 2>&1
    rm -rf "$tmp"
}
trap ended EXIT

# hold NAME ARGUMENT...: starts one; it is there when it has said what it holds.
hold()
{
    local name=$1 fd
    shift
    rm -f "$tmp/$name.in"
    mkfifo "$tmp/$name.in"
    : >"$tmp/$name.out"
    exec {fd}<>"$tmp/$name.in"
    to[$name]=$fd
    "$leat" "$@" --on "sim:$sim" <"$tmp/$name.in" >"$tmp/$name.out" 2>&1 &
    pid[$name]=$!
    sees "$name" '^domain [0-9]+ (shares|maps) '
}

# tell NAME LINE
tell()
{
    echo "$2" >&"${to[$1]}"
}

# sees NAME PATTERN: a line that it has said, or says within a while.
sees()
{
    local i
    for ((i = 0; i < 500; i++)); do
        grep -Eq -e "$2" "$tmp/$1.out" && return 0
        kill -0 "${pid[$1]}" 2>/dev/null || break
        sleep 0.02
    done
    grep -Eq -e "$2" "$tmp/$1.out" && return 0
    echo "no line of $1 is: $2"
    cat "$tmp/$1.out"
    return 1
}

# asks NAME LINE PATTERN: says the one, and sees the other.
asks()
{
    tell "$1" "$2" && sees "$1" "$3"
}

# forget NAME: what it has said so far.
forget()
{
    : >"$tmp/$1.out"
}

# over NAME STATUS: it has ended, by itself or by "quit", with that status.
over()
{
    local name=$1 fd=${to[$1]} status
    tell "$name" quit
    wait "${pid[$name]}"
    status=$?
    unset "pid[$name]" "to[$name]"
    exec {fd}>&-
    echo "status $status, $2 wanted"
    cat "$tmp/$name.out"
    test $status -eq "$2"
}

# killed NAME
killed()
{
    kill -9 "${pid[$1]}" && ! wait "${pid[$1]}"
    unset "pid[$1]"
}

# grants PATTERN [ARGUMENT...]: the tables have such a line, now or soon.
grants()
{
    local pattern=$1 i
    shift
    for ((i = 0; i < 200; i++)); do
        "$leat" grants --on "sim:$sim" "$@" >"$tmp/grants" 2>&1
        grep -Eq -e "$pattern" "$tmp/grants" && return 0
        sleep 0.02
    done
    echo "no line is: $pattern"
    cat "$tmp/grants"
    return 1
}

# nothing_granted: no table has an entry.
nothing_granted()
{
    "$leat" grants --on "sim:$sim" >"$tmp/grants"
    cat "$tmp/grants"
    test "$(wc -l <"$tmp/grants")" -eq 1
}

# value FILE NAME...: of a JSON document.
value()
{
    "$json" "$@"
}
