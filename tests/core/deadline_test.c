/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: arithmetic of deadlines: saturating, never wrapping.
 */
#include "core/deadline.h"

#include "tests/core/embed.h"
#include "tests/support/check_main.h"

#define NEVER DEADLINE_NEVER
#define S     PLX_NS_PER_S

struct sum {
	int64_t now, delta, deadline;
};

static const struct sum sums[] = {
	{ 0, 0, 0 },
	{ 0, 1, 1 },
	{ 5, 0, 5 },
	{ S, S, 2 * S },
	{ 1, NEVER - 2, NEVER - 1 },
	{ 1, NEVER - 1, NEVER },
	{ 2, NEVER - 1, NEVER },
	{ 1, NEVER, NEVER },
	{ NEVER - 1, 1, NEVER },
	{ NEVER, 0, NEVER },
	{ NEVER, NEVER, NEVER },
	{ 10, -3, 7 },
	{ 3, -10, -7 },
};

START_TEST(deadline_after_adds_and_saturates)
{
	/* deadline.h; the edges of int64_t. */
	const struct sum *row = &sums[_i];

	ck_assert_int_eq(deadline_after(row->now, row->delta), row->deadline);
}
END_TEST

struct span {
	int64_t s, ns, span;
};

/* INT64_MAX ns is 9223372036 s and 854775807 ns. */
static const struct span spans[] = {
	{ 0, 0, 0 },
	{ 0, 999999999, 999999999 },
	{ 1, 0, S },
	{ 1, 1, S + 1 },
	{ 9223372036, 854775806, NEVER - 1 },
	{ 9223372036, 854775807, NEVER },
	{ 9223372036, 854775808, NEVER },
	{ 9223372037, 0, NEVER },
	{ INT64_MAX, 999999999, NEVER },
};

START_TEST(deadline_span_saturates)
{
	/* deadline.h; a timespec of any size. */
	const struct span *row = &spans[_i];

	ck_assert_int_eq(deadline_span_ns(row->s, row->ns), row->span);
}
END_TEST

struct left {
	int64_t deadline, now, left;
};

static const struct left lefts[] = {
	{ DEADLINE_NOW, 0, 0 },
	{ DEADLINE_NOW, 77, 0 },
	{ 100, 99, 1 },
	{ 100, 100, 0 },
	{ 100, 101, 0 },
	{ -5, 0, 0 },
	{ NEVER - 1, 1, NEVER - 2 },
	{ NEVER, 0, -1 },
	{ NEVER, NEVER, -1 },
};

START_TEST(deadline_left_is_for_ever_only_for_never)
{
	/* deadline.h: -1 is what the blocking calls take for "for ever". */
	const struct left *row = &lefts[_i];

	ck_assert_int_eq(deadline_left_ns(row->deadline, row->now), row->left);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("deadline");
	TCase *tcase = tcase_create("arithmetic");

	add_rows(tcase, deadline_after_adds_and_saturates, sums);
	add_rows(tcase, deadline_span_saturates, spans);
	add_rows(tcase, deadline_left_is_for_ever_only_for_never, lefts);
	suite_add_tcase(suite, tcase);
	return plx_check_main(suite);
}
