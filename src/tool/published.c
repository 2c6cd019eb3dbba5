/* SPDX-License-Identifier: ISC */

/*
 * What holders write of their grants, and who reads it.
 *
 * Below /local/domain/N/data/leat/grants, which a domain may write for itself in
 * xenstore and in a simulation, a holder has keys PID-0, PID-1, ..., each
 *
 *     PEER rw|ro SINCE OWNER REFS
 *
 * with as many references as fit. It is the word of whoever wrote it: nothing is
 * decided by it, and each part is checked when it is read.
 */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "site.h"

/* Of a key: less than either store takes, with its path. */
#define VALUE_BYTES 1024
#define REFS_BYTES  800
/* Of one domain; a table has at most 131072. */
#define REFS_MAX 131072u

size_t site_refs(char *text, size_t max, const uint32_t *refs, size_t n,
                 char between)
{
    char one[32];
    size_t used = 0, i, run;
    int len;

    *text = '\0';
    for (i = 0; i < n; i += run) {
        for (run = 1; i + run < n && refs[i + run] == refs[i] + run; run++)
            ;
        len = run == 1 ? snprintf(one, sizeof one, "%u", refs[i])
                       : snprintf(one, sizeof one, "%u-%u", refs[i],
                                  refs[i + run - 1]);
        if (used + (size_t)len + 2 > max)
            break;
        if (used)
            text[used++] = between;
        memcpy(text + used, one, (size_t)len + 1);
        used += (size_t)len;
    }
    return i;
}

bool site_refs_read(const char *word, uint32_t *refs, size_t max, size_t *n)
{
    char first[16];
    const char *dash = strchr(word, '-');
    size_t len = dash ? (size_t)(dash - word) : strlen(word);
    uint64_t from, to;

    if (len >= sizeof first)
        return false;
    memcpy(first, word, len);
    first[len] = '\0';
    if (!tool_number(first, 0, UINT32_MAX, &from))
        return false;
    to = from;
    if (dash && (!tool_number(dash + 1, 0, UINT32_MAX, &to) || to < from))
        return false;
    if (to - from >= max)
        return false;
    for (*n = 0; *n <= to - from; ++*n)
        refs[*n] = (uint32_t)(from + *n);
    return true;
}

static void key(uint32_t domain, const char *name, char path[128])
{
    snprintf(path, 128, "/local/domain/%u/data/leat/grants%s%s", domain,
             *name ? "/" : "", name);
}

int publish(struct site *s, const struct published *p)
{
    char value[VALUE_BYTES], refs[REFS_BYTES], name[48], path[128];
    size_t done = 0, some, i;
    int err = 0;

    for (i = 0; done < p->nrefs && !err; i++, done += some) {
        some =
            site_refs(refs, sizeof refs, p->refs + done, p->nrefs - done, ',');
        snprintf(value, sizeof value, "%u %s %.3f %s %s", p->peer,
                 p->access == LEAT_READ_ONLY ? "ro" : "rw", p->since, p->owner,
                 refs);
        snprintf(name, sizeof name, "%u-%zu", p->pid, i);
        key(s->domain, name, path);
        err = site_write(s, path, value);
    }
    /* What was more before. */
    while (!err) {
        snprintf(name, sizeof name, "%u-%zu", p->pid, i++);
        key(s->domain, name, path);
        if (site_read(s, path, value, sizeof value))
            break;
        err = site_write(s, path, NULL);
    }
    return err;
}

/* Reads "PID-N" and a value; false: not written by publish(). */
static bool parse(const struct site *s, uint32_t domain, char *name,
                  char *value, struct published *p, uint32_t *refs)
{
    char *word, *list, *end, *rest = value;
    uint64_t pid;
    size_t n;

    word = strsep(&rest, " ");
    if (!rest || !site_domain(word, &p->peer))
        return false;
    word = strsep(&rest, " ");
    if (!rest || (strcmp(word, "ro") && strcmp(word, "rw")))
        return false;
    p->access = strcmp(word, "ro") ? LEAT_READ_WRITE : LEAT_READ_ONLY;
    word = strsep(&rest, " ");
    if (!rest || !isdigit((unsigned char)*word))
        return false;
    p->since = strtod(word, &end);
    if (*end || !(p->since < 1e12))
        return false;
    word = strsep(&rest, " ");
    if (!rest || strlen(word) >= sizeof p->owner || !*word)
        return false;
    strcpy(p->owner, word);
    for (word = p->owner; *word; word++) {
        if (!isgraph((unsigned char)*word))
            return false;
    }
    end = strchr(name, '-');
    if (!end)
        return false;
    *end = '\0';
    if (!tool_number(name, 1, INT32_MAX, &pid))
        return false;
    p->pid = (uint32_t)pid;
    /* One of ours that was killed has not taken back what it wrote. */
    if (domain == s->domain) {
        char path[32];

        snprintf(path, sizeof path, "/proc/%u", p->pid);
        if (access(path, F_OK))
            return false;
    }
    for (list = rest; (word = strsep(&list, ",")); p->nrefs += n) {
        if (!site_refs_read(word, refs + p->nrefs, REFS_MAX - p->nrefs, &n))
            return false;
    }
    p->refs = refs;
    return true;
}

struct reading {
    struct site *s;
    uint32_t domain;
    uint32_t *refs;
    void (*fn)(void *arg, const struct published *p);
    void *arg;
};

static int one_key(void *arg, const char *given)
{
    const struct reading *r = arg;
    char value[VALUE_BYTES], path[128], name[48];
    struct published p = {.nrefs = 0};

    if (strlen(given) >= sizeof name)
        return 0;
    strcpy(name, given);
    key(r->domain, name, path);
    if (!site_read(r->s, path, value, sizeof value) &&
        parse(r->s, r->domain, name, value, &p, r->refs))
        r->fn(r->arg, &p);
    return 0;
}

void published_each(struct site *s, uint32_t domain,
                    void (*fn)(void *arg, const struct published *p), void *arg)
{
    struct reading r = {.s = s, .domain = domain, .fn = fn, .arg = arg};
    char path[128];

    r.refs = calloc(REFS_MAX, sizeof *r.refs);
    key(domain, "", path);
    if (r.refs)
        site_list(s, path, one_key, &r);
    free(r.refs);
}
