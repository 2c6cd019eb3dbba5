/* SPDX-License-Identifier: ISC */

/* A ref is given to a flow that was given before. */

#include "flow-errors.h"

int main(void)
{
    struct misuse m;
    struct leat_flow_pool *fp = flows_open(&m);
    struct leat_flow_config config = {0};
    struct leat_flow_position at = {0};
    struct leat_flow *flow = NULL;
    struct leat_flow_ref ref;

    EXPECT(&m, 0, leat_flow_create(&flow, fp, &config));
    EXPECT(&m, 0, leat_flow_buffer_get(fp, 100, &ref));
    EXPECT(&m, 0, leat_flow_give(flow, &ref));
    EXPECT(&m, LEAT_E_STALE, leat_flow_give(flow, &ref));
    EXPECT(&m, 0, leat_flow_position(flow, &at));
    HOLDS(&m, at.written == 100);
    EXPECT(&m, 0, leat_flow_destroy(flow));
    return flows_close(&m, fp, "a ref is given once");
}
