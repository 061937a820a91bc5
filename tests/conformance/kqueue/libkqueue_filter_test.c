/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: where another implementation for Linux went wrong, one test for
 * each number of the list (kqueue.md 4): the filters.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fds[2];

START_TEST(libkqueue_10_listener_tells_how_many_wait)
{
	/* It was always 1. */
	int listener = make_listener(AF_INET, 16);

	for (int i = 1; i <= 5; i++) {
		(void)connect_to(listener);
		if (i == 1)
			assert_ok(kq_op(kq, listener, EVFILT_READ, EV_ADD));
		assert_comes(kq, listener, EVFILT_READ);
		ck_assert_int_eq(ev[0].data, i);
	}
}
END_TEST

START_TEST(libkqueue_11_nothing_to_count_is_no_end)
{
	/* FIONREAD 0 was taken for the end: an empty datagram has it too. */
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds),
	    0);
	own(fds[0]);
	own(fds[1]);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	ck_assert_int_eq(send(fds[1], "", 0, 0), 0);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_int_eq(ev[0].data, 0);
	ck_assert_uint_eq(ev[0].flags, 0);
}
END_TEST

START_TEST(libkqueue_12_file_at_its_end_is_kept)
{
	/* The interest went silently, and never fired again. */
	int file = make_file("ab");
	int writer = own(open(file_path(), O_WRONLY | O_APPEND | O_CLOEXEC));

	assert_ok(kq_op(kq, file, EVFILT_READ, EV_ADD));
	for (int i = 0; i < 3; i++) {
		assert_comes(kq, file, EVFILT_READ);
		ck_assert_int_eq(ev[0].data, 2);
		take(file, 2);
		assert_silent(kq);
		put(writer, 2);
	}
	assert_ok(kq_op(kq, file, EVFILT_READ, EV_DELETE));
}
END_TEST

START_TEST(libkqueue_13_write_tells_the_free_space)
{
	/* It was what is queued: 0 when idle; and half of it was not set. */
	int64_t idle;

	make_pair(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_WRITE, EV_ADD));
	memset(ev, 0xff, sizeof(ev));
	assert_one(kq, fds[0], EVFILT_WRITE);
	idle = ev[0].data;
	ck_assert_int_gt(idle, 5);
	ck_assert_int_lt(idle, INT32_MAX);
	put(fds[0], 5);
	assert_one(kq, fds[0], EVFILT_WRITE);
	ck_assert_int_le(ev[0].data, idle - 5);
	ck_assert_int_gt(ev[0].data, 0);
}
END_TEST

START_TEST(libkqueue_14_low_water_mark_is_not_the_socket_s)
{
	/* SO_RCVLOWAT was set, for all, and reset to 1, not to what it was. */
	const int three = 3;
	int have;
	socklen_t len = sizeof(have);

	make_tcp_pair(fds);
	assert_ok(
	    setsockopt(fds[0], SOL_SOCKET, SO_RCVLOWAT, &three, sizeof(three)));
	assert_ok(
	    kq_change(kq, fds[0], EVFILT_READ, EV_ADD, NOTE_LOWAT, 100, NULL));
	assert_ok(getsockopt(fds[0], SOL_SOCKET, SO_RCVLOWAT, &have, &len));
	ck_assert_int_eq(have, 3);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE));
	assert_ok(getsockopt(fds[0], SOL_SOCKET, SO_RCVLOWAT, &have, &len));
	ck_assert_int_eq(have, 3);
}
END_TEST

START_TEST(libkqueue_15_error_of_a_socket_is_not_consumed)
{
	/* The program's own getsockopt found 0; a pipe's end was EIO. */
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	int error;
	socklen_t len = sizeof(error);

	make_tcp_pair(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_ok(kq_op(kq, fds[0], EVFILT_WRITE, EV_ADD));
	assert_ok(setsockopt(fds[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	drop(fds[1]);
	while (kq_wait(kq, ev, EVS) != 2 || (ev[0].flags & EV_EOF) == 0)
		;
	ck_assert_uint_eq(ev[0].fflags, ECONNRESET);
	ck_assert_uint_eq(ev[1].fflags, ECONNRESET);
	assert_ok(getsockopt(fds[0], SOL_SOCKET, SO_ERROR, &error, &len));
	ck_assert_int_eq(error, ECONNRESET);
	drop(fds[0]);
	make_pipe(fds);
	drop(fds[0]);
	assert_ok(kq_op(kq, fds[1], EVFILT_WRITE, EV_ADD));
	assert_one(kq, fds[1], EVFILT_WRITE);
	ck_assert_uint_eq(ev[0].flags, EV_EOF);
	ck_assert_uint_eq(ev[0].fflags, 0);
}
END_TEST

static int
timer(uintptr_t ident, unsigned int flags, unsigned int unit, int64_t data)
{
	return kq_change(kq, ident, EVFILT_TIMER, EV_ADD | flags, unit, data,
	    NULL);
}

START_TEST(libkqueue_25_timers)
{
	/* One descriptor each; count lost by EV_DISABLE; 0 and the past never
	 * fired; too large fired at once; units echoed; -1 not refused. */
	struct pollfd p = { .fd = kq, .events = POLLIN };
	int before = open_fds();

	for (uintptr_t i = 10; i < 20; i++)
		assert_ok(timer(i, 0, NOTE_SECONDS, INT64_MAX));
	ck_assert_int_le(open_fds(), before + 1);
	assert_silent(kq);
	assert_ok(timer(1, 0, NOTE_USECONDS, 1));
	ck_assert_int_eq(poll(&p, 1, PATIENCE_MS), 1);
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DISABLE));
	assert_silent(kq);
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_ENABLE));
	assert_one(kq, 1, EVFILT_TIMER);
	ck_assert_uint_eq(ev[0].fflags, 0);
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE));
	assert_ok(timer(2, EV_ONESHOT, NOTE_SECONDS, 0));
	assert_one(kq, 2, EVFILT_TIMER);
	assert_ok(timer(3, EV_ONESHOT, NOTE_ABSTIME, 0));
	assert_one(kq, 3, EVFILT_TIMER);
	assert_fails(timer(4, 0, 0, -1), EINVAL);
	assert_fails(timer(4, 0, NOTE_SECONDS | NOTE_USECONDS, 1), EINVAL);
}
END_TEST

START_TEST(libkqueue_26_user_events)
{
	/* A trigger while disabled was lost, EV_ADD with a trigger too; data of
	 * a trigger was dropped; EV_CLEAR did not reset; one descriptor each. */
	int before = open_fds();

	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD | EV_DISABLE,
	    NOTE_TRIGGER, 1, NULL));
	assert_silent(kq);
	assert_ok(kq_change(kq, 1, EVFILT_USER, 0, NOTE_TRIGGER, 2, NULL));
	assert_silent(kq);
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ENABLE, 0, 3, NULL));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_int_eq(ev[0].data, 3);
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_CLEAR));
	assert_silent(kq);
	for (uintptr_t i = 2; i < 100; i++)
		assert_ok(kq_op(kq, i, EVFILT_USER, EV_ADD));
	ck_assert_int_eq(open_fds(), before);
}
END_TEST

START_TEST(libkqueue_33_read_and_write_of_one_descriptor_do_not_clash)
{
	/* Both made one epoll registration: EEXIST, or one lost the other. */
	make_pair(fds);
	for (int i = 0; i < 4; i++) {
		int first = i % 2 == 0 ? EVFILT_READ : EVFILT_WRITE;
		int second = EVFILT_READ + EVFILT_WRITE - first;

		put(fds[1], 1);
		assert_ok(kq_op(kq, fds[0], first, EV_ADD));
		assert_ok(kq_op(kq, fds[0], second, EV_ADD));
		ck_assert_int_eq(kq_poll(kq, ev, EVS), 2);
		assert_ok(kq_op(kq, fds[0], i < 2 ? first : second, EV_DELETE));
		assert_one(kq, fds[0], i < 2 ? second : first);
		assert_ok(kq_op(kq, fds[0], i < 2 ? second : first, EV_DELETE));
		assert_silent(kq);
		take(fds[0], 1);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: what went wrong elsewhere, filters");
	TCase *c = kq_tcase(s, "filters");

	tcase_add_test(c, libkqueue_10_listener_tells_how_many_wait);
	tcase_add_test(c, libkqueue_11_nothing_to_count_is_no_end);
	tcase_add_test(c, libkqueue_12_file_at_its_end_is_kept);
	tcase_add_test(c, libkqueue_13_write_tells_the_free_space);
	tcase_add_test(c, libkqueue_14_low_water_mark_is_not_the_socket_s);
	tcase_add_test(c, libkqueue_15_error_of_a_socket_is_not_consumed);
	tcase_add_test(c, libkqueue_25_timers);
	tcase_add_test(c, libkqueue_26_user_events);
	tcase_add_test(c,
	    libkqueue_33_read_and_write_of_one_descriptor_do_not_clash);
	return plx_check_main(s);
}
