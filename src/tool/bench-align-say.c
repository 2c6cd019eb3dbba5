/* SPDX-License-Identifier: ISC */

/*
 * What was measured, in sentences. Every figure in one is of this run.
 */

#include <math.h>
#include <string.h>

#include "bench-align.h"
#include "bench.h"

/* Rounds that disagree: the median may be off by more than that part of it. */
#define DISAGREE  0.10
#define LOAD_MOST 0.5

const char *align_time(double ns, char buf[32])
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    int unit = 0;

    while (ns >= 1000 && unit < 3) {
        ns /= 1000;
        unit++;
    }
    snprintf(buf, 32,
             ns < 10    ? "%.2f %s"
             : ns < 100 ? "%.1f %s"
                        : "%.0f %s",
             ns, units[unit]);
    return buf;
}

const char *align_times(double ratio, char buf[32])
{
    snprintf(buf, 32, ratio < 100 ? "%.2fx" : "%.0fx", ratio);
    return buf;
}

/* "71.2 us", or "71.2 us to 74.0 us" over some answers. */
static const char *range(const struct align_answer *ans, int n, bool bounce,
                         char buf[80])
{
    double least = INFINITY, most = 0;
    char x[32], y[32];
    int i;

    for (i = 0; i < n; i++) {
        double m = bounce ? ans[i].bounce.median : ans[i].zero.median;

        least = fmin(least, m);
        most = fmax(most, m);
    }
    align_time(least, x);
    align_time(most, y);
    if (strcmp(x, y))
        snprintf(buf, 80, "%s to %s", x, y);
    else
        snprintf(buf, 80, "%s", x);
    return buf;
}

static double ratio(const struct align_answer *ans, int n, bool most)
{
    double r = most ? 0 : INFINITY;
    int i;

    for (i = 0; i < n; i++)
        r = most ? fmax(r, ans[i].ratio) : fmin(r, ans[i].ratio);
    return r;
}

static void say_times(const struct align *a, const struct align_answer *ans,
                      int n)
{
    char low[32], high[32];

    align_times(ratio(ans, n, false), low);
    align_times(ratio(ans, n, true), high);
    if (strcmp(low, high))
        fprintf(a->out, "%s to %s", low, high);
    else
        fprintf(a->out, "%s", low);
}

/* What a bounce is beside the same from an aligned buffer. */
static void say_against_aligned(const struct align *a,
                                const struct align_answer *ans)
{
    const struct align_question *q = &align_questions[ans->question];
    const struct align_case *c = align_find(a, q->zero, ans->size, 0, 0);
    char x[32];

    if (c && c->figure.n && ans->off)
        fprintf(a->out, " (%.2fx the %s from +0)",
                ans->bounce.median / c->figure.median,
                align_time(c->figure.median, x));
}

static void say_group(const struct align *a, const struct align_answer *ans,
                      int n)
{
    const struct align_question *q = &align_questions[ans->question];
    char zero[80], bounce[80], noise[32];
    double most = 0;
    int i;

    fprintf(a->out, "  %zu bytes from", ans->size);
    for (i = 0; i < n; i++) {
        fprintf(a->out, " +%zu", ans[i].off);
        most = fmax(most, ans[i].zero.noise + ans[i].bounce.noise);
    }
    fprintf(a->out, " (%s): %s. ", align_class_name(ans->class),
            align_verdict_name(ans->verdict));
    range(ans, n, false, zero);
    range(ans, n, true, bounce);
    switch (ans->verdict) {
    case ALIGN_ZERO_COPY:
        if (!ans->bounce.n)
            fprintf(a->out, "It takes %s; bounced it is refused (%s).\n", zero,
                    ans->bounce.error);
        else {
            fprintf(a->out, "It takes %s, bounced %s: ", zero, bounce);
            say_times(a, ans, n);
            fprintf(a->out, ".\n");
        }
        break;
    case ALIGN_BOUNCE:
        if (ans->forbidden) {
            fprintf(a->out,
                    "Bounced it takes %s. As it lies it was taken here (%s), "
                    "though it is not as asked (%s).\n",
                    bounce, zero, leat_error_name(ans->forbidden));
        } else if (!ans->zero.n) {
            fprintf(a->out,
                    "As it lies it is refused (%s); bounced it takes %s",
                    ans->zero.error, bounce);
            say_against_aligned(a, ans);
            fprintf(a->out, ".\n");
        } else {
            fprintf(a->out, "Bounced it takes %s, %s %s: ", bounce,
                    q->as_it_lies, zero);
            say_times(a, ans, n);
            fprintf(a->out, ".\n");
        }
        break;
    case ALIGN_TIE:
        fprintf(a->out,
                "It takes %s as it lies, %s bounced, and the noise is up to "
                "%s.\n",
                zero, bounce, align_time(most, noise));
        break;
    case ALIGN_NEITHER:
        fprintf(a->out, "As it lies it is refused (%s), bounced too (%s).\n",
                ans->zero.error, ans->bounce.error);
        break;
    case ALIGN_UNKNOWN:
        fprintf(a->out, "There is no figure for one of the two.\n");
        break;
    }
}

static bool together(const struct align_answer *x, const struct align_answer *y)
{
    return x->question == y->question && x->size == y->size &&
           x->class == y->class && x->verdict == y->verdict &&
           x->forbidden == y->forbidden &&
           !strcmp(x->zero.error, y->zero.error) &&
           !strcmp(x->bounce.error, y->bounce.error);
}

static void say_answers(const struct align *a)
{
    int i, n, last = -1;

    for (i = 0; i < a->nanswers; i += n) {
        const struct align_answer *ans = &a->answers[i];

        for (n = 1; i + n < a->nanswers && together(ans, ans + n); n++)
            ;
        if (ans->question != last)
            fprintf(a->out, "\n%s, zero-copy or bounce?\n",
                    align_questions[ans->question].title);
        last = ans->question;
        say_group(a, ans, n);
    }
}

static void say_file(const struct align *a)
{
    fprintf(a->out, "File: %s (%s).\n", a->file,
            *a->system ? a->system : "none");
    if (a->in_memory)
        fprintf(a->out,
                "It is on %s, a file system in memory: that takes anything and "
                "proves nothing, so\nno conclusion is drawn from it. Name a "
                "file on a disk.\n",
                a->system);
    else if (!a->has_need && !*a->no_reads)
        fprintf(a->out,
                "The kernel does not say what direct I/O needs there: nothing "
                "is bounced for it.\n");
    if (*a->no_reads)
        fprintf(a->out, "missing: reads: %s\n", a->no_reads);
    if (*a->no_writes)
        fprintf(a->out, "missing: writes: %s\n", a->no_writes);
}

static void say_noise(const struct align *a)
{
    int i, n = 0, disagree = 0;

    for (i = 0; i < a->ncases; i++) {
        const struct align_figure *f = &a->cases[i].figure;

        n += f->n > 0;
        disagree += f->n && f->noise > DISAGREE * f->median;
    }
    if (a->rounds < ALIGN_ROUNDS_LEAST)
        fprintf(a->out, "\nNoise: not known from so few rounds;\n");
    else
        fprintf(a->out,
                "\nNoise: in %d of %d cases the rounds disagree so that the "
                "median may be off by more than %.0f %%;\n",
                disagree, n, DISAGREE * 100);
    if (a->steal >= 0)
        fprintf(a->out, "%.1f %% of the time was stolen by the hypervisor",
                a->steal * 100);
    else
        fprintf(a->out, "what the hypervisor stole is not known");
    fprintf(a->out, "; load %.2f before.%s\n", a->load,
            a->load > LOAD_MOST ? " Others may work on this machine." : "");
}

void align_say(const struct align *a)
{
    struct machine m;

    machine_look(&m);
    fprintf(a->out, "%s, %d CPUs; %s; governor %s; huge pages %s\n", m.cpu,
            m.cpus, m.kernel, m.governor, m.thp);
    fprintf(a->out,
            "%u rounds, shuffled (seed %llu); %u samples in %.0f s, each a "
            "process of its own, pinned.\nMedians. +N is N bytes into a page. "
            "Only ratios within one run carry over.\n",
            a->rounds, (unsigned long long)a->seed, a->done, a->seconds);
    say_file(a);
    say_answers(a);
    align_say_costs(a);
    align_say_fits(a);
    if (a->rows)
        align_say_rows(a);
    say_noise(a);
}
