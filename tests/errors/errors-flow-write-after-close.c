/* SPDX-License-Identifier: ISC */

/* Bytes are written to a flow that its writer has ended. */

#include "flow-errors.h"

int main(void)
{
    struct misuse m;
    struct leat_flow_pool *fp = flows_open(&m);
    struct leat_flow_config config = {0};
    struct leat_flow *flow = NULL;
    char out[8] = "";
    size_t got = 0;

    EXPECT(&m, 0, leat_flow_create(&flow, fp, &config));
    EXPECT(&m, 0, leat_flow_write(flow, "abc", 3));
    EXPECT(&m, 0, leat_flow_close(flow));
    EXPECT(&m, LEAT_E_CLOSED, leat_flow_write(flow, "def", 3));
    EXPECT(&m, 0, leat_flow_read_into(flow, out, 8, &got));
    HOLDS(&m, got == 3 && !memcmp(out, "abc", 3));
    EXPECT(&m, LEAT_E_END, leat_flow_read_into(flow, out, 8, &got));
    EXPECT(&m, 0, leat_flow_destroy(flow));
    return flows_close(&m, fp, "a flow that was ended takes no more");
}
