/* SPDX-License-Identifier: ISC */

/* Memory that is no whole pages is to be adopted. */

#include "pool-errors.h"

static _Alignas(4096) unsigned char memory[3 * 4096];

static void release(void *arg, void *base, size_t pages)
{
    (void)base;
    (void)pages;
    *(bool *)arg = true;
}

int main(void)
{
    static const size_t offsets[] = {1, 8, 512, 2048, 4095, 4097};
    struct leat_chunk c = {NULL, 5};
    bool released = false;
    struct misuse m;

    misuse_open(&m, (struct leat_pool_config){.adopt_pages = 512});
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
        EXPECT(&m, LEAT_E_ALIGN,
               leat_pool_adopt(m.pool, memory + offsets[i], 1, release,
                               &released, &c));
    HOLDS(&m, !c.pool && c.id == 5 && !released);
    return misuse_close(&m, "what is adopted begins at a page");
}
