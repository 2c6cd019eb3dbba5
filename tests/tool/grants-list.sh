#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat grants: as text, as JSON, of a domain, of all, and which site it is of.

. "$srcdir/tests/tool/grants.sh"

for verb in share map grants; do
    check "help of $verb" said 0 "^usage: leat $verb" help $verb
    check "$verb: an unknown option" said 2 'no such option' $verb --fast
done
check "share: --on what is none" said 2 'on moon: neither' share --on moon --to 1 1
check "map: --on what is none" said 2 'on sim:: neither' map --on sim: --from 1 8
check "grants: --on what is none" said 2 'on mars: neither' grants --on mars
check "share: to whom" said 2 'to whom' share 1
check "map: from whom" said 2 'from whom' map 8
for n in x '' -1 32752; do
    check "share: --to '$n'" said 2 'no domain' share --to "$n" 1
    check "share: --as '$n'" said 2 'no domain' share --to 1 --as "$n" 1
    check "map: --from '$n'" said 2 'no domain' map --from "$n" 8
    check "grants of '$n'" said 2 'one domain' grants -- "$n"
done
for n in x '' 0 131073 1,2; do
    check "share: '$n' pages" said 2 'how many' share --to 1 "$n"
done
for n in x '' 9-8 8- -8 8-9-10 4294967296 0-65536; do
    check "map: reference '$n'" said 2 'which references' map --from 1 -- "$n"
done
check "share: no pages" said 2 'how many' share --to 1
check "map: no references" said 2 'which' map --from 1
check "share: --unit 0" said 2 'unit' share --to 1 --unit 0 1
check "share: --owner of two words" said 2 'owner' share --to 1 --owner 'a b' 1
check "share: --wait x" said 2 'wait' share --to 1 --wait x 1
check "grants of two" said 2 'one domain' grants 1 2
check "share in none" said 1 'no simulation' share --on "sim:$sim" --to 1 1

# What is found by itself: in an empty directory there is nothing.
mkdir "$tmp/empty" "$tmp/run"
alone()
{
    cd "$tmp/empty" || exit 1
    XDG_RUNTIME_DIR=$tmp/run TMPDIR=$tmp/run "$leat" grants "$@" 2>&1
}
finds()
{
    alone "${@:2}" | tee "$tmp/found"
    grep -Eq -e "$1" "$tmp/found"
}
if test "$(cat /sys/hypervisor/type 2>/dev/null)" != xen; then
    check "no site is found" finds 'no simulation was found, and no Xen'
    check "a simulation" "$leat" sim start "$tmp/run/d"
    check "it is found" finds 'simulated' --json
    check "another" "$leat" sim start "$tmp/empty/e"
    check "then it is to be said which" finds 'which one\? .*sim:./e'
    by_name()
    {
        LEAT_ON=sim:$tmp/run/d finds "\"on\": \"sim:$tmp/run/d\"" --json
    }
    check "by LEAT_ON" by_name
    check "stop the one" "$leat" sim stop "$tmp/run/d"
    check "the other is found" finds '"on": "sim:./e"' --json
    check "stop the other" "$leat" sim stop "$tmp/empty/e"
else
    check "Xen is found" finds 'owner' 0
fi
check "xen, where it is not, or is" finds 'xen|owner' --on xen

sim=$tmp/d
check "a simulation with two sharers" "$leat" sim start "$sim"
check "one" hold a share --as 3 --to 4 --owner ann 2
check "two" hold b share --as 5 --to 4 --ro --owner bob --unit 2 2
check "a mapper" hold m map --as 4 --from 5 --ro 8 9
check "says simulated" grants 'owner \(simulated\)$'
check "all tables: the one's" grants '^ +3 +9 +4 rw +no +[0-9]+\.[0-9] s  ann$'
check "all tables: the other's" grants '^ +5 +9 +4 ro +reading +[0-9]+\.[0-9] s  bob$'
check "one table has no other" test "$("$leat" grants --on "sim:$sim" 3 | wc -l)" -eq 3
check "a domain that granted nothing" test "$("$leat" grants --on "sim:$sim" 4 | wc -l)" -eq 1
check "a domain that is none" said 1 'domain 9: no such domain' grants --on "sim:$sim" 9

"$leat" grants --on "sim:$sim" --json >"$tmp/all.json"
is()
{
    local wanted=$1 got
    shift
    got=$(value "$tmp/all.json" "$@")
    echo "$got, $wanted wanted"
    test "$got" = "$wanted"
}
check "JSON: simulated" is simulated figures
check "JSON: three domains" is 3 domains
check "JSON: the first" is 3 domains 0 domain
check "JSON: read from its table" is table domains 0 source
check "JSON: two grants" is 2 domains 0 grants
check "JSON: the reference" is 9 domains 0 grants 1 ref
check "JSON: the peer" is 4 domains 0 grants 1 peer
check "JSON: the access" is rw domains 0 grants 1 access
check "JSON: not in use" is false domains 0 grants 1 in_use
check "JSON: the owner" is ann domains 0 grants 1 owner
check "JSON: in use" is true domains 2 grants 0 in_use
check "JSON: for reading" is false domains 2 grants 0 writing
check "JSON: of the other" is ro domains 2 grants 0 access
aged()
{
    local age
    age=$(value "$tmp/all.json" domains 0 grants 0 age_s)
    echo "$age"
    awk -v a="$age" 'BEGIN { exit !(a > 0 && a < 100) }'
}
check "JSON: the age" aged

# What others wrote there is not believed.
path=/local/domain/3/data/leat/grants
check "nonsense in the store" "$leat" sim store "$sim" "$path/1-0=4 rw x y z"
check "a word of what is not so" "$leat" sim store "$sim" "$path/1-1=7 rw 1 eve 8"
check "what would not print" "$leat" sim store "$sim" "$path/1-2=4 rw 9e9 e$(printf '\033')e 8"
check "is not shown" grants '^ +3 +8 +4 rw +no +[0-9]+\.[0-9] s  ann$'
check "the mapper ends" over m 0
check "revoked, it is not listed" asks a 'revoke 8' '^revoked 8$'
check "but the rest is" test "$("$leat" grants --on "sim:$sim" 3 | wc -l)" -eq 2
check "the one ends" over a 0
check "the other ends" over b 0
check "the end" "$leat" sim stop "$sim"

plan
