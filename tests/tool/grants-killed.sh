#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat share and leat map when the other, or the hypervisor, is killed.

. "$srcdir/tests/tool/grants.sh"

check "a simulation" "$leat" sim start "$sim"

check "a sharer" hold s share --as 1 --to 2 2
check "a mapper" hold m map --as 2 --from 1 8-9
check "revoke" asks s revoke '^quarantined 9$'
check "the mapper is killed" killed m
check "it drains" sees s '^drained 8$'
check "all of it" sees s '^drained 9$'
check "the sharer ends" over s 0

check "a sharer, again" hold s share --as 1 --to 2 1
check "a mapper, again" hold m map --as 2 --from 1 8
check "the sharer writes" asks s 'write 0 last words' '^written'
check "the sharer is killed" killed s
check "the mapper has its pages" asks m 'read 0 10' '^read 0 last words$'
check "and writes to them" asks m 'write 0 L' '^written'
check "what the sharer wrote of its grants is gone" \
    grants '^ +1 +8 +2 rw +writing +- +-$' 1
check "unmap" asks m unmap '^unmapped$'
gone()
{
    local i
    for ((i = 0; i < 200; i++)); do
        said 1 'domain 1: no such domain' grants --on "sim:$sim" 1 && return 0
        sleep 0.02
    done
    return 1
}
check "then the domain is gone" gone
check "nothing can be mapped of it" asks m map 'no such domain'
check "the mapper ends" over m 1

check "a sharer that is told to end" hold s share --as 1 --to 2 1
check "its mapper" hold m map --as 2 --from 1 8
terminated()
{
    kill -TERM "${pid[m]}" && kill -TERM "${pid[s]}" && over m 0 && over s 0
}
check "SIGTERM: both let go" terminated
check "the sharer revoked" grep -Eq '^(revoked|quarantined) 8$' "$tmp/s.out"
check "the mapper unmapped" grep -q '^unmapped$' "$tmp/m.out"

check "a sharer, for the last" hold s share --as 1 --to 2 1
check "its mapper, too" hold m map --as 2 --from 1 8
check "the sharer writes, too" asks s 'write 0 still here' '^written'
hypervisor()
{
    kill -9 "$(tr -d 'm-' <"$sim/lock")"
}
check "the hypervisor is killed" hypervisor
check "the sharer says so" sees s 'share: the hypervisor: the other side is gone'
check "the mapper, too" sees m 'map: the hypervisor: the other side is gone'
check "its pages are there" asks m 'read 0 10' '^read 0 still here$'
check "the mapper ends" over m 1
check "the sharer ends" over s 1
check "its pages are told of" grep -q '8' "$tmp/s.out"
check "grants of what is gone" said 1 'no simulation runs' grants --on "sim:$sim"
check "nothing is left of it" test ! -e "$sim/socket"

plan
