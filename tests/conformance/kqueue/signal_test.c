/* SPDX-License-Identifier: BSD-2-Clause */
/* Description: EVFILT_SIGNAL, what is counted (S01-S10, S13-S15, S18, S21). */
#include "tests/conformance/kqueue/fixture.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t runs;
static volatile sig_atomic_t inside;
static volatile int values[8];

static void
on_usr1(int sig)
{
	(void)sig;
	runs++;
}

static void
look_inside(int sig)
{
	struct kevent got;
	struct timespec zero = { 0, 0 };

	(void)sig;
	inside = kevent(kq, NULL, 0, &got, 1, &zero) == 1 ? (int)got.data : -1;
	runs++;
}

static void
keep_value(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)context;
	values[runs % 8] = info->si_value.sival_int;
	runs++;
}

static int
watch(int sig)
{
	return kq_op(kq, (uintptr_t)sig, EVFILT_SIGNAL, EV_ADD);
}

static void
handle(int sig, void (*handler)(int))
{
	ck_assert(signal(sig, handler) != SIG_ERR);
	runs = 0;
}

static void
block(int sig)
{
	sigset_t one;

	sigemptyset(&one);
	sigaddset(&one, sig);
	assert_ok(pthread_sigmask(SIG_BLOCK, &one, NULL));
}

/* Take it, if it is pending; how often it was. */
static int
take_pending(int sig)
{
	struct timespec zero = { 0, 0 };
	sigset_t one;
	int n = 0;

	sigemptyset(&one);
	sigaddset(&one, sig);
	while (sigtimedwait(&one, NULL, &zero) == sig)
		n++;
	return n;
}

static void
assert_count(int queue, int sig, int n)
{
	assert_one(queue, sig, EVFILT_SIGNAL);
	ck_assert_int_eq(ev[0].data, n);
	ck_assert_uint_eq(ev[0].flags, EV_CLEAR);
	ck_assert_uint_eq(ev[0].fflags, 0);
}

START_TEST(s01_s07_handler_and_event)
{
	/* kqueue(2): beside signal(3), not instead; EV_CLEAR is implied. */
	handle(SIGUSR1, on_usr1);
	assert_ok(watch(SIGUSR1));
	assert_silent(kq);
	assert_ok(kill(getpid(), SIGUSR1));
	ck_assert_int_eq(runs, 1);
	assert_count(kq, SIGUSR1, 1);
	assert_silent(kq);
}
END_TEST

START_TEST(s02_ignored_is_counted)
{
	/* kqueue(2): also if the signal is ignored. */
	handle(SIGUSR1, SIG_IGN);
	assert_ok(watch(SIGUSR1));
	assert_ok(kill(getpid(), SIGUSR1));
	assert_count(kq, SIGUSR1, 1);
}
END_TEST

START_TEST(s03_deliveries_are_counted)
{
	/* kqueue(2): data is how often since the last kevent. */
	handle(SIGUSR1, on_usr1);
	assert_ok(watch(SIGUSR1));
	for (int i = 0; i < 3; i++)
		assert_ok(raise(SIGUSR1));
	assert_count(kq, SIGUSR1, 3);
	assert_silent(kq);
}
END_TEST

START_TEST(s04_blocked_stays_pending)
{
	/* FreeBSD kqueue_peek_signal. */
	block(SIGUSR1);
	handle(SIGUSR1, on_usr1);
	assert_ok(watch(SIGUSR1));
	for (int i = 0; i < 100; i++) {
		assert_ok(kill(getpid(), SIGUSR1));
		assert_count(kq, SIGUSR1, 1);
		assert_silent(kq);
		ck_assert_int_eq(take_pending(SIGUSR1), 1);
		ck_assert_int_eq(runs, 0);
	}
}
END_TEST

START_TEST(s05_blocked_is_counted_although_it_coalesces)
{
	/* FreeBSD: attempts, not what is pending in the end. */
	block(SIGUSR1);
	assert_ok(watch(SIGUSR1));
	assert_ok(kill(getpid(), SIGUSR1));
	assert_ok(kill(getpid(), SIGUSR1));
	assert_count(kq, SIGUSR1, 2);
	ck_assert_int_eq(take_pending(SIGUSR1), 1);
	assert_silent(kq);
}
END_TEST

START_TEST(s06_visible_inside_the_handler)
{
	/* OpenBSD kqueue-signal. */
	handle(SIGUSR1, look_inside);
	assert_ok(watch(SIGUSR1));
	inside = 0;
	assert_ok(kill(getpid(), SIGUSR1));
	ck_assert_int_eq(runs, 1);
	ck_assert_int_eq(inside, 1);
	assert_silent(kq);
}
END_TEST

static int
signal_parent(void *arg)
{
	return kill(getppid(), *(int *)arg) == 0 ? 0 : 1;
}

/* What others see of the queue. */
static bool
is_shown(void)
{
	struct pollfd p = { .fd = kq, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

START_TEST(s07_queue_is_readable_while_an_event_waits)
{
	/* Sent, blocked, from another process; hidden when it was collected. */
	int sig = SIGUSR1;

	handle(sig, on_usr1);
	assert_ok(watch(sig));
	for (int i = 0; i < 20; i++) {
		ck_assert(!is_shown());
		if (i % 2 == 0)
			assert_ok(raise(sig));
		else
			ck_assert_int_eq(in_child(signal_parent, &sig), 0);
		ck_assert(is_shown());
		assert_count(kq, sig, 1);
		ck_assert(!is_shown());
		if (i == 10)
			block(sig);
		(void)take_pending(sig);
	}
}
END_TEST

START_TEST(s08_disabled_goes_on_counting)
{
	/* kqueue(2) EV_DISABLE. */
	handle(SIGUSR1, on_usr1);
	assert_ok(watch(SIGUSR1));
	assert_ok(kq_op(kq, SIGUSR1, EVFILT_SIGNAL, EV_DISABLE));
	assert_ok(raise(SIGUSR1));
	assert_ok(raise(SIGUSR1));
	assert_silent(kq);
	assert_ok(kq_op(kq, SIGUSR1, EVFILT_SIGNAL, EV_ENABLE));
	assert_count(kq, SIGUSR1, 2);
}
END_TEST

START_TEST(s09_deleted_is_silent)
{
	/* kqueue(2) EV_DELETE; the handler goes on. */
	handle(SIGUSR1, on_usr1);
	assert_ok(watch(SIGUSR1));
	assert_ok(raise(SIGUSR1));
	assert_ok(kq_op(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE));
	assert_ok(raise(SIGUSR1));
	ck_assert_int_eq(runs, 2);
	assert_silent(kq);
	assert_fails(kq_op(kq, SIGUSR1, EVFILT_SIGNAL, EV_DELETE), ENOENT);
}
END_TEST

START_TEST(s10_oneshot)
{
	/* kqueue(2) EV_ONESHOT. */
	handle(SIGUSR1, on_usr1);
	assert_ok(kq_op(kq, SIGUSR1, EVFILT_SIGNAL, EV_ADD | EV_ONESHOT));
	assert_ok(raise(SIGUSR1));
	assert_ok(raise(SIGUSR1));
	assert_one(kq, SIGUSR1, EVFILT_SIGNAL);
	ck_assert_int_eq(ev[0].data, 2);
	assert_ok(raise(SIGUSR1));
	assert_silent(kq);
}
END_TEST

START_TEST(s13_sent_to_a_thread)
{
	/* FreeBSD counts pthread_kill too; here through each way to send. */
	const union sigval value = { .sival_int = 1 };

	handle(SIGUSR1, on_usr1);
	assert_ok(watch(SIGUSR1));
	assert_ok(pthread_kill(pthread_self(), SIGUSR1));
	assert_ok(tgkill(getpid(), gettid(), SIGUSR1));
	assert_ok(pthread_sigqueue(pthread_self(), SIGUSR1, value));
	assert_ok(sigqueue(getpid(), SIGUSR1, value));
	assert_ok(killpg(0, 0));
	assert_ok((int)syscall(SYS_kill, getpid(), SIGUSR1));
	assert_ok((int)syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1));
	ck_assert_int_eq(runs, 6);
	assert_count(kq, SIGUSR1, 6);
}
END_TEST

START_TEST(s13_failed_sends_do_not_count)
{
	/* No signal, no such thread. */
	handle(SIGUSR1, on_usr1);
	assert_ok(watch(SIGUSR1));
	assert_ok(kill(getpid(), 0));
	ck_assert_int_eq(tgkill(getpid(), 99999999, SIGUSR1), -1);
	assert_silent(kq);
	ck_assert_int_eq(runs, 0);
}
END_TEST

START_TEST(s14_two_queues)
{
	/* Each has its own count. */
	int other = own(kqueue());

	handle(SIGUSR1, on_usr1);
	assert_ok(watch(SIGUSR1));
	assert_ok(raise(SIGUSR1));
	assert_ok(kq_op(other, SIGUSR1, EVFILT_SIGNAL, EV_ADD));
	assert_ok(raise(SIGUSR1));
	assert_count(kq, SIGUSR1, 2);
	assert_count(other, SIGUSR1, 1);
	assert_ok(raise(SIGUSR1));
	assert_count(other, SIGUSR1, 1);
	assert_count(kq, SIGUSR1, 1);
}
END_TEST

START_TEST(s15_from_another_process)
{
	/* Counted by the handler. */
	int sig = SIGUSR1;

	handle(sig, on_usr1);
	assert_ok(watch(sig));
	for (int i = 0; i < 20; i++) {
		runs = 0;
		ck_assert_int_eq(in_child(signal_parent, &sig), 0);
		assert_comes(kq, sig, EVFILT_SIGNAL);
		ck_assert_int_eq(ev[0].data, 1);
		ck_assert_int_eq(runs, 1);
		assert_silent(kq);
	}
}
END_TEST

START_TEST(s15_from_another_process_blocked)
{
	/* No handler sees it; it is told, and it stays pending. */
	int sig = SIGUSR1;

	block(sig);
	handle(sig, on_usr1);
	assert_ok(watch(sig));
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(in_child(signal_parent, &sig), 0);
		assert_comes(kq, sig, EVFILT_SIGNAL);
		ck_assert_int_eq(ev[0].data, 1);
		assert_silent(kq);
		ck_assert_int_eq(take_pending(sig), 1);
	}
	ck_assert_int_eq(runs, 0);
}
END_TEST

START_TEST(s15_from_another_process_ignored)
{
	/* An ignored one, and one that is by default. */
	int sig = _i == 0 ? SIGUSR2 : SIGWINCH;

	if (_i == 0)
		handle(sig, SIG_IGN);
	assert_ok(watch(sig));
	ck_assert_int_eq(in_child(signal_parent, &sig), 0);
	assert_comes(kq, sig, EVFILT_SIGNAL);
	ck_assert_int_eq(ev[0].data, 1);
}
END_TEST

START_TEST(s15_end_of_a_child)
{
	/* The kernel's own; nobody handles it. */
	pid_t pid;

	assert_ok(watch(SIGCHLD));
	pid = fork();
	if (pid == 0)
		_exit(0);
	assert_comes(kq, SIGCHLD, EVFILT_SIGNAL);
	ck_assert_int_eq(ev[0].data, 1);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}
END_TEST

START_TEST(s15_sleeper_is_woken)
{
	/* A thread that waits in kevent while others get the signal. */
	struct waiter w;

	handle(SIGUSR1, on_usr1);
	assert_ok(watch(SIGUSR1));
	for (int i = 0; i < 50; i++) {
		waiter_start(&w, kq, 1);
		assert_ok(pthread_kill(pthread_self(), SIGUSR1));
		ck_assert_int_eq(waiter_join(&w), 1);
		ck_assert_uint_eq(w.events[0].ident, SIGUSR1);
		ck_assert_int_eq(w.events[0].data, 1);
	}
}
END_TEST

static const int BAD[] = { 0, -1, 65, 1000, SIGKILL, SIGSTOP, 32 };
#define BAD_MAX ((int)(sizeof(BAD) / sizeof(BAD[0])))

START_TEST(s18_bad_numbers)
{
	/* Decided: what can never be delivered is EINVAL. */
	int fds = open_fds();

	assert_fails(watch(BAD[_i]), EINVAL);
	ck_assert_int_eq(open_fds(), fds);
	assert_fails(kq_op(kq, (uintptr_t)BAD[_i], EVFILT_SIGNAL, EV_DELETE),
	    ENOENT);
}
END_TEST

START_TEST(s21_real_time_signals_with_values)
{
	/* Five queued, five counted, five values. */
	struct sigaction action = { .sa_flags = SA_SIGINFO };

	action.sa_sigaction = keep_value;
	assert_ok(watch(SIGRTMIN));
	runs = 0;
	assert_ok(sigaction(SIGRTMIN, &action, NULL));
	for (int i = 0; i < 5; i++)
		assert_ok(sigqueue(getpid(), SIGRTMIN,
		    (union sigval){ .sival_int = 10 + i }));
	ck_assert_int_eq(runs, 5);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(values[i], 10 + i);
	assert_count(kq, SIGRTMIN, 5);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kqueue: signals");
	TCase *c = kq_tcase(s, "signal");
	TCase *o = kq_tcase(s, "others");

	tcase_add_test(c, s01_s07_handler_and_event);
	tcase_add_test(c, s02_ignored_is_counted);
	tcase_add_test(c, s03_deliveries_are_counted);
	tcase_add_test(c, s04_blocked_stays_pending);
	tcase_add_test(c, s05_blocked_is_counted_although_it_coalesces);
	tcase_add_test(c, s06_visible_inside_the_handler);
	tcase_add_test(c, s07_queue_is_readable_while_an_event_waits);
	tcase_add_test(c, s08_disabled_goes_on_counting);
	tcase_add_test(c, s09_deleted_is_silent);
	tcase_add_test(c, s10_oneshot);
	tcase_add_test(c, s13_sent_to_a_thread);
	tcase_add_test(c, s13_failed_sends_do_not_count);
	tcase_add_test(c, s14_two_queues);
	tcase_add_loop_test(c, s18_bad_numbers, 0, BAD_MAX);
	tcase_add_test(c, s21_real_time_signals_with_values);
	tcase_add_test(o, s15_from_another_process);
	tcase_add_test(o, s15_from_another_process_blocked);
	tcase_add_loop_test(o, s15_from_another_process_ignored, 0, 2);
	tcase_add_test(o, s15_end_of_a_child);
	tcase_add_test(o, s15_sleeper_is_woken);
#ifdef __SANITIZE_THREAD__
	skip("the thread sanitizer has virtual dispositions of its own");
	return 0;
#else
	return plx_check_main(s);
#endif
}
