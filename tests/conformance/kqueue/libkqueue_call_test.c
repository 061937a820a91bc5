/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: where another implementation for Linux went wrong, one test for
 * each number of the list (kqueue.md 4): the call, the descriptor, the process.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

static int fds[2];

START_TEST(libkqueue_01_close_removes_although_a_dup_is_open)
{
	/* epoll as it is goes on for the dup: both watch the same number. */
	struct epoll_event e = { .events = EPOLLIN };
	int set = own(epoll_create1(EPOLL_CLOEXEC));

	make_pair(fds);
	own(fcntl(fds[0], F_DUPFD_CLOEXEC, 0));
	assert_ok(epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &e));
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	drop(fds[0]);
	put(fds[1], 1);
	ck_assert_int_eq(epoll_wait(set, &e, 1, 0), 1);
	assert_silent(kq);
}
END_TEST

START_TEST(libkqueue_02_no_queue_is_ebadf_before_there_was_any)
{
	/* It crashed. This process has never called kqueue(2). */
	make_pipe(fds);
	assert_fails(kq_poll(fds[0], ev, EVS), EBADF);
	assert_fails(kq_op(fds[0], 1, EVFILT_USER, EV_ADD), EBADF);
	assert_fails(kq_poll(-1, ev, EVS), EBADF);
	assert_fails(kq_poll(12345, ev, EVS), EBADF);
}
END_TEST

START_TEST(libkqueue_03_answers_are_returned_at_once)
{
	/* It waited for events after a receipt and after a failure. */
	struct kevent changes[2];

	EV_SET(&changes[0], 1, EVFILT_USER, EV_ADD | EV_RECEIPT, 0, 0, NULL);
	EV_SET(&changes[1], -1, EVFILT_READ, EV_ADD, 0, 0, NULL);
	ck_assert_int_eq(kevent(kq, &changes[0], 1, ev, EVS, NULL), 1);
	ck_assert_int_eq(kevent(kq, &changes[1], 1, ev, EVS, NULL), 1);
	ck_assert_int_eq(kevent(kq, changes, 2, ev, EVS, NULL), 2);
}
END_TEST

START_TEST(libkqueue_04_answers_have_ev_error_alone)
{
	/* It left the flags of the change in. */
	struct kevent change;

	EV_SET(&change, 1, EVFILT_USER,
	    EV_ADD | EV_RECEIPT | EV_CLEAR | EV_ONESHOT | EV_DISPATCH, 0, 0,
	    NULL);
	ck_assert_int_eq(kevent(kq, &change, 1, ev, EVS, NULL), 1);
	ck_assert_uint_eq(ev[0].flags, EV_ERROR);
	change.flags = EV_ADD | EV_CLEAR | EV_KEEPUDATA;
	ck_assert_int_eq(kevent(kq, &change, 1, ev, EVS, NULL), 1);
	ck_assert_uint_eq(ev[0].flags, EV_ERROR);
	ck_assert_int_eq(ev[0].data, EINVAL);
}
END_TEST

START_TEST(libkqueue_05_receipt_without_room_is_no_failure)
{
	/* It was EFAULT. */
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_RECEIPT));
	assert_ok(kq_trigger(kq, 1));
}
END_TEST

START_TEST(libkqueue_06_flags_that_were_missing)
{
	/* FORCEONESHOT, KEEPUDATA; ENABLE with DISABLE; ONESHOT|DISPATCH. */
	assert_ok(kq_change(kq, 1, EVFILT_USER,
	    EV_ADD | EV_DISPATCH | EV_ONESHOT, 0, 0, &kq));
	assert_fails(kq_op(kq, 1, EVFILT_USER, EV_ENABLE | EV_DISABLE), EINVAL);
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_KEEPUDATA));
	assert_silent(kq);
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_FORCEONESHOT | EV_KEEPUDATA));
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_ptr_eq(ev[0].udata, &kq);
	assert_fails(kq_op(kq, 1, EVFILT_USER, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(libkqueue_07_descriptor_can_be_added_again_without_clear)
{
	/* It was -1 with a stale errno. The change is in force. */
	make_pair(fds);
	put(fds[1], 5);
	for (int i = 0; i < 10; i++) {
		assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
		assert_ok(kq_op(kq, fds[0], EVFILT_WRITE, EV_ADD));
	}
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 2);
	assert_ok(kq_op(kq, fds[0], EVFILT_WRITE, EV_DELETE));
	assert_ok(
	    kq_change(kq, fds[0], EVFILT_READ, EV_ADD, NOTE_LOWAT, 6, NULL));
	assert_silent(kq);
	put(fds[1], 1);
	assert_one(kq, fds[0], EVFILT_READ);
}
END_TEST

START_TEST(libkqueue_08_enable_takes_what_comes_with_it)
{
	/* It dropped fflags, data and udata. */
	make_pair(fds);
	put(fds[1], 5);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_DISABLE));
	assert_ok(
	    kq_change(kq, fds[0], EVFILT_READ, EV_ENABLE, NOTE_LOWAT, 6, &kq));
	assert_silent(kq);
	put(fds[1], 1);
	assert_one(kq, fds[0], EVFILT_READ);
	ck_assert_ptr_eq(ev[0].udata, &kq);
}
END_TEST

START_TEST(libkqueue_09_added_disabled_never_wakes_a_sleeper)
{
	/* It armed first and disabled then. A thread waits meanwhile. */
	struct waiter w;

	make_pipe(fds);
	put(fds[1], 1);
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD));
	waiter_start(&w, kq, 1);
	for (int i = 0; i < 1000; i++) {
		assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_DISABLE));
		assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE));
	}
	waiter_asleep(&w);
	assert_ok(kq_trigger(kq, 1));
	ck_assert_int_eq(waiter_join(&w), 1);
	ck_assert_uint_eq(w.events[0].ident, 1);
}
END_TEST

START_TEST(libkqueue_21_wake_for_nothing_does_not_return_0)
{
	/* It returned 0 from a wait without a timeout. A file's attributes
	 * change under a thread that waits for its growth. */
	struct waiter w;
	int file = make_file("");
	int writer = own(open(file_path(), O_WRONLY | O_CLOEXEC));

	assert_ok(kq_op(kq, file, EVFILT_READ, EV_ADD));
	waiter_start(&w, kq, 1);
	for (int i = 0; i < 20; i++)
		assert_ok(fchmod(writer, 0600 + (i % 2)));
	waiter_asleep(&w);
	put(writer, 1);
	ck_assert_int_eq(waiter_join(&w), 1);
}
END_TEST

START_TEST(libkqueue_27_queue_is_a_descriptor_like_others)
{
	/* dup, poll, and a queue in a queue did not work. */
	int second = own(fcntl(kq, F_DUPFD_CLOEXEC, 0));
	int outer = own(kqueue());
	struct pollfd p = { .fd = second, .events = POLLIN };

	assert_ok(kq_op(outer, second, EVFILT_READ, EV_ADD));
	assert_ok(kq_op(second, 1, EVFILT_USER, EV_ADD | EV_CLEAR));
	ck_assert_int_eq(poll(&p, 1, 0), 0);
	assert_silent(outer);
	assert_ok(kq_trigger(second, 1));
	ck_assert_int_eq(poll(&p, 1, 0), 1);
	assert_one(outer, second, EVFILT_READ);
	assert_one(kq, 1, EVFILT_USER);
	ck_assert_int_eq(poll(&p, 1, 0), 0);
}
END_TEST

/* How many descriptors of the kernel's nameless kind there are. */
static int
nameless(void)
{
	DIR *dir = opendir("/proc/self/fd");
	char target[64];
	int n = 0;

	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		ssize_t len = readlinkat(dirfd(dir), e->d_name, target,
		    sizeof(target));

		n += len > 10 && strncmp(target, "anon_inode", 10) == 0;
	}
	closedir(dir);
	return n;
}

static int
has_nothing_left(void *arg)
{
	(void)arg;
	if (nameless() != 0)
		return 1;
	/* And it can begin anew. */
	kq = kqueue();
	if (kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR) != 0)
		return 2;
	if (kq_trigger(kq, 1) != 0 || kq_poll(kq, ev, EVS) != 1)
		return 3;
	return kq_poll(kq, ev, EVS) == 0 ? 0 : 4;
}

START_TEST(libkqueue_28_forked_child_keeps_nothing)
{
	/* Descriptors and memory stayed behind, and it had to exec. */
	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_ok(
	    kq_change(kq, 1, EVFILT_TIMER, EV_ADD, NOTE_SECONDS, 1000, NULL));
	assert_ok(kq_op(kq, make_file(""), EVFILT_READ, EV_ADD));
	ck_assert_int_gt(nameless(), 0);
	assert_ok(in_child(has_nothing_left, NULL));
}
END_TEST

START_TEST(libkqueue_29_close_and_trigger_reach_a_sleeper)
{
	/* A lock was held during the wait. */
	struct waiter w;
	int number = kq;

	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR));
	waiter_start(&w, kq, 1);
	assert_ok(kq_trigger(kq, 1));
	ck_assert_int_eq(waiter_join(&w), 1);
	waiter_start(&w, kq, 1);
	kq = -1;
	assert_ok(close(number));
	assert_fails(waiter_join(&w), EBADF);
}
END_TEST

START_TEST(libkqueue_30_events_of_one_call_have_no_cap)
{
	/* 5000 of them, returned by one call; and a timeout is not rounded. */
	static struct kevent many[5000];
	struct timespec timeout = { 0, 1500000 };
	int64_t start;

	for (uintptr_t i = 0; i < 5000; i++)
		EV_SET(&many[i], i, EVFILT_USER, EV_ADD | EV_CLEAR,
		    NOTE_TRIGGER, 0, NULL);
	ck_assert_int_eq(kevent(kq, many, 5000, NULL, 0, NULL), 0);
	ck_assert_int_eq(kq_poll(kq, many, 5000), 5000);
	for (int i = 0; i < 20; i++) {
		start = now_ns(CLOCK_MONOTONIC);
		ck_assert_int_eq(kevent(kq, NULL, 0, ev, 1, &timeout), 0);
		ck_assert_int_ge(now_ns(CLOCK_MONOTONIC) - start, 1500000);
	}
}
END_TEST

/* In a child: close what is not the queue's, then what is. */
static int
survives_closefrom(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2; i++) {
		int queue = kqueue();

		if (queue < 0 || dup2(queue, 3) != 3)
			return 1;
		if (kq_op(3, 1, EVFILT_USER, EV_ADD | EV_CLEAR) != 0)
			return 2;
		closefrom(4);
		if (kq_trigger(3, 1) != 0 || kq_poll(3, ev, EVS) != 1)
			return 3;
		if (kq_change(3, 2, EVFILT_TIMER, EV_ADD | EV_ONESHOT,
			NOTE_USECONDS, 1, NULL) != 0)
			return 4;
		if (kq_wait(3, ev, EVS) != 1)
			return 5;
		closefrom(3);
	}
	return 0;
}

START_TEST(libkqueue_34_daemon_may_close_all_descriptors)
{
	/* Closing from 3 or 4 upwards broke it. In a child, for Check's sake. */
	assert_ok(in_child(survives_closefrom, NULL));
}
END_TEST

START_TEST(libkqueue_35_success_leaves_errno_alone)
{
	/* It was clobbered: by kqueue, changes, events, timeouts, close. */
	int queue;

	make_pair(fds);
	errno = ELIBBAD;
	queue = kqueue();
	ck_assert_int_eq(errno, ELIBBAD);
	(void)kq_op(queue, fds[0], EVFILT_READ, EV_ADD);
	(void)kq_op(queue, fds[0], EVFILT_WRITE, EV_ADD | EV_CLEAR);
	(void)kq_op(queue, 1, EVFILT_USER, EV_ADD);
	(void)kq_change(queue, 1, EVFILT_TIMER, EV_ADD, NOTE_USECONDS, 1, NULL);
	(void)kq_trigger(queue, 1);
	ck_assert_int_eq(errno, ELIBBAD);
	ck_assert_int_ge(kq_poll(queue, ev, EVS), 2);
	ck_assert_int_eq(errno, ELIBBAD);
	ck_assert_int_eq(kq_wait_ms(kq, ev, EVS, 1), 0);
	ck_assert_int_eq(errno, ELIBBAD);
	ck_assert_int_eq(close(queue), 0);
	ck_assert_int_eq(errno, ELIBBAD);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: what went wrong elsewhere, calls");
	TCase *c = kq_tcase(s, "calls");

	tcase_add_test(c, libkqueue_03_answers_are_returned_at_once);
	tcase_add_test(c, libkqueue_04_answers_have_ev_error_alone);
	tcase_add_test(c, libkqueue_05_receipt_without_room_is_no_failure);
	tcase_add_test(c, libkqueue_06_flags_that_were_missing);
	tcase_add_test(c,
	    libkqueue_07_descriptor_can_be_added_again_without_clear);
	tcase_add_test(c, libkqueue_08_enable_takes_what_comes_with_it);
	tcase_add_test(c, libkqueue_09_added_disabled_never_wakes_a_sleeper);
	tcase_add_test(c, libkqueue_21_wake_for_nothing_does_not_return_0);
	tcase_add_test(c, libkqueue_27_queue_is_a_descriptor_like_others);
	tcase_add_test(c, libkqueue_30_events_of_one_call_have_no_cap);
	tcase_add_test(c, libkqueue_35_success_leaves_errno_alone);
	c = kq_tcase(s, "close");
	tcase_add_test(c, libkqueue_01_close_removes_although_a_dup_is_open);
	tcase_add_test(c, libkqueue_28_forked_child_keeps_nothing);
	tcase_add_test(c, libkqueue_29_close_and_trigger_reach_a_sleeper);
	tcase_add_test(c, libkqueue_34_daemon_may_close_all_descriptors);
	c = kq_tcase_cold(s, "cold");
	tcase_add_test(c, libkqueue_02_no_queue_is_ebadf_before_there_was_any);
	return plx_check_main(s);
}
