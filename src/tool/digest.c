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

struct digest {
    EVP_MD_CTX *md;
};

struct digest *digest_new(void)
{
    struct digest *d = calloc(1, sizeof *d);

    if (d)
        d->md = EVP_MD_CTX_new();
    if (d && d->md && EVP_DigestInit_ex(d->md, EVP_sha256(), NULL))
        return d;
    tool_fail("libcrypto has no SHA-256, or there is no memory");
    digest_free(d);
    return NULL;
}

void digest_free(struct digest *d)
{
    if (d)
        EVP_MD_CTX_free(d->md);
    free(d);
}

bool digest_feed(struct digest *d, const void *bytes, size_t len)
{
    return EVP_DigestUpdate(d->md, bytes, len) || tool_fail("SHA-256 failed");
}

bool digest_end(struct digest *d, char hex[DIGEST_HEX])
{
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0, i;

    if (!EVP_DigestFinal_ex(d->md, sum, &len) || len * 2 + 1 != DIGEST_HEX)
        return tool_fail("SHA-256 failed");
    for (i = 0; i < len; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    return true;
}

static bool feed(const char *path, int fd, unsigned char *buf, struct digest *d)
{
    for (;;) {
        ssize_t n = read(fd, buf, BLOCK);

        if (tool_interrupted())
            return tool_fail("interrupted");
        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR)
            return tool_fail("%s: cannot read: %s", path, strerror(errno));
        if (n > 0 && !digest_feed(d, buf, (size_t)n))
            return false;
    }
}

bool digest_file(const char *path, bool direct, char hex[DIGEST_HEX])
{
    struct digest *d = digest_new();
    unsigned char *buf = NULL;
    bool good = false;
    int fd = -1;

    if (!d)
        return false;
    if (posix_memalign((void **)&buf, 4096, BLOCK)) {
        tool_fail("out of memory");
        goto out;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | (direct ? O_DIRECT : 0));
    if (fd < 0) {
        tool_fail("%s: cannot open: %s", path, strerror(errno));
        goto out;
    }
    good = feed(path, fd, buf, d) && digest_end(d, hex);
out:
    if (fd >= 0)
        close(fd);
    free(buf);
    digest_free(d);
    return good;
}
