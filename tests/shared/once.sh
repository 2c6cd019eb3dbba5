#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Each byte of shared memory is loaded or stored once by a call, as compiled:
# reads.c says how that is seen. In the list of tests where there is valgrind.

tmp=$(mktemp -d "${TMPDIR:-/tmp}/leat-once.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
reads=$builddir/tests/shared/reads

# Without what a compiler tells debuggers: valgrind does not read all of it.
strip -g -o "$tmp/reads" "$reads" &&
    valgrind --tool=lackey --trace-mem=yes --log-file="$tmp/trace" \
        "$tmp/reads" >"$tmp/where" || { echo "Bail out! it could not be traced"; exit 1; }
"$reads" "$tmp/where" "$tmp/trace"
