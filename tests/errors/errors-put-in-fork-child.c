/* SPDX-License-Identifier: ISC */

/* A child of fork() uses the pool of its parent, and destroys it. */

#include "pool-errors.h"

#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
    struct leat_chunk c = {0};
    int status = -1;
    struct misuse m;
    pid_t child;

    misuse_open(&m, (struct leat_pool_config){.threads = 1});
    EXPECT(&m, 0, leat_pool_get(m.pool, 1, &c));
    memset(leat_chunk_view(c).data, 7, LEAT_PAGE_SIZE);
    child = fork();
    if (child == 0) {
        EXPECT(&m, LEAT_E_FORKED, leat_pool_put(m.pool, c));
        EXPECT(&m, LEAT_E_FORKED, leat_pool_get(m.pool, 1, &c));
        EXPECT(&m, LEAT_E_FORKED, leat_chunk_check(c));
        HOLDS(&m, !leat_chunk_view(c).data);
        EXPECT(&m, LEAT_E_FORKED, leat_pool_destroy(m.pool));
        fflush(stdout);
        _exit(!m.passed);
    }
    HOLDS(&m, child > 0 && waitpid(child, &status, 0) == child);
    HOLDS(&m, status == 0);
    HOLDS(&m, leat_chunk_view(c).data && leat_chunk_view(c).data[4095] == 7);
    EXPECT(&m, 0, leat_pool_put(m.pool, c));
    return misuse_close(&m, "a pool is its own process's");
}
