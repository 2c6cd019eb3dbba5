#!/bin/bash
# SPDX-License-Identifier: ISC
#
# Each manual page is free of what mandoc warns of. Whether the pages that it
# refers to are installed here is not asked.

. "$srcdir/tests/tap.sh"

if ! have mandoc; then
    echo "1..0 # SKIP no mandoc"
    exit 0
fi

lint()
{
    mandoc -T lint "$1" 2>&1 |
        grep -vE 'referenced manual not found|mandoc\.db' >"$tmp/lint"
    test ! -s "$tmp/lint" || { cat "$tmp/lint"; return 1; }
}

for page in "$srcdir"/man/*.[1-8]; do
    check "${page##*/}" lint "$page"
done

plan
