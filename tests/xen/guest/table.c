/* SPDX-License-Identifier: ISC */

/*
 * The grant table: its frames are Xen's, and are mapped over pages of ours. Each
 * page that is granted is named by its machine frame.
 */

#include "table.h"

#define FRAMES 8

static _Alignas(4096) unsigned char pages[FRAMES][4096];
static void *frames[FRAMES];
static struct leat_hook hook;

static int frame_of(void *arg, const void *page, uint32_t *frame)
{
    (void)arg;
    *frame = (uint32_t)guest_frame(page);
    return 0;
}

static void map_frames(void)
{
    uint64_t list[FRAMES];
    struct xen_setup_table s = {
        .domain = XEN_DOMID_SELF, .nframes = FRAMES, .frames = list};

    MUST(!guest_call(XEN_GRANT_TABLE_OP, XEN_GRANT_SETUP_TABLE, (uintptr_t)&s,
                     1));
    MUST(s.status == 0);
    for (size_t i = 0; i < FRAMES; i++)
        guest_map(pages[i], list[i]);
}

static int on_suspend(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < FRAMES; i++)
        guest_map(pages[i], 0);
    return 0;
}

static void on_resume(void *arg, enum leat_resumed how)
{
    (void)arg;
    (void)how; /* restored, it is another table at the same addresses */
    map_frames();
}

void guest_table_open(struct leat_gnttab *g, struct leat_lifecycle *life)
{
    map_frames();
    for (size_t i = 0; i < FRAMES; i++)
        frames[i] = pages[i];
    g->frames = frames;
    g->nframes = FRAMES;
    g->frame = frame_of;
    hook.suspend = on_suspend;
    hook.resume = on_resume;
    MUST(!leat_lifecycle_add(life, &hook));
}
