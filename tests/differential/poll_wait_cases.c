/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll and ppoll: signals, masks, threads and other ways to call them.
 * Authority: poll(2), signal(7), pthreads(7); checklist 79-85, 136, 139, 140.
 */
#include "tests/differential/diff.h"

#include <limits.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t bytes);
int __ppoll_chk(struct pollfd *fds, nfds_t count,
    const struct timespec *timeout, const sigset_t *mask, size_t bytes);

static int pipe_fd[2];
static struct pollfd one[2];

static void
ask(int fd)
{
	one[0].fd = fd;
	one[0].events = POLLIN;
	one[0].revents = 0x5a5a;
}

CASE(d79_minus_one_and_int_min_are_infinite)
{
	static const int infinite[] = { -1, -2, INT_MIN };

	diff_pipe(pipe_fd);
	diff_catch(SIGUSR1, SA_RESTART);
	for (int i = 0; i < 3; i++) {
		struct diff_kick kick;

		ask(pipe_fd[0]);
		diff_kick_start(&kick, SIGUSR1);
		CALL(poll(one, 1, infinite[i]));
		diff_kick_join(&kick);
		diff_say_signals(SIGUSR1);
	}
}

CASE(d80_signal_ends_poll_with_restart)
{
	struct diff_kick kick;

	diff_pipe(pipe_fd);
	diff_catch(SIGUSR1, SA_RESTART);
	ask(pipe_fd[0]);
	diff_kick_start(&kick, SIGUSR1);
	CALL(poll(one, 1, DIFF_LONG_MS));
	diff_kick_join(&kick);
	diff_say_pollfds(one, 1);
	diff_say_signals(SIGUSR1);
}

CASE(d80_ignored_signal_does_not_end_poll)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct diff_kick kick;

	diff_pipe(pipe_fd);
	QUIET(sigaction(SIGUSR1, &ignore, NULL));
	ask(pipe_fd[0]);
	diff_kick_then(&kick, SIGUSR1, pipe_fd[1]);
	CALL(poll(one, 1, -1));
	diff_kick_join(&kick);
	diff_say_pollfds(one, 1);
}

CASE(d82_pending_signal_ends_ppoll_at_once)
{
	struct timespec zero = { 0, 0 };
	sigset_t none;

	diff_pipe(pipe_fd);
	diff_catch(SIGUSR1, SA_RESTART);
	diff_block(SIGUSR1);
	(void)sigemptyset(&none);
	QUIET(raise(SIGUSR1));
	ask(pipe_fd[0]);
	CALL(ppoll(one, 1, &zero, NULL));
	diff_say_signals(SIGUSR1);
	CALL(ppoll(one, 1, &zero, &none));
	diff_say_pollfds(one, 1);
	diff_say_signals(SIGUSR1);
	diff_say_mask();
}

CASE(d82_ready_descriptor_wins_over_a_pending_signal)
{
	struct timespec zero = { 0, 0 };
	sigset_t none;

	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	diff_catch(SIGUSR1, 0);
	diff_block(SIGUSR1);
	(void)sigemptyset(&none);
	QUIET(raise(SIGUSR1));
	ask(pipe_fd[0]);
	CALL(ppoll(one, 1, &zero, &none));
	diff_say_pollfds(one, 1);
	diff_say_signals(SIGUSR1);
	CALL(ppoll(one, 1, NULL, &none));
	diff_say_signals(SIGUSR1);
	CALL(ppoll(one, 0, &zero, &none));
	diff_say_signals(SIGUSR1);
}

CASE(d82_signal_arrives_while_ppoll_has_it_unblocked)
{
	struct diff_kick kick;
	sigset_t none;

	diff_pipe(pipe_fd);
	diff_catch(SIGUSR1, SA_RESTART);
	diff_block(SIGUSR1);
	(void)sigemptyset(&none);
	ask(pipe_fd[0]);
	diff_kick_start(&kick, SIGUSR1);
	CALL(ppoll(one, 1, NULL, &none));
	diff_kick_join(&kick);
	diff_say_signals(SIGUSR1);
	diff_say_mask();
}

CASE(d82_raw_mask_argument_is_checked)
{
	struct timespec zero = { 0, 0 };
	unsigned long none = 0;

	CALL(syscall(SYS_ppoll, 0, 0, &zero, 0, 0));
	CALL(syscall(SYS_ppoll, 0, 0, &zero, &none, 8));
	CALL(syscall(SYS_ppoll, 0, 0, &zero, &none, 4));
	CALL(syscall(SYS_ppoll, 0, 0, &zero, &none, 128));
	CALL(syscall(SYS_ppoll, 0, 0, &zero, 8, 8));
	CALL(syscall(SYS_ppoll, 0, 0, 8, 8, 4));
}

CASE(raw_ppoll_writes_the_rest_back)
{
	struct timespec timeout = { 5, 0 };

	ask(1);
	one[0].events = POLLOUT;
	CALL(syscall(SYS_ppoll, one, 1, &timeout, 0, 0));
	diff_say_pollfds(one, 1);
	diff_say("  %s", timeout.tv_sec == 4 ? "rest written" : "not written");
	timeout = (struct timespec){ 0, 1000000 };
	CALL(syscall(SYS_ppoll, 0, 0, &timeout, 0, 0));
	diff_say_timespec(&timeout);
}

CASE(raw_poll_is_the_same)
{
	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	ask(pipe_fd[0]);
	one[1].fd = 99;
	CALL(syscall(SYS_poll, one, 2, -1));
	diff_say_pollfds(one, 2);
	CALL(syscall(SYS_poll, 8, 1, 0));
	CALL(syscall(SYS_poll, one, 100000, 0));
	CALL(syscall(SYS_poll, 0, 0, 1));
}

CASE(d83_poll_chk_passes_what_fits)
{
	struct timespec zero = { 0, 0 };

	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	ask(pipe_fd[0]);
	CALL(__poll_chk(one, 1, 0, sizeof(one[0])));
	diff_say_pollfds(one, 1);
	ask(pipe_fd[0]);
	CALL(__ppoll_chk(one, 1, &zero, NULL, sizeof(one)));
	diff_say_pollfds(one, 1);
	CALL(__poll_chk(one, 1, 0, (size_t)-1));
}

CASE(d83_poll_chk_aborts_beyond_the_array)
{
	ask(1);
	CALL(__poll_chk(one, 2, 0, sizeof(one) - 1));
}

CASE(d83_ppoll_chk_aborts_beyond_the_array)
{
	struct timespec zero = { 0, 0 };

	ask(1);
	CALL(__ppoll_chk(one, 2, &zero, NULL, sizeof(one[0])));
}

static void
poll_in_handler(int sig)
{
	struct pollfd mine = { .fd = pipe_fd[0], .events = POLLIN };

	(void)sig;
	CALL(poll(&mine, 1, 0));
	diff_say_pollfds(&mine, 1);
	CALL(poll(NULL, 0, 1));
}

CASE(d85_poll_in_a_handler_that_interrupts_poll)
{
	struct sigaction action = { .sa_handler = poll_in_handler };
	struct diff_kick kick;
	int idle[2];

	diff_pipe(pipe_fd);
	diff_pipe(idle);
	diff_put(pipe_fd[1], 1);
	QUIET(sigaction(SIGUSR1, &action, NULL));
	ask(idle[0]);
	diff_kick_start(&kick, SIGUSR1);
	CALL(poll(one, 1, -1));
	diff_kick_join(&kick);
}

static void *
poll_forever(void *arg)
{
	struct pollfd mine = { .fd = *(int *)arg, .events = POLLIN };

	(void)CALL(poll(&mine, 1, -1));
	diff_say_pollfds(&mine, 1);
	return NULL;
}

static void *
ppoll_forever(void *arg)
{
	struct pollfd mine = { .fd = *(int *)arg, .events = POLLIN };

	(void)CALL(ppoll(&mine, 1, NULL, NULL));
	return NULL;
}

CASE(poll_is_cancelled)
{
	struct diff_thread thread;

	diff_pipe(pipe_fd);
	diff_thread_start(&thread, poll_forever, &pipe_fd[0], 0);
	diff_thread_cancel(&thread);
	diff_put(pipe_fd[1], 1);
	poll_forever(&pipe_fd[0]);
}

CASE(ppoll_is_cancelled)
{
	struct diff_thread thread;

	diff_pipe(pipe_fd);
	diff_thread_start(&thread, ppoll_forever, &pipe_fd[0], 0);
	diff_thread_cancel(&thread);
}

static void *
poll_uncancellable(void *arg)
{
	int old;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	return poll_forever(arg);
}

CASE(disabled_cancellation_leaves_poll_alone)
{
	struct diff_thread thread;

	diff_pipe(pipe_fd);
	diff_thread_start(&thread, poll_uncancellable, &pipe_fd[0], 0);
	diff_until_waiting(getpid(), thread.tid);
	diff_say("pthread_cancel = %d", pthread_cancel(thread.thread));
	diff_put(pipe_fd[1], 1);
	diff_say("joined: %s",
	    diff_thread_join(&thread) == PTHREAD_CANCELED ? "cancelled"
							  : "returned");
}

CASE(another_thread_makes_poll_return)
{
	struct diff_thread thread;

	diff_pipe(pipe_fd);
	diff_thread_start(&thread, poll_forever, &pipe_fd[0], 0);
	diff_until_waiting(getpid(), thread.tid);
	QUIET(close(pipe_fd[1]));
	(void)diff_thread_join(&thread);
}

CASE(descriptor_closed_during_poll_is_still_waited_for)
{
	struct diff_thread thread;

	diff_pipe(pipe_fd);
	diff_thread_start(&thread, poll_forever, &pipe_fd[0], 0);
	diff_until_waiting(getpid(), thread.tid);
	CALL(close(pipe_fd[0]));
	diff_put(pipe_fd[1], 1);
	(void)diff_thread_join(&thread);
}

static sigjmp_buf jump;

static void
jump_out(int sig)
{
	(void)sig;
	siglongjmp(jump, 1);
}

CASE(d139_a_jump_out_of_poll_leaves_nothing_behind)
{
	struct sigaction action = { .sa_handler = jump_out };

	diff_pipe(pipe_fd);
	QUIET(sigaction(SIGUSR1, &action, NULL));
	for (volatile int i = 0; i < 3; i++) {
		struct diff_kick kick;

		if (sigsetjmp(jump, 1) == 0) {
			diff_kick_start(&kick, SIGUSR1);
			(void)poll_forever(&pipe_fd[0]);
		}
		diff_say("jumped out");
	}
	diff_put(pipe_fd[1], 1);
	(void)poll_forever(&pipe_fd[0]);
	CALL(dup(0));
}

static void *
poll_1000(void *arg)
{
	static struct pollfd many[1000];

	for (int i = 0; i < 1000; i++)
		many[i] = (struct pollfd){ .fd = *(int *)arg,
			.events = POLLIN };
	CALL(poll(many, 1000, 1));
	diff_say_pollfds(many + 998, 2);
	return NULL;
}

CASE(d140_poll_of_1000_on_a_small_stack)
{
	struct diff_thread thread;

	diff_pipe(pipe_fd);
	diff_thread_start(&thread, poll_1000, &pipe_fd[0], 65536);
	(void)diff_thread_join(&thread);
	diff_put(pipe_fd[1], 1);
	diff_thread_start(&thread, poll_1000, &pipe_fd[0], 65536);
	(void)diff_thread_join(&thread);
}

CASE(poll_in_a_child_of_a_polling_thread)
{
	struct diff_thread thread;
	int other[2];
	pid_t pid;

	diff_pipe(pipe_fd);
	diff_pipe(other);
	diff_thread_start(&thread, poll_forever, &pipe_fd[0], 0);
	diff_until_waiting(getpid(), thread.tid);
	pid = diff_fork();
	if (pid == 0) {
		(void)poll_forever(&other[0]);
		_exit(4);
	}
	diff_until_waiting(pid, pid);
	diff_put(other[1], 1);
	diff_reap(pid);
	diff_put(pipe_fd[1], 1);
	(void)diff_thread_join(&thread);
}
