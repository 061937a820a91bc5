/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: timers, on a clock that the test owns: order, number, cancel and
 * restart, the grid of periods, saturation, the wall clock.
 */
#include <poll.h>
#include <stdlib.h>

#include "tests/core/embed.h"
#include "tests/support/check_main.h"

#define START  PLX_NS_PER_S /* what time it is when a test begins */
#define MS     PLX_NS_PER_MS
#define MANY   100000u
#define SPREAD (10 * PLX_NS_PER_S)

static void
clock_set(int64_t after_start_ns)
{
	atomic_store(&embed.clock_ns, START + after_start_ns);
}

static void
clock_start(void)
{
	clock_set(0);
}

static int
timer_add(uint64_t ident, uint32_t flags, int64_t ns)
{
	return reg(set, .filter = FILTER_TIMER, .ident = ident, .op = ISET_ADD,
	    .flags = flags, .data = ns);
}

static int
timer_op(uint64_t ident, uint32_t op)
{
	return reg(set, .filter = FILTER_TIMER, .ident = ident, .op = op);
}

/* Exactly this one timer is there, with so many expiries. */
static void
check_only(uint64_t ident, int64_t count)
{
	ck_assert_int_eq(take(set, 8), 1);
	ck_assert_int_eq(got[0].filter, FILTER_TIMER);
	ck_assert_uint_eq(got[0].ident, ident);
	ck_assert_int_eq(got[0].data, count);
}

static void
check_heap(void)
{
	const struct timer_heap *heap = &set->timers;

	for (uint32_t i = 0; i < heap->n; i++) {
		const struct plx_timer *t = timer_at(heap->slot[i]);

		ck_assert_uint_eq(t->heap_pos, i + 1);
		if (i > 0)
			ck_assert_int_ge(t->next_ns,
			    timer_at(heap->slot[(i - 1) / 2])->next_ns);
	}
}

/* --- many --- */

static int64_t due[MANY];
static uint8_t fired[MANY];

static void
add_many(void)
{
	uint64_t x = 88172645463325252u;

	for (uint64_t i = 0; i < MANY; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		due[i] = (int64_t)(x % (uint64_t)SPREAD);
		fired[i] = 0;
		ck_assert_int_eq(timer_add(i, KN_ONESHOT, due[i]), 0);
	}
}

/* Everything up to `now`, in order; returns how many. */
static uint32_t
collect_due(int64_t now, int64_t *last)
{
	uint32_t all = 0;
	int n;

	clock_set(now);
	while ((n = take(set, EMBED_GOT)) > 0) {
		for (int i = 0; i < n; i++) {
			const uint64_t ident = got[i].ident;

			ck_assert_int_ge(due[ident], *last);
			ck_assert_int_le(due[ident], now);
			ck_assert_uint_eq(fired[ident], 0);
			*last = due[ident];
			fired[ident] = 1;
		}
		all += (uint32_t)n;
	}
	ck_assert_int_eq(n, 0);
	return all;
}

START_TEST(timers_100000_fire_once_each_in_order_with_no_descriptor)
{
	/* design 3.12: a heap; not one descriptor for any number of them. */
	const int fds = fds_open();
	int64_t last = 0;
	uint32_t all = 0;

	add_many();
	ck_assert_uint_eq(set->timers.n, MANY);
	check_heap();
	for (int64_t now = 0; now <= SPREAD; now += SPREAD / 10)
		all += collect_due(now, &last);
	ck_assert_uint_eq(all, MANY);
	ck_assert_uint_eq(set->timers.n, 0);
	ck_assert_int_eq(fds_open(), fds);
	ck_assert_uint_eq(atomic_load(&embed.ctl_n), 0);
}
END_TEST

START_TEST(timers_cancelled_and_restarted_among_100000)
{
	/* A third is deleted, a third starts again; the heap stays one. */
	int64_t last = 0;
	uint32_t all = 0;

	add_many();
	for (uint64_t i = 0; i < MANY; i += 3)
		ck_assert_int_eq(timer_op(i, ISET_DELETE), 0);
	check_heap();
	for (uint64_t i = 1; i < MANY; i += 3) {
		due[i] = SPREAD - due[i];
		ck_assert_int_eq(timer_add(i, KN_ONESHOT, due[i]), 0);
	}
	check_heap();
	for (int64_t now = 0; now <= SPREAD; now += SPREAD / 10)
		all += collect_due(now, &last);
	ck_assert_uint_eq(all, MANY - (MANY + 2) / 3);
	for (uint64_t i = 0; i < MANY; i++)
		ck_assert_uint_eq(fired[i], i % 3 != 0);
}
END_TEST

/* --- one --- */

START_TEST(timer_period_keeps_its_grid_and_counts_what_was_missed)
{
	/* FreeBSD EVFILT_TIMER: data is the number of expiries. */
	ck_assert_int_eq(timer_add(1, 0, 10 * MS), 0);
	clock_set(10 * MS - 1);
	ck_assert_int_eq(take(set, 8), 0);
	clock_set(10 * MS);
	check_only(1, 1);
	ck_assert_int_eq(take(set, 8), 0);
	/* Looked at late: 20, 30, 40, 50 were missed; the next is 60. */
	clock_set(59 * MS);
	check_only(1, 4);
	clock_set(60 * MS - 1);
	ck_assert_int_eq(take(set, 8), 0);
	clock_set(60 * MS);
	check_only(1, 1);
	/* A hundred years of it are arithmetic, not a loop. */
	clock_set(10 * MS * INT64_C(300000000000));
	check_only(1, INT64_C(300000000000) - 6);
}
END_TEST

START_TEST(timer_oneshot_is_gone_after_its_event)
{
	/* EV_ONESHOT; the interest cannot be found any more. */
	ck_assert_int_eq(timer_add(1, KN_ONESHOT, 5 * MS), 0);
	clock_set(100 * MS);
	check_only(1, 1);
	clock_set(1000 * MS);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_lt(timer_op(1, ISET_DELETE), 0);
}
END_TEST

START_TEST(timer_added_again_starts_anew)
{
	/* kqueue: a new ADD restarts; what had expired is forgotten. */
	ck_assert_int_eq(timer_add(1, 0, 10 * MS), 0);
	clock_set(9 * MS);
	ck_assert_int_eq(timer_add(1, 0, 10 * MS), 0);
	clock_set(18 * MS);
	ck_assert_int_eq(take(set, 8), 0);
	clock_set(19 * MS);
	check_only(1, 1);
	clock_set(29 * MS);
	ck_assert_int_eq(iset_pending_fd(kq), 1);
	ck_assert_int_eq(timer_add(1, 0, 50 * MS), 0);
	ck_assert_int_eq(take(set, 8), 0);
	clock_set(79 * MS);
	check_only(1, 1);
}
END_TEST

struct far {
	int64_t now, ns;
};

static const struct far fars[] = {
	{ 0, INT64_MAX },
	{ 0, INT64_MAX - START },
	{ INT64_MAX - START - 10, 20 },
	{ INT64_MAX - START - 10, INT64_MAX },
};

START_TEST(timer_beyond_the_end_of_time_never_fires)
{
	/* deadline.h: saturating; it can still be deleted. */
	clock_set(fars[_i].now);
	ck_assert_int_eq(timer_add(1, 0, fars[_i].ns), 0);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(timers_next(set), DEADLINE_NEVER);
	clock_set(INT64_MAX - START - 1);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(timer_op(1, ISET_DELETE), 0);
}
END_TEST

START_TEST(timer_disabled_says_nothing_and_counts_when_enabled)
{
	/* FreeBSD: the callout runs on while the knote is disabled. */
	ck_assert_int_eq(timer_add(1, 0, 10 * MS), 0);
	ck_assert_int_eq(timer_op(1, ISET_DISABLE), 0);
	clock_set(35 * MS);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_uint_eq(set->timers.n, 0);
	ck_assert_int_eq(timer_op(1, ISET_ENABLE), 0);
	check_only(1, 3);
	clock_set(40 * MS);
	check_only(1, 1);
}
END_TEST

START_TEST(timer_dispatch_is_disabled_after_each_event)
{
	/* EV_DISPATCH: silent until EV_ENABLE, then with what was missed. */
	ck_assert_int_eq(timer_add(1, KN_DISPATCH, 10 * MS), 0);
	clock_set(10 * MS);
	check_only(1, 1);
	clock_set(50 * MS);
	ck_assert_int_eq(take(set, 8), 0);
	ck_assert_int_eq(timer_op(1, ISET_ENABLE), 0);
	check_only(1, 4);
}
END_TEST

START_TEST(timer_restarted_while_disabled_shows_nothing_when_enabled)
{
	/* INV-POLL: what others see is what a wait returns. */
	iset_publish(kq);
	ck_assert_int_eq(timer_add(1, 0, 10 * MS), 0);
	clock_set(10 * MS);
	ck_assert_int_eq(iset_pending_fd(kq), 1);
	ck_assert(readable(kq));
	ck_assert_int_eq(timer_op(1, ISET_DISABLE), 0);
	ck_assert(!readable(kq));
	/* Ten years: the timerfd has the kernel's idea of now. */
	ck_assert_int_eq(timer_add(1, 0, 315360000 * PLX_NS_PER_S), 0);
	ck_assert_int_eq(timer_op(1, ISET_ENABLE), 0);
	ck_assert(!readable(kq));
	ck_assert_int_eq(take(set, 8), 0);
}
END_TEST

/* --- the wall clock --- */

#define WALL INT64_C(1600000000000000000)

static int
wall_timer(uint64_t ident, int64_t wall_ns)
{
	return reg(set, .filter = FILTER_TIMER, .ident = ident, .op = ISET_ADD,
	    .flags = KN_ONESHOT, .fopts = FOPT_ABSOLUTE, .data = wall_ns);
}

START_TEST(absolute_timer_follows_the_wall_clock)
{
	/* design 3.16: set forward it fires, set back it waits longer. */
	atomic_store(&embed.wall_ns, WALL);
	ck_assert_int_eq(wall_timer(1, WALL + 100 * MS), 0);
	ck_assert_int_eq(wall_timer(2, WALL + 200 * MS), 0);
	clock_set(50 * MS);
	atomic_store(&embed.wall_ns, WALL - PLX_NS_PER_S);
	ck_assert_int_eq(take(set, 8), 0);
	/* The monotonic clock alone means nothing. */
	clock_set(500 * MS);
	ck_assert_int_eq(take(set, 8), 0);
	atomic_store(&embed.wall_ns, WALL + 100 * MS);
	check_only(1, 1);
	atomic_store(&embed.wall_ns, WALL + 3600 * PLX_NS_PER_S);
	check_only(2, 1);
	ck_assert_uint_eq(set->timers.absolutes, 0);
}
END_TEST

START_TEST(absolute_timer_of_the_past_fires_at_once)
{
	/* kqueue(2) NOTE_ABSTIME. */
	atomic_store(&embed.wall_ns, WALL);
	ck_assert_int_eq(wall_timer(1, WALL), 0);
	ck_assert_int_eq(wall_timer(2, 0), 0);
	ck_assert_int_eq(take(set, 8), 2);
}
END_TEST

START_TEST(absolute_and_relative_timers_share_one_order)
{
	/* Absolute ones move in the heap when the wall clock is set. */
	atomic_store(&embed.wall_ns, WALL);
	for (uint64_t i = 0; i < 100; i++) {
		ck_assert_int_eq(timer_add(i, KN_ONESHOT,
				     (int64_t)(100 - i) * MS),
		    0);
		ck_assert_int_eq(wall_timer(1000 + i,
				     WALL + (int64_t)(i * 7 % 100) * MS +
					 1000 * MS),
		    0);
	}
	check_heap();
	atomic_store(&embed.wall_ns, WALL + 950 * MS);
	ck_assert_int_eq(take(set, EMBED_GOT), 0);
	check_heap();
	atomic_store(&embed.wall_ns, WALL + 1050 * MS);
	clock_set(50 * MS);
	ck_assert_int_eq(take(set, EMBED_GOT), 50 + 51);
	check_heap();
	atomic_store(&embed.wall_ns, WALL + 2000 * MS);
	clock_set(100 * MS);
	ck_assert_int_eq(take(set, EMBED_GOT), 50 + 49);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("timer");
	TCase *tcase = embed_tcase(suite, "timers");

	tcase_add_checked_fixture(tcase, clock_start, NULL);
	tcase_add_test(tcase,
	    timers_100000_fire_once_each_in_order_with_no_descriptor);
	tcase_add_test(tcase, timers_cancelled_and_restarted_among_100000);
	tcase_add_test(tcase,
	    timer_period_keeps_its_grid_and_counts_what_was_missed);
	tcase_add_test(tcase, timer_oneshot_is_gone_after_its_event);
	tcase_add_test(tcase, timer_added_again_starts_anew);
	add_rows(tcase, timer_beyond_the_end_of_time_never_fires, fars);
	tcase_add_test(tcase,
	    timer_disabled_says_nothing_and_counts_when_enabled);
	tcase_add_test(tcase, timer_dispatch_is_disabled_after_each_event);
	tcase_add_test(tcase,
	    timer_restarted_while_disabled_shows_nothing_when_enabled);
	tcase_add_test(tcase, absolute_timer_follows_the_wall_clock);
	tcase_add_test(tcase, absolute_timer_of_the_past_fires_at_once);
	tcase_add_test(tcase, absolute_and_relative_timers_share_one_order);
	return plx_check_main(suite);
}
