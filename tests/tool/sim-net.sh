#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat sim net: a kernel's TCP through netfront and netback, in each way, with a
# back end that is killed and a domain that is suspended; captures; what is refused.

. "$srcdir/tests/tool/common.sh"

mkdir "$tmp/tmp"
export TMPDIR=$tmp/tmp

passes()
{
    local pattern=$1
    shift
    said 0 "$pattern" sim net --seconds 0 --size 4 "$@" &&
        grep -Eq '^  ping +1[0-9] of 1[0-9] came back' "$tmp/said" &&
        test "$(grep -c 'SHA-256 agrees' "$tmp/said")" = 2
}

check "by copy: no grant operation of the front end's" \
    passes '^  grant operations +0\.00 a frame in front' --seconds 1
check "  iperf3 went both ways" grep -Eq \
    '^  TCP, iperf3 +[0-9.]+ Gbit/s there, [0-9.]+ back' "$tmp/said"
check "  long segments went both ways" \
    grep -Eq '^  frames .* [1-9][0-9,]* of them long .* [1-9][0-9,]* long$' \
    "$tmp/said"
check "  each figure of time is labelled" \
    sh -c "! grep -E '(bit/s|MB/s| us| ms)' '$tmp/said' | grep -v '^leat' |
        grep -Ev 'simulated|connected again in'"
check "by revoke: no copy by the front end" \
    passes '^  copies, front +none' --mode revoke
check "shared: no copy by the front end" \
    passes '^  copies, front +none' --mode shared
check "the back end is killed in the middle, and TCP goes on" \
    passes '^  back end +killed in the middle' --kill-backend
check "a suspend in the middle, over two queues" \
    passes '^  front end +suspended and resumed' --suspend --queues 2
check "  two there are" grep -Eq '^  queues +2;' "$tmp/said"

# Programs of the user's go through a link that is held, until the input ends.
held()
{
    local front back status ended in
    mkfifo "$tmp/in" "$tmp/out"
    "$leat" sim net --hold <"$tmp/in" >"$tmp/out" 2>"$tmp/err" &
    exec {in}>"$tmp/in"
    {
        IFS='= ' read -r _ front _ _ _ back _
        nsenter --net="$front" ping -c 3 -i 0.02 -w 10 10.99.0.2 &&
            nsenter --net="$back" ping -c 3 -i 0.02 -w 10 10.99.0.1
        status=$?
        exec {in}>&-
        cat
    } <"$tmp/out" >"$tmp/said"
    wait $!
    ended=$?
    echo "ping: $status; leat: $ended"
    cat "$tmp/said" "$tmp/err"
    test $status$ended = 00 && grep -q '^  frames ' "$tmp/said"
}
check "--hold leaves the link to others" held
check "  and ends with its input" said 0 '^front=/proc/' sim net --hold
check "  not with a disaster" said 2 'hold' sim net --hold --suspend

json=$(realpath "$builddir")/tests/tool/json
"$leat" sim net --json --seconds 0 --size 1 >"$tmp/net.json" 2>"$tmp/progress"
check "JSON says that it is simulated" \
    test "$("$json" "$tmp/net.json" simulated)" = true
check "  and what came back" \
    test "$("$json" "$tmp/net.json" traffic ping_came)" -ge 10

if test "${HAVE_PCAP:-yes}" = no; then
    check "without libpcap it says so" \
        said 1 'built without libpcap' sim net --pcap "$tmp/none"
else
    frames=$(realpath "$builddir")/tests/tool/frames
    "$frames" "$tmp/whole.pcap" 400
    for mode in copy revoke shared; do
        check "$mode: a capture, every byte both ways" \
            said 0 '^  frames +400, .* each way; every byte was verified' \
            sim net --pcap "$tmp/whole.pcap" --mode $mode
    done
    check "  and how long each took" \
        grep -Eq '^  latency +p50 [0-9]+ us' "$tmp/said"
    "$frames" "$tmp/cut.pcap" 100 cut
    check "what cannot pass is left out" \
        said 0 '^  frames +77, ' sim net --pcap "$tmp/cut.pcap"
    check "no such capture" \
        said 1 'No such file' sim net --pcap "$tmp/none"
    echo no capture at all >"$tmp/text"
    check "a file that is none" said 1 'sim net: ' sim net --pcap "$tmp/text"
    "$frames" "$tmp/empty.pcap" 0
    check "a capture without frames" \
        said 1 'no frame' sim net --pcap "$tmp/empty.pcap"
fi

check "--pcap and a disaster" \
    said 2 'neither' sim net --pcap x --kill-backend
check "both disasters" said 2 'not both' sim net --suspend --kill-backend
check "a mode that is none" said 2 'mode' sim net --mode fast
check "queues that are none" said 2 'queues' sim net --queues 0
check "an argument" said 2 'options alone' sim net x
check "nothing is left" only "$TMPDIR"

plan
