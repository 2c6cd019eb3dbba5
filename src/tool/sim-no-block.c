/* SPDX-License-Identifier: ISC */

/* leat sim block, where its disks were left out. */

#include "sim.h"

int sim_block(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    tool_fail("sim block: this leat was built without liburing, and so without "
              "disks of files");
    return EXIT_BAD;
}

int sim_block_back(int argc, char **argv)
{
    return sim_block(argc, argv);
}
