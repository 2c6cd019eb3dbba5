/* SPDX-License-Identifier: ISC */

/* A flow pool is destroyed while a buffer of it is out. */

#include "flow-errors.h"

int main(void)
{
    struct misuse m;
    struct leat_flow_pool *fp = flows_open(&m);
    struct leat_flow_ref ref;

    EXPECT(&m, 0, leat_flow_buffer_get(fp, 100, &ref));
    EXPECT(&m, LEAT_E_BUSY, leat_flow_pool_destroy(fp));
    memset(ref.view.data, 1, 100);
    EXPECT(&m, 0, leat_flow_ref_drop(&ref));
    return flows_close(&m, fp, "a flow pool stays while refs are held");
}
