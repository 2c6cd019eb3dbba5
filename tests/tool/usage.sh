#!/bin/bash
# SPDX-License-Identifier: ISC
#
# The command used wrongly: exit status 2, and a text that says what is wrong.

. "$srcdir/tests/tool/common.sh"

check "no verb" said 2 '^usage: leat VERB'
check "an unknown verb" said 2 'no such verb: fly' fly
check "an empty verb" said 2 'no such verb' ''
check "help" said 0 '^  copy ' help
check "--help" said 0 '^  copy ' --help
check "help of a verb" said 0 '^usage: leat copy' help copy
check "help of every verb: run" said 0 '^usage: leat run' help run
check "help of every verb: bench" said 0 '^usage: leat bench' help bench
check "help of an unknown verb" said 2 'no such verb: fly' help fly
check "help of two verbs" said 2 'one verb' help copy run
check "--version" said 0 '^leat [0-9]' --version

check "copy: no files" said 2 'one source' copy
check "copy: one file" said 2 'one source' copy a
check "copy: three files" said 2 'one source' copy a b c
check "copy: unknown option" said 2 'no such option' copy --fast a b
check "copy: --odd without a number" said 2 'argument' copy --odd
for n in x '' 0 2 -1 +1 ' 1' 4096 4097 1x 99999999999999999999; do
    check "copy: --odd '$n'" said 2 'an odd number' copy --odd "$n" a b
done
check "copy: both ways" said 2 'not both' copy --direct --odd 1 a b

check "run: an argument" said 2 'takes no' run here
check "run: unknown option" said 2 'no such option' run --slow
for n in x 0 -1 1048577; do
    check "run: --size '$n'" said 2 'MiB' run --size "$n"
done
check "run: --dir that is not there" said 1 'No such file' run --dir /nowhere

check "bench: of what" said 2 'of what' bench
check "bench: unknown" said 2 'no such bench' bench coffee
check "bench: twice the same" said 2 "pages twice" bench pages views pages
check "bench: what is no file" said 2 "views takes no" bench views here
check "bench: --goals with a file" said 2 "no such bench" bench --goals here
check "bench: an argument" said 2 'takes no' bench pages more
check "bench: unknown option" said 2 'no such option' bench pages --slow
check "bench: unknown case" said 2 'no such name' bench pages --cases lifo,x
check "bench: unknown peer" said 2 'no such name' bench pages --peers x
check "bench: against unknown" said 2 'no such name' bench pages --against x
for n in x 0 100; do
    check "bench: --rounds '$n'" said 2 'rounds' bench pages --rounds "$n"
done
for n in x 0 4097 1,; do
    check "bench: --batch '$n'" said 2 'batch' bench pages --batch "$n"
done
for n in x 0 5000; do
    check "bench: --sizes '$n'" said 2 'sizes' bench pages --sizes "$n"
done
check "bench: --offsets 4096" said 2 'offsets' bench views --offsets 4096
check "bench: --offsets of pages" said 2 'no --offsets' \
    bench pages --offsets 1
check "bench: --goals of align" said 2 'no --goals' bench align --goals
check "bench: --time 0" said 2 'time' bench pages --time 0

full()
{
    "$leat" help >/dev/full 2>"$tmp/said"
    test $? -eq 1 && grep -q 'standard output' "$tmp/said"
}
check "a full standard output is an error" full

plan
