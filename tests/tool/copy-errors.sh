#!/bin/bash
# SPDX-License-Identifier: ISC
#
# leat copy, where it cannot: it says why, exits with 1, and leaves what was.

. "$srcdir/tests/tool/common.sh"

work=$tmp/work
mkdir "$work"
bytes 70000 >"$work/source"
echo kept >"$work/kept"

check "no source" \
    said 1 'nowhere.*No such file' copy "$work/nowhere" "$work/copy"
check "the source is a directory" \
    said 1 'not a regular file' copy "$work" "$work/copy"
check "the source is a device" \
    said 1 'not a regular file' copy /dev/null "$work/copy"
check "the destination is a directory" \
    said 1 'is a directory' copy "$work/source" "$work"
check "the destination is a device" \
    said 1 'not a regular file' copy "$work/source" /dev/null
check "no directory for the destination" \
    said 1 'No such file' copy "$work/source" "$work/none/copy"
check "the destination is empty" said 1 'no such' copy "$work/source" ''
check "the destination is the source" \
    said 1 'source itself' copy "$work/source" "$work/source"
ln "$work/source" "$work/second"
check "the destination is the source by another name" \
    said 1 'source itself' copy "$work/source" "$work/second"
rm "$work/second"
ln -s none "$work/link"
check "the destination is a link to nothing" \
    said 1 'link to nothing' copy "$work/source" "$work/link"
rm "$work/link"
check "nothing was left by any of these" only "$work" kept source

# A limit on the size of files stands for a full disk.
limited()
{
    (ulimit -f 40 && said 1 'cannot write at byte' copy "$@")
}
check "the disk takes no more" limited "$work/source" "$work/copy"
check "the disk takes no more, over a file" \
    limited "$work/source" "$work/kept"
check "what was there is there" test "$(cat "$work/kept")" = kept
check "no half file is left" only "$work" kept source

# A file system in memory has no disk under it, and the kernel says nothing of
# what direct I/O needs there.
memory=
for dir in /dev/shm /run; do
    if test "$(stat -f -c %T "$dir" 2>/dev/null)" = tmpfs && test -w "$dir"
    then
        memory=$(mktemp -d "$dir/leat-test.XXXXXX") && break
    fi
done
if test -n "$memory"; then
    trap 'rm -rf "$tmp" "$memory"' EXIT
    cp "$work/source" "$memory/source"
    check "from tmpfs" \
        said 1 'direct I/O' copy "$memory/source" "$work/copy"
    check "to tmpfs" said 1 'direct I/O' copy "$work/source" "$memory/copy"
    check "to tmpfs, odd" \
        said 1 'direct I/O' copy --odd 1 "$work/source" "$memory/copy"
    check "nothing is left there" only "$memory" source
    check "run on tmpfs" said 1 'direct I/O' run --size 1 --dir "$memory"
    check "and nothing of that" only "$memory" source
fi

plan
