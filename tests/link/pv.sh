#!/bin/bash
# SPDX-License-Identifier: ISC
#
# libleat-pv.a is freestanding.

. "$srcdir/tests/tap.sh"

library=leat-pv
below=leat-grant
sources=$PV_SOURCES
names='ring|slots'

. "$srcdir/tests/link/freestanding.sh"
