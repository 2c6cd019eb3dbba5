/* SPDX-License-Identifier: ISC */

/* A copy of a ref, made with '=', is dropped after the ref itself. */

#include "flow-errors.h"

int main(void)
{
    struct misuse m;
    struct leat_flow_pool *fp = flows_open(&m);
    struct leat_flow_ref ref, copy, next;

    EXPECT(&m, 0, leat_flow_buffer_get(fp, 100, &ref));
    copy = ref;
    EXPECT(&m, 0, leat_flow_ref_drop(&ref));
    EXPECT(&m, LEAT_E_STALE, leat_flow_ref_drop(&ref));
    EXPECT(&m, LEAT_E_STALE, leat_flow_ref_drop(&copy));
    EXPECT(&m, 0, leat_flow_buffer_get(fp, 100, &next));
    EXPECT(&m, LEAT_E_STALE, leat_flow_ref_drop(&copy));
    memset(next.view.data, 1, 100);
    EXPECT(&m, 0, leat_flow_ref_drop(&next));
    return flows_close(&m, fp, "a ref is dropped once");
}
