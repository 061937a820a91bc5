/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: design 3.4, INV-POLL. The descriptor of a queue is readable
 * exactly when a kevent with a zero timeout would return something: seen by
 * this process and by another one, to which only the kernel's view is open.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/conformance/kqueue/observer.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fds[2];

/* What everybody sees, and then what a zero timeout returns, are n events. */
static void
pending(int n)
{
	assert_seen(kq, n > 0);
	ck_assert_int_eq(kq_poll(kq, ev, EVS), n);
}

static void
watch(int fd, int filter, unsigned int flags)
{
	assert_ok(kq_op(kq, fd, filter, EV_ADD | flags));
}

START_TEST(inv_user_events)
{
	/* Level: until deleted. EV_CLEAR: until delivered. Disabled: not. */
	pending(0);
	watch(1, EVFILT_USER, EV_CLEAR);
	pending(0);
	for (int i = 0; i < 3; i++) {
		assert_ok(kq_trigger(kq, 1));
		pending(1);
		pending(0);
	}
	watch(2, EVFILT_USER, 0);
	assert_ok(kq_trigger(kq, 2));
	pending(1);
	pending(1);
	assert_ok(kq_op(kq, 2, EVFILT_USER, EV_DISABLE));
	pending(0);
	assert_ok(kq_op(kq, 2, EVFILT_USER, EV_ENABLE));
	pending(1);
	assert_ok(kq_trigger(kq, 1));
	pending(2);
	assert_ok(kq_op(kq, 2, EVFILT_USER, EV_DELETE));
	pending(0);
	assert_ok(kq_trigger(kq, 1));
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_CLEAR));
	pending(0);
}
END_TEST

START_TEST(inv_level_descriptor)
{
	/* As long as there is something to read, and not disabled. */
	make_pair(fds);
	watch(fds[0], EVFILT_READ, 0);
	pending(0);
	put(fds[1], 2);
	pending(1);
	pending(1);
	take(fds[0], 1);
	pending(1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DISABLE));
	pending(0);
	put(fds[1], 1);
	pending(0);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ENABLE));
	pending(1);
	take(fds[0], 2);
	pending(0);
	put(fds[1], 1);
	pending(1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE));
	pending(0);
}
END_TEST

START_TEST(inv_edge_descriptor)
{
	/* Once delivered it is silent, although there is still data: what the
	 * kernel's own level would get wrong. */
	make_pair(fds);
	watch(fds[0], EVFILT_READ, EV_CLEAR);
	pending(0);
	for (int i = 0; i < 3; i++) {
		put(fds[1], 1);
		pending(1);
		pending(0);
		take(fds[0], i == 1 ? 1 : 0);
		pending(0);
	}
}
END_TEST

START_TEST(inv_edge_that_came_while_nobody_looked)
{
	/* Data that came and went again before anyone called is no event. */
	make_pair(fds);
	watch(fds[0], EVFILT_READ, EV_CLEAR);
	put(fds[1], 1);
	take(fds[0], 1);
	ck_assert_int_eq(observer_sees(kq), kq_poll(kq, ev, EVS));
	pending(0);
	put(fds[1], 1);
	pending(1);
}
END_TEST

START_TEST(inv_edge_and_level_of_one_descriptor)
{
	/* READ level with WRITE edge, and the other way round. */
	unsigned int read_mode = _i == 0 ? 0 : EV_CLEAR;

	make_pair(fds);
	watch(fds[0], EVFILT_READ, read_mode);
	watch(fds[0], EVFILT_WRITE, read_mode ^ EV_CLEAR);
	pending(1);
	pending(_i == 0 ? 0 : 1);
	put(fds[1], 1);
	pending(_i == 0 ? 1 : 2);
	pending(1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE));
	pending(_i == 0 ? 0 : 1);
	assert_ok(kq_op(kq, fds[0], EVFILT_WRITE, EV_DELETE));
	pending(0);
}
END_TEST

START_TEST(inv_oneshot_and_dispatch)
{
	/* Delivered: gone, or disabled until enabled. */
	make_pair(fds);
	put(fds[1], 1);
	watch(fds[0], EVFILT_READ, EV_ONESHOT);
	pending(1);
	pending(0);
	watch(fds[0], EVFILT_READ, EV_DISPATCH);
	pending(1);
	pending(0);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ENABLE));
	pending(1);
	pending(0);
	take(fds[0], 1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ENABLE));
	pending(0);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_FORCEONESHOT));
	pending(1);
	pending(0);
}
END_TEST

/* Until another process finds the queue readable. */
static void
await_seen(void)
{
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + PATIENCE_MS * MS;

	while (!observer_sees(kq))
		ck_assert_int_lt(now_ns(CLOCK_MONOTONIC), deadline);
}

static void
add_timer(unsigned int flags, unsigned int unit, int64_t data)
{
	assert_ok(
	    kq_change(kq, 1, EVFILT_TIMER, EV_ADD | flags, unit, data, NULL));
}

START_TEST(inv_timers)
{
	/* An expiry shows by itself, with nobody inside kevent. */
	add_timer(0, NOTE_SECONDS, 1000);
	pending(0);
	add_timer(0, NOTE_MSECONDS, 20);
	await_seen();
	assert_seen(kq, true);
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 1);
	await_seen();
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DISABLE));
	pending(0);
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_ENABLE));
	pending(1);
	await_seen();
	add_timer(0, NOTE_SECONDS, 1000);
	pending(0);
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE));
	add_timer(EV_ONESHOT, NOTE_USECONDS, 1);
	await_seen();
	pending(1);
	pending(0);
	add_timer(0, NOTE_ABSTIME, 0);
	pending(1);
	pending(1);
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE));
	pending(0);
}
END_TEST

START_TEST(inv_two_timers_of_which_one_is_deleted)
{
	/* The nearest is not the one that is left. */
	add_timer(0, NOTE_USECONDS, 1);
	assert_ok(
	    kq_change(kq, 2, EVFILT_TIMER, EV_ADD, NOTE_SECONDS, 1000, NULL));
	await_seen();
	assert_ok(kq_op(kq, 1, EVFILT_TIMER, EV_DELETE));
	pending(0);
	assert_ok(kq_change(kq, 2, EVFILT_TIMER, EV_ADD | EV_ONESHOT,
	    NOTE_USECONDS, 1, NULL));
	await_seen();
	pending(1);
}
END_TEST

START_TEST(inv_low_water_marks)
{
	/* Below the mark there is nothing, above there is, below again not. The
	 * kernel knows no mark of ours: right after an arrival below it, before
	 * the next call on the queue, others may see it readable (a listed
	 * limit). So a call comes first. */
	make_pair(fds);
	assert_ok(
	    kq_change(kq, fds[0], EVFILT_READ, EV_ADD, NOTE_LOWAT, 10, NULL));
	put(fds[1], 9);
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 0);
	pending(0);
	put(fds[1], 1);
	pending(1);
	assert_seen(kq, true);
	take(fds[0], 5);
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 0);
	pending(0);
	assert_ok(shutdown(fds[1], SHUT_WR));
	pending(1);
}
END_TEST

START_TEST(inv_closed_descriptor)
{
	/* With its number goes what was pending; a dup holds the file open. */
	make_pair(fds);
	own(fcntl(fds[0], F_DUPFD_CLOEXEC, 0));
	watch(fds[0], EVFILT_READ, _i == 0 ? 0 : EV_CLEAR);
	put(fds[1], 1);
	assert_seen(kq, true);
	drop(fds[0]);
	pending(0);
	put(fds[1], 1);
	pending(0);
}
END_TEST

START_TEST(inv_files_and_devices)
{
	/* What the kernel's poll knows nothing of. */
	int file = make_file("");
	int null = own(open("/dev/null", O_RDWR | O_CLOEXEC));
	int writer = own(open(file_path(), O_WRONLY | O_APPEND | O_CLOEXEC));

	watch(file, EVFILT_READ, 0);
	pending(0);
	put(writer, 3);
	pending(1);
	take(file, 3);
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 0);
	pending(0);
	watch(null, EVFILT_READ, 0);
	pending(1);
	assert_ok(kq_op(kq, null, EVFILT_READ, EV_DELETE));
	watch(file, EVFILT_WRITE, 0);
	pending(1);
	assert_ok(kq_op(kq, file, EVFILT_WRITE, EV_DELETE));
	pending(0);
}
END_TEST

START_TEST(inv_queue_in_a_queue)
{
	/* The outer one is readable while the inner one is. */
	int outer = own(kqueue());

	assert_ok(kq_op(outer, kq, EVFILT_READ, EV_ADD));
	watch(1, EVFILT_USER, EV_CLEAR);
	assert_seen(outer, false);
	assert_ok(kq_trigger(kq, 1));
	assert_seen(outer, true);
	assert_one(outer, kq, EVFILT_READ);
	assert_seen(outer, true);
	pending(1);
	assert_seen(outer, false);
	assert_silent(outer);
}
END_TEST

START_TEST(inv_room_for_one_leaves_the_rest_pending)
{
	/* A call that delivers a part leaves the rest visible. */
	for (uintptr_t i = 1; i <= 3; i++) {
		watch((int)i, EVFILT_USER, EV_CLEAR);
		assert_ok(kq_trigger(kq, i));
	}
	for (int left = 3; left > 0; left--) {
		assert_seen(kq, true);
		ck_assert_int_eq(kq_poll(kq, ev, 1), 1);
	}
	pending(0);
}
END_TEST

static void *
poll_forever(void *arg)
{
	struct pollfd p = { .fd = kq, .events = POLLIN };

	*(int *)arg = poll(&p, 1, PATIENCE_MS);
	return NULL;
}

START_TEST(inv_poller_is_woken)
{
	/* A thread in poll(2) on the queue, by each kind of source. */
	pthread_t thread;
	int got = -1;

	make_pair(fds);
	watch(1, EVFILT_USER, EV_CLEAR);
	watch(fds[0], EVFILT_READ, EV_CLEAR);
	assert_ok(pthread_create(&thread, NULL, poll_forever, &got));
	if (_i == 0)
		assert_ok(kq_trigger(kq, 1));
	else if (_i == 1)
		put(fds[1], 1);
	else if (_i == 2)
		add_timer(EV_ONESHOT, NOTE_MSECONDS, 1);
	else
		watch(fds[0], EVFILT_WRITE, 0);
	assert_ok(pthread_join(thread, NULL));
	ck_assert_int_eq(got, 1);
	pending(1);
}
END_TEST

static void
start(void)
{
	(void)observer_start();
}

int
main(void)
{
	Suite *s = suite_create("kqueue: INV-POLL");
	TCase *c = kq_tcase(s, "seen from outside");

	tcase_add_checked_fixture(c, start, observer_stop);
	tcase_add_test(c, inv_user_events);
	tcase_add_test(c, inv_level_descriptor);
	tcase_add_test(c, inv_edge_descriptor);
	tcase_add_test(c, inv_edge_that_came_while_nobody_looked);
	tcase_add_loop_test(c, inv_edge_and_level_of_one_descriptor, 0, 2);
	tcase_add_test(c, inv_oneshot_and_dispatch);
	tcase_add_test(c, inv_timers);
	tcase_add_test(c, inv_two_timers_of_which_one_is_deleted);
	tcase_add_test(c, inv_low_water_marks);
	tcase_add_test(c, inv_files_and_devices);
	tcase_add_test(c, inv_queue_in_a_queue);
	tcase_add_test(c, inv_room_for_one_leaves_the_rest_pending);
	tcase_add_loop_test(c, inv_poller_is_woken, 0, 4);
	c = kq_tcase(s, "close");
	tcase_add_checked_fixture(c, start, observer_stop);
	tcase_add_loop_test(c, inv_closed_descriptor, 0, 2);
	return plx_check_main(s);
}
