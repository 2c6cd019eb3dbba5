/* SPDX-License-Identifier: ISC */

/*
 * The machine that figures are from: without it they say little.
 */

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench.h"

/* The first line of a file; "unknown" where there is none. */
static void first_line(const char *path, char *out, size_t len)
{
    FILE *f = fopen(path, "r");

    snprintf(out, len, "unknown");
    if (!f)
        return;
    if (fgets(out, (int)len, f))
        out[strcspn(out, "\n")] = '\0';
    fclose(f);
}

static void cpu_model(char *out, size_t len)
{
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[256];

    snprintf(out, len, "unknown CPU");
    while (f && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');

        if (colon && !strncmp(line, "model name", 10)) {
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(out, len, "%s", colon + 1 + strspn(colon + 1, " "));
            break;
        }
    }
    if (f)
        fclose(f);
}

/* "always [madvise] never": the one in brackets holds. */
static void chosen(char *text)
{
    char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;

    if (!close)
        return;
    memmove(text, open + 1, (size_t)(close - open - 1));
    text[close - open - 1] = '\0';
}

static long known(long n)
{
    return n > 0 ? n : 0;
}

void machine_look(struct machine *m)
{
    struct utsname uts;

    memset(m, 0, sizeof *m);
    cpu_model(m->cpu, sizeof m->cpu);
    if (!uname(&uts))
        snprintf(m->kernel, sizeof m->kernel, "%.60s %.60s", uts.sysname,
                 uts.release);
    first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
               m->governor, sizeof m->governor);
    first_line("/sys/kernel/mm/transparent_hugepage/enabled", m->thp,
               sizeof m->thp);
    chosen(m->thp);
    m->cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    m->memory_mib =
        sysconf(_SC_PHYS_PAGES) / ((1 << 20) / sysconf(_SC_PAGESIZE));
    m->l1d = known(sysconf(_SC_LEVEL1_DCACHE_SIZE));
    m->l2 = known(sysconf(_SC_LEVEL2_CACHE_SIZE));
    m->l3 = known(sysconf(_SC_LEVEL3_CACHE_SIZE));
#if defined(__clang__)
    snprintf(m->compiler, sizeof m->compiler, "clang %s", __clang_version__);
#else
    snprintf(m->compiler, sizeof m->compiler, "gcc %s", __VERSION__);
#endif
}
