/* SPDX-License-Identifier: ISC */

/* What an error of the system's is called here. */

#include <errno.h>

#include "io.h"

int leat_io_error(int error)
{
    switch (error) {
    case EOPNOTSUPP:
    case ENOSYS:
        return LEAT_E_UNSUPPORTED;
    case EACCES:
    case EPERM:
    case EROFS:
    case EBADF:
        return LEAT_E_ACCESS;
    case ENOENT:
    case ENOTDIR:
        return LEAT_E_REFERENCE;
    case ENOMEM:
        return LEAT_E_NOMEM;
    case EFBIG:
        return LEAT_E_RANGE;
    default:
        return LEAT_E_SYSTEM;
    }
}
