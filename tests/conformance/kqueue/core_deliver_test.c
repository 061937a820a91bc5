/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: delivery (K51-K61): what each mode does to an interest that was
 * returned, and the order in which ready interests come.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int fds[2];

static void
ready_pipe(unsigned int mode)
{
	make_pipe(fds);
	put(fds[1], 1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | mode));
}

START_TEST(k51_oneshot_gives_one_event_and_is_gone)
{
	/* kevent(2) EV_ONESHOT. */
	ready_pipe(EV_ONESHOT);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_uint_eq(ev[0].flags, EV_ONESHOT);
	ck_assert_int_eq(ev[0].data, 1);
	put(fds[1], 1);
	assert_silent(kq);
	assert_fails(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(k52_dispatch_gives_one_event_until_enabled)
{
	/* kevent(2) EV_DISPATCH: disabled by delivery, and still there. */
	ready_pipe(EV_DISPATCH);
	for (int i = 0; i < 3; i++) {
		assert_one(kq, fds[0], EVFILT_READ);
		ck_assert_uint_eq(ev[0].flags, EV_DISPATCH);
		put(fds[1], 1);
		assert_silent(kq);
		assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ENABLE));
	}
	take(fds[0], 4);
	assert_silent(kq);
	put(fds[1], 1);
	assert_one(kq, fds[0], EVFILT_READ);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE));
}
END_TEST

START_TEST(k53_disable_withholds_and_enable_releases)
{
	/* kevent(2) EV_DISABLE, of a descriptor and of a pending user event. */
	ready_pipe(0);
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0, NULL));
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DISABLE));
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_DISABLE));
	assert_silent(kq);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ENABLE));
	assert_one(kq, fds[0], EVFILT_READ);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DISABLE));
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ENABLE));
	assert_one(kq, 1, EVFILT_USER);
}
END_TEST

START_TEST(k54_added_disabled_never_fires)
{
	/* kevent(2): armed and disabled in one change, a thousand times. */
	make_pipe(fds);
	put(fds[1], 1);
	for (int i = 0; i < 1000; i++) {
		assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_DISABLE));
		assert_silent(kq);
		assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE));
	}
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_DISABLE));
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ENABLE));
	assert_one(kq, fds[0], EVFILT_READ);
}
END_TEST

START_TEST(k55_delete_drops_what_is_pending)
{
	/* kevent(2) EV_DELETE, of a descriptor and of a user event. */
	ready_pipe(EV_CLEAR);
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0, NULL));
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE));
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_DELETE));
	assert_silent(kq);
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD));
	assert_silent(kq);
}
END_TEST

START_TEST(k56_clear_needs_new_activity)
{
	/* kevent(2) EV_CLEAR: one event for each arrival, drained or not. */
	ready_pipe(EV_CLEAR);
	for (int i = 1; i <= 5; i++) {
		assert_one(kq, fds[0], EVFILT_READ);
		ck_assert_int_eq(ev[0].data, i);
		assert_silent(kq);
		put(fds[1], 1);
	}
}
END_TEST

START_TEST(k57_level_fires_until_drained)
{
	/* kevent(2): without EV_CLEAR the condition counts, not its change. */
	ready_pipe(0);
	for (int i = 0; i < 5; i++)
		assert_one(kq, fds[0], EVFILT_READ);
	take(fds[0], 1);
	assert_silent(kq);
	put(fds[1], 1);
	assert_one(kq, fds[0], EVFILT_READ);
}
END_TEST

START_TEST(k58_two_ready_and_room_for_one_alternate)
{
	/* FreeBSD: a level interest goes to the tail when it was returned. */
	uintptr_t last = 0;
	int other[2];

	ready_pipe(0);
	memcpy(other, fds, sizeof(other));
	ready_pipe(0);
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(kq_poll(kq, ev, 1), 1);
		if (i > 0)
			ck_assert_uint_eq(last + ev[0].ident,
			    (uintptr_t)fds[0] + (uintptr_t)other[0]);
		ck_assert_uint_ne(ev[0].ident, last);
		last = ev[0].ident;
	}
}
END_TEST

START_TEST(k59_ten_ready_and_room_for_four_rotate)
{
	/* FreeBSD: 4 + 4 + 2 different ones before any comes again. */
	int seen[EVS] = { 0 };

	for (uintptr_t i = 0; i < 10; i++) {
		ready_pipe(0);
		assert_ok(kq_change(kq, fds[0], EVFILT_READ, EV_ADD, 0, 0,
		    (void *)i));
	}
	for (int call = 0; call < 3; call++) {
		ck_assert_int_eq(kq_poll(kq, ev, 4), 4);
		for (int i = 0; i < (call < 2 ? 4 : 2); i++)
			seen[(uintptr_t)ev[i].udata]++;
	}
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(seen[i], 1);
}
END_TEST

START_TEST(k60_one_call_never_returns_an_interest_twice)
{
	/* FreeBSD: a marker bounds the scan. Level, with room to spare. */
	ready_pipe(0);
	assert_ok(kq_op(kq, fds[1], EVFILT_WRITE, EV_ADD));
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0, NULL));
	for (int call = 0; call < 3; call++) {
		ck_assert_int_eq(kq_poll(kq, ev, EVS), 3);
		for (int i = 0; i < 3; i++) {
			for (int j = 0; j < i; j++)
				ck_assert_int_ne(ev[i].filter, ev[j].filter);
		}
	}
}
END_TEST

START_TEST(k61_user_events_come_in_the_order_of_their_triggers)
{
	/* FreeBSD: the ready list is FIFO by activation. */
	static const uintptr_t ORDER[2][3] = { { 1, 2, 3 }, { 3, 1, 2 } };

	for (uintptr_t i = 1; i <= 3; i++)
		assert_ok(kq_op(kq, i, EVFILT_USER, EV_ADD | EV_CLEAR));
	for (int run = 0; run < 2; run++) {
		for (int i = 0; i < 3; i++)
			assert_ok(kq_trigger(kq, ORDER[run][i]));
		ck_assert_int_eq(kq_poll(kq, ev, EVS), 3);
		for (int i = 0; i < 3; i++)
			ck_assert_uint_eq(ev[i].ident, ORDER[run][i]);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: delivery");
	TCase *c = kq_tcase(s, "modes");

	tcase_add_test(c, k51_oneshot_gives_one_event_and_is_gone);
	tcase_add_test(c, k52_dispatch_gives_one_event_until_enabled);
	tcase_add_test(c, k53_disable_withholds_and_enable_releases);
	tcase_add_test(c, k54_added_disabled_never_fires);
	tcase_add_test(c, k55_delete_drops_what_is_pending);
	tcase_add_test(c, k56_clear_needs_new_activity);
	tcase_add_test(c, k57_level_fires_until_drained);
	c = kq_tcase(s, "order");
	tcase_add_test(c, k58_two_ready_and_room_for_one_alternate);
	tcase_add_test(c, k59_ten_ready_and_room_for_four_rotate);
	tcase_add_test(c, k60_one_call_never_returns_an_interest_twice);
	tcase_add_test(c, k61_user_events_come_in_the_order_of_their_triggers);
	return plx_check_main(s);
}
