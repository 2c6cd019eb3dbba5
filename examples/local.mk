# SPDX-License-Identifier: ISC
#
# Small complete programs, as a user would write them. make check builds and
# runs each: 0 passes.

examples = \
    examples/arena \
    examples/direct \
    examples/flow \
    examples/grant \
    $(NULL)

check_PROGRAMS += $(examples)

# The first is a driver-less program: the freestanding core alone.
examples_arena_CPPFLAGS = $(BASE_CPPFLAGS)
examples_arena_LDADD = libleat-core.a

examples_direct_CPPFLAGS = $(BASE_CPPFLAGS)
examples_direct_LDADD = libleat.la

examples_flow_CPPFLAGS = $(BASE_CPPFLAGS)
examples_flow_LDADD = libleat-flow.la libleat.la

examples_grant_CPPFLAGS = $(BASE_CPPFLAGS)
examples_grant_LDADD = libleat-sim.la libleat-grant.la libleat.la
