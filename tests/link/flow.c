/* SPDX-License-Identifier: ISC */

/* A program of libleat's, or with -DUSE_FLOW, of libleat-flow's. */

#include <leat/leat.h>
#ifdef USE_FLOW
#include <leat/flow.h>
#endif

int main(void)
{
    struct leat_mmap host = {0};
    struct leat_pool_config config = {0};
    struct leat_pool *pool;

    if (leat_mmap_init(&host))
        return 1;
    config.backend = leat_mmap(&host);
    if (leat_pool_create(&pool, &config))
        return 2;
#ifdef USE_FLOW
    {
        struct leat_flow_pool_config flows = {0};
        struct leat_flow_pool *fp;
        struct leat_flow_ref ref;

        flows.pool = pool;
        if (leat_flow_pool_create(&fp, &flows) ||
            leat_flow_buffer_get(fp, 100, &ref) || leat_flow_ref_drop(&ref) ||
            leat_flow_pool_destroy(fp))
            return 3;
    }
#endif
    return leat_pool_destroy(pool);
}
