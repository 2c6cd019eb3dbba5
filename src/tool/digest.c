/* SPDX-License-Identifier: ISC */

/*
 * SHA-256 of a file, read by itself: nothing of leat lies in this way, so that
 * it proves what leat did.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "tool.h"

#define BLOCK ((size_t)1 << 20)

static bool feed(const char *path, int fd, unsigned char *buf, EVP_MD_CTX *md)
{
    for (;;) {
        ssize_t n = read(fd, buf, BLOCK);

        if (tool_interrupted())
            return tool_fail("interrupted");
        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR)
            return tool_fail("%s: cannot read: %s", path, strerror(errno));
        if (n > 0 && !EVP_DigestUpdate(md, buf, (size_t)n))
            return tool_fail("SHA-256 failed");
    }
}

bool digest_file(const char *path, bool direct, char hex[DIGEST_HEX])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned char *buf = NULL;
    unsigned len = 0, i;
    bool good = false;
    int fd = -1;

    if (!md || posix_memalign((void **)&buf, 4096, BLOCK)) {
        tool_fail("out of memory");
        goto out;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0));
    if (fd < 0) {
        tool_fail("%s: cannot open: %s", path, strerror(errno));
        goto out;
    }
    if (!EVP_DigestInit_ex(md, EVP_sha256(), NULL)) {
        tool_fail("libcrypto has no SHA-256");
        goto out;
    }
    if (!feed(path, fd, buf, md))
        goto out;
    if (!EVP_DigestFinal_ex(md, sum, &len) || len * 2 + 1 != DIGEST_HEX) {
        tool_fail("SHA-256 failed");
        goto out;
    }
    for (i = 0; i < len; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    good = true;
out:
    if (fd >= 0)
        close(fd);
    free(buf);
    EVP_MD_CTX_free(md);
    return good;
}
