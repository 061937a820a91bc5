/* SPDX-License-Identifier: BSD-2-Clause */
/* Description: EVFILT_TIMER with NOTE_ABSTIME (T12-T15). */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int
timer(uintptr_t ident, unsigned int flags, unsigned int unit, int64_t data)
{
	return kq_change(kq, ident, EVFILT_TIMER, EV_ADD | flags, unit, data,
	    NULL);
}

START_TEST(t12_abstime_in_the_future_is_not_early)
{
	/* FreeBSD abstime; the clock is CLOCK_REALTIME. */
	static const unsigned int NOTES[] = { NOTE_MSECONDS, NOTE_USECONDS,
		NOTE_NSECONDS };
	static const int64_t UNIT[] = { 1000000, 1000, 1 };
	int64_t at = now_ns(CLOCK_REALTIME) / UNIT[_i] + 50 * MS / UNIT[_i];

	assert_ok(timer(1, EV_ONESHOT, NOTES[_i] | NOTE_ABSTIME, at));
	assert_silent(kq);
	assert_comes(kq, 1, EVFILT_TIMER);
	ck_assert_int_ge(now_ns(CLOCK_REALTIME), at * UNIT[_i]);
	ck_assert_int_eq(ev[0].data, 1);
	ck_assert_uint_eq(ev[0].fflags, 0);
	ck_assert_uint_eq(ev[0].flags, EV_ONESHOT);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 20), 0);
}
END_TEST

START_TEST(t13_t14_abstime_in_the_past_fires_at_once)
{
	/* FreeBSD abstime_postboot, abstime_preboot, abstime_epoch. */
	static const unsigned int SECONDS = NOTE_SECONDS | NOTE_ABSTIME;
	int64_t now = now_ns(CLOCK_REALTIME) / (1000 * MS);

	assert_ok(timer(1, EV_ONESHOT, SECONDS, now - 1));
	assert_one(kq, 1, EVFILT_TIMER);
	assert_ok(timer(1, EV_ONESHOT, SECONDS, 1));
	assert_one(kq, 1, EVFILT_TIMER);
	assert_ok(timer(1, EV_ONESHOT, SECONDS, 0));
	assert_one(kq, 1, EVFILT_TIMER);
	ck_assert_int_eq(ev[0].data, 1);
	ck_assert_uint_eq(ev[0].fflags, 0);
	assert_silent(kq);
}
END_TEST

START_TEST(t15_abstime_expires_once_and_stays)
{
	/* NetBSD abstime: level without EV_CLEAR, which is not implied. */
	assert_ok(timer(1, 0, NOTE_ABSTIME, 1));
	for (int i = 0; i < 3; i++) {
		assert_one(kq, 1, EVFILT_TIMER);
		ck_assert_uint_eq(ev[0].flags, 0);
		ck_assert_int_eq(ev[0].data, 1);
	}
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE));
	assert_ok(timer(1, EV_CLEAR, NOTE_ABSTIME, 1));
	assert_one(kq, 1, EVFILT_TIMER);
	ck_assert_uint_eq(ev[0].flags, EV_CLEAR);
	assert_silent(kq);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: timer, absolute");
	TCase *c = kq_tcase(s, "absolute");

	tcase_add_loop_test(c, t12_abstime_in_the_future_is_not_early, 0, 3);
	tcase_add_test(c, t13_t14_abstime_in_the_past_fires_at_once);
	tcase_add_test(c, t15_abstime_expires_once_and_stays);
	return plx_check_main(s);
}
