/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threads, signals and processes of the differential programs.
 *
 * "Waits" means: /proc says that the thread is inside one of the system calls
 * that wait for readiness. That is asked for, again and again with a yield in
 * between, so no case depends on how long anything takes.
 */
#include "tests/differential/diff.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

volatile sig_atomic_t diff_signals;

static void
count_signal(int sig)
{
	(void)sig;
	diff_signals++;
}

void
diff_catch(int sig, int flags)
{
	struct sigaction action = { .sa_handler = count_signal };

	action.sa_flags = flags;
	QUIET(sigaction(sig, &action, NULL));
}

void
diff_say_signals(int sig)
{
	sigset_t pending;

	QUIET(sigpending(&pending));
	diff_say("  handler ran %d times, pending %d", (int)diff_signals,
	    sigismember(&pending, sig));
}

void
diff_block(int sig)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, sig);
	QUIET(sigprocmask(SIG_BLOCK, &set, NULL));
}

void
diff_say_mask(void)
{
	sigset_t set;
	unsigned long bits = 0;

	QUIET(sigprocmask(SIG_BLOCK, NULL, &set));
	memcpy(&bits, &set, sizeof(bits));
	diff_say("  blocked signals %#lx", bits);
}

static int
waits_in(long number)
{
	static const long waits[] = { SYS_select, SYS_pselect6, SYS_poll,
		SYS_ppoll, SYS_epoll_wait, SYS_epoll_pwait, SYS_epoll_pwait2 };

	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		if (waits[i] == number)
			return 1;
	return 0;
}

void
diff_until_waiting(pid_t pid, pid_t tid)
{
	char path[64];
	char text[256];

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/syscall", pid,
	    tid);
	for (;;) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

		if (fd >= 0)
			(void)close(fd);
		if (n <= 0) {
			diff_say("cannot see whether a thread waits");
			_exit(95);
		}
		text[n] = '\0';
		if (text[0] >= '0' && text[0] <= '9' &&
		    waits_in(strtol(text, NULL, 10)))
			return;
		(void)sched_yield();
	}
}

static void *
kick(void *arg)
{
	struct diff_kick *it = arg;

	diff_until_waiting(getpid(), it->tid);
	(void)syscall(SYS_tgkill, getpid(), it->tid, it->sig);
	if (it->fd >= 0)
		(void)syscall(SYS_write, it->fd, "k", 1);
	return NULL;
}

void
diff_kick_start(struct diff_kick *it, int sig)
{
	diff_kick_then(it, sig, -1);
}

void
diff_kick_then(struct diff_kick *it, int sig, int fd)
{
	sigset_t all;
	sigset_t old;

	it->tid = gettid();
	it->sig = sig;
	it->fd = fd;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	errno = pthread_create(&it->thread, NULL, kick, it);
	QUIET(errno == 0 ? 0 : -1);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void
diff_kick_join(struct diff_kick *it)
{
	(void)pthread_join(it->thread, NULL);
}

static void *
thread_main(void *arg)
{
	struct diff_thread *thread = arg;

	thread->tid = gettid();
	return thread->run(thread->arg);
}

void
diff_thread_start(struct diff_thread *thread, void *(*run)(void *), void *arg,
    size_t stack_bytes)
{
	pthread_attr_t attr;

	thread->run = run;
	thread->arg = arg;
	thread->tid = 0;
	(void)pthread_attr_init(&attr);
	if (stack_bytes > 0)
		(void)pthread_attr_setstacksize(&attr, stack_bytes);
	errno = pthread_create(&thread->thread, &attr, thread_main, thread);
	QUIET(errno == 0 ? 0 : -1);
	(void)pthread_attr_destroy(&attr);
	while (thread->tid == 0)
		(void)sched_yield();
}

void *
diff_thread_join(struct diff_thread *thread)
{
	void *result = NULL;

	(void)pthread_join(thread->thread, &result);
	return result;
}

void
diff_thread_cancel(struct diff_thread *thread)
{
	diff_until_waiting(getpid(), thread->tid);
	diff_say("pthread_cancel = %d", pthread_cancel(thread->thread));
	diff_say("joined: %s",
	    diff_thread_join(thread) == PTHREAD_CANCELED ? "cancelled"
							 : "returned");
}

pid_t
diff_fork(void)
{
	pid_t pid = fork();

	QUIET(pid);
	return pid;
}

void
diff_reap(pid_t pid)
{
	int status = 0;

	QUIET(waitpid(pid, &status, 0));
	if (WIFEXITED(status))
		diff_say("child exited with %d", WEXITSTATUS(status));
	else
		diff_say("child ended by signal %d", WTERMSIG(status));
}

void
diff_again(const char *part)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	QUIET(n);
	path[n] = '\0';
	(void)execl(path, path, part, (char *)NULL);
	_exit(94);
}
