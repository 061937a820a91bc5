/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack_test.c - equal stacks are one number, different ones are not, whether
 * they were unwound or recognised.
 */
#include <pthread.h>

#include "core/stack.h"
#include "tests/checks/records.h"

#define ROUNDS  200
#define THREADS 4

__attribute__((noinline)) static uint32_t
leaf(uint64_t site)
{
	uint32_t number = plx_stack_capture(site);

	ck_assert_uint_ne(number, PLX_NO_STACK);
	return number;
}

/* Two ways to the leaf with frames of one size. */
__attribute__((noinline)) static uint32_t
left(uint64_t site)
{
	uint32_t number = leaf(site);

	ck_assert_uint_lt(number, PLX_STACKS_MAX);
	return number;
}

__attribute__((noinline)) static uint32_t
right(uint64_t site)
{
	uint32_t number = leaf(site);

	ck_assert_uint_lt(number, PLX_STACKS_MAX);
	return number;
}

START_TEST(equal_stacks_have_one_number)
{
	uint32_t number = 0;
	volatile int i;

	for (i = 0; i < ROUNDS; i++) {
		uint32_t now = left(1);

		if (i > 0)
			ck_assert_uint_eq(now, number);
		number = now;
	}
}
END_TEST

/* The same site and the same depth: only return addresses tell. */
START_TEST(stacks_that_differ_above_the_leaf_are_told_apart)
{
	uint32_t (*const ways[])(uint64_t) = { left, right };
	uint32_t numbers[2] = { 0, 0 };
	volatile int i;

	for (i = 0; i < ROUNDS; i++) {
		uint32_t now = ways[i % 2](2);

		if (i >= 2)
			ck_assert_uint_eq(now, numbers[i % 2]);
		numbers[i % 2] = now;
	}
	ck_assert_uint_ne(numbers[0], numbers[1]);
}
END_TEST

/* What another caller says of itself does not change what the stack is. */
START_TEST(the_site_is_no_part_of_the_stack)
{
	uint32_t number = 0;
	volatile int i;

	for (i = 0; i < ROUNDS; i++) {
		uint32_t now = left((uint64_t)i);

		if (i > 0)
			ck_assert_uint_eq(now, number);
		number = now;
	}
}
END_TEST

static void *
capture_many(void *argument)
{
	uint32_t *ret_number = argument;
	volatile int i;

	for (i = 0; i < ROUNDS; i++) {
		uint32_t now = right(3);

		if (i > 0 && now != *ret_number)
			now = PLX_NO_STACK;
		*ret_number = now;
	}
	return NULL;
}

/* Frames are offsets into modules, so threads agree. */
START_TEST(threads_agree_on_the_number)
{
	pthread_t threads[THREADS];
	uint32_t numbers[THREADS] = { 0 };
	int i;

	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, capture_many,
				     &numbers[i]),
		    0);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	for (i = 0; i < THREADS; i++) {
		ck_assert_uint_ne(numbers[i], PLX_NO_STACK);
		ck_assert_uint_eq(numbers[i], numbers[0]);
	}
}
END_TEST

/* Each frame of this program is in a module that is its own file. */
START_TEST(frames_name_their_module)
{
	const struct plx_region *region = report_region();
	const struct plx_stack *stack = &region->stack[left(4)];
	uint32_t i;

	ck_assert_uint_ge(stack->depth, 3);
	for (i = 0; i < stack->depth; i++) {
		ck_assert_uint_lt(stack->frame[i].module, PLX_MODULES_MAX);
		ck_assert_int_eq(region->module[stack->frame[i].module].path[0],
		    '/');
		ck_assert_uint_gt(
		    region->module[stack->frame[i].module].build_id_bytes, 0);
	}
}
END_TEST

static const TTest **const tests[] = {
	&equal_stacks_have_one_number,
	&stacks_that_differ_above_the_leaf_are_told_apart,
	&the_site_is_no_part_of_the_stack,
	&threads_agree_on_the_number,
	&frames_name_their_module,
};

int
main(void)
{
	return rec_suite_main("stack", tests, sizeof(tests) / sizeof(tests[0]));
}
