/* SPDX-License-Identifier: ISC */

/*
 * Memory for what is known of buffers and flows: mapped, never the pool's pages.
 *
 * It is cut into cells of one size, which stay until the flow pool goes.
 *
 *   K1  a cell's life only grows, and grows each time it is freed: a ref holds
 *       the life of its buffer, and fits no later use of the cell
 *   K2  all that is mapped is counted in bytes_meta, and never more than
 *       meta_limit_bytes
 */

#include <sys/mman.h>

#include "internal.h"

#define BLOCK_CELLS 256u

struct cell_block {
    struct cell_block *next;
    unsigned char pad[CELL_BYTES - sizeof(struct cell_block *)];
};

_Static_assert(sizeof(struct leat_flow_buffer) <= CELL_BYTES, "a cell");
_Static_assert(sizeof(struct piece) <= CELL_BYTES, "a cell");
_Static_assert(sizeof(struct leat_flow) <= CELL_BYTES, "a cell");
_Static_assert(sizeof(struct extent) <= CELL_BYTES, "a cell");

#define BLOCK_BYTES ((size_t)BLOCK_CELLS * CELL_BYTES)

void *flow_map(struct leat_flow_pool *fp, size_t bytes, size_t align)
{
    size_t more = align > LEAT_PAGE_SIZE ? align : 0, limit, before;
    unsigned char *at;

    limit =
        fp->config.meta_limit_bytes ? fp->config.meta_limit_bytes : SIZE_MAX;
    if (bytes > limit || fp->stats.bytes_meta > limit - bytes ||
        more > SIZE_MAX - bytes)
        return NULL;
    at = mmap(NULL, bytes + more, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return NULL;
    if (more) {
        before = -(uintptr_t)at & (align - 1);
        if (before)
            (void)munmap(at, before);
        at += before;
        (void)munmap(at + bytes, more - before);
    }
    fp->stats.bytes_meta += bytes;
    return at;
}

void flow_unmap(struct leat_flow_pool *fp, void *at, size_t bytes)
{
    if (munmap(at, bytes) == 0)
        fp->stats.bytes_meta -= bytes;
}

/* Maps one more block of cells. The first cell is its own. */
static bool grow(struct leat_flow_pool *fp)
{
    struct cell_block *block = flow_map(fp, BLOCK_BYTES, 0);
    unsigned i;

    if (!block)
        return false;
    block->next = fp->blocks;
    fp->blocks = block;
    for (i = BLOCK_CELLS - 1; i; i--) {
        struct cell *cell = (struct cell *)(void *)(block + i);

        cell->next = fp->free;
        fp->free = cell;
    }
    return true;
}

void *flow_cell_get(struct leat_flow_pool *fp, enum cell_kind kind)
{
    struct cell *cell;

    if (!fp->free && !grow(fp))
        return NULL;
    cell = fp->free;
    fp->free = cell->next;
    cell->kind = kind;
    cell->next = NULL;
    return cell;
}

void flow_cell_put(struct leat_flow_pool *fp, void *at)
{
    struct cell *cell = at;

    __atomic_store_n(&cell->life, cell->life + 1, __ATOMIC_RELEASE); /* K1 */
    cell->kind = CELL_FREE;
    cell->next = fp->free;
    fp->free = cell;
}

void flow_cells_fini(struct leat_flow_pool *fp)
{
    struct cell_block *block, *next;

    for (block = fp->blocks; block; block = next) {
        next = block->next;
        flow_unmap(fp, block, BLOCK_BYTES);
    }
    fp->blocks = NULL;
    fp->free = NULL;
}

int flow_cells_each(struct leat_flow_pool *fp,
                    int (*fn)(void *arg, struct cell *cell), void *arg)
{
    struct cell_block *block;
    int err = 0;
    unsigned i;

    for (block = fp->blocks; block && !err; block = block->next)
        for (i = 1; i < BLOCK_CELLS && !err; i++)
            err = fn(arg, (struct cell *)(void *)(block + i));
    return err;
}
