/* SPDX-License-Identifier: ISC */

/*
 * Holding: the lines that are taken meanwhile, and what ends it.
 */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "hold.h"

#define LINE_BYTES 8192
#define READ_MAX   65536u
#define TICK_MS    50

bool hold_open(struct hold *h, uint32_t as)
{
    return site_open(&h->site, as) && !leat_lifecycle_init(&h->life) &&
           !leat_mmap_init(&h->memory);
}

bool hold_table(struct hold *h, struct leat_grants_config *config)
{
    int err;

    config->backend = leat_mmap(&h->memory);
    config->lifecycle = &h->life;
    err = leat_grants_create(&h->table, config);
    return !err || hold_failed(h, "the table", err);
}

/* What is out of the table ends with the process. */
void hold_close(struct hold *h)
{
    if (h->table)
        leat_grants_destroy(h->table);
    site_close(&h->site);
}

bool hold_failed(struct hold *h, const char *what, int err)
{
    char why[256] = "";

    if (h->site.self && (err == LEAT_E_LIMIT || err == LEAT_E_NOMEM))
        h->site.ops->why(&h->site, why, sizeof why);
    tool_fail("%s: %s: %s%s%s", h->verb->name, what, leat_strerror(err),
              *why ? ": " : "", why);
    h->failed = true;
    return false;
}

bool hold_wrong(struct hold *h, const char *text)
{
    tool_fail("%s: %s", h->verb->name, text);
    h->failed = true;
    return false;
}

const char *hold_access(enum leat_access access)
{
    return access == LEAT_READ_ONLY ? "ro" : "rw";
}

/* ------------------------------------------------------------ read, write */

/* Copies [off, off + len) of all pages to or from (bytes). */
static int move(struct hold *h, uint64_t off, unsigned char *bytes, size_t len,
                bool in)
{
    struct leat_copies copies = {0};
    struct leat_shared page;
    size_t at, some;
    int err = 0;

    if (off > h->pages * (uint64_t)LEAT_PAGE_SIZE ||
        len > h->pages * (uint64_t)LEAT_PAGE_SIZE - off)
        return LEAT_E_RANGE;
    for (; len && !err; off += some, bytes += some, len -= some) {
        at = (size_t)(off % LEAT_PAGE_SIZE);
        some = LEAT_PAGE_SIZE - at < len ? LEAT_PAGE_SIZE - at : len;
        err = h->page(h, (size_t)(off / LEAT_PAGE_SIZE),
                      in ? LEAT_READ_WRITE : LEAT_READ_ONLY, &page);
        if (!err && in)
            err = leat_shared_copy_in(page, at, bytes, some, &copies);
        else if (!err)
            err = leat_shared_copy_out(page, at, bytes, some, &copies);
    }
    return err;
}

bool hold_read(struct hold *h, char *rest)
{
    static unsigned char bytes[READ_MAX];
    const char *first = strsep(&rest, " ");
    uint64_t off, len;
    size_t i;
    int err;

    if (!rest || !tool_number(first, 0, INT64_MAX, &off) ||
        !tool_number(rest, 1, READ_MAX, &len))
        return hold_wrong(h, "read: an offset, and a length up to 65536");
    err = move(h, off, bytes, (size_t)len, false);
    if (err)
        return hold_failed(h, "read", err);
    printf("read %s ", first);
    for (i = 0; i < len; i++) {
        if (bytes[i] >= 32 && bytes[i] < 127 && bytes[i] != '\\')
            putchar(bytes[i]);
        else
            printf("\\x%02x", bytes[i]);
    }
    putchar('\n');
    return true;
}

bool hold_write(struct hold *h, char *rest)
{
    const char *first = strsep(&rest, " ");
    uint64_t off;
    int err;

    if (!rest || !*rest || !tool_number(first, 0, INT64_MAX, &off))
        return hold_wrong(h, "write: an offset and a text");
    err = move(h, off, (unsigned char *)rest, strlen(rest), true);
    if (err)
        return hold_failed(h, "write", err);
    printf("written %s %zu\n", first, strlen(rest));
    return true;
}

/* ------------------------------------------------------------------ lines */

static void run_line(struct hold *h, char *line)
{
    const struct hold_word *w;
    char *rest = line, none[] = "";
    const char *word = strsep(&rest, " ");

    if (!*word)
        return;
    if (!strcmp(word, "quit")) {
        h->over = true;
        return;
    }
    if (!strcmp(word, "help")) {
        for (w = h->words; w->name; w++)
            printf("%s%s%s\n", w->name, *w->args ? " " : "", w->args);
        printf("quit\n");
        return;
    }
    for (w = h->words; w->name; w++) {
        if (!strcmp(w->name, word)) {
            w->run(h, rest ? rest : none);
            return;
        }
    }
    tool_fail("%s: %s: no such word; \"help\" has them", h->verb->name, word);
    h->failed = true;
}

/* The lines so far; the rest is moved to the front. False at the end. */
static bool take_lines(struct hold *h, char *buf, size_t *used)
{
    ssize_t n = read(STDIN_FILENO, buf + *used, LINE_BYTES - *used);
    char *line = buf, *end;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n <= 0)
        return false;
    *used += (size_t)n;
    while (!h->over &&
           (end = memchr(line, '\n', *used - (size_t)(line - buf)))) {
        *end = '\0';
        run_line(h, line);
        line = end + 1;
    }
    *used -= (size_t)(line - buf);
    memmove(buf, line, *used);
    if (*used < LINE_BYTES)
        return true;
    *used = 0;
    return hold_wrong(h, "a line is too long");
}

/* Whether the hypervisor is there is looked at, for a suspend waits for us. */
static void attend(struct hold *h)
{
    int err = h->site.ops->attend(&h->site, &h->life);

    if (err) {
        h->gone = true;
        hold_failed(h, "the hypervisor", err);
    }
}

void hold_run(struct hold *h)
{
    static char buf[LINE_BYTES];
    size_t used = 0;

    fflush(stdout);
    while (!h->over && !tool_interrupted()) {
        struct pollfd fds[2] = {
            {.fd = STDIN_FILENO, .events = POLLIN},
            {.fd = h->gone ? -1 : h->site.ops->fd(&h->site), .events = POLLIN},
        };
        int n = poll(fds, 2, TICK_MS);

        if (n > 0 && fds[1].revents)
            attend(h);
        if (n > 0 && fds[0].revents && !take_lines(h, buf, &used))
            break;
        if (h->tick)
            h->tick(h);
        fflush(stdout);
    }
    fflush(stdout);
}
