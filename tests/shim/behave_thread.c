/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Handlers, jumps out of handlers, cancellation, small stacks.
 * Authority: signal-safety(7), pthreads(7) on cancellation points.
 */
#include "tests/shim/behave.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SIGNALS_N   1000
#define STACK_BYTES 65536

static int wait_set;
static int wait_ends[2];

/* A set and a pipe with nothing in it. */
static int
wait_prepare(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	wait_set = epoll_create1(0);
	if (wait_set < 0 || pipe(wait_ends) != 0)
		return -1;
	return epoll_ctl(wait_set, EPOLL_CTL_ADD, wait_ends[0], &event);
}

/* --- handlers --- */

static _Atomic long handled;
static _Atomic long handler_failures;
static pthread_t signalled;

/* Everything that POSIX lets a handler call, and that we take over. */
static long
work(void)
{
	struct pollfd one = { .fd = wait_ends[0], .events = POLLIN };
	struct epoll_event event = { .events = EPOLLIN };
	struct timeval now = { 0, 0 };
	int saved = errno;
	int fd = dup(wait_ends[0]);
	long failures = 0;

	/* Interrupted itself, a call may fail with EINTR; no other way. */
	failures += poll(&one, 1, 0) < 0 && errno != EINTR;
	failures += select(0, NULL, NULL, NULL, &now) < 0 && errno != EINTR;
	failures += epoll_wait(wait_set, &event, 1, 0) < 0 && errno != EINTR;
	failures += fd < 0 ||
	    epoll_ctl(wait_set, EPOLL_CTL_ADD, fd, &event) != 0;
	failures += epoll_ctl(wait_set, EPOLL_CTL_DEL, fd, NULL) != 0;
	failures += close(fd) != 0;
	errno = saved;
	return failures;
}

static void
on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&handler_failures, work());
	atomic_fetch_add(&handled, 1);
}

static void *
signal_sender(void *unused)
{
	(void)unused;
	for (long i = 0; i < SIGNALS_N; i++) {
		if (pthread_kill(signalled, SIGUSR1) != 0)
			break;
		while (atomic_load(&handled) <= i)
			sched_yield();
	}
	return NULL;
}

int
behave_handlers(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	pthread_t sender;
	long failures = 0;
	int bad;

	signalled = pthread_self();
	if (wait_prepare() != 0 || sigaction(SIGUSR1, &action, NULL) != 0 ||
	    pthread_create(&sender, NULL, signal_sender, NULL) != 0)
		return 2;
	while (atomic_load(&handled) < SIGNALS_N)
		failures += work();
	pthread_join(sender, NULL);
	bad = behave_check("failures outside", failures, 0);
	bad |= behave_check("failures inside", atomic_load(&handler_failures),
	    0);
	return bad;
}

/* --- jumps --- */

static sigjmp_buf out;

static void
on_jump(int number)
{
	siglongjmp(out, number);
}

static void *
jump_sender(void *unused)
{
	(void)unused;
	pthread_kill(signalled, SIGUSR2);
	return NULL;
}

/* Out of a wait by siglongjmp, again and again; then everything still works. */
int
behave_longjmp_out(void)
{
	struct sigaction action = { .sa_handler = on_jump };
	struct epoll_event event;
	volatile int jumps = 0;
	pthread_t sender;

	signalled = pthread_self();
	if (wait_prepare() != 0 || sigaction(SIGUSR2, &action, NULL) != 0)
		return 2;
	while (jumps < 20) {
		if (sigsetjmp(out, 1) != 0) {
			jumps++;
			pthread_join(sender, NULL);
			continue;
		}
		if (pthread_create(&sender, NULL, jump_sender, NULL) != 0)
			return 2;
		(void)epoll_wait(wait_set, &event, 1, -1);
	}
	return behave_check("after the jumps", work(), 0);
}

/* --- cancellation --- */

static void
wait_select(void)
{
	fd_set in;

	FD_ZERO(&in);
	FD_SET(wait_ends[0], &in);
	(void)select(wait_ends[0] + 1, &in, NULL, NULL, NULL);
}

static void
wait_pselect(void)
{
	(void)pselect(0, NULL, NULL, NULL, NULL, NULL);
}

static void
wait_poll(void)
{
	struct pollfd one = { .fd = wait_ends[0], .events = POLLIN };

	(void)poll(&one, 1, -1);
}

static void
wait_ppoll(void)
{
	struct pollfd one = { .fd = wait_ends[0], .events = POLLIN };

	(void)ppoll(&one, 1, NULL, NULL);
}

static void
wait_epoll(void)
{
	struct epoll_event event;

	(void)epoll_wait(wait_set, &event, 1, -1);
}

static void
wait_epoll_pwait(void)
{
	struct epoll_event event;

	(void)epoll_pwait(wait_set, &event, 1, -1, NULL);
}

static void
wait_epoll_pwait2(void)
{
	struct epoll_event event;

	(void)epoll_pwait2(wait_set, &event, 1, NULL, NULL);
}

static const struct wait_case {
	const char *name;
	void (*wait)(void);
} waits[] = {
	{ "select", wait_select },
	{ "pselect", wait_pselect },
	{ "poll", wait_poll },
	{ "ppoll", wait_ppoll },
	{ "epoll_wait", wait_epoll },
	{ "epoll_pwait", wait_epoll_pwait },
	{ "epoll_pwait2", wait_epoll_pwait2 },
};

#define WAITS_N (sizeof(waits) / sizeof(waits[0]))

static _Atomic int waiter_tid;
static _Atomic int cleaned;

static void
on_cancel(void *unused)
{
	(void)unused;
	atomic_fetch_add(&cleaned, 1);
}

static void *
waiter(void *which)
{
	const struct wait_case *c = which;

	atomic_store(&waiter_tid, (int)syscall(SYS_gettid));
	pthread_cleanup_push(on_cancel, NULL);
	c->wait();
	pthread_cleanup_pop(0);
	return NULL;
}

/* Until the thread sleeps in the kernel. */
static void
wait_asleep(void)
{
	char path[64];
	char state = 0;
	int tid;

	while ((tid = atomic_load(&waiter_tid)) == 0)
		sched_yield();
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	while (state != 'S') {
		FILE *file = fopen(path, "r");

		if (file == NULL || fscanf(file, "%*d %*s %c", &state) != 1)
			state = 'S';
		if (file != NULL)
			fclose(file);
	}
}

int
behave_cancel(void)
{
	int bad = 0;

	if (wait_prepare() != 0)
		return 2;
	for (size_t i = 0; i < WAITS_N; i++) {
		struct wait_case c = waits[i];
		pthread_t thread;
		void *result = NULL;

		atomic_store(&waiter_tid, 0);
		if (pthread_create(&thread, NULL, waiter, &c) != 0)
			return 2;
		wait_asleep();
		pthread_cancel(thread);
		pthread_join(thread, &result);
		bad |= behave_check(c.name, result == PTHREAD_CANCELED, 1);
	}
	bad |= behave_check("cleaned up", atomic_load(&cleaned), WAITS_N);
	bad |= behave_check("afterwards", work(), 0);
	return bad;
}

/* --- stacks --- */

static void *
small_thread(void *unused)
{
	char *argv[] = { (char[]){ "none" }, NULL };
	long failures = work();

	(void)unused;
	/* The call with the largest frame. */
	failures += execve("/nonexistent/program", argv, environ) != -1;
	failures += execl("/nonexistent/program", "none", (char *)NULL) != -1;
	return (void *)failures;
}

int
behave_small_stack(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *failures = NULL;

	if (wait_prepare() != 0 || pthread_attr_init(&attr) != 0 ||
	    pthread_attr_setstacksize(&attr, STACK_BYTES) != 0 ||
	    pthread_create(&thread, &attr, small_thread, NULL) != 0)
		return 2;
	pthread_join(thread, &failures);
	return behave_check("failures", (long)failures, 0);
}
