/* SPDX-License-Identifier: ISC */

#include <pthread.h>

#include "pool_fixture.h"

Test(copies, every_reason_has_a_name_of_its_own)
{
    for (int a = 0; a < LEAT_REASONS; a++) {
        cr_assert_not_null(leat_reason_name((enum leat_reason)a));
        for (int b = a + 1; b < LEAT_REASONS; b++)
            cr_assert_neq(strcmp(leat_reason_name((enum leat_reason)a),
                                 leat_reason_name((enum leat_reason)b)),
                          0);
    }
    cr_assert_str_eq(leat_reason_name(LEAT_WHY_NONE), "none");
    cr_assert_str_eq(leat_reason_name(LEAT_WHY_RETURN), "return");
    cr_assert_eq(LEAT_WHY_REGISTERED + 1, LEAT_REASONS);
}

Test(copies, no_such_reason_has_no_name)
{
    cr_assert_null(leat_reason_name((enum leat_reason)LEAT_REASONS));
    cr_assert_null(leat_reason_name((enum leat_reason)1000));
    cr_assert_null(leat_reason_name((enum leat_reason)(-1)));
}

Test(copies, add_counts_one_copy_under_its_reason)
{
    struct leat_copies c = {0};

    for (int why = 1; why < LEAT_REASONS; why++)
        MUST(leat_copies_add(&c, (enum leat_reason)why, 100 + (size_t)why));
    MUST(leat_copies_add(&c, LEAT_WHY_OUT, 0));
    MUST(leat_copies_add(&c, LEAT_WHY_IN, 5));
    for (int why = 1; why < LEAT_REASONS; why++) {
        bool twice = why == LEAT_WHY_OUT || why == LEAT_WHY_IN;

        cr_assert_eq(c.count[why], twice ? 2 : 1);
        cr_assert_eq(c.bytes[why],
                     100 + (uint64_t)why + (why == LEAT_WHY_IN ? 5 : 0));
    }
    cr_assert_eq(c.count[LEAT_WHY_NONE], 0);
    cr_assert_eq(c.bytes[LEAT_WHY_NONE], 0);
}

Test(copies, add_refuses_what_is_no_reason)
{
    struct leat_copies c = {0}, zero = {0};

    FAILS(LEAT_E_INVALID, leat_copies_add(NULL, LEAT_WHY_IN, 1));
    FAILS(LEAT_E_INVALID, leat_copies_add(&c, LEAT_WHY_NONE, 1));
    FAILS(LEAT_E_INVALID,
          leat_copies_add(&c, (enum leat_reason)LEAT_REASONS, 1));
    FAILS(LEAT_E_INVALID, leat_copies_add(&c, (enum leat_reason)(-1), 1));
    cr_assert_eq(memcmp(&c, &zero, sizeof(c)), 0);
}

Test(copies, read_takes_all_of_them)
{
    struct leat_copies c, out;

    for (size_t i = 0; i < LEAT_REASONS; i++) {
        c.count[i] = 2 * i + 1;
        c.bytes[i] = UINT64_MAX - i;
    }
    memset(&out, 0xa5, sizeof(out));
    leat_copies_read(&c, &out);
    cr_assert_eq(memcmp(&c, &out, sizeof(c)), 0);
}

Test(copies, null_is_a_set_of_zeros)
{
    struct leat_copies out, zero = {0};
    uint64_t bytes = 7;

    memset(&out, 0xa5, sizeof(out));
    leat_copies_read(NULL, &out);
    cr_assert_eq(memcmp(&out, &zero, sizeof(out)), 0);
    leat_copies_read(&zero, NULL);
    cr_assert_eq(leat_copies_bytes(NULL), 0);
    cr_assert_eq(leat_copies_bounces(NULL, &bytes), 0);
    cr_assert_eq(bytes, 0);
    cr_assert_eq(leat_copies_bounces(NULL, NULL), 0);
}

Test(copies, bytes_is_the_sum_of_all)
{
    struct leat_copies c = {0};
    uint64_t sum = 0;

    for (int why = 1; why < LEAT_REASONS; why++) {
        MUST(leat_copies_add(&c, (enum leat_reason)why, (size_t)1 << why));
        sum += (uint64_t)1 << why;
    }
    cr_assert_eq(leat_copies_bytes(&c), sum);
}

Test(copies, bounces_are_those_of_an_export)
{
    struct leat_copies c = {0};
    uint64_t bytes, sum = 0;
    enum leat_reason bounces[] = {
        LEAT_WHY_ADDRESS,  LEAT_WHY_LENGTH,     LEAT_WHY_BOUNDARY,
        LEAT_WHY_SEGMENTS, LEAT_WHY_PEER,       LEAT_WHY_ACCESS,
        LEAT_WHY_POLICY,   LEAT_WHY_NEIGHBOURS, LEAT_WHY_REGISTERED,
    };

    for (int why = 1; why < LEAT_REASONS; why++)
        MUST(leat_copies_add(&c, (enum leat_reason)why, (size_t)1 << why));
    for (size_t i = 0; i < COUNT(bounces); i++)
        sum += (uint64_t)1 << bounces[i];
    cr_assert_eq(leat_copies_bounces(&c, &bytes), COUNT(bounces));
    cr_assert_eq(bytes, sum);
    cr_assert_eq(leat_copies_bounces(&c, NULL), COUNT(bounces));
}

static void *count_many(void *arg)
{
    for (int i = 0; i < 20000; i++)
        (void)leat_copies_add(arg, LEAT_WHY_SHARED, 3);
    return NULL;
}

Test(copies, no_count_is_lost_between_threads)
{
    struct leat_copies c = {0}, seen, last = {0};
    pthread_t threads[3];

    for (size_t i = 0; i < COUNT(threads); i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, count_many, &c), 0);
    do {
        leat_copies_read(&c, &seen);
        cr_assert_geq(seen.count[LEAT_WHY_SHARED], last.count[LEAT_WHY_SHARED]);
        last = seen;
    } while (seen.count[LEAT_WHY_SHARED] < 1000);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(c.count[LEAT_WHY_SHARED], 60000);
    cr_assert_eq(c.bytes[LEAT_WHY_SHARED], 180000);
}
