/* SPDX-License-Identifier: ISC */

/* Statistics as JSON: parsed by somebody else. */

#include "pool_fixture.h"

#include <jansson.h>

/* The members that are plain numbers, under their names. */
#define NUMBERS(X)     \
    X(gets)            \
    X(puts)            \
    X(slabs_got)       \
    X(slabs_put)       \
    X(exchanges)       \
    X(refused)         \
    X(reclaims)        \
    X(waits)           \
    X(served)          \
    X(water_low)       \
    X(water_high)      \
    X(stale)           \
    X(pages_limit)     \
    X(pages_slabs)     \
    X(pages_free)      \
    X(pages_depot)     \
    X(pages_magazines) \
    X(pages_out)       \
    X(pages_adopted)   \
    X(magazines)       \
    X(waiting)         \
    X(meta_bytes)

static const struct {
    const char *name;
    size_t offset;
} numbers[] = {
#define X(member) {#member, offsetof(struct leat_stats, member)},
    NUMBERS(X)
#undef X
};

static uint64_t *number(struct leat_stats *s, size_t i)
{
    return (uint64_t *)(void *)((char *)s + numbers[i].offset);
}

static json_t *parse(const struct leat_stats *s)
{
    static char text[1 << 15];
    json_error_t error;
    size_t need = 0;
    json_t *json;

    MUST(leat_stats_json(s, text, sizeof(text), &need));
    cr_assert_eq(need, strlen(text) + 1);
    json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    cr_assert_not_null(json, "%s: %s", error.text, text);
    cr_assert(json_is_object(json));
    return json;
}

Test(json, every_number_under_its_name)
{
    struct leat_stats s = {0};
    json_t *json;

    for (size_t i = 0; i < COUNT(numbers); i++)
        *number(&s, i) = 1000003 * (i + 1);
    json = parse(&s);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        json_t *value = json_object_get(json, numbers[i].name);

        cr_assert(json_is_integer(value), "%s", numbers[i].name);
        cr_assert_eq(json_integer_value(value), 1000003 * (json_int_t)(i + 1),
                     "%s", numbers[i].name);
    }
    json_decref(json);
}

/* Sums up every integer of (json), at any depth. */
static json_int_t sum_of(json_t *json)
{
    json_int_t sum = json_is_integer(json) ? json_integer_value(json) : 0;
    const char *key;
    json_t *value;
    size_t i;

    json_object_foreach(json, key, value) sum += sum_of(value);
    json_array_foreach(json, i, value) sum += sum_of(value);
    return sum;
}

Test(json, copies_by_reason)
{
    struct leat_stats s = {0};
    json_int_t sum = 0;
    json_t *json;

    for (int why = LEAT_WHY_NONE + 1; why < LEAT_REASONS; why++) {
        MUST(leat_copies_add(&s.copies, (enum leat_reason)why,
                             (size_t)1 << (2 * why)));
        sum += 1 + ((json_int_t)1 << (2 * why));
    }
    json = parse(&s);
    cr_assert_eq(sum_of(json), sum, "the rest is 0");
    json_decref(json);
}

Test(json, largest_numbers)
{
    struct leat_stats s = {0};
    json_t *json;

    for (size_t i = 0; i < COUNT(numbers); i++)
        *number(&s, i) = INT64_MAX;
    json = parse(&s);
    for (size_t i = 0; i < COUNT(numbers); i++)
        cr_assert_eq(json_integer_value(json_object_get(json, numbers[i].name)),
                     INT64_MAX);
    json_decref(json);
}

Test(json, of_a_live_pool)
{
    struct pool_fixture f;
    struct leat_chunk c;
    struct leat_stats s;
    json_t *json;

    open_static(&f, 8, (struct leat_pool_config){0});
    c = get(f.pool, 3);
    s = stats_of(f.pool);
    json = parse(&s);
    cr_assert_eq(json_integer_value(json_object_get(json, "pages_out")), 3);
    cr_assert_eq(json_integer_value(json_object_get(json, "gets")), 1);
    json_decref(json);
    MUST(leat_pool_put(f.pool, c));
    close_pool(&f);
}

Test(json, a_short_buffer_gets_nothing)
{
    static char text[1 << 15], small[1 << 15];
    struct leat_stats s = {.gets = 12345678901234};
    size_t need = 0, told = 0;

    MUST(leat_stats_json(&s, text, sizeof(text), &need));
    FAILS(LEAT_E_RANGE, leat_stats_json(&s, NULL, 0, &told));
    cr_assert_eq(told, need);
    for (size_t len = 0; len < need; len++) {
        memset(small, 0x3f, sizeof(small));
        FAILS(LEAT_E_RANGE, leat_stats_json(&s, small, len, &told));
        cr_assert_eq(told, need);
        cr_assert(all_bytes((unsigned char *)small, sizeof(small), 0x3f));
    }
    MUST(leat_stats_json(&s, small, need, NULL));
    cr_assert_str_eq(small, text);
    cr_assert_eq(small[need], 0x3f, "not a byte more");
}
