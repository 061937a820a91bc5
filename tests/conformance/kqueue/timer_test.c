/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: relative EVFILT_TIMER (T01-T11, T16-T25). Time is the subject here; what is
 * asserted of it is "never early", and lateness only where a number says so.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TAG(n) ((void *)(uintptr_t)(n))

static int
timer(uintptr_t ident, unsigned int flags, unsigned int unit, int64_t data)
{
	return kq_change(kq, ident, EVFILT_TIMER, EV_ADD | flags, unit, data,
	    NULL);
}

/* Until the queue is readable: something expired, nothing was collected. */
static void
await_expiry(void)
{
	struct pollfd p = { .fd = kq, .events = POLLIN };

	ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
}

/* Until `ns` passed; the queue is not touched meanwhile. */
static void
let_pass(int64_t ns)
{
	struct timespec t = { .tv_nsec = ns };

	assert_ok(nanosleep(&t, NULL));
}

START_TEST(t01_unit_is_milliseconds_by_default)
{
	/* kqueue(2) EVFILT_TIMER. */
	int64_t start = now_ns(CLOCK_MONOTONIC);

	assert_ok(timer(1, EV_ONESHOT, 0, 20));
	assert_comes(kq, 1, EVFILT_TIMER);
	ck_assert_int_ge(now_ns(CLOCK_MONOTONIC) - start, 20 * MS);
	ck_assert_int_lt(now_ns(CLOCK_MONOTONIC) - start, 2000 * MS);
	ck_assert_int_eq(ev[0].data, 1);
}
END_TEST

static const struct {
	unsigned int unit;
	int64_t data;
	int64_t ns;
} UNITS[] = {
	{ NOTE_SECONDS, 1, 1000 * MS },
	{ NOTE_MSECONDS, 20, 20 * MS },
	{ NOTE_USECONDS, 20000, 20 * MS },
	{ NOTE_NSECONDS, 20 * MS, 20 * MS },
};

START_TEST(t02_each_unit)
{
	/* kqueue(2) EVFILT_TIMER: once, and as a period. */
	unsigned int mode = _i < 4 ? EV_ONESHOT : 0;
	int64_t start = now_ns(CLOCK_MONOTONIC);

	assert_ok(timer(1, mode, UNITS[_i % 4].unit, UNITS[_i % 4].data));
	assert_comes(kq, 1, EVFILT_TIMER);
	ck_assert_int_ge(now_ns(CLOCK_MONOTONIC) - start, UNITS[_i % 4].ns);
	ck_assert_int_lt(now_ns(CLOCK_MONOTONIC) - start,
	    UNITS[_i % 4].ns + 1500 * MS);
}
END_TEST

START_TEST(t03_period_counts_what_was_not_collected)
{
	/* NetBSD count_expirations: data is what really expired meanwhile. */
	int64_t before, armed, asked, now;

	before = now_ns(CLOCK_MONOTONIC);
	assert_ok(timer(1, 0, NOTE_MSECONDS, 10));
	armed = now_ns(CLOCK_MONOTONIC);
	let_pass(105 * MS);
	asked = now_ns(CLOCK_MONOTONIC);
	assert_one(kq, 1, EVFILT_TIMER);
	now = now_ns(CLOCK_MONOTONIC);
	ck_assert_int_ge(ev[0].data, (asked - armed) / (10 * MS));
	ck_assert_int_le(ev[0].data, (now - before) / (10 * MS));
	assert_comes(kq, 1, EVFILT_TIMER);
	ck_assert_int_ge(ev[0].data, 1);
}
END_TEST

START_TEST(t04_oneshot_fires_once_and_is_gone)
{
	/* kevent(2) EV_ONESHOT. */
	assert_ok(timer(1, EV_ONESHOT, NOTE_USECONDS, 100));
	assert_comes(kq, 1, EVFILT_TIMER);
	ck_assert_int_eq(ev[0].data, 1);
	assert_fails(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE), ENOENT);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 20), 0);
}
END_TEST

START_TEST(t05_clear_is_implied_and_units_are_not_echoed)
{
	/* FreeBSD: flags EV_CLEAR, fflags 0. */
	assert_ok(kq_change(kq, 1, EVFILT_TIMER, EV_ADD, NOTE_USECONDS, 1000,
	    TAG(7)));
	assert_comes(kq, 1, EVFILT_TIMER);
	ck_assert_uint_eq(ev[0].flags, EV_CLEAR);
	ck_assert_uint_eq(ev[0].fflags, 0);
	ck_assert_ptr_eq(ev[0].udata, TAG(7));
	assert_ok(timer(2, EV_ONESHOT, NOTE_USECONDS, 1));
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE));
	assert_comes(kq, 2, EVFILT_TIMER);
	ck_assert_uint_eq(ev[0].flags, EV_ONESHOT | EV_CLEAR);
	ck_assert_uint_eq(ev[0].fflags, 0);
}
END_TEST

START_TEST(t06_negative_data_is_einval)
{
	/* FreeBSD. */
	assert_fails(timer(1, 0, 0, -1), EINVAL);
	assert_fails(timer(1, EV_ONESHOT, NOTE_NSECONDS, INT64_MIN), EINVAL);
	assert_fails(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(t07_period_of_0_is_one_unit)
{
	/* FreeBSD: 0 becomes 1. */
	int64_t start = now_ns(CLOCK_MONOTONIC);

	assert_ok(timer(1, 0, NOTE_MSECONDS, 0));
	for (int64_t total = 0; total < 20; total += ev[0].data)
		assert_comes(kq, 1, EVFILT_TIMER);
	ck_assert_int_ge(now_ns(CLOCK_MONOTONIC) - start, 20 * MS);
}
END_TEST

START_TEST(t08_oneshot_of_0_fires_at_once)
{
	/* FreeBSD; whatever the unit. */
	assert_ok(timer(1, EV_ONESHOT, NOTE_SECONDS, 0));
	assert_one(kq, 1, EVFILT_TIMER);
	ck_assert_int_eq(ev[0].data, 1);
	assert_silent(kq);
}
END_TEST

static const unsigned int BAD_NOTES[] = {
	0x20, /* T09 */
	0x80000000,
	NOTE_TRIGGER,
	NOTE_SECONDS | NOTE_MSECONDS, /* T10 */
	NOTE_USECONDS | NOTE_NSECONDS,
	NOTE_SECONDS | NOTE_NSECONDS | NOTE_ABSTIME,
};

START_TEST(t09_t10_unknown_notes_and_two_units_are_einval)
{
	/* FreeBSD. */
	assert_fails(timer(1, 0, BAD_NOTES[_i], 1), EINVAL);
	assert_fails(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(t11_what_does_not_fit_is_never_not_now)
{
	/* FreeBSD clamps: accepted, and no event at once. */
	static const unsigned int NOTES[] = { NOTE_SECONDS, NOTE_MSECONDS,
		NOTE_USECONDS, NOTE_NSECONDS, NOTE_SECONDS | NOTE_ABSTIME,
		NOTE_NSECONDS | NOTE_ABSTIME };

	for (uintptr_t i = 0; i < 6; i++) {
		assert_ok(timer(i, 0, NOTES[i], INT64_MAX));
		assert_ok(timer(10 + i, EV_ONESHOT, NOTES[i], INT64_MAX));
		assert_ok(timer(20 + i, 0, NOTES[i], INT64_MAX / 2));
	}
	assert_silent(kq);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 20), 0);
	for (uintptr_t i = 0; i < 6; i++)
		assert_ok(kq_op(kq, i, EVFILT_TIMER, EV_DELETE));
}
END_TEST

START_TEST(t16_adding_again_discards_and_restarts)
{
	/* FreeBSD update_expired: what expired before is forgotten. */
	assert_ok(timer(1, 0, NOTE_USECONDS, 100));
	await_expiry();
	assert_ok(timer(1, 0, NOTE_SECONDS, 1000));
	assert_silent(kq);
	assert_ok(timer(1, 0, NOTE_MSECONDS, 1));
	assert_comes(kq, 1, EVFILT_TIMER);
}
END_TEST

START_TEST(t16_adding_again_is_never_early)
{
	/* FreeBSD update_timing: restarted 300 times with 500 to 1500 us; one
	 * interest, one event in a call, not before its time. */
	assert_ok(timer(1, 0, NOTE_USECONDS, 1));
	for (int64_t us = 500; us < 1500; us += 1000 / 300) {
		int64_t start = now_ns(CLOCK_MONOTONIC);

		assert_ok(timer(1, 0, NOTE_USECONDS, us));
		assert_comes(kq, 1, EVFILT_TIMER);
		ck_assert_int_ge(now_ns(CLOCK_MONOTONIC) - start, us * 1000);
	}
}
END_TEST

START_TEST(t17_adding_again_makes_it_shorter_and_longer)
{
	/* FreeBSD update, update_periodic. */
	int64_t start;

	assert_ok(timer(1, 0, NOTE_SECONDS, 1000));
	assert_ok(timer(1, 0, NOTE_MSECONDS, 1));
	assert_comes(kq, 1, EVFILT_TIMER);
	start = now_ns(CLOCK_MONOTONIC);
	assert_ok(timer(1, 0, NOTE_MSECONDS, 60));
	assert_comes(kq, 1, EVFILT_TIMER);
	ck_assert_int_ge(now_ns(CLOCK_MONOTONIC) - start, 60 * MS);
	ck_assert_int_eq(ev[0].data, 1);
}
END_TEST

START_TEST(t18_adding_again_with_bad_data_fails)
{
	/* OpenBSD: reported, and the old timer goes on. */
	assert_ok(timer(1, 0, NOTE_MSECONDS, 1));
	assert_fails(timer(1, 0, NOTE_MSECONDS, -1), EINVAL);
	assert_fails(timer(1, 0, 0x20, 1), EINVAL);
	assert_comes(kq, 1, EVFILT_TIMER);
}
END_TEST

START_TEST(t19_disabled_timer_goes_on_counting)
{
	/* kqueue(2) EV_DISABLE; EV_ENABLE delivers and does not restart. Armed
	 * disabled, disabled later, disabled by EV_DISPATCH. */
	int64_t armed, asked;

	assert_ok(timer(1, _i == 0 ? EV_DISABLE : 0, NOTE_MSECONDS, 10));
	armed = now_ns(CLOCK_MONOTONIC);
	if (_i == 1)
		assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DISABLE));
	if (_i == 2) {
		assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE));
		assert_ok(timer(1, EV_DISPATCH, NOTE_MSECONDS, 10));
		assert_comes(kq, 1, EVFILT_TIMER);
		armed = now_ns(CLOCK_MONOTONIC) + 10 * MS;
	}
	let_pass(55 * MS);
	assert_silent(kq);
	asked = now_ns(CLOCK_MONOTONIC);
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_ENABLE));
	assert_one(kq, 1, EVFILT_TIMER);
	ck_assert_int_ge(ev[0].data, (asked - armed) / (10 * MS));
}
END_TEST

START_TEST(t19_disabled_oneshot_is_kept_until_enabled)
{
	/* FreeBSD disable_and_enable: data 1. */
	assert_ok(timer(1, EV_ONESHOT | EV_DISABLE, NOTE_MSECONDS, 1));
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 20), 0);
	assert_ok(
	    kq_change(kq, 1, EVFILT_TIMER, EV_ENABLE, NOTE_MSECONDS, 1, NULL));
	assert_one(kq, 1, EVFILT_TIMER);
	ck_assert_int_eq(ev[0].data, 1);
	assert_fails(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(t20_deleted_timer_is_silent)
{
	/* kevent(2) EV_DELETE: expired and not collected, and still running. */
	assert_ok(timer(1, 0, NOTE_USECONDS, 1));
	assert_ok(timer(2, 0, NOTE_MSECONDS, 5));
	await_expiry();
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE));
	assert_ok(kq_op(kq, 2, EVFILT_TIMER, EV_DELETE));
	assert_silent(kq);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 20), 0);
}
END_TEST

START_TEST(t21_any_number_is_an_identifier)
{
	/* kqueue(2): arbitrary, up to all the bits of a pointer. */
	static const uintptr_t IDENTS[] = { 0, 1, UINTPTR_MAX,
		(uintptr_t)&IDENTS, UINT64_C(0x100000000) };
	int seen = 0;

	for (uintptr_t i = 0; i < 5; i++)
		assert_ok(kq_change(kq, IDENTS[i], EVFILT_TIMER,
		    EV_ADD | EV_ONESHOT, NOTE_USECONDS, 1, TAG(i)));
	while (seen != 0x1f) {
		int n = kq_wait(kq, ev, EVS);

		ck_assert_int_gt(n, 0);
		for (int i = 0; i < n; i++) {
			uintptr_t which = (uintptr_t)ev[i].udata;

			ck_assert_uint_eq(ev[i].ident, IDENTS[which]);
			ck_assert_int_eq(seen & 1 << which, 0);
			seen |= 1 << which;
		}
	}
	assert_silent(kq);
}
END_TEST

START_TEST(t22_identifiers_belong_to_their_queue)
{
	/* kqueue(2): the same ident in two queues. */
	int second = own(kqueue());

	assert_ok(timer(1, EV_ONESHOT, NOTE_USECONDS, 1));
	assert_ok(kq_change(second, 1, EVFILT_TIMER, EV_ADD, NOTE_SECONDS, 1000,
	    NULL));
	assert_comes(kq, 1, EVFILT_TIMER);
	assert_silent(second);
	assert_ok(kq_op(second, 1, EVFILT_TIMER, EV_DELETE));
	assert_fails(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(t23_4000_timers_need_few_descriptors)
{
	/* Rulings 3: one more at most, when others poll the queue. */
	static struct kevent many[4000];
	int before = open_fds();
	int n = 0;

	for (uintptr_t i = 0; i < 4000; i++)
		EV_SET(&many[i], i, EVFILT_TIMER, EV_ADD | EV_ONESHOT,
		    NOTE_USECONDS, (int64_t)i, NULL);
	ck_assert_int_eq(kevent(kq, many, 4000, NULL, 0, NULL), 0);
	await_expiry();
	ck_assert_int_le(open_fds(), before + 1);
	while (n < 4000) {
		int more = kq_wait(kq, many, 4000);

		ck_assert_int_gt(more, 0);
		n += more;
	}
	ck_assert_int_eq(n, 4000);
	assert_silent(kq);
}
END_TEST

START_TEST(t24_period_does_not_drift)
{
	/* FreeBSD: the next is the last plus the period. 100 times 10 ms in
	 * 1.00 to 1.02 s; one in three, for busy machines. */
	int64_t start, took;
	int tries = 3;

	do {
		start = now_ns(CLOCK_MONOTONIC);
		assert_ok(timer(1, 0, NOTE_MSECONDS, 10));
		for (int64_t n = 0; n < 100; n += ev[0].data)
			assert_comes(kq, 1, EVFILT_TIMER);
		took = now_ns(CLOCK_MONOTONIC) - start;
		ck_assert_int_ge(took, 1000 * MS);
	} while (took > 1020 * MS && --tries > 0);
	ck_assert_int_le(took, 1020 * MS);
}
END_TEST

static int
nothing(void *arg)
{
	(void)arg;
	return 0;
}

START_TEST(t25_period_of_1_ns_does_not_livelock)
{
	/* FreeBSD cponfork_timer_race: kevent, fork and close all return. */
	int64_t total = 0;
	int64_t start = now_ns(CLOCK_MONOTONIC);

	assert_ok(timer(1, 0, NOTE_NSECONDS, 1));
	for (int i = 0; i < 100; i++) {
		assert_comes(kq, 1, EVFILT_TIMER);
		total += ev[0].data;
	}
	ck_assert_int_le(total, now_ns(CLOCK_MONOTONIC) - start);
	assert_ok(in_child(nothing, NULL));
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE));
	assert_silent(kq);
	assert_ok(timer(1, 0, NOTE_NSECONDS, 1));
	assert_ok(close(kq));
	kq = -1;
}
END_TEST

static void
add_more(Suite *s)
{
	TCase *c = kq_tcase(s, "changed");

	tcase_add_test(c, t16_adding_again_discards_and_restarts);
	tcase_add_test(c, t16_adding_again_is_never_early);
	tcase_add_test(c, t17_adding_again_makes_it_shorter_and_longer);
	tcase_add_test(c, t18_adding_again_with_bad_data_fails);
	tcase_add_loop_test(c, t19_disabled_timer_goes_on_counting, 0, 3);
	tcase_add_test(c, t19_disabled_oneshot_is_kept_until_enabled);
	tcase_add_test(c, t20_deleted_timer_is_silent);
	c = kq_tcase(s, "many");
	tcase_add_test(c, t21_any_number_is_an_identifier);
	tcase_add_test(c, t22_identifiers_belong_to_their_queue);
	tcase_add_test(c, t23_4000_timers_need_few_descriptors);
	tcase_add_test(c, t24_period_does_not_drift);
	tcase_add_test(c, t25_period_of_1_ns_does_not_livelock);
}

int
main(void)
{
	Suite *s = suite_create("kqueue: timer");
	TCase *c = kq_tcase(s, "relative");

	tcase_add_test(c, t01_unit_is_milliseconds_by_default);
	tcase_add_loop_test(c, t02_each_unit, 0, 8);
	tcase_add_test(c, t03_period_counts_what_was_not_collected);
	tcase_add_test(c, t04_oneshot_fires_once_and_is_gone);
	tcase_add_test(c, t05_clear_is_implied_and_units_are_not_echoed);
	tcase_add_test(c, t06_negative_data_is_einval);
	tcase_add_test(c, t07_period_of_0_is_one_unit);
	tcase_add_test(c, t08_oneshot_of_0_fires_at_once);
	tcase_add_loop_test(c, t09_t10_unknown_notes_and_two_units_are_einval,
	    0, 6);
	tcase_add_test(c, t11_what_does_not_fit_is_never_not_now);
	add_more(s);
	return plx_check_main(s);
}
