/* SPDX-License-Identifier: ISC */

/* What "leat bench align" concludes from samples that are made up. */

#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tool/bench-align.h"

#define FIGURE(...)                 \
    figure((double[]){__VA_ARGS__}, \
           sizeof((double[]){__VA_ARGS__}) / sizeof(double))

static struct align_figure figure(double *samples, size_t n)
{
    struct align_figure f = {.error = "to be forgotten"};

    align_figure(samples, (unsigned)n, &f);
    return f;
}

static struct align_figure refused(const char *error)
{
    struct align_figure f = {.n = 0};

    strcpy(f.error, error);
    return f;
}

static enum align_verdict decide(struct align_figure zero,
                                 struct align_figure bounce)
{
    double ratio;

    return align_decide(&zero, &bounce, &ratio);
}

/* Nine rounds around 10, and around others. */
#define TEN    FIGURE(10.2, 9.9, 10, 10.1, 9.8, 10, 10, 10.3, 9.9)
#define TWELVE FIGURE(12.2, 11.9, 12, 12.1, 11.8, 12, 12, 12.3, 11.9)
/* 10.1 in the middle, and as uncertain as TEN. */
#define NEARLY FIGURE(10.3, 10, 10.1, 10.2, 9.9, 10.1, 10.1, 10.4, 10)
/* 12 in the middle, but anything between 5 and 20. */
#define WILD FIGURE(5, 20, 12, 7, 18, 12, 6, 19, 13)

Test(align_verdict, figures)
{
    struct align_figure f = FIGURE(9, 1, 5, 3, 7);

    cr_assert_eq(f.n, 5);
    cr_assert_eq(f.min, 1);
    cr_assert_eq(f.median, 5);
    cr_assert_eq(f.max, 9);
    /* Quartiles 3 and 7. */
    cr_assert_float_eq(f.noise, 1.57 * 4 / sqrt(5), 1e-9);
    cr_assert_str_empty(f.error);
    cr_assert_eq(FIGURE(4, 1, 3, 2).median, 2.5);
    cr_assert_eq(FIGURE(4).noise, 0);
}

Test(align_verdict, zero_copy_wins)
{
    struct align_figure zero = TEN, bounce = TWELVE;
    double ratio;

    cr_assert_eq(align_decide(&zero, &bounce, &ratio), ALIGN_ZERO_COPY);
    cr_assert_float_eq(ratio, 1.2, 1e-9);
}

Test(align_verdict, bounce_wins)
{
    struct align_figure zero = TWELVE, bounce = TEN;
    double ratio;

    cr_assert_eq(align_decide(&zero, &bounce, &ratio), ALIGN_BOUNCE);
    cr_assert_float_eq(ratio, 1.2, 1e-9);
}

Test(align_verdict, too_close_to_tell)
{
    cr_assert_eq(decide(TEN, NEARLY), ALIGN_TIE);
    cr_assert_eq(decide(NEARLY, TEN), ALIGN_TIE);
    cr_assert_eq(decide(TEN, TEN), ALIGN_TIE);
    /* 20 % apart, but one of them may be anything. */
    cr_assert_eq(decide(TEN, WILD), ALIGN_TIE);
    cr_assert_eq(decide(WILD, TEN), ALIGN_TIE);
}

/* The same samples over and over: what was noise is a difference. */
Test(align_verdict, more_rounds_tell_more)
{
    double zero[900], bounce[900];
    struct align_figure z = {.n = 0}, b = {.n = 0};
    double ratio;

    for (int i = 0; i < 900; i++) {
        zero[i] =
            (double[]){10.2, 9.9, 10, 10.1, 9.8, 10, 10, 10.3, 9.9}[i % 9];
        bounce[i] = zero[i] + 0.1;
    }
    align_figure(zero, 900, &z);
    align_figure(bounce, 900, &b);
    cr_assert_eq(align_decide(&z, &b, &ratio), ALIGN_ZERO_COPY);
}

Test(align_verdict, too_few_rounds)
{
    cr_assert_eq(decide(FIGURE(1), FIGURE(100)), ALIGN_TIE);
    cr_assert_eq(decide(FIGURE(1, 1), FIGURE(100, 100)), ALIGN_TIE);
    cr_assert_eq(decide(FIGURE(1, 1, 1), FIGURE(100, 100)), ALIGN_TIE);
    cr_assert_eq(decide(FIGURE(1, 1, 1), FIGURE(9, 9, 9)), ALIGN_ZERO_COPY);
}

Test(align_verdict, refused)
{
    struct align_figure zero = refused("EINVAL"), bounce = TEN;
    double ratio = 5;

    cr_assert_eq(align_decide(&zero, &bounce, &ratio), ALIGN_BOUNCE);
    cr_assert_eq(ratio, 0, "nothing was measured to be a ratio of");
    cr_assert_eq(decide(TEN, refused("LEAT_E_LENGTH")), ALIGN_ZERO_COPY);
    cr_assert_eq(decide(refused("EINVAL"), refused("LEAT_E_LENGTH")),
                 ALIGN_NEITHER);
}

Test(align_verdict, not_measured)
{
    struct align_figure none = {.n = 0};

    cr_assert_eq(decide(none, TEN), ALIGN_UNKNOWN);
    cr_assert_eq(decide(TEN, none), ALIGN_UNKNOWN);
    cr_assert_eq(decide(none, none), ALIGN_UNKNOWN);
    cr_assert_eq(decide(refused("EINVAL"), none), ALIGN_UNKNOWN);
    cr_assert_eq(decide(none, refused("EINVAL")), ALIGN_UNKNOWN);
}

Test(align_verdict, sums)
{
    struct align_figure a = TEN, b = TWELVE, no = refused("EIO"), sum;

    align_add(&a, &b, &sum);
    cr_assert_eq(sum.n, 9);
    cr_assert_float_eq(sum.median, 22, 1e-9);
    cr_assert_float_eq(sum.min, 9.8 + 11.8, 1e-9);
    cr_assert_float_eq(sum.max, 10.3 + 12.3, 1e-9);
    cr_assert_float_eq(sum.noise, a.noise + b.noise, 1e-9);
    align_add(&a, &no, &sum);
    cr_assert_eq(sum.n, 0);
    cr_assert_str_eq(sum.error, "EIO");
    align_add(&no, &a, &sum);
    cr_assert_eq(sum.n, 0);
    cr_assert_str_eq(sum.error, "EIO");
}

Test(align_verdict, classes)
{
    cr_assert_eq(align_class_of(0, 512), ALIGN_AT_PAGE);
    cr_assert_eq(align_class_of(4096, 512), ALIGN_AT_PAGE);
    cr_assert_eq(align_class_of(512, 512), ALIGN_AT_NEED);
    cr_assert_eq(align_class_of(512, 0), ALIGN_AT_LINE);
    cr_assert_eq(align_class_of(64, 512), ALIGN_AT_LINE);
    cr_assert_eq(align_class_of(1, 512), ALIGN_NEAR_PAGE);
    cr_assert_eq(align_class_of(31, 0), ALIGN_NEAR_PAGE);
    cr_assert_eq(align_class_of(4096 + 31, 512), ALIGN_NEAR_PAGE);
    cr_assert_eq(align_class_of(32, 512), ALIGN_IN_LINE);
    cr_assert_eq(align_class_of(4064 - 1, 512), ALIGN_IN_LINE);
    cr_assert_eq(align_class_of(4064 + 1, 512), ALIGN_NEAR_END);
    cr_assert_eq(align_class_of(4095, 512), ALIGN_NEAR_END);
    /* What asks for nothing has no multiples. */
    cr_assert_eq(align_class_of(33, 1), ALIGN_IN_LINE);
}
