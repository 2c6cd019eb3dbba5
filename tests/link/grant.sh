#!/bin/bash
# SPDX-License-Identifier: ISC
#
# libleat-grant.a is freestanding.

. "$srcdir/tests/tap.sh"

library=leat-grant
sources=$GRANT_SOURCES
names='grants?|gnttab|mapping|persist|receive'

. "$srcdir/tests/link/freestanding.sh"
