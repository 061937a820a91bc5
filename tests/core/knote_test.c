/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: the states of a registration, all of them with all events, and
 * the ready list: first in, first out, each once, the dead passed over.
 */
#include "core/knote.h"

#include "tests/core/embed.h"
#include "tests/support/check_main.h"

#define BUG KNOTE_STATE_MAX

struct pair {
	enum knote_state state;
	enum knote_event event;
	enum knote_state next;
};

/* Written down from kqueue(2) and epoll_ctl(2), not from the code. */
static const struct pair pairs[] = {
	/* Nothing to report: activity queues it. */
	{ KNOTE_IDLE, KNOTE_ACTIVATE, KNOTE_QUEUED },
	{ KNOTE_IDLE, KNOTE_ENABLE, KNOTE_IDLE },
	{ KNOTE_IDLE, KNOTE_DISABLE, KNOTE_DISABLED },
	{ KNOTE_IDLE, KNOTE_DROP, KNOTE_DEAD },
	{ KNOTE_IDLE, KNOTE_STALE, BUG },
	{ KNOTE_IDLE, KNOTE_DELIVERED_IDLE, BUG },
	{ KNOTE_IDLE, KNOTE_DELIVERED_AGAIN, BUG },
	{ KNOTE_IDLE, KNOTE_DELIVERED_DISABLE, BUG },
	/* Queued: more activity adds nothing, a delivery decides. */
	{ KNOTE_QUEUED, KNOTE_ACTIVATE, KNOTE_QUEUED },
	{ KNOTE_QUEUED, KNOTE_ENABLE, KNOTE_QUEUED },
	{ KNOTE_QUEUED, KNOTE_DISABLE, KNOTE_DISABLED_PENDING },
	{ KNOTE_QUEUED, KNOTE_DROP, KNOTE_DEAD },
	{ KNOTE_QUEUED, KNOTE_STALE, KNOTE_IDLE },
	{ KNOTE_QUEUED, KNOTE_DELIVERED_IDLE, KNOTE_IDLE },
	{ KNOTE_QUEUED, KNOTE_DELIVERED_AGAIN, KNOTE_QUEUED },
	{ KNOTE_QUEUED, KNOTE_DELIVERED_DISABLE, KNOTE_DISABLED },
	/* Disabled: activity is kept for when it is enabled. */
	{ KNOTE_DISABLED, KNOTE_ACTIVATE, KNOTE_DISABLED_PENDING },
	{ KNOTE_DISABLED, KNOTE_ENABLE, KNOTE_IDLE },
	{ KNOTE_DISABLED, KNOTE_DISABLE, KNOTE_DISABLED },
	{ KNOTE_DISABLED, KNOTE_DROP, KNOTE_DEAD },
	{ KNOTE_DISABLED, KNOTE_STALE, BUG },
	{ KNOTE_DISABLED, KNOTE_DELIVERED_IDLE, BUG },
	{ KNOTE_DISABLED, KNOTE_DELIVERED_AGAIN, BUG },
	{ KNOTE_DISABLED, KNOTE_DELIVERED_DISABLE, BUG },
	{ KNOTE_DISABLED_PENDING, KNOTE_ACTIVATE, KNOTE_DISABLED_PENDING },
	{ KNOTE_DISABLED_PENDING, KNOTE_ENABLE, KNOTE_QUEUED },
	{ KNOTE_DISABLED_PENDING, KNOTE_DISABLE, KNOTE_DISABLED_PENDING },
	{ KNOTE_DISABLED_PENDING, KNOTE_DROP, KNOTE_DEAD },
	{ KNOTE_DISABLED_PENDING, KNOTE_STALE, BUG },
	{ KNOTE_DISABLED_PENDING, KNOTE_DELIVERED_IDLE, BUG },
	{ KNOTE_DISABLED_PENDING, KNOTE_DELIVERED_AGAIN, BUG },
	{ KNOTE_DISABLED_PENDING, KNOTE_DELIVERED_DISABLE, BUG },
	/* Dead: nothing can happen to it. */
	{ KNOTE_DEAD, KNOTE_ACTIVATE, BUG },
	{ KNOTE_DEAD, KNOTE_ENABLE, BUG },
	{ KNOTE_DEAD, KNOTE_DISABLE, BUG },
	{ KNOTE_DEAD, KNOTE_DROP, BUG },
	{ KNOTE_DEAD, KNOTE_STALE, BUG },
	{ KNOTE_DEAD, KNOTE_DELIVERED_IDLE, BUG },
	{ KNOTE_DEAD, KNOTE_DELIVERED_AGAIN, BUG },
	{ KNOTE_DEAD, KNOTE_DELIVERED_DISABLE, BUG },
};
#define PAIRS_N (int)(sizeof(pairs) / sizeof(pairs[0]))

START_TEST(knote_state_after_event)
{
	/* Each row of the table above. */
	const struct pair *row = &pairs[_i];

	ck_assert_int_eq(knote_next_state(row->state, row->event), row->next);
}
END_TEST

START_TEST(knote_table_of_the_test_is_complete)
{
	/* Every pair is named exactly once. */
	unsigned int named[KNOTE_STATE_MAX][KNOTE_EVENT_MAX] = { 0 };

	for (int i = 0; i < PAIRS_N; i++)
		named[pairs[i].state][pairs[i].event]++;
	for (int s = 0; s < KNOTE_STATE_MAX; s++) {
		for (int e = 0; e < KNOTE_EVENT_MAX; e++)
			ck_assert_uint_eq(named[s][e], 1);
	}
}
END_TEST

/* --- the ready list, with the knotes of user events --- */

static uint32_t
user(uint64_t ident)
{
	ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = ident,
			     .op = ISET_ADD, .flags = KN_CLEAR),
	    0);
	return hash_find(set, FILTER_USER, ident);
}

static int
fire(uint64_t ident)
{
	return reg(set, .filter = FILTER_USER, .ident = ident,
	    .fopts = FOPT_TRIGGER);
}

START_TEST(ready_list_is_first_in_first_out)
{
	/* ready.h: pushed 3, 1, 2, popped so; then it is empty. */
	const uint32_t a = user(1);
	const uint32_t b = user(2);
	const uint32_t c = user(3);

	ck_assert_uint_eq(ready_pop(set), 0);
	ready_push(set, c);
	ready_push(set, a);
	ready_push(set, b);
	ck_assert_uint_eq(set->ready.n, 3);
	ck_assert_uint_eq(ready_pop(set), c);
	ck_assert_uint_eq(ready_pop(set), a);
	ready_push(set, c);
	ck_assert_uint_eq(ready_pop(set), b);
	ck_assert_uint_eq(ready_pop(set), c);
	ck_assert_uint_eq(ready_pop(set), 0);
	ck_assert_uint_eq(set->ready.n, 0);
}
END_TEST

START_TEST(ready_list_has_a_knote_once)
{
	/* Pushed while linked: same place, same length. */
	const uint32_t a = user(1);
	const uint32_t b = user(2);

	ready_push(set, a);
	ready_push(set, b);
	ready_push(set, a);
	ck_assert_uint_eq(set->ready.n, 2);
	ck_assert_uint_eq(ready_pop(set), a);
	ck_assert_uint_eq(ready_pop(set), b);
	ck_assert_uint_eq(ready_pop(set), 0);
}
END_TEST

START_TEST(delivery_order_is_that_of_activation)
{
	/* kqueue: ready order, whatever order they were added in. */
	for (uint64_t i = 1; i <= 5; i++)
		(void)user(i);
	ck_assert_int_eq(fire(4), 0);
	ck_assert_int_eq(fire(2), 0);
	ck_assert_int_eq(fire(5), 0);
	ck_assert_int_eq(fire(2), 0);
	ck_assert_int_eq(take(set, 8), 3);
	ck_assert_uint_eq(got[0].ident, 4);
	ck_assert_uint_eq(got[1].ident, 2);
	ck_assert_uint_eq(got[2].ident, 5);
	ck_assert_int_eq(take(set, 8), 0);
}
END_TEST

START_TEST(pass_is_bounded_and_rotates)
{
	/* Level events: one call has each once; the next goes on behind. */
	for (uint64_t i = 1; i <= 3; i++) {
		ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = i,
				     .op = ISET_ADD, .fopts = FOPT_TRIGGER),
		    0);
	}
	ck_assert_int_eq(take(set, 64), 3);
	ck_assert_int_eq(take(set, 2), 2);
	ck_assert_uint_eq(got[0].ident, 1);
	ck_assert_uint_eq(got[1].ident, 2);
	ck_assert_int_eq(take(set, 2), 2);
	ck_assert_uint_eq(got[0].ident, 3);
	ck_assert_uint_eq(got[1].ident, 1);
}
END_TEST

START_TEST(dead_knotes_on_the_list_are_passed_over_and_freed)
{
	/* Deleted while queued: no event, and the object is there again. */
	const uint32_t before = arena_live(&plx_knotes);

	for (uint64_t i = 1; i <= 6; i++) {
		(void)user(i);
		ck_assert_int_eq(fire(i), 0);
	}
	for (uint64_t i = 1; i <= 6; i += 2)
		ck_assert_int_eq(reg(set, .filter = FILTER_USER, .ident = i,
				     .op = ISET_DELETE),
		    0);
	ck_assert_uint_eq(arena_live(&plx_knotes), before + 6);
	ck_assert_int_eq(take(set, 2), 2);
	ck_assert_uint_eq(got[0].ident, 2);
	ck_assert_uint_eq(got[1].ident, 4);
	ck_assert_int_eq(take(set, 2), 1);
	ck_assert_uint_eq(got[0].ident, 6);
	ck_assert_uint_eq(arena_live(&plx_knotes), before + 3);
	ck_assert_uint_eq(set->ready.n, 0);
	ck_assert_uint_eq(set->soft_n, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("knote");
	TCase *states = embed_tcase_face(suite, "states", PLX_FACE_MAX);
	TCase *list = embed_tcase(suite, "ready list");

	tcase_add_loop_test(states, knote_state_after_event, 0, PAIRS_N);
	tcase_add_test(states, knote_table_of_the_test_is_complete);
	tcase_add_test(list, ready_list_is_first_in_first_out);
	tcase_add_test(list, ready_list_has_a_knote_once);
	tcase_add_test(list, delivery_order_is_that_of_activation);
	tcase_add_test(list, pass_is_bounded_and_rotates);
	tcase_add_test(list, dead_knotes_on_the_list_are_passed_over_and_freed);
	return plx_check_main(suite);
}
