#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat share and leat map, in every order of grant, map, unmap and revoke.

. "$srcdir/tests/tool/grants.sh"

check "a simulation" "$leat" sim start "$sim"

share()
{
    hold s share --as 1 --to 2 "$@"
}
map()
{
    hold m map --as 2 --from 1 "$@"
}

check "share" share 3
check "it says by which references" sees s '^refs 8-10$'
check "the table has them, not in use" grants '^ +1 +10 +2 rw +no +[0-9.]+ s +leat-share:'
check "map" map 8-10
check "the table has them in use" grants '^ +1 +10 +2 rw +writing '
check "the sharer writes across an edge" asks s 'write 4090 over the edge' '^written 4090 13$'
check "the mapper reads it" asks m 'read 4090 13' '^read 4090 over the edge$'
check "the mapper writes" asks m 'write 12287 Z' '^written 12287 1$'
check "the sharer reads it" asks s 'read 12286 2' '^read 12286 \\x00Z$'
check "not beyond the end" asks m 'read 12287 2' 'read: out of range'
check "unmap" asks m unmap '^unmapped$'
check "unmapped is not read" asks m 'read 0 1' 'read: not possible'
check "revoke of one" asks s 'revoke 9' '^revoked 9$'
check "it is not revoked twice" asks s 'revoke 9' '9: no such grant'
check "what is revoked is not read" asks s 'read 4096 1' 'read: stale'
check "nor mapped again, as the batch" asks m map 'reference 9: no such grant reference'
check "and nothing else of the batch is" grants '^ +1 +10 +2 rw +no '
check "revoke of all" asks s revoke '^revoked 10$'
check "nothing is granted" nothing_granted
check "the mapper ends; a word of it had failed" over m 1
check "the sharer too" over s 1

check "share, then map" share 2
check "a mapper" map 8 9
check "revoke while it is mapped" asks s 'revoke 8' '^quarantined 8$'
check "the mapper reads on" asks m 'read 0 1' '^read 0 '
check "list says so" asks s list '^8 domain 2 rw quarantined held 1 of 1 age [0-9.]+$'
check "the other is live" sees s '^9 domain 2 rw live held 1 of 1 age'
check "unmap" asks m unmap '^unmapped$'
check "it drains" sees s '^drained 8$'
check "map and unmap again, of what is gone" asks m map 'reference 8: no such'
check "the mapper ends" over m 1
check "the sharer ends: it had nothing to complain of" over s 0

check "share of pages that are mapped at the end" share --wait 0 1
check "their mapper" map 8
check "the sharer ends, and says what is left" over s 1
check "that is" grep -q 'domain 2 holds on to 8: left in quarantine' "$tmp/s.out"
check "the mapper reads on, after it" asks m 'read 0 1' '^read 0 '
check "and ends" over m 0

check "share of a page mapped for a while" share --wait 60 1
check "its mapper" map 8
finish()
{
    tell s quit && sees s '^quarantined 8$' && tell m unmap && over s 0
}
check "the end waits for the peer to let go" finish
check "the mapper ends, too" over m 0

check "read-only" share --ro --unit 2 4
check "mapped for writing" said 1 'reference 8: memory is read-only' \
    map --on "sim:$sim" --as 2 --from 1 8
check "mapped for reading" map --ro 8-11
check "the table says so" grants '^ +1 +11 +2 ro +reading '
check "the mapper does not write" asks m 'write 0 x' 'write: memory is read-only'
check "the sharer does" asks s 'write 8192 seen' '^written'
check "and it is seen" asks m 'read 8192 4' '^read 8192 seen$'
check "a unit is revoked as one" asks s 'revoke 11' '^quarantined 10-11$'
check "what is lost of it: unmap" asks m unmap '^unmapped$'
check "it drains as one" sees s '^drained 10-11$'
check "map again of the rest fails as one" asks m map 'reference 10: no such'
check "the mapper ends" over m 1
check "the sharer ends" over s 0

check "of no domain" said 1 'no such domain' \
    map --on "sim:$sim" --as 2 --from 7 8
check "share with another" hold s share --as 1 --to 5 1
check "the wrong domain maps" said 1 'reference 8: no such grant' \
    map --on "sim:$sim" --as 2 --from 1 8
check "a reference that nobody gave" said 1 'reference 500: no such grant' \
    map --on "sim:$sim" --as 2 --from 1 500
check "reserved references" said 1 'reference 0: no such grant' \
    map --on "sim:$sim" --as 2 --from 1 0-7
check "the same domain twice" said 1 'another is domain 1' \
    map --on "sim:$sim" --as 1 --from 1 8
check "a word that is none" asks s fly 'fly: no such word'
check "help" asks s help '^revoke \[REF\]$'
check "told, where it is known" asks s 'told 8' 'told: not supported'
check "a reference that is not ours" asks s 'revoke 999' '999: no such grant'
check "the sharer ends" over s 1

check "1000 pages, in units of 10" hold s share --as 1 --to 2 --unit 10 1000
check "are mapped as one" map 8-1007
check "the last is the last" asks s 'write 4095999 Q' '^written'
check "and seen" asks m 'read 4095999 1' '^read 4095999 Q$'
check "the mapper ends" over m 0
check "the sharer ends" over s 0
check "1001 in units of 10" said 2 'not whole units' \
    share --on "sim:$sim" --to 2 --unit 10 1001
check "more than a table has" said 1 'nothing is shared: limit' \
    share --on "sim:$sim" --to 2 --unit 64 32768
check "nothing is granted" nothing_granted

lines()
{
    printf 'write 0 abc\nread 0 3\nquit\nread 0 3\n' |
        "$leat" share --on "sim:$sim" --to 2 1 >"$tmp/lines" 2>&1 || return 1
    cat "$tmp/lines"
    test "$(grep -c '^read 0 abc$' "$tmp/lines")" -eq 1 &&
        grep -q '^revoked 8$' "$tmp/lines"
}
check "lines from a pipe, up to quit" lines
check "the end of the input ends it" said 0 '^revoked 8$' \
    share --on "sim:$sim" --to 2 1
check "nothing is granted still" nothing_granted

check "suspend: a sharer" share 2
check "its mapper" map 8 9
check "is refused while it is mapped" said 1 'refused' sim suspend "$sim" 1
check "the sharer says so" sees s '^suspend refused'
check "unmap" asks m unmap '^unmapped$'
check "then it is not" "$leat" sim suspend "$sim" 1
check "resume" "$leat" sim resume "$sim" 1
check "the grants are lost" sees s '^lost 8$'
check "it goes on" sees s '^resumed as generation 1$'
check "the mapper cannot map them" asks m map 'reference 8: no such'
check "the mapper ends" over m 1
check "the sharer ends" over s 0
check "the end" "$leat" sim stop "$sim"

plan
