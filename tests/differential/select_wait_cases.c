/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * select and pselect: signals, masks, threads and other ways to call them.
 * Authority: select(2), signal(7), pthreads(7); checklist 97, 100, 139, 140.
 */
#include "tests/differential/diff.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/syscall.h>
#include <unistd.h>

long __fdelt_chk(long number);

static int pipe_fd[2];

static struct bits
one(int fd)
{
	struct bits set;

	bits_clear(&set);
	bits_add(&set, fd);
	return set;
}

CASE(d97_pending_signal_ends_pselect_at_once)
{
	struct timespec zero = { 0, 0 };
	struct bits in;
	sigset_t none;

	diff_pipe(pipe_fd);
	diff_catch(SIGUSR1, SA_RESTART);
	diff_block(SIGUSR1);
	(void)sigemptyset(&none);
	QUIET(raise(SIGUSR1));
	in = one(pipe_fd[0]);
	CALL(pselect(64, NULL, NULL, NULL, &zero, NULL));
	diff_say_signals(SIGUSR1);
	CALL(pselect(4, bits_fds(&in), NULL, NULL, &zero, &none));
	diff_say_bits("in", &in);
	diff_say_signals(SIGUSR1);
	diff_say_mask();
}

CASE(d97_ready_descriptor_wins_over_a_pending_signal)
{
	struct timespec zero = { 0, 0 };
	struct timespec second = { 1, 0 };
	struct bits in;
	sigset_t none;

	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	diff_catch(SIGUSR1, 0);
	diff_block(SIGUSR1);
	(void)sigemptyset(&none);
	QUIET(raise(SIGUSR1));
	in = one(pipe_fd[0]);
	CALL(pselect(4, bits_fds(&in), NULL, NULL, &zero, &none));
	diff_say_bits("in", &in);
	diff_say_signals(SIGUSR1);
	in = one(pipe_fd[0]);
	CALL(pselect(4, bits_fds(&in), NULL, NULL, &second, &none));
	diff_say_signals(SIGUSR1);
	CALL(pselect(4, bits_fds(&in), NULL, NULL, &second, NULL));
	diff_say_signals(SIGUSR1);
}

CASE(d97_signal_arrives_while_pselect_has_it_unblocked)
{
	struct diff_kick kick;
	struct timespec long_time = { DIFF_LONG_MS / 1000, 0 };
	struct bits in;
	sigset_t none;

	diff_pipe(pipe_fd);
	diff_catch(SIGUSR1, SA_RESTART);
	diff_block(SIGUSR1);
	(void)sigemptyset(&none);
	in = one(pipe_fd[0]);
	diff_kick_start(&kick, SIGUSR1);
	CALL(pselect(4, bits_fds(&in), NULL, NULL, &long_time, &none));
	diff_kick_join(&kick);
	diff_say_signals(SIGUSR1);
	diff_say_mask();
	diff_say_timespec(&long_time);
}

CASE(d97_mask_that_blocks_holds_the_signal_until_the_return)
{
	struct diff_kick kick;
	struct bits in;
	sigset_t all;

	diff_pipe(pipe_fd);
	diff_catch(SIGUSR1, 0);
	(void)sigfillset(&all);
	in = one(pipe_fd[0]);
	diff_kick_then(&kick, SIGUSR1, pipe_fd[1]);
	CALL(pselect(64, bits_fds(&in), NULL, NULL, NULL, &all));
	diff_kick_join(&kick);
	diff_say_bits("in", &in);
	diff_say_signals(SIGUSR1);
	diff_say_mask();
}

CASE(d97_raw_mask_argument_is_checked)
{
	struct timespec zero = { 0, 0 };
	struct {
		const void *set;
		size_t bytes;
	} mask = { NULL, 0 };
	unsigned long none = 0;

	CALL(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, 0L));
	CALL(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, &mask));
	mask.set = &none;
	mask.bytes = 4;
	CALL(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, &mask));
	mask.bytes = 128;
	CALL(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, &mask));
	mask.bytes = 8;
	CALL(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, &mask));
	mask.set = (void *)8;
	CALL(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, &mask));
	CALL(syscall(SYS_pselect6, 0, 0, 0, 0, &zero, 8L));
	CALL(syscall(SYS_pselect6, -1, 0, 0, 0, 8L, 0L));
}

CASE(raw_pselect6_writes_the_rest_back)
{
	struct timespec timeout = { 5, 0 };
	struct bits in;

	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	in = one(pipe_fd[0]);
	CALL(syscall(SYS_pselect6, 4, &in, 0, 0, &timeout, 0L));
	diff_say_bits("in", &in);
	diff_say("  %s", timeout.tv_sec == 4 ? "rest written" : "not written");
	timeout = (struct timespec){ 0, 1000000 };
	CALL(syscall(SYS_pselect6, 0, 0, 0, 0, &timeout, 0L));
	diff_say_timespec(&timeout);
}

CASE(raw_select_is_the_same)
{
	struct timeval timeout = { 5, 1500000 };
	struct timeval bad = { 0, -1 };
	struct bits in;

	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	in = one(pipe_fd[0]);
	CALL(syscall(SYS_select, 4, &in, 0, 0, &timeout));
	diff_say_bits("in", &in);
	diff_say_timeval(&timeout, 6500000);
	CALL(syscall(SYS_select, 4, &in, 0, 0, &bad));
	CALL(syscall(SYS_select, -1, 0, 0, 0, 0));
	bits_add(&in, 50);
	CALL(syscall(SYS_select, 51, &in, 0, 0, &timeout));
	diff_say_bits("in", &in);
}

static void *
select_forever(void *arg)
{
	struct bits in = one(pipe_fd[0]);

	(void)arg;
	(void)CALL(select(64, bits_fds(&in), NULL, NULL, NULL));
	return NULL;
}

static void *
pselect_forever(void *arg)
{
	struct bits in = one(pipe_fd[0]);

	(void)arg;
	(void)CALL(pselect(4, bits_fds(&in), NULL, NULL, NULL, NULL));
	return NULL;
}

static void
use_select(void)
{
	struct timeval timeout = { 0, 0 };
	struct bits in = one(pipe_fd[0]);

	CALL(select(4, bits_fds(&in), NULL, NULL, &timeout));
	diff_say_bits("in", &in);
}

CASE(d100_select_is_cancelled)
{
	struct diff_thread thread;

	diff_pipe(pipe_fd);
	diff_thread_start(&thread, select_forever, NULL, 0);
	diff_thread_cancel(&thread);
	diff_put(pipe_fd[1], 1);
	use_select();
}

CASE(d100_pselect_is_cancelled)
{
	struct diff_thread thread;

	diff_pipe(pipe_fd);
	diff_thread_start(&thread, pselect_forever, NULL, 0);
	diff_thread_cancel(&thread);
	use_select();
}

static void *
select_cancelled_before(void *arg)
{
	struct timeval timeout = { 0, 0 };

	(void)arg;
	(void)pthread_cancel(pthread_self());
	(void)CALL(select(0, NULL, NULL, NULL, &timeout));
	return NULL;
}

CASE(d100_pending_cancellation_acts_in_select)
{
	struct diff_thread thread;

	diff_thread_start(&thread, select_cancelled_before, NULL, 0);
	diff_say("joined: %s",
	    diff_thread_join(&thread) == PTHREAD_CANCELED ? "cancelled"
							  : "returned");
}

CASE(another_thread_makes_it_ready)
{
	struct diff_thread thread;

	diff_pipe(pipe_fd);
	diff_thread_start(&thread, select_forever, NULL, 0);
	diff_until_waiting(getpid(), thread.tid);
	diff_put(pipe_fd[1], 1);
	(void)diff_thread_join(&thread);
}

static void
select_in_handler(int sig)
{
	(void)sig;
	use_select();
}

CASE(select_in_a_handler_that_interrupts_select)
{
	struct sigaction action = { .sa_handler = select_in_handler };
	struct timeval timeout = { DIFF_LONG_MS / 1000, 0 };
	struct diff_kick kick;
	struct bits in;
	int idle[2];

	diff_pipe(pipe_fd);
	diff_pipe(idle);
	diff_put(pipe_fd[1], 1);
	QUIET(sigaction(SIGUSR1, &action, NULL));
	in = one(idle[0]);
	diff_kick_start(&kick, SIGUSR1);
	CALL(select(6, bits_fds(&in), NULL, NULL, &timeout));
	diff_kick_join(&kick);
	diff_say_timeval(&timeout, DIFF_LONG_MS * 1000L);
}

static sigjmp_buf jump;

static void
jump_out(int sig)
{
	(void)sig;
	siglongjmp(jump, 1);
}

CASE(d139_a_jump_out_of_select_leaves_nothing_behind)
{
	struct sigaction action = { .sa_handler = jump_out };

	diff_pipe(pipe_fd);
	QUIET(sigaction(SIGUSR1, &action, NULL));
	for (volatile int i = 0; i < 3; i++) {
		struct diff_kick kick;

		if (sigsetjmp(jump, 1) == 0) {
			diff_kick_start(&kick, SIGUSR1);
			(void)select_forever(NULL);
		}
		diff_say("jumped out");
	}
	diff_put(pipe_fd[1], 1);
	use_select();
	CALL(dup(0));
}

static void *
small_stack(void *arg)
{
	struct bits in;
	struct timeval timeout = { 0, 1000 };

	bits_clear(&in);
	bits_add(&in, *(int *)arg);
	CALL(select(1401, bits_fds(&in), NULL, NULL, &timeout));
	diff_say_bits("in", &in);
	return NULL;
}

CASE(d140_select_of_1401_on_a_small_stack)
{
	struct diff_thread thread;

	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	diff_thread_start(&thread, small_stack, &pipe_fd[0], 65536);
	(void)diff_thread_join(&thread);
}

CASE(fdelt_chk_gives_the_word)
{
	diff_say("__fdelt_chk(130) = %ld", __fdelt_chk(130));
	diff_say("__fdelt_chk(1023) = %ld", __fdelt_chk(1023));
}

CASE(fdelt_chk_aborts_beyond_the_set)
{
	diff_say("__fdelt_chk(1024) = %ld", __fdelt_chk(1024));
}

CASE(a_child_waits_on_the_pipe_of_the_parent)
{
	pid_t pid;

	diff_pipe(pipe_fd);
	pid = diff_fork();
	if (pid == 0) {
		(void)select_forever(NULL);
		_exit(3);
	}
	diff_until_waiting(pid, pid);
	diff_put(pipe_fd[1], 1);
	diff_reap(pid);
}
