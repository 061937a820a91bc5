/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: threads on one queue (K82-K89): who gets what, changes under a
 * sleeper, cancellation, and waiting on through wakes that were for nothing.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STOP 99

static int fds[2];
static int n_collected;

static void *
collect_until_stop(void *arg)
{
	struct kevent got;

	(void)arg;
	while (kevent(kq, NULL, 0, &got, 1, NULL) == 1 && got.ident != STOP)
		__atomic_add_fetch(&n_collected, 1, __ATOMIC_ACQ_REL);
	return NULL;
}

/* Two threads collect; `activate` is called a thousand times, each time after
 * the activation before was collected. */
static void
check_single_delivery(void (*activate)(void))
{
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + PATIENCE_MS * MS;
	pthread_t threads[2];

	n_collected = 0;
	assert_ok(kq_op(kq, STOP, EVFILT_USER, EV_ADD));
	for (int i = 0; i < 2; i++)
		assert_ok(pthread_create(&threads[i], NULL, collect_until_stop,
		    NULL));
	for (int i = 1; i <= 1000; i++) {
		activate();
		while (__atomic_load_n(&n_collected, __ATOMIC_ACQUIRE) < i) {
			ck_assert_msg(now_ns(CLOCK_MONOTONIC) < deadline,
			    "activation %d was not collected", i);
			sched_yield();
		}
	}
	assert_ok(kq_trigger(kq, STOP));
	for (int i = 0; i < 2; i++)
		assert_ok(pthread_join(threads[i], NULL));
	ck_assert_int_eq(n_collected, 1000);
}

static void
activate_user(void)
{
	assert_ok(kq_trigger(kq, 1));
}

static void
activate_socket(void)
{
	/* What came before was collected: it goes, or the buffer fills up. */
	(void)drain(fds[0]);
	put(fds[1], 1);
}

static void
activate_dispatch(void)
{
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ENABLE));
}

static void
activate_oneshot(void)
{
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_ONESHOT));
}

START_TEST(k82_each_activation_goes_to_one_of_two_threads)
{
	/* kqueue(2): EV_CLEAR (user, socket), EV_DISPATCH and EV_ONESHOT. */
	make_pair(fds);
	switch (_i) {
	case 0:
		assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR));
		check_single_delivery(activate_user);
		break;
	case 1:
		assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD | EV_CLEAR));
		check_single_delivery(activate_socket);
		break;
	case 2:
		assert_ok(kq_op(kq, fds[0], EVFILT_READ,
		    EV_ADD | EV_DISPATCH | EV_DISABLE));
		put(fds[1], 1);
		check_single_delivery(activate_dispatch);
		break;
	default:
		put(fds[1], 1);
		check_single_delivery(activate_oneshot);
		break;
	}
}
END_TEST

static void *
scan(void *arg)
{
	struct timespec zero = { 0, 0 };
	struct kevent got;

	for (intptr_t i = 0; i < 10000; i++) {
		if (kevent(kq, NULL, 0, &got, 1, &zero) != 1)
			++*(int *)arg;
	}
	return NULL;
}

START_TEST(k83_level_interest_is_returned_to_two_scanning_threads)
{
	/* NetBSD t_scan: 2 threads, 10000 zero-timeout calls each, none empty. */
	pthread_t threads[2];
	int empty[2] = { 0, 0 };

	make_pipe(fds);
	put(fds[1], 1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	for (int i = 0; i < 2; i++)
		assert_ok(pthread_create(&threads[i], NULL, scan, &empty[i]));
	for (int i = 0; i < 2; i++)
		assert_ok(pthread_join(threads[i], NULL));
	ck_assert_int_eq(empty[0] + empty[1], 0);
}
END_TEST

START_TEST(k84_add_of_a_ready_descriptor_wakes_a_sleeper)
{
	/* kqueue(2): changes take effect while another thread waits. */
	struct waiter w;

	make_pipe(fds);
	put(fds[1], 1);
	waiter_start(&w, kq, 1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	ck_assert_int_eq(waiter_join(&w), 1);
	ck_assert_uint_eq(w.events[0].ident, (uintptr_t)fds[0]);
}
END_TEST

START_TEST(k84_every_kind_of_change_wakes_a_sleeper)
{
	/* A timer, a trigger, an enable, and readiness of what was added. */
	struct waiter w;

	make_pipe(fds);
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD));
	assert_ok(kq_op(kq, fds[1], EVFILT_WRITE, EV_ADD | EV_DISABLE));
	waiter_start(&w, kq, 1);
	if (_i == 0)
		assert_ok(kq_trigger(kq, 1));
	else if (_i == 1)
		assert_ok(kq_op(kq, fds[1], EVFILT_WRITE, EV_ENABLE));
	else if (_i == 2)
		assert_ok(kq_change(kq, 2, EVFILT_TIMER, EV_ADD | EV_ONESHOT, 0,
		    1, NULL));
	else if (_i == 3)
		assert_ok(kq_op(kq, fds[1], EVFILT_WRITE,
		    EV_FORCEONESHOT | EV_ENABLE));
	else {
		assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
		put(fds[1], 1);
	}
	ck_assert_int_eq(waiter_join(&w), 1);
}
END_TEST

START_TEST(k85_delete_of_the_only_interest_leaves_a_sleeper_asleep)
{
	/* kqueue(2). It goes on to sleep, and is woken by what comes later. */
	struct waiter w;

	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	waiter_start(&w, kq, 1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_DELETE));
	put(fds[1], 1);
	waiter_asleep(&w);
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0, NULL));
	ck_assert_int_eq(waiter_join(&w), 1);
	ck_assert_uint_eq(w.events[0].ident, 1);
}
END_TEST

/* One thread of k86: how many calls failed, and the first of them. */
struct churn {
	int errors;
	int step;
	int result;
};

static void
churn_note(struct churn *c, int step, int result, int expected)
{
	if (result == expected)
		return;
	if (c->errors++ == 0) {
		c->step = step;
		c->result = result;
	}
}

static void *
churn(void *arg)
{
	struct churn *c = arg;
	struct kevent got[8];
	const uintptr_t me = (uintptr_t)arg;
	int pair[2];

	for (int i = 0; i < 300; i++) {
		churn_note(c, 1, socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		churn_note(c, 2, kq_op(kq, pair[0], EVFILT_READ, EV_ADD), 0);
		churn_note(c, 3, kq_op(kq, me, EVFILT_USER, EV_ADD), 0);
		churn_note(c, 4, (int)write(pair[1], "", 1), 1);
		churn_note(c, 5, kq_poll(kq, got, 8) < 0, false);
		churn_note(c, 6, kq_trigger(kq, me), 0);
		churn_note(c, 7,
		    kq_op(kq, pair[0], EVFILT_WRITE, EV_ADD | EV_ONESHOT), 0);
		if (i % 2 != 0)
			churn_note(c, 8,
			    kq_op(kq, pair[0], EVFILT_READ, EV_DELETE), 0);
		churn_note(c, 9, kq_op(kq, me, EVFILT_USER, EV_DELETE), 0);
		close(pair[0]);
		close(pair[1]);
	}
	return NULL;
}

START_TEST(k86_eight_threads_change_collect_and_close)
{
	/* kqueue(2). Each call of each thread succeeds; afterwards the queue is
	 * empty and works. The sanitizers watch. */
	pthread_t threads[8];
	struct churn c[8] = { 0 };

	for (int i = 0; i < 8; i++)
		assert_ok(pthread_create(&threads[i], NULL, churn, &c[i]));
	for (int i = 0; i < 8; i++) {
		assert_ok(pthread_join(threads[i], NULL));
		ck_assert_msg(c[i].errors == 0, "%d calls; step %d gave %d",
		    c[i].errors, c[i].step, c[i].result);
	}
	assert_silent(kq);
	make_pipe(fds);
	put(fds[1], 1);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_one(kq, fds[0], EVFILT_READ);
}
END_TEST

/* What a thread with a pending cancellation does. */
struct cancelled {
	int nevents;
	int nchanges;
};

static void *
call_when_cancelled(void *arg)
{
	const struct cancelled *how = arg;
	struct kevent change, got;

	EV_SET(&change, 1, EVFILT_USER, EV_ADD, 0, 0, NULL);
	pthread_cancel(pthread_self());
	(void)kevent(kq, &change, how->nchanges, &got, how->nevents, NULL);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	return NULL;
}

START_TEST(k87_call_with_room_is_cancelled_before_any_change)
{
	/* kevent(2): a cancellation point only if nevents is not 0. */
	struct cancelled how = { .nevents = _i, .nchanges = 1 };
	pthread_t thread;
	void *result;

	assert_ok(pthread_create(&thread, NULL, call_when_cancelled, &how));
	assert_ok(pthread_join(thread, &result));
	if (_i == 0) {
		ck_assert_ptr_null(result);
		assert_ok(kq_trigger(kq, 1));
	} else {
		ck_assert_ptr_eq(result, PTHREAD_CANCELED);
		assert_fails(kq_trigger(kq, 1), ENOENT);
	}
}
END_TEST

START_TEST(k87_sleeper_without_changes_can_be_cancelled)
{
	/* kevent(2). Afterwards the queue works and another can sleep on it. */
	struct waiter w;
	void *result;

	waiter_start(&w, kq, 1);
	assert_ok(pthread_cancel(w.thread));
	assert_ok(pthread_join(w.thread, &result));
	ck_assert_ptr_eq(result, PTHREAD_CANCELED);
	waiter_start(&w, kq, 1);
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0, NULL));
	ck_assert_int_eq(waiter_join(&w), 1);
}
END_TEST

START_TEST(k88_8192_user_events_need_no_descriptors)
{
	/* Design: a set costs one. All of them are also returned by one call. */
	static struct kevent many[8192];
	int before = open_fds();

	for (uintptr_t i = 0; i < 8192; i++)
		EV_SET(&many[i], i, EVFILT_USER, EV_ADD | EV_CLEAR,
		    NOTE_TRIGGER, 0, NULL);
	ck_assert_int_eq(kevent(kq, many, 8192, NULL, 0, NULL), 0);
	ck_assert_int_eq(open_fds(), before);
	memset(many, 0, sizeof(many));
	ck_assert_int_eq(kq_poll(kq, many, 8192), 8192);
	assert_silent(kq);
}
END_TEST

START_TEST(k89_wakes_for_nothing_never_return_0)
{
	/* kevent(2): 0 only when the time is over. Data comes and is taken
	 * again; a disabled interest becomes ready; both under a sleeper. */
	struct waiter w;
	int other[2];

	make_pair(fds);
	make_pair(other);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	assert_ok(kq_op(kq, other[0], EVFILT_READ, EV_ADD | EV_DISABLE));
	for (int i = 0; i < 200; i++) {
		waiter_start(&w, kq, 1);
		put(other[1], 1);
		put(fds[1], 1);
		take(fds[0], 1);
		put(fds[1], 1);
		ck_assert_int_eq(waiter_join(&w), 1);
		ck_assert_uint_eq(w.events[0].ident, (uintptr_t)fds[0]);
		take(fds[0], 1);
	}
}
END_TEST

START_TEST(k89_event_taken_by_another_thread_does_not_end_the_wait)
{
	/* As before; two sleepers, one EV_CLEAR event: one stays asleep. */
	struct waiter w[2];
	int first;

	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR));
	for (int i = 0; i < 50; i++) {
		waiter_start(&w[0], kq, 1);
		waiter_start(&w[1], kq, 1);
		assert_ok(kq_trigger(kq, 1));
		while (!waiter_done(&w[0]) && !waiter_done(&w[1]))
			sched_yield();
		first = waiter_done(&w[0]) ? 0 : 1;
		ck_assert_int_eq(waiter_join(&w[first]), 1);
		waiter_asleep(&w[1 - first]);
		assert_ok(kq_trigger(kq, 1));
		ck_assert_int_eq(waiter_join(&w[1 - first]), 1);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: threads");
	TCase *c = kq_tcase(s, "threads");

	tcase_add_loop_test(c, k82_each_activation_goes_to_one_of_two_threads,
	    0, 4);
	tcase_add_test(c,
	    k83_level_interest_is_returned_to_two_scanning_threads);
	tcase_add_test(c, k84_add_of_a_ready_descriptor_wakes_a_sleeper);
	tcase_add_loop_test(c, k84_every_kind_of_change_wakes_a_sleeper, 0, 5);
	tcase_add_test(c,
	    k85_delete_of_the_only_interest_leaves_a_sleeper_asleep);
	tcase_add_test(c, k86_eight_threads_change_collect_and_close);
	tcase_add_loop_test(c,
	    k87_call_with_room_is_cancelled_before_any_change, 0, 2);
	tcase_add_test(c, k87_sleeper_without_changes_can_be_cancelled);
	tcase_add_test(c, k88_8192_user_events_need_no_descriptors);
	tcase_add_test(c, k89_wakes_for_nothing_never_return_0);
	tcase_add_test(c,
	    k89_event_taken_by_another_thread_does_not_end_the_wait);
	return plx_check_main(s);
}
