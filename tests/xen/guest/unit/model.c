/* SPDX-License-Identifier: ISC */

/*
 * The core's model (tests/model/model.c) in a guest: random operations, by the
 * same two seeds, on each kind of pool. Its main program is
 * compiled under another name. Where it asks for mmap it gets slabs of the guest's own memory
 * (libc.c): the core grows and shrinks as it does there.
 */

#include "runner.h"
#include "xen/guest/guest.h"

/* Emulation takes twenty times as long. */
#define OPS "4000"

int model_main(int argc, char **argv);

void guest_test_needs(const char *what)
{
    guest_crash("the model needs %s", what);
}

void guest_main(void)
{
    static char name[] = "model", option[] = "--ops", ops[] = OPS;
    char *argv[] = {name, option, ops, NULL};

    guest_print("@off %d\n", model_main(3, argv));
}
