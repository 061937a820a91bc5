/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Description: the call itself (K01-K31): descriptors, counts, timeouts,
 * interruption, and what each kind of bad change is answered with.
 */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

START_TEST(k01_kqueue_gives_a_descriptor_that_fstat_takes)
{
	/* kqueue(2): a descriptor. BSD says S_IFIFO; ours stays the kernel's. */
	struct stat st;

	ck_assert_int_ge(kq, 0);
	assert_ok(fstat(kq, &st));
}
END_TEST

START_TEST(k02_fresh_queue_polls_zero)
{
	/* kevent(2): nothing registered, nothing pending. */
	ck_assert_int_eq(kq_poll(kq, ev, EVS), 0);
}
END_TEST

START_TEST(k03_descriptor_minus_one_is_ebadf)
{
	/* kevent(2) ERRORS. */
	assert_fails(kq_poll(-1, ev, EVS), EBADF);
	assert_fails(kq_op(-1, 1, EVFILT_USER, EV_ADD), EBADF);
}
END_TEST

START_TEST(k04_pipe_as_queue_is_ebadf)
{
	/* kevent(2) ERRORS: an open descriptor that is no queue. */
	int fds[2];

	make_pipe(fds);
	assert_fails(kq_poll(fds[0], ev, EVS), EBADF);
	assert_fails(kq_op(fds[0], 1, EVFILT_USER, EV_ADD), EBADF);
}
END_TEST

START_TEST(k05_closed_queue_is_ebadf)
{
	/* kevent(2) ERRORS: the number of a queue that is gone. */
	int number = kq;

	assert_ok(close(kq));
	kq = -1;
	assert_fails(kq_poll(number, ev, EVS), EBADF);
	assert_fails(kq_op(number, 1, EVFILT_USER, EV_ADD), EBADF);
}
END_TEST

START_TEST(k06_negative_nchanges_is_einval)
{
	/* FreeBSD since 2021: checked before anything is applied. */
	struct kevent change;

	EV_SET(&change, 1, EVFILT_USER, EV_ADD, 0, 0, NULL);
	ck_assert_int_eq(kevent(kq, &change, -1, NULL, 0, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	assert_fails(kq_trigger(kq, 1), ENOENT);
}
END_TEST

START_TEST(k07_negative_nevents_is_einval_and_writes_nothing)
{
	/* FreeBSD since 2021. The list ends where a page without access begins. */
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct timespec zero = { 0, 0 };
	char *two = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(two, MAP_FAILED);
	assert_ok(mprotect(two + page, page, PROT_NONE));
	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0, NULL));
	ck_assert_int_eq(kevent(kq, NULL, 0, (struct kevent *)(two + page), -1,
			     &zero),
	    -1);
	ck_assert_int_eq(errno, EINVAL);
	/* Room for one, at the edge: the one event, and not a byte behind it. */
	ck_assert_int_eq(kq_poll(kq, (struct kevent *)(two + page) - 1, 1), 1);
	munmap(two, 2 * page);
}
END_TEST

START_TEST(k08_no_room_for_events_returns_at_once)
{
	/* kevent(2): nevents 0 returns immediately, whatever the timeout. */
	struct timespec timeout = { 10, 0 };
	int64_t start = now_ns(CLOCK_MONOTONIC);

	assert_ok(kq_change(kq, 1, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0, NULL));
	assert_ok(kevent(kq, NULL, 0, NULL, 0, &timeout));
	assert_ok(kevent(kq, NULL, 0, NULL, 0, NULL));
	ck_assert_int_lt(now_ns(CLOCK_MONOTONIC) - start, 1000 * MS);
	assert_one(kq, 1, EVFILT_USER);
}
END_TEST

static const struct timespec BAD_TIMES[] = {
	{ 0, 1000000000 }, /* K09 */
	{ 0, -1 },         /* K10 */
	{ -1, 0 },         /* K11 */
	{ 0, LONG_MAX },
	{ 0, LONG_MIN },
	{ -1, 999999999 },
};

START_TEST(k09_k10_k11_invalid_timeout_is_einval_after_the_changes)
{
	/* kevent(2) ERRORS; FreeBSD looks at it after the changes. */
	struct kevent change;

	EV_SET(&change, 1, EVFILT_USER, EV_ADD, 0, 0, NULL);
	ck_assert_int_eq(kevent(kq, &change, 1, ev, EVS, &BAD_TIMES[_i]), -1);
	ck_assert_int_eq(errno, EINVAL);
	assert_ok(kq_trigger(kq, 1));
}
END_TEST

START_TEST(k12_invalid_timeout_without_room_is_ignored)
{
	/* FreeBSD: the timeout is only looked at when nevents is not 0. */
	assert_ok(kevent(kq, NULL, 0, NULL, 0, &BAD_TIMES[_i]));
}
END_TEST

/* An idle wait of `timeout`: too short never, near it once in `tries`. */
static void
check_idle_wait(struct timespec timeout, int64_t at_most, int tries)
{
	int64_t at_least = timeout.tv_sec * 1000 * MS + timeout.tv_nsec;
	int64_t took;

	do {
		int64_t start = now_ns(CLOCK_MONOTONIC);

		ck_assert_int_eq(kevent(kq, NULL, 0, ev, EVS, &timeout), 0);
		took = now_ns(CLOCK_MONOTONIC) - start;
		ck_assert_int_ge(took, at_least);
	} while (took > at_most && --tries > 0);
	ck_assert_int_le(took, at_most);
}

START_TEST(k13_idle_wait_of_50_ms_takes_50_to_150)
{
	/* kevent(2): a deadline. One in five must be near it: busy machines. */
	check_idle_wait((struct timespec){ 0, 50 * MS }, 150 * MS, 5);
}
END_TEST

START_TEST(k14_idle_wait_of_500_us_is_not_rounded_to_ms)
{
	/* kevent(2): nanoseconds count, and never 0 before they are over. */
	check_idle_wait((struct timespec){ 0, 500000 }, 20 * MS, 20);
	check_idle_wait((struct timespec){ 0, 1 }, 20 * MS, 20);
}
END_TEST

START_TEST(k15_largest_timeout_blocks_until_an_event)
{
	/* FreeBSD: beyond INT32_MAX seconds is forever, not an overflow. */
	static const time_t SECONDS[] = { INT64_MAX, INT32_MAX,
		(time_t)INT32_MAX + 1, INT64_MAX / 1000 };
	struct waiter w;

	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_CLEAR));
	for (size_t i = 0; i < sizeof(SECONDS) / sizeof(SECONDS[0]); i++) {
		struct timespec timeout = { SECONDS[i], 999999999 };

		waiter_start_for(&w, kq, 1, &timeout);
		assert_ok(kq_trigger(kq, 1));
		ck_assert_int_eq(waiter_join(&w), 1);
	}
}
END_TEST

static volatile sig_atomic_t handled;

static void
handler(int signo)
{
	(void)signo;
	handled++;
}

static void
catch_usr1(int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	handled = 0;
	assert_ok(sigaction(SIGUSR1, &action, NULL));
}

static const int HANDLER_FLAGS[] = { 0, SA_RESTART };

START_TEST(k16_k17_handler_during_wait_is_eintr_whatever_sa_restart)
{
	/* kevent(2): never restarted. A signal to the thread that waits. */
	struct waiter w;

	catch_usr1(HANDLER_FLAGS[_i]);
	waiter_start(&w, kq, 1);
	assert_ok(pthread_kill(w.thread, SIGUSR1));
	assert_fails(waiter_join(&w), EINTR);
	ck_assert_int_eq(handled, 1);
	signal(SIGUSR1, SIG_DFL);
}
END_TEST

static void *
interrupt(void *arg)
{
	struct waiter *w = arg;

	waiter_asleep(w);
	pthread_kill(w->thread, SIGUSR1);
	return NULL;
}

START_TEST(k18_changes_of_an_interrupted_call_are_in_force)
{
	/* kevent(2): "the changes were applied". Change and wait in one call. */
	struct waiter self = { .thread = pthread_self(), .tid = gettid() };
	pthread_t other;
	struct kevent change;

	catch_usr1(0);
	EV_SET(&change, 1, EVFILT_USER, EV_ADD, 0, 0, NULL);
	assert_ok(pthread_create(&other, NULL, interrupt, &self));
	ck_assert_int_eq(kevent(kq, &change, 1, ev, EVS, NULL), -1);
	ck_assert_int_eq(errno, EINTR);
	assert_ok(pthread_join(other, NULL));
	assert_ok(kq_trigger(kq, 1));
	signal(SIGUSR1, SIG_DFL);
}
END_TEST

START_TEST(k19_ignored_or_blocked_signal_does_not_interrupt)
{
	/* kevent(2): EINTR only if a handler ran. Both, then a real event. */
	struct waiter w;
	sigset_t set, old;

	signal(SIGUSR1, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	assert_ok(pthread_sigmask(SIG_BLOCK, &set, &old));
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD));
	waiter_start(&w, kq, 1);
	assert_ok(pthread_kill(w.thread, SIGUSR1));
	assert_ok(pthread_kill(w.thread, SIGUSR2));
	waiter_asleep(&w);
	assert_ok(kq_trigger(kq, 1));
	ck_assert_int_eq(waiter_join(&w), 1);
	assert_ok(pthread_sigmask(SIG_SETMASK, &old, NULL));
	signal(SIGUSR1, SIG_DFL);
}
END_TEST

static const unsigned int WITHOUT_ADD[] = {
	EV_DELETE,  /* K20 */
	EV_ENABLE,  /* K21 */
	EV_DISABLE, /* K22 */
	0,          /* K23 */
	EV_FORCEONESHOT,
};

START_TEST(k20_to_k23_unknown_interest_without_add_is_enoent)
{
	/* kevent(2) ERRORS, for a filter of descriptors and two of numbers. */
	int fds[2];

	make_pipe(fds);
	assert_fails(kq_op(kq, fds[0], EVFILT_READ, WITHOUT_ADD[_i]), ENOENT);
	assert_fails(kq_op(kq, 7, EVFILT_USER, WITHOUT_ADD[_i]), ENOENT);
	assert_fails(kq_op(kq, 7, EVFILT_TIMER, WITHOUT_ADD[_i]), ENOENT);
}
END_TEST

static const int NO_FILTERS[] = {
	5,    /* K24 */
	-999, /* K25 */
	1,
	-EVFILT_SYSCOUNT - 1,
	SHRT_MAX,
	SHRT_MIN,
};

START_TEST(k24_k25_unknown_filter_is_einval)
{
	/* kevent(2) ERRORS: outside -1 .. -EVFILT_SYSCOUNT. */
	assert_fails(kq_op(kq, 1, NO_FILTERS[_i], EV_ADD), EINVAL);
	assert_fails(kq_op(kq, 1, NO_FILTERS[_i], EV_DELETE), EINVAL);
}
END_TEST

START_TEST(k26_filter_zero_is_skipped)
{
	/* FreeBSD: an empty entry; the change behind it is applied. */
	struct kevent changes[2];

	EV_SET(&changes[0], 1, 0, EV_ADD | EV_RECEIPT, 0, 0, NULL);
	EV_SET(&changes[1], 2, EVFILT_USER, EV_ADD, NOTE_TRIGGER, 0, NULL);
	ck_assert_int_eq(kevent(kq, changes, 2, ev, EVS, NULL), 1);
	ck_assert_uint_eq(ev[0].ident, 2);
	ck_assert_int_eq(ev[0].filter, EVFILT_USER);
}
END_TEST

START_TEST(k27_descriptor_beyond_int_max_is_ebadf)
{
	/* FreeBSD: the identifier is not cut to 32 bits (0 is open). */
	static const uintptr_t IDENTS[] = { UINT64_C(0x100000000),
		UINT64_C(0x80000000), UINTPTR_MAX, (uintptr_t)INT_MAX };

	for (size_t i = 0; i < sizeof(IDENTS) / sizeof(IDENTS[0]); i++) {
		assert_fails(kq_op(kq, IDENTS[i], EVFILT_READ, EV_ADD), EBADF);
		assert_fails(kq_op(kq, IDENTS[i], EVFILT_WRITE, EV_ADD), EBADF);
	}
}
END_TEST

START_TEST(k28_add_of_a_closed_descriptor_is_ebadf)
{
	/* kevent(2) ERRORS. */
	int fds[2];

	make_pipe(fds);
	drop(fds[0]);
	assert_fails(kq_op(kq, fds[0], EVFILT_READ, EV_ADD), EBADF);
	assert_fails(kq_op(kq, fds[0], EVFILT_WRITE, EV_ADD), EBADF);
}
END_TEST

START_TEST(k29_every_change_of_a_closed_descriptor_is_ebadf)
{
	/* FreeBSD: the descriptor comes first, even with EV_DELETE. */
	int fds[2];

	make_pipe(fds);
	assert_ok(kq_op(kq, fds[0], EVFILT_READ, EV_ADD));
	drop(fds[0]);
	for (size_t i = 0; i < 5; i++)
		assert_fails(kq_op(kq, fds[0], EVFILT_READ, WITHOUT_ADD[i]),
		    EBADF);
}
END_TEST

START_TEST(k30_enable_with_disable_is_einval)
{
	/* FreeBSD; with and without an interest, and nothing is registered. */
	assert_fails(kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_ENABLE | EV_DISABLE),
	    EINVAL);
	assert_fails(kq_trigger(kq, 1), ENOENT);
	assert_ok(kq_op(kq, 1, EVFILT_USER, EV_ADD));
	assert_fails(kq_op(kq, 1, EVFILT_USER, EV_ENABLE | EV_DISABLE), EINVAL);
}
END_TEST

START_TEST(k31_add_with_keepudata_is_einval)
{
	/* kqueue(2): "may not be used with EV_ADD". */
	assert_fails(kq_op(kq, 1, EVFILT_USER, EV_ADD | EV_KEEPUDATA), EINVAL);
	assert_fails(kq_trigger(kq, 1), ENOENT);
}
END_TEST

static void
add_errors(TCase *c)
{
	tcase_add_loop_test(c,
	    k20_to_k23_unknown_interest_without_add_is_enoent, 0, 5);
	tcase_add_loop_test(c, k24_k25_unknown_filter_is_einval, 0, 6);
	tcase_add_test(c, k26_filter_zero_is_skipped);
	tcase_add_test(c, k27_descriptor_beyond_int_max_is_ebadf);
	tcase_add_test(c, k28_add_of_a_closed_descriptor_is_ebadf);
	tcase_add_test(c, k29_every_change_of_a_closed_descriptor_is_ebadf);
	tcase_add_test(c, k30_enable_with_disable_is_einval);
	tcase_add_test(c, k31_add_with_keepudata_is_einval);
}

int
main(void)
{
	Suite *s = suite_create("kqueue: the call");
	TCase *c = kq_tcase(s, "call");

	tcase_add_test(c, k01_kqueue_gives_a_descriptor_that_fstat_takes);
	tcase_add_test(c, k02_fresh_queue_polls_zero);
	tcase_add_test(c, k03_descriptor_minus_one_is_ebadf);
	tcase_add_test(c, k04_pipe_as_queue_is_ebadf);
	tcase_add_test(c, k05_closed_queue_is_ebadf);
	tcase_add_test(c, k06_negative_nchanges_is_einval);
	tcase_add_test(c, k07_negative_nevents_is_einval_and_writes_nothing);
	tcase_add_test(c, k08_no_room_for_events_returns_at_once);
	tcase_add_loop_test(c,
	    k09_k10_k11_invalid_timeout_is_einval_after_the_changes, 0, 6);
	tcase_add_loop_test(c, k12_invalid_timeout_without_room_is_ignored, 0,
	    6);
	tcase_add_test(c, k13_idle_wait_of_50_ms_takes_50_to_150);
	tcase_add_test(c, k14_idle_wait_of_500_us_is_not_rounded_to_ms);
	tcase_add_test(c, k15_largest_timeout_blocks_until_an_event);
	tcase_add_loop_test(c,
	    k16_k17_handler_during_wait_is_eintr_whatever_sa_restart, 0, 2);
	tcase_add_test(c, k18_changes_of_an_interrupted_call_are_in_force);
	tcase_add_test(c, k19_ignored_or_blocked_signal_does_not_interrupt);
	add_errors(c);
	return plx_check_main(s);
}
