#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat sim: starting, looking and ending by hand. What runs is ended in any case.

. "$srcdir/tests/tool/common.sh"

trap '"$leat" sim stop "$tmp/d" >"$tmp/stop" 2>&1; rm -rf "$tmp"' EXIT

check "of what" said 2 'start, list' sim
check "an unknown word" said 2 'no such word: fly' sim fly
check "start: no directory" said 2 'one directory' sim start
check "start: an unknown option" said 2 'no such option' sim start --fast d
for n in x 0 257; do
    check "start: --frames '$n'" said 2 'from 1 to 256' sim start --frames $n d
done
for rule in map map:fly any:fail map:fail=0x map:keep=1 'map:fail=5@x' 'x:keep'; do
    check "start: --faults '$rule'" said 2 'not rules' \
        sim start --faults "$rule" "$tmp/d"
done
check "list of none" said 1 'no simulation' sim list "$tmp/d"
check "stop of none" said 1 'no simulation' sim stop "$tmp/d"
check "a directory that others may enter" said 1 'alone' \
    sim start /tmp

check "start" said 0 'simulated hypervisor' sim start "$tmp/d"
check "another there" said 1 'in use' sim start "$tmp/d"
private()
{
    test "$(stat -c %a "$tmp/d")" = 700 && test "$(stat -c %a "$tmp/d/socket")" = 600
}
check "the directory is its owner's alone" private
check "list" said 0 'domain state.*simulated' sim list "$tmp/d"
check "list --json" said 0 '"simulated": true, "domains": \[\]' \
    sim list --json "$tmp/d"
check "the grants of nobody" said 1 'no such domain' sim list "$tmp/d" 3
check "store" said 0 '^/ = ""' sim store "$tmp/d"
check "store: write" "$leat" sim store "$tmp/d" /tool/key=value=x
check "store: read" said 0 '^/tool/key = "value=x"' sim store "$tmp/d"
check "store: from a path on" said 0 '^/tool = ""' sim store "$tmp/d" /tool
check "store: no such key" said 1 'no such key' sim store "$tmp/d" /fly
check "store: no path" said 2 'not a path' sim store "$tmp/d" fly
check "suspend: nobody" said 1 'no such domain' sim suspend "$tmp/d" 3
check "resume: nobody" said 1 'no such domain' sim resume "$tmp/d" 3
check "suspend: not a domain" said 2 'a domain' sim suspend "$tmp/d" x
check "stop" "$leat" sim stop "$tmp/d"
check "nothing is left" test ! -e "$tmp/d"

mkdir -m 700 "$tmp/d"
check "start in a directory that is there" said 0 'runs' sim start "$tmp/d"
killed()
{
    kill -9 "$(tr -d 'm-' <"$tmp/d/lock")"
}
check "the hypervisor is killed" killed
check "stop says that it is gone" said 1 'no simulation' sim stop "$tmp/d"
check "and has removed what it left" only "$tmp/d"
check "start again" said 0 'runs' sim start --until-empty --domains 9 "$tmp/d"
check "stop again" "$leat" sim stop "$tmp/d"
check "a directory that was there stays" only "$tmp/d"

plan
