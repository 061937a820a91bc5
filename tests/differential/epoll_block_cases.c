/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits on an epoll set: signals, masks, threads, and other ways to call them.
 * Authority: epoll_wait(2), signal(7), pthreads(7); checklist 121, 125, 126,
 * 136, 139, 140.
 */
#include "tests/differential/diff.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct epoll_event events[64];
static int pipe_fd[2];
static int set;

/* A set with the read end of an empty pipe, level-triggered. */
static void
make_set(void)
{
	set = diff_epoll();
	diff_pipe(pipe_fd);
	diff_add(set, pipe_fd[0], EPOLLIN, 0xfeed);
}

static void *
wait_forever(void *arg)
{
	struct epoll_event mine[4];
	long n;

	(void)arg;
	diff_fill_events(mine, 4);
	n = CALL(epoll_wait(set, mine, 4, -1));
	diff_say_events(mine, n, 4);
	return NULL;
}

static void *
pwait_forever(void *arg)
{
	struct epoll_event mine[4];

	(void)arg;
	(void)CALL(epoll_pwait(set, mine, 4, -1, NULL));
	return NULL;
}

static void *
pwait2_forever(void *arg)
{
	struct epoll_event mine[4];

	(void)arg;
	(void)CALL(epoll_pwait2(set, mine, 4, NULL, NULL));
	return NULL;
}

CASE(d121_zero_timeout_leaves_the_signal_pending)
{
	sigset_t none;

	make_set();
	diff_catch(SIGUSR1, SA_RESTART);
	diff_block(SIGUSR1);
	(void)sigemptyset(&none);
	QUIET(raise(SIGUSR1));
	CALL(epoll_pwait(set, events, 4, 0, &none));
	diff_say_signals(SIGUSR1);
	CALL(epoll_pwait2(set, events, 4, &(struct timespec){ 0, 0 }, &none));
	diff_say_signals(SIGUSR1);
	CALL(epoll_pwait(set, events, 4, 100, &none));
	diff_say_signals(SIGUSR1);
	diff_say_mask();
	QUIET(raise(SIGUSR1));
	CALL(epoll_pwait2(set, events, 4, &(struct timespec){ 1, 0 }, &none));
	diff_say_signals(SIGUSR1);
	diff_say_mask();
}

CASE(d121_ready_event_wins_over_a_pending_signal)
{
	sigset_t none;

	make_set();
	diff_put(pipe_fd[1], 1);
	diff_catch(SIGUSR1, 0);
	diff_block(SIGUSR1);
	(void)sigemptyset(&none);
	QUIET(raise(SIGUSR1));
	diff_fill_events(events, 4);
	CALL(epoll_pwait(set, events, 4, -1, &none));
	diff_say_events(events, 1, 4);
	diff_say_signals(SIGUSR1);
	CALL(epoll_pwait(set, events, 4, 0, &none));
	diff_say_signals(SIGUSR1);
}

CASE(d121_signal_arrives_while_pwait_has_it_unblocked)
{
	struct diff_kick kick;
	sigset_t none;

	make_set();
	diff_catch(SIGUSR1, SA_RESTART);
	diff_block(SIGUSR1);
	(void)sigemptyset(&none);
	diff_kick_start(&kick, SIGUSR1);
	CALL(epoll_pwait(set, events, 4, -1, &none));
	diff_kick_join(&kick);
	diff_say_signals(SIGUSR1);
	diff_kick_start(&kick, SIGUSR1);
	CALL(epoll_pwait2(set, events, 4, NULL, &none));
	diff_kick_join(&kick);
	diff_say_signals(SIGUSR1);
	diff_say_mask();
}

CASE(d121_signal_ends_epoll_wait_with_restart)
{
	static const int times[] = { -1, -5, INT_MIN, DIFF_LONG_MS };
	struct diff_kick kick;

	make_set();
	diff_catch(SIGUSR1, SA_RESTART);
	for (int i = 0; i < 4; i++) {
		diff_kick_start(&kick, SIGUSR1);
		CALL(epoll_wait(set, events, 4, times[i]));
		diff_kick_join(&kick);
		diff_say_signals(SIGUSR1);
	}
}

CASE(d121_ignored_signal_does_not_end_epoll_wait)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct diff_kick kick;

	make_set();
	QUIET(sigaction(SIGUSR1, &ignore, NULL));
	diff_kick_then(&kick, SIGUSR1, pipe_fd[1]);
	CALL(epoll_wait(set, events, 4, -1));
	diff_kick_join(&kick);
}

CASE(d121_raw_mask_argument_is_checked)
{
	unsigned long none = 0;

	make_set();
	CALL(syscall(SYS_epoll_pwait, set, events, 4, 0, 0, 0L));
	CALL(syscall(SYS_epoll_pwait, set, events, 4, 0, &none, 8L));
	CALL(syscall(SYS_epoll_pwait, set, events, 4, 0, &none, 4L));
	CALL(syscall(SYS_epoll_pwait, set, events, 4, 0, &none, 128L));
	CALL(syscall(SYS_epoll_pwait, set, events, 4, 0, 8, 8L));
	CALL(syscall(SYS_epoll_pwait, -1, events, 0, 0, 8, 4L));
	CALL(syscall(SYS_epoll_pwait, set, events, 0, 0, &none, 8L));
	CALL(syscall(SYS_epoll_pwait2, set, events, 4, 8, &none, 8L));
}

CASE(raw_waits_are_the_same)
{
	struct timespec zero = { 0, 0 };
	long n;

	make_set();
	diff_put(pipe_fd[1], 1);
	diff_fill_events(events, 4);
	n = CALL(syscall(SYS_epoll_wait, set, events, 4, -1));
	diff_say_events(events, n, 4);
	diff_fill_events(events, 4);
	n = CALL(syscall(SYS_epoll_pwait, set, events, 4, -1, 0, 0L));
	diff_say_events(events, n, 4);
	diff_fill_events(events, 4);
	n = CALL(syscall(SYS_epoll_pwait2, set, events, 4, &zero, 0, 0L));
	diff_say_events(events, n, 4);
	CALL(syscall(SYS_epoll_wait, set, events, 0, -1));
	CALL(syscall(SYS_epoll_wait, 99, events, 1, -1));
	CALL(syscall(SYS_epoll_wait, set, 8, 1, -1));
}

CASE(d125_adding_during_a_wait_takes_effect)
{
	struct diff_thread thread;
	int ready = (int)QUIET(eventfd(1, 0));

	make_set();
	diff_thread_start(&thread, wait_forever, NULL, 0);
	diff_until_waiting(getpid(), thread.tid);
	diff_add(set, ready, EPOLLIN, 0xadd);
	(void)diff_thread_join(&thread);
}

CASE(d125_modifying_during_a_wait_takes_effect)
{
	struct epoll_event out = { .events = EPOLLOUT, .data.u64 = 0x0dd };
	struct diff_thread thread;
	int fd[2];

	set = diff_epoll();
	diff_unix_pair(fd);
	diff_add(set, fd[0], EPOLLIN, 1);
	diff_thread_start(&thread, wait_forever, NULL, 0);
	diff_until_waiting(getpid(), thread.tid);
	QUIET(epoll_ctl(set, EPOLL_CTL_MOD, fd[0], &out));
	(void)diff_thread_join(&thread);
}

CASE(d125_removing_during_a_wait_takes_effect)
{
	struct diff_thread thread;
	int other[2];

	make_set();
	diff_pipe(other);
	diff_add(set, other[0], EPOLLIN, 2);
	diff_thread_start(&thread, wait_forever, NULL, 0);
	diff_until_waiting(getpid(), thread.tid);
	CALL(epoll_ctl(set, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	diff_put(pipe_fd[1], 1);
	diff_put(other[1], 1);
	(void)diff_thread_join(&thread);
}

CASE(set_closed_during_a_wait_goes_on)
{
	struct diff_thread thread;

	make_set();
	diff_thread_start(&thread, wait_forever, NULL, 0);
	diff_until_waiting(getpid(), thread.tid);
	CALL(close(set));
	diff_put(pipe_fd[1], 1);
	(void)diff_thread_join(&thread);
	CALL(epoll_wait(set, events, 4, 0));
}

static void *
count_wake(void *arg)
{
	struct epoll_event one;

	(void)arg;
	return (void *)(long)epoll_wait(set, &one, 1, -1);
}

/*
 * One edge wakes one of two waiters, never both: after the second event, which
 * the other one needs, both have returned with one event each.
 */
CASE(d126_one_edge_wakes_one_waiter)
{
	struct diff_thread thread[2];

	set = diff_epoll();
	diff_pipe(pipe_fd);
	diff_add(set, pipe_fd[0], EPOLLIN | EPOLLET, 1);
	for (int i = 0; i < 2; i++) {
		diff_thread_start(&thread[i], count_wake, NULL, 0);
		diff_until_waiting(getpid(), thread[i].tid);
	}
	diff_put(pipe_fd[1], 1);
	while (pthread_tryjoin_np(thread[0].thread, NULL) != 0 &&
	    pthread_tryjoin_np(thread[1].thread, NULL) != 0)
		(void)poll(NULL, 0, 1);
	diff_say("one returned");
	CALL(epoll_wait(set, events, 4, 0));
	diff_put(pipe_fd[1], 1);
}

CASE(epoll_wait_is_cancelled)
{
	struct diff_thread thread;

	make_set();
	diff_thread_start(&thread, wait_forever, NULL, 0);
	diff_thread_cancel(&thread);
	diff_put(pipe_fd[1], 1);
	diff_wait0(set, 4);
}

CASE(epoll_pwait_is_cancelled)
{
	struct diff_thread thread;

	make_set();
	diff_thread_start(&thread, pwait_forever, NULL, 0);
	diff_thread_cancel(&thread);
	diff_put(pipe_fd[1], 1);
	diff_wait0(set, 4);
	CALL(dup(0));
}

CASE(epoll_pwait2_is_cancelled)
{
	struct diff_thread thread;

	make_set();
	diff_thread_start(&thread, pwait2_forever, NULL, 0);
	diff_thread_cancel(&thread);
	diff_put(pipe_fd[1], 1);
	diff_wait0(set, 4);
}

static void *
ctl_with_pending_cancel(void *arg)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 5 };

	(void)arg;
	(void)pthread_cancel(pthread_self());
	CALL(epoll_ctl(set, EPOLL_CTL_MOD, pipe_fd[0], &event));
	CALL(epoll_create1(0));
	CALL(epoll_wait(set, events, 4, 0));
	return NULL;
}

CASE(epoll_ctl_is_no_cancellation_point)
{
	struct diff_thread thread;

	make_set();
	diff_thread_start(&thread, ctl_with_pending_cancel, NULL, 0);
	diff_say("joined: %s",
	    diff_thread_join(&thread) == PTHREAD_CANCELED ? "cancelled"
							  : "returned");
	CALL(dup(0));
}

static void
epoll_in_handler(int sig)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0xaaaa };

	(void)sig;
	CALL(epoll_ctl(set, EPOLL_CTL_MOD, pipe_fd[0], &event));
	diff_put(pipe_fd[1], 1);
	diff_wait0(set, 4);
}

CASE(epoll_in_a_handler_that_interrupts_its_wait)
{
	struct sigaction action = { .sa_handler = epoll_in_handler };
	struct diff_kick kick;

	make_set();
	QUIET(sigaction(SIGUSR1, &action, NULL));
	diff_kick_start(&kick, SIGUSR1);
	diff_fill_events(events, 4);
	CALL(epoll_wait(set, events, 4, -1));
	diff_kick_join(&kick);
	diff_wait0(set, 4);
}

static sigjmp_buf jump;

static void
jump_out(int sig)
{
	(void)sig;
	siglongjmp(jump, 1);
}

CASE(d139_a_jump_out_of_epoll_wait_leaves_nothing_behind)
{
	struct sigaction action = { .sa_handler = jump_out };

	make_set();
	QUIET(sigaction(SIGUSR1, &action, NULL));
	for (volatile int i = 0; i < 3; i++) {
		struct diff_kick kick;

		if (sigsetjmp(jump, 1) == 0) {
			diff_kick_start(&kick, SIGUSR1);
			(void)wait_forever(NULL);
		}
		diff_say("jumped out");
	}
	diff_put(pipe_fd[1], 1);
	diff_wait0(set, 4);
	CALL(dup(0));
}

static void *
wait_for_1000(void *arg)
{
	static struct epoll_event many[1000];
	long n;

	(void)arg;
	diff_fill_events(many, 1000);
	n = CALL(epoll_wait(set, many, 1000, 1));
	diff_say_events(many, n, 1000);
	return NULL;
}

CASE(d140_epoll_wait_on_a_small_stack)
{
	struct diff_thread thread;

	make_set();
	diff_thread_start(&thread, wait_for_1000, NULL, 65536);
	(void)diff_thread_join(&thread);
	diff_put(pipe_fd[1], 1);
	diff_thread_start(&thread, wait_for_1000, NULL, 65536);
	(void)diff_thread_join(&thread);
}

CASE(exclusive_wakes_a_waiter_of_one_set)
{
	int other = diff_epoll();
	struct diff_thread thread;

	set = diff_epoll();
	diff_pipe(pipe_fd);
	diff_add(set, pipe_fd[0], EPOLLIN | EPOLLEXCLUSIVE, 1);
	diff_add(other, pipe_fd[0], EPOLLIN | EPOLLEXCLUSIVE, 2);
	diff_thread_start(&thread, wait_forever, NULL, 0);
	diff_until_waiting(getpid(), thread.tid);
	diff_put(pipe_fd[1], 1);
	(void)diff_thread_join(&thread);
	diff_wait0(other, 4);
	diff_put(pipe_fd[1], 1);
	diff_wait0(other, 4);
	diff_wait0(set, 4);
}
