/* SPDX-License-Identifier: BSD-2-Clause */
/* Description: EVFILT_USER (U01-U15). */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int
user(unsigned int flags, unsigned int fflags, int64_t data)
{
	return kq_change(kq, 1, EVFILT_USER, flags, fflags, data, NULL);
}

START_TEST(u01_trigger_of_this_thread_is_seen)
{
	/* kqueue(2) EVFILT_USER NOTE_TRIGGER; also within the same call. */
	struct kevent change;

	assert_ok(user(EV_ADD | EV_CLEAR, 0, 0));
	assert_silent(kq);
	assert_ok(kq_trigger(kq, 1));
	assert_one(kq, 1, EVFILT_USER);
	EV_SET(&change, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
	ck_assert_int_eq(kevent(kq, &change, 1, ev, EVS, NULL), 1);
	ck_assert_uint_eq(ev[0].ident, 1);
}
END_TEST

START_TEST(u01_trigger_of_another_thread_wakes)
{
	/* kqueue(2), a hundred times: no wake is lost. */
	struct waiter w;

	assert_ok(user(EV_ADD | EV_CLEAR, 0, 0));
	for (int i = 0; i < 100; i++) {
		waiter_start(&w, kq, 1);
		assert_ok(kq_trigger(kq, 1));
		ck_assert_int_eq(waiter_join(&w), 1);
		ck_assert_uint_eq(w.events[0].ident, 1);
	}
}
END_TEST

START_TEST(u02_without_clear_it_is_level)
{
	/* kqueue(2): returned until it is reset or deleted. */
	assert_ok(user(EV_ADD, NOTE_TRIGGER, 0));
	for (int i = 0; i < 3; i++) {
		assert_one(kq, 1, EVFILT_USER);
		ck_assert_uint_eq(ev[0].flags, 0);
	}
	assert_ok(user(EV_DELETE, 0, 0));
	assert_silent(kq);
}
END_TEST

START_TEST(u03_with_clear_it_comes_once)
{
	/* FreeBSD event_wait: flags EV_CLEAR, fflags 0, then nothing. */
	assert_ok(user(EV_ADD | EV_CLEAR, 0, 0));
	assert_ok(kq_trigger(kq, 1));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_uint_eq(ev[0].flags, EV_CLEAR);
	ck_assert_uint_eq(ev[0].fflags, 0);
	ck_assert_int_eq(ev[0].data, 0);
	assert_silent(kq);
}
END_TEST

START_TEST(u04_triggers_coalesce)
{
	/* kqueue(2): any number of them is one event. */
	assert_ok(user(EV_ADD | EV_CLEAR, 0, 0));
	for (int i = 0; i < 1000; i++)
		assert_ok(kq_trigger(kq, 1));
	assert_one(kq, 1, EVFILT_USER);
	assert_silent(kq);
}
END_TEST

START_TEST(u05_flags_are_combined)
{
	/* OpenBSD kqueue-user: copy, or, and; nop leaves them. */
	assert_ok(user(EV_ADD, 0, 0));
	assert_ok(user(0, NOTE_FFCOPY | 0xaa00, 0));
	assert_ok(user(0, NOTE_FFOR | 0xff00ff, 0));
	assert_ok(user(0, NOTE_FFAND | 0x0ffff0, 0));
	assert_ok(user(0, NOTE_FFNOP | 0x123456, 0));
	assert_silent(kq);
	assert_ok(kq_trigger(kq, 1));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_uint_eq(ev[0].fflags, 0x0faaf0);
}
END_TEST

START_TEST(u06_high_eight_bits_are_never_returned)
{
	/* OpenBSD: NOTE_FFLAGSMASK; at EV_ADD, at each operation. */
	assert_ok(user(EV_ADD, NOTE_FFCOPY | NOTE_TRIGGER | 0x3f00abcd, 0));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_uint_eq(ev[0].fflags, 0x00abcd);
	assert_ok(user(0, NOTE_FFCOPY | 0x3fffffff, 0));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_uint_eq(ev[0].fflags, 0xffffff);
	assert_ok(user(0, NOTE_FFOR | 0x3f000000, 0));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_uint_eq(ev[0].fflags, 0xffffff);
}
END_TEST

START_TEST(u07_data_comes_back)
{
	/* kqueue(2): of EV_ADD, then of the trigger. */
	assert_ok(user(EV_ADD, NOTE_TRIGGER, INT64_MIN));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_int_eq(ev[0].data, INT64_MIN);
	assert_ok(user(0, NOTE_TRIGGER, INT64_C(0x123456789abcdef)));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_int_eq(ev[0].data, INT64_C(0x123456789abcdef));
}
END_TEST

START_TEST(u08_trigger_while_disabled_is_remembered)
{
	/* kqueue(2) EV_DISABLE. */
	assert_ok(user(EV_ADD | EV_CLEAR | EV_DISABLE, 0, 0));
	assert_ok(kq_trigger(kq, 1));
	assert_silent(kq);
	assert_ok(user(EV_ENABLE, 0, 0));
	assert_one(kq, 1, EVFILT_USER);
	assert_silent(kq);
}
END_TEST

START_TEST(u09_add_and_trigger_in_one_change_fires)
{
	/* OpenBSD, macOS; FreeBSD does not (design 3.16). Also when it is there
	 * already, if the change does not say EV_CLEAR (u10). */
	assert_ok(user(EV_ADD | EV_CLEAR, NOTE_TRIGGER, 0));
	assert_one(kq, 1, EVFILT_USER);
	assert_silent(kq);
	assert_ok(user(EV_ADD, NOTE_TRIGGER, 0));
	assert_one(kq, 1, EVFILT_USER);
	assert_silent(kq);
}
END_TEST

START_TEST(u10_clear_in_a_change_resets_what_is_pending)
{
	/* FreeBSD, OpenBSD: also a trigger of the same change. */
	assert_ok(user(EV_ADD, NOTE_TRIGGER, 0));
	assert_one(kq, 1, EVFILT_USER);
	assert_ok(user(EV_CLEAR, 0, 0));
	assert_silent(kq);
	assert_ok(user(EV_CLEAR, NOTE_TRIGGER, 0));
	assert_silent(kq);
	assert_ok(kq_trigger(kq, 1));
	assert_one(kq, 1, EVFILT_USER);
}
END_TEST

START_TEST(u11_oneshot_has_its_values_and_is_gone)
{
	/* OpenBSD, macOS; FreeBSD returns zeros (design 3.16). */
	assert_ok(user(EV_ADD | EV_ONESHOT, NOTE_FFCOPY | 0x5a, 17));
	assert_silent(kq);
	assert_ok(user(0, NOTE_TRIGGER, 18));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_uint_eq(ev[0].flags, EV_ONESHOT);
	ck_assert_uint_eq(ev[0].fflags, 0x5a);
	ck_assert_int_eq(ev[0].data, 18);
	assert_silent(kq);
	assert_fails(kq_trigger(kq, 1), ENOENT);
}
END_TEST

START_TEST(u12_dispatch_is_rearmed_and_fired_by_one_change)
{
	/* kevent(2) EV_DISPATCH with EV_CLEAR; EV_ENABLE and NOTE_TRIGGER. */
	assert_ok(user(EV_ADD | EV_DISPATCH | EV_CLEAR, NOTE_TRIGGER, 0));
	assert_one(kq, 1, EVFILT_USER);
	assert_silent(kq);
	assert_ok(user(EV_ENABLE, 0, 0));
	assert_silent(kq);
	assert_ok(user(EV_DISABLE, 0, 0));
	assert_ok(user(EV_ENABLE, NOTE_TRIGGER, 0));
	assert_one(kq, 1, EVFILT_USER);
	assert_ok(kq_trigger(kq, 1));
	assert_silent(kq);
}
END_TEST

START_TEST(u13_trigger_of_nothing_is_enoent)
{
	/* kevent(2) ERRORS. */
	assert_fails(kq_trigger(kq, 1), ENOENT);
	assert_ok(user(EV_ADD, 0, 0));
	assert_fails(kq_trigger(kq, 2), ENOENT);
}
END_TEST

START_TEST(u14_same_ident_of_another_filter_is_another_interest)
{
	/* kqueue(2): (ident, filter). The number is that of a pipe, too. */
	int fds[2];

	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_ok(kq_op(kq, fds[0], EVFILT_USER, EV_ADD | EV_CLEAR));
	assert_ok(kq_change(kq, fds[0], EVFILT_TIMER, EV_ADD | EV_ONESHOT,
	    NOTE_SECONDS, 0, NULL));
	assert_one(kq, fds[0], EVFILT_TIMER);
	assert_ok(kq_trigger(kq, fds[0]));
	assert_one(kq, fds[0], EVFILT_USER);
	put(fds[1], 1);
	assert_one(kq, fds[0], EVFILT_READ);
	assert_ok(kq_op(kq, fds[0], EVFILT_USER, EV_DELETE));
	assert_one(kq, fds[0], EVFILT_READ);
	/* A closed descriptor is no number of the program's own. */
	assert_ok(kq_op(kq, fds[0], EVFILT_USER, EV_ADD | EV_CLEAR));
	drop(fds[0]);
	assert_ok(kq_trigger(kq, fds[0]));
	assert_one(kq, fds[0], EVFILT_USER);
}
END_TEST

START_TEST(u15_trigger_before_a_delete_is_not_delivered)
{
	/* kevent(2) EV_DELETE; and a new one starts untriggered. */
	assert_ok(user(EV_ADD, NOTE_TRIGGER, 5));
	assert_ok(user(EV_DELETE, 0, 0));
	assert_silent(kq);
	assert_ok(user(EV_ADD, 0, 0));
	assert_silent(kq);
	assert_ok(kq_trigger(kq, 1));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_int_eq(ev[0].data, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: user");
	TCase *c = kq_tcase(s, "user");

	tcase_add_test(c, u01_trigger_of_this_thread_is_seen);
	tcase_add_test(c, u01_trigger_of_another_thread_wakes);
	tcase_add_test(c, u02_without_clear_it_is_level);
	tcase_add_test(c, u03_with_clear_it_comes_once);
	tcase_add_test(c, u04_triggers_coalesce);
	tcase_add_test(c, u05_flags_are_combined);
	tcase_add_test(c, u06_high_eight_bits_are_never_returned);
	tcase_add_test(c, u07_data_comes_back);
	tcase_add_test(c, u08_trigger_while_disabled_is_remembered);
	tcase_add_test(c, u09_add_and_trigger_in_one_change_fires);
	tcase_add_test(c, u10_clear_in_a_change_resets_what_is_pending);
	tcase_add_test(c, u11_oneshot_has_its_values_and_is_gone);
	tcase_add_test(c, u12_dispatch_is_rearmed_and_fired_by_one_change);
	tcase_add_test(c, u13_trigger_of_nothing_is_enoent);
	tcase_add_test(c, u14_same_ident_of_another_filter_is_another_interest);
	tcase_add_test(c, u15_trigger_before_a_delete_is_not_delivered);
	return plx_check_main(s);
}
