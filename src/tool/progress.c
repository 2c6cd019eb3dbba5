/* SPDX-License-Identifier: ISC */

/*
 * How far a long step has come, on stderr: a bar where that is a terminal, else
 * a plain line at every tenth.
 */

#include <string.h>
#include <unistd.h>

#include "tool.h"

#define BAR 30
/* What is less is over before it can be read. */
#define PROGRESS_LEAST 20

static int percent(const struct progress *p, uint64_t done)
{
    if (!p->total || done >= p->total)
        return 100;
    return (int)((double)done * 100 / (double)p->total);
}

static void bar(const struct progress *p, int now)
{
    char cells[BAR + 1];
    int full = now * BAR / 100;

    memset(cells, '.', BAR);
    memset(cells, '#', (size_t)full);
    cells[BAR] = '\0';
    fprintf(stderr, "\r%-34s [%s] %3d %%", p->what, cells, now);
    fflush(stderr);
}

void progress_begin(struct progress *p, const char *what, uint64_t total)
{
    fflush(stdout);
    p->what = what;
    p->total = total;
    p->shown = 0;
    p->quiet = total < PROGRESS_LEAST;
    p->terminal = !p->quiet && isatty(STDERR_FILENO) == 1;
    if (p->terminal)
        bar(p, 0);
}

void progress_at(struct progress *p, uint64_t done)
{
    int now = percent(p, done);

    if (p->quiet || now < p->shown + (p->terminal ? 1 : 10))
        return;
    p->shown = p->terminal ? now : now - now % 10;
    if (p->terminal)
        bar(p, now);
    else
        fprintf(stderr, "%s: %d %%\n", p->what, p->shown);
}

/* The bar goes: what follows says what came of it. */
void progress_end(struct progress *p)
{
    if (p->terminal)
        fprintf(stderr, "\r%*s\r", 34 + BAR + 10, "");
    p->terminal = false;
}
