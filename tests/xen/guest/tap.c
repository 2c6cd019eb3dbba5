/* SPDX-License-Identifier: ISC */

/* The cases of one guest, from all its files. */

#include "tap.h"

static int cases, failed;

bool tap_case(bool good, int line, const char *cond, const char *format, ...)
{
    static char name[300];
    va_list args;

    va_start(args, format);
    guest_format(name, sizeof(name), format, args);
    va_end(args);
    guest_print("%sok %d - %s\n", good ? "" : "not ", ++cases, name);
    if (!good) {
        failed++;
        guest_print("# line %d: not so: %s\n", line, cond);
    }
    return good;
}

void tap_end(void)
{
    guest_print("1..%d\n@off %d\n", cases, failed != 0);
}
