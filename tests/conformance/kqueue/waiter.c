/* SPDX-License-Identifier: BSD-2-Clause */
/* Threads of which a test knows that they sleep in kevent. */
#include "tests/conformance/kqueue/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void *
waiter_main(void *arg)
{
	struct waiter *w = arg;
	int r;

	__atomic_store_n(&w->tid, gettid(), __ATOMIC_RELEASE);
	r = kevent(w->queue, NULL, 0, w->events, w->nevents, w->timeout);
	w->result = r < 0 ? -errno : r;
	__atomic_store_n(&w->done, true, __ATOMIC_RELEASE);
	return NULL;
}

/* Whether /proc shows the thread asleep in a call that waits for events. */
static bool
asleep(pid_t tid)
{
	static const long waits[] = {
		SYS_epoll_pwait,
		SYS_ppoll,
#ifdef SYS_epoll_wait
		SYS_epoll_wait,
#endif
#ifdef SYS_poll
		SYS_poll,
#endif
#ifdef SYS_epoll_pwait2
		SYS_epoll_pwait2,
#endif
	};
	char name[64], text[64] = "";
	char *end;
	int fd;
	long nr;

	snprintf(name, sizeof(name), "/proc/self/task/%d/syscall", (int)tid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	nr = strtol(text, &end, 10);
	if (end == text) /* "running" */
		return false;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		if (nr == waits[i])
			return true;
	}
	return false;
}

void
waiter_asleep(struct waiter *w)
{
	int64_t deadline = now_ns(CLOCK_MONOTONIC) + PATIENCE_MS * MS;

	while (!asleep(__atomic_load_n(&w->tid, __ATOMIC_ACQUIRE))) {
		ck_assert_msg(!waiter_done(w), "kevent returned %d, not waited",
		    w->result);
		ck_assert_msg(now_ns(CLOCK_MONOTONIC) < deadline,
		    "thread %d never sleeps in kevent", (int)w->tid);
		sched_yield();
	}
}

void
waiter_start(struct waiter *w, int queue, int nevents)
{
	waiter_start_for(w, queue, nevents, NULL);
}

void
waiter_start_for(struct waiter *w, int queue, int nevents,
    const struct timespec *timeout)
{
	ck_assert_int_le(nevents, EVS);
	*w = (struct waiter){
		.queue = queue,
		.nevents = nevents,
		.timeout = timeout,
	};
	ck_assert_int_eq(pthread_create(&w->thread, NULL, waiter_main, w), 0);
	while (__atomic_load_n(&w->tid, __ATOMIC_ACQUIRE) == 0)
		sched_yield();
	waiter_asleep(w);
}

int
waiter_join(struct waiter *w)
{
	struct timespec until;
	int error;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	error = pthread_timedjoin_np(w->thread, NULL, &until);
	ck_assert_msg(error == 0, "thread still in kevent: %s",
	    strerror(error));
	return w->result;
}

bool
waiter_done(struct waiter *w)
{
	return __atomic_load_n(&w->done, __ATOMIC_ACQUIRE);
}
