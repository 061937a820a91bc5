/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: threads on one set: each event to one of them, sleepers woken
 * when there is something for them, and ends that nobody sleeps through.
 * PLX_TEST_ROUNDS says how often each test is run; under the thread sanitizer
 * it finds races.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/sys.h"
#include "tests/core/embed.h"
#include "tests/support/check_main.h"

#define THREADS 4
#define ROUNDS  20
#define STOP    UINT64_C(1000000)

static pthread_t threads[THREADS];
static _Atomic int results[THREADS];
static _Atomic uint32_t told;
static _Atomic int stop;

static void
start(int i, void *(*fn)(void *))
{
	ck_assert_int_eq(pthread_create(&threads[i], NULL, fn,
			     (void *)(uintptr_t)i),
	    0);
}

static void
join(int n)
{
	for (int i = 0; i < n; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

static int
user(uint64_t ident, uint32_t op, uint32_t flags, uint32_t fopts)
{
	return reg(set, .filter = FILTER_USER, .ident = ident, .op = op,
	    .flags = flags, .fopts = fopts);
}

/* --- each event to one --- */

static void *
collect_until_stop(void *arg)
{
	(void)arg;
	while (take_within(set, 4, PATIENCE_NS) > 0) {
		/* A level event: it stays for the others. */
		if (got[0].ident == STOP)
			return NULL;
		atomic_fetch_add(&told, 1);
	}
	atomic_fetch_add(&told, 1u << 16);
	return NULL;
}

START_TEST(thread_each_oneshot_goes_to_one_of_four)
{
	/* Each trigger is one event in one thread; none is lost. */
	enum {
		EVENTS = 200
	};

	atomic_store(&told, 0);
	for (int i = 0; i < THREADS; i++)
		start(i, collect_until_stop);
	for (uint64_t i = 0; i < EVENTS; i++) {
		const int64_t end = plx_sys_now_ns() + PATIENCE_NS;

		ck_assert_int_eq(user(1, ISET_ADD, KN_ONESHOT, FOPT_TRIGGER),
		    0);
		while (atomic_load(&told) != i + 1 && plx_sys_now_ns() < end)
			(void)sched_yield();
		ck_assert_uint_eq(atomic_load(&told), i + 1);
	}
	ck_assert_int_eq(user(STOP, ISET_ADD, 0, FOPT_TRIGGER), 0);
	join(THREADS);
	ck_assert_uint_eq(atomic_load(&told), EVENTS);
}
END_TEST

/* --- sleepers --- */

static void *
sleep_once(void *arg)
{
	const int i = (int)(uintptr_t)arg;

	atomic_store(&results[i], take_within(set, 1, PATIENCE_NS));
	return NULL;
}

START_TEST(thread_as_many_sleepers_wake_as_there_are_events)
{
	/* Four asleep, four triggers, one after the other. */
	for (uint64_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(user(i, ISET_ADD, KN_CLEAR, 0), 0);
	for (int i = 0; i < THREADS; i++)
		start(i, sleep_once);
	sleepers_wait(set, THREADS);
	for (uint64_t i = 0; i < THREADS; i++) {
		ck_assert_int_eq(user(i, 0, 0, FOPT_TRIGGER), 0);
		sleepers_wait(set, THREADS - 1 - (uint32_t)i);
	}
	join(THREADS);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(results[i], 1);
	ck_assert_int_eq(take(set, 8), 0);
}
END_TEST

START_TEST(thread_sleepers_all_wake_for_events_of_one_moment)
{
	/* Queued at once: the first to wake must not keep them for itself. */
	for (uint64_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(user(i, ISET_ADD, KN_CLEAR, 0), 0);
	for (int i = 0; i < THREADS; i++)
		start(i, sleep_once);
	sleepers_wait(set, THREADS);
	for (uint64_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(user(i, 0, 0, FOPT_TRIGGER), 0);
	join(THREADS);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(results[i], 1);
}
END_TEST

START_TEST(thread_sleepers_of_a_set_that_is_closed_get_ebadf)
{
	/* design 3.16: all of them, at once. */
	for (int i = 0; i < THREADS; i++)
		start(i, sleep_once);
	sleepers_wait(set, THREADS);
	fd_close(kq);
	join(THREADS);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(results[i], -EBADF);
	iset_put(set);
	kq = -1;
}
END_TEST

static void *
sleep_short(void *arg)
{
	const int i = (int)(uintptr_t)arg;

	atomic_store(&results[i], take_within(set, 1, 2 * PLX_NS_PER_MS));
	return NULL;
}

START_TEST(thread_timer_is_not_lost_with_the_sleeper_that_knew_of_it)
{
	/*
	 * One sleeps for long, knowing no timer; one that knows of the timer
	 * has its time over before. The first must still get it.
	 */
	start(0, sleep_once);
	sleepers_wait(set, 1);
	start(1, sleep_short);
	ck_assert_int_eq(reg(set, .filter = FILTER_TIMER, .ident = 1,
			     .op = ISET_ADD, .flags = KN_ONESHOT,
			     .data = 15 * PLX_NS_PER_MS),
	    0);
	join(2);
	ck_assert_int_eq(results[1], 0);
	ck_assert_int_eq(results[0], 1);
}
END_TEST

START_TEST(thread_timer_wakes_who_sleeps_for_long)
{
	/* The timer comes after it fell asleep. */
	start(0, sleep_once);
	sleepers_wait(set, 1);
	ck_assert_int_eq(reg(set, .filter = FILTER_TIMER, .ident = 1,
			     .op = ISET_ADD, .flags = KN_ONESHOT,
			     .data = PLX_NS_PER_MS),
	    0);
	join(1);
	ck_assert_int_eq(results[0], 1);
}
END_TEST

/* --- everything at once --- */

static void *
churn_descriptors(void *arg)
{
	(void)arg;
	while (atomic_load(&stop) == 0) {
		int fds[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
			continue;
		(void)reg(set, .filter = FILTER_WRITE,
		    .ident = (uint64_t)fds[0], .op = ISET_ADD);
		(void)reg(set, .filter = FILTER_READ, .ident = (uint64_t)fds[0],
		    .op = ISET_ADD, .flags = KN_CLEAR);
		(void)!write(fds[1], "x", 1);
		(void)reg(set, .filter = FILTER_WRITE,
		    .ident = (uint64_t)fds[0], .op = ISET_DISABLE);
		iset_fd_closing(fds[0]);
		(void)close(fds[0]);
		iset_fd_closing(fds[1]);
		(void)close(fds[1]);
	}
	return NULL;
}

static void *
churn_idents(void *arg)
{
	const uint64_t mine = 100 * (uint64_t)(uintptr_t)arg;

	for (uint64_t i = 0; atomic_load(&stop) == 0; i++) {
		const uint64_t ident = mine + i % 32;

		(void)user(ident, ISET_ADD, KN_CLEAR, FOPT_TRIGGER);
		(void)reg(set, .filter = FILTER_TIMER, .ident = ident,
		    .op = ISET_ADD, .data = (int64_t)(i % 7) * 1000);
		if (i % 3 == 0) {
			(void)user(ident, ISET_DELETE, 0, 0);
			(void)reg(set, .filter = FILTER_TIMER, .ident = ident,
			    .op = ISET_DELETE);
		}
	}
	return NULL;
}

static void *
churn_waits(void *arg)
{
	(void)arg;
	while (atomic_load(&stop) == 0)
		ck_assert_int_ge(take_within(set, 16, PLX_NS_PER_MS / 4), 0);
	return NULL;
}

static void *
churn_names(void *arg)
{
	(void)arg;
	while (atomic_load(&stop) == 0) {
		const int name = fd_dup(kq);
		struct iset *same = iset_get(name, PLX_FACE_KQUEUE);

		if (same != NULL) {
			ck_assert_ptr_eq(same, set);
			(void)iset_pending_fd(name);
			iset_put(same);
		}
		iset_publish(name);
		iset_fd_closing(name);
		(void)close(name);
	}
	return NULL;
}

START_TEST(thread_register_trigger_wait_and_close_at_once)
{
	/* Nothing crashes, races or leaks (the fixture counts). */
	const int64_t end = plx_sys_now_ns() + 30 * PLX_NS_PER_MS;

	atomic_store(&stop, 0);
	start(0, churn_descriptors);
	start(1, churn_idents);
	start(2, churn_waits);
	start(3, churn_names);
	while (plx_sys_now_ns() < end)
		(void)take_within(set, 16, PLX_NS_PER_MS);
	atomic_store(&stop, 1);
	join(THREADS);
}
END_TEST

static _Atomic int shared_fd;

static void *
use_whatever_is_there(void *arg)
{
	(void)arg;
	while (atomic_load(&stop) == 0) {
		struct iset *other = iset_get(atomic_load(&shared_fd),
		    PLX_FACE_KQUEUE);

		if (other == NULL)
			continue;
		(void)reg(other, .filter = FILTER_USER, .ident = 1,
		    .op = ISET_ADD, .fopts = FOPT_TRIGGER);
		(void)take(other, 4);
		iset_put(other);
	}
	return NULL;
}

START_TEST(thread_sets_end_while_others_use_them)
{
	/* A set ends with its last reference, whoever has that. */
	const int64_t end = plx_sys_now_ns() + 30 * PLX_NS_PER_MS;

	atomic_store(&stop, 0);
	atomic_store(&shared_fd, -1);
	for (int i = 0; i < THREADS; i++)
		start(i, use_whatever_is_there);
	while (plx_sys_now_ns() < end) {
		const int fd = iset_create(PLX_FACE_KQUEUE, true);

		ck_assert_int_ge(fd, 0);
		atomic_store(&shared_fd, fd);
		(void)sched_yield();
		fd_close(fd);
	}
	atomic_store(&stop, 1);
	join(THREADS);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("thread");
	TCase *tcase = embed_tcase(suite, "threads");
	const int n = rounds(ROUNDS);

	tcase_add_loop_test(tcase, thread_each_oneshot_goes_to_one_of_four, 0,
	    (n + 9) / 10);
	tcase_add_loop_test(tcase,
	    thread_as_many_sleepers_wake_as_there_are_events, 0, n);
	tcase_add_loop_test(tcase,
	    thread_sleepers_all_wake_for_events_of_one_moment, 0, n);
	tcase_add_loop_test(tcase,
	    thread_sleepers_of_a_set_that_is_closed_get_ebadf, 0, n);
	tcase_add_loop_test(tcase, thread_timer_wakes_who_sleeps_for_long, 0,
	    n);
	tcase_add_loop_test(tcase,
	    thread_timer_is_not_lost_with_the_sleeper_that_knew_of_it, 0, n);
	tcase_add_loop_test(tcase,
	    thread_register_trigger_wait_and_close_at_once, 0, n);
	tcase_add_loop_test(tcase, thread_sets_end_while_others_use_them, 0, n);
	return plx_check_main(suite);
}
