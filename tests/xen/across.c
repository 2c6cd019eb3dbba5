/* SPDX-License-Identifier: ISC */

/*
 * The command between two domains: "leat share" in one, "leat map" in the other,
 * and "leat grants", as two users at two consoles have them; each way. That of
 * domU runs there, by the peer.
 */

#include "peer.h"

#define LINE 400

static struct peer p;

/* Runs a command of the shell's in dom0, or in domU: its status. */
static int in(uint32_t domain, const char *format, ...)
{
    char line[LINE];
    va_list args;
    int n, status;

    va_start(args, format);
    n = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    MUST(n > 0 && n < LINE);
    if (domain)
        return peer_run(&p, line);
    status = system(line);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* A word to "leat share" (s) or "leat map" (m), which (who) is; and what it is
 * then to print. */
static void word(uint32_t domain, char who, const char *text)
{
    MUST(!in(domain, "echo '%s' >/tmp/across.%c.in", text, who));
}

static bool says(uint32_t domain, char who, const char *pattern)
{
    return COMES(
        !in(domain, "grep -Eq -e '%s' /tmp/across.%c.out", pattern, who),
        10000);
}

/* Starts one of the two; its input stays open. */
static void begin(uint32_t domain, char who, const char *command)
{
    MUST(!in(domain,
             "cd /tmp && rm -f across.%c.* && mkfifo across.%c.in && "
             "{ leat %s <>across.%c.in >across.%c.out 2>&1 & } && "
             "echo $! >across.%c.pid",
             who, who, command, who, who, who));
}

static bool ended(uint32_t domain, char who)
{
    return COMES(
        in(domain, "kill -0 $(cat /tmp/across.%c.pid) 2>/dev/null", who), 5000);
}

/* The references that the sharer printed. */
static void references(uint32_t domain, char *text, size_t size)
{
    FILE *f;

    if (domain) {
        MUST(!in(domain, "echo -n $(sed -n 's/^refs //p' /tmp/across.s.out)"));
        MUST((size_t)snprintf(text, size, "%s", box_text(p.box)) < size);
    } else {
        f = popen("echo -n $(sed -n 's/^refs //p' /tmp/across.s.out)", "r");
        MUST(f && fgets(text, (int)size, f));
        MUST(!pclose(f));
    }
}

/* Who may read domU's table: how "leat grants" has the first reference there. */
static bool listed(const char *first, const char *use)
{
    return COMES(!in(0,
                     "leat grants %u | "
                     "grep -Eq '^ *%u +%s +0 rw +%s +[0-9.]+ s  ann$'",
                     p.domain, p.domain, first, use),
                 5000);
}

static void share_and_map(uint32_t sharer, uint32_t mapper)
{
    char refs[64], first[16], command[160], pattern[160];

    tap_note("domain %u shares with domain %u", sharer, mapper);
    snprintf(command, sizeof(command), "share --to %u --owner ann 3", mapper);
    begin(sharer, 's', command);
    snprintf(pattern, sizeof(pattern),
             "^domain %u shares 3 pages with domain %u, rw, on xen "
             "\\(emulated\\)$",
             sharer, mapper);
    OK(says(sharer, 's', pattern) && says(sharer, 's', "^refs "),
       "%u: leat share --to %u", sharer, mapper);
    references(sharer, refs, sizeof(refs));
    MUST(sscanf(refs, "%15[0-9]", first) == 1);
    OK(!in(sharer, "leat grants %u | grep -Eq '^ *%u +%s +%u rw .* ann$'",
           sharer, sharer, first, mapper),
       "leat grants there lists it, by what it published");
    if (sharer)
        OK(listed(first, "no"), "in dom0, by the table: not in use");

    snprintf(command, sizeof(command), "map --from %u %s", sharer, refs);
    begin(mapper, 'm', command);
    snprintf(pattern, sizeof(pattern),
             "^domain %u maps 3 pages of domain %u, rw, on xen", mapper,
             sharer);
    OK(says(mapper, 'm', pattern), "%u: leat map --from %u", mapper, sharer);
    if (sharer)
        OK(listed(first, "writing"), "in dom0, by the table: in use");
    word(sharer, 's', "write 4090 over the edge");
    OK(says(sharer, 's', "^written 4090 13$"), "the sharer writes");
    word(mapper, 'm', "read 4090 13");
    OK(says(mapper, 'm', "^read 4090 over the edge$"), "the mapper reads it");
    word(mapper, 'm', "write 8192 and back");
    OK(says(mapper, 'm', "^written 8192 8$"), "the mapper writes");
    word(sharer, 's', "read 8192 8");
    OK(says(sharer, 's', "^read 8192 and back$"), "the sharer reads it");

    word(sharer, 's', "revoke");
    snprintf(pattern, sizeof(pattern), "^untold %s$", first);
    OK(says(sharer, 's', pattern), "revoke: the mapper has not told");
    word(mapper, 'm', "unmap");
    OK(says(mapper, 'm', "^unmapped$"), "unmap");
    if (sharer)
        OK(listed(first, "no"), "in dom0, by the table: not in use");
    word(mapper, 'm', "quit");
    OK(ended(mapper, 'm'), "the mapper ends");
    snprintf(pattern, sizeof(pattern), "told %s", first);
    word(sharer, 's', pattern);
    snprintf(pattern, sizeof(pattern), "^drained %s$", first);
    OK(says(sharer, 's', pattern), "told, it drains");
    word(sharer, 's', "quit");
    OK(ended(sharer, 's'), "the sharer ends");
    OK(!in(sharer, "! leat grants %u | grep -q ' ann$'", sharer),
       "and nothing is published any more");
    if (sharer)
        OK(COMES(!in(0, "! leat grants %u | grep -Eq '^ *%u +%s '", p.domain,
                     p.domain, first),
                 5000),
           "nor is it in the table");
}

int main(void)
{
    peer_open(&p, "LEAT_XEN_DOMU");
    share_and_map(p.domain, 0);
    share_and_map(0, p.domain);

    /* A domain without privilege is told so. */
    OK(!in(p.domain, "leat grants 0 | "
                     "grep -q '^domain 0: its table may not be read;'"),
       "domU is told that it may not read dom0's table");
    peer_close(&p);
    return tap_end();
}
