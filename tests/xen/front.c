/* SPDX-License-Identifier: ISC */

/*
 * Our blkfront in a domU, as tests/xen/pair.h has it made, whose back may die and
 * come again at any time: writes, flushes, and reads what it wrote.
 *
 *     front BYTES PASSES
 *
 * Says "pass N" of each pass, leaves what is to be on the disk in /tmp/front.image,
 * and says "done" where all was as it should be.
 */

#include <fcntl.h>

#include "front.h"

#define PATH "/local/domain/%u/device/leat/51712"

int main(int argc, char **argv)
{
    static const struct terms terms = {.name = "pair", .segments = 32};
    static struct front x;
    struct leat_blkfront_stats s;
    size_t bytes = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
    unsigned long passes = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
    unsigned char *image = malloc(bytes), *back = malloc(bytes);
    uint32_t own = own_domain();
    char path[64];
    FILE *f;

    MUST(bytes && passes && image && back);
    snprintf(path, sizeof(path), PATH, own);
    front_open(&x, 0);
    MUST(!front_create(&x, path, &terms));
    MUST(TURNS(&x, leat_blkfront_connected(x.f), 60000));
    for (unsigned long pass = 1; pass <= passes; pass++) {
        for (size_t i = 0; i < bytes; i++)
            image[i] = (unsigned char)(i * (2 * pass + 1) + i / PAGE + pass);
        memset(back, 0, bytes);
        MUST(!front_carry(&x, LEAT_BLK_WRITE, image, bytes));
        MUST(!front_one(&x, LEAT_BLK_FLUSH, 0, NULL, 0));
        MUST(!front_carry(&x, LEAT_BLK_READ, back, bytes));
        MUST(!memcmp(image, back, bytes));
        MUST(!leat_blkfront_check(x.f));
        printf("pass %lu\n", pass);
        fflush(stdout);
    }
    f = fopen("/tmp/front.image", "w");
    MUST(f && fwrite(image, 1, bytes, f) == bytes && !fclose(f));
    MUST(!leat_blkfront_stats(x.f, &s));
    MUST(!s.failed);
    front_close(&x);
    front_give_back(&x);
    MUST(!tap_failed);
    printf("done: connects %llu, resent %llu, sent %llu, indirect %llu\n",
           (unsigned long long)s.connects, (unsigned long long)s.resent,
           (unsigned long long)s.sent, (unsigned long long)s.indirect);
    return 0;
}
