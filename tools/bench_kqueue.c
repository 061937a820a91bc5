/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_kqueue.c - the measured side of `pollux bench kqueue`: the same work by
 * kqueue, taken from the preloaded object (this program is not linked with it),
 * and without one by epoll.
 */
#include "tools/bench.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int (*real_kqueue)(void);
static int (*real_kevent)(int, const struct kevent *, int, struct kevent *, int,
    const struct timespec *);

static const struct timespec at_once;
static int ready_fd; /* a pipe with a byte in it, watched */
static int other_fd; /* never readable, not watched */
static int wake_fd;  /* an eventfd; epoll's side only */
static int set_fd;   /* watches ready_fd */
static int idle_fd;  /* a set that has nothing to say, but by wake_fd */

static void
epoll_add_delete(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	(void)epoll_ctl(set_fd, EPOLL_CTL_ADD, other_fd, &event);
	(void)epoll_ctl(set_fd, EPOLL_CTL_DEL, other_fd, NULL);
}

static void
epoll_ready(void)
{
	struct epoll_event event;

	(void)epoll_wait(set_fd, &event, 1, 0);
}

static void
epoll_idle(void)
{
	struct epoll_event event;

	(void)epoll_wait(idle_fd, &event, 1, 0);
}

static void
epoll_wake(void)
{
	struct epoll_event event;
	uint64_t count = 1;

	(void)!write(wake_fd, &count, sizeof(count));
	(void)epoll_wait(idle_fd, &event, 1, 0);
	(void)!read(wake_fd, &count, sizeof(count));
}

static const struct plx_bench_call epoll_calls[] = {
	{ "add+delete", epoll_add_delete },
	{ "wait:ready", epoll_ready },
	{ "wait:idle", epoll_idle },
	{ "wake+wait", epoll_wake },
	{ NULL, NULL },
};

static void
kqueue_add_delete(void)
{
	struct kevent change;

	EV_SET(&change, other_fd, EVFILT_READ, EV_ADD, 0, 0, NULL);
	(void)real_kevent(set_fd, &change, 1, NULL, 0, NULL);
	EV_SET(&change, other_fd, EVFILT_READ, EV_DELETE, 0, 0, NULL);
	(void)real_kevent(set_fd, &change, 1, NULL, 0, NULL);
}

static void
kqueue_ready(void)
{
	struct kevent event;

	(void)real_kevent(set_fd, NULL, 0, &event, 1, &at_once);
}

static void
kqueue_idle(void)
{
	struct kevent event;

	(void)real_kevent(idle_fd, NULL, 0, &event, 1, &at_once);
}

static void
kqueue_wake(void)
{
	struct kevent event;

	EV_SET(&event, 1, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
	(void)real_kevent(idle_fd, &event, 1, NULL, 0, NULL);
	(void)real_kevent(idle_fd, NULL, 0, &event, 1, &at_once);
}

static const struct plx_bench_call kqueue_calls[] = {
	{ "add+delete", kqueue_add_delete },
	{ "wait:ready", kqueue_ready },
	{ "wait:idle", kqueue_idle },
	{ "wake+wait", kqueue_wake },
	{ NULL, NULL },
};

static int
bench_epoll(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	wake_fd = eventfd(0, EFD_CLOEXEC);
	set_fd = epoll_create1(EPOLL_CLOEXEC);
	idle_fd = epoll_create1(EPOLL_CLOEXEC);
	if (wake_fd < 0 || set_fd < 0 || idle_fd < 0 ||
	    epoll_ctl(set_fd, EPOLL_CTL_ADD, ready_fd, &event) != 0 ||
	    epoll_ctl(idle_fd, EPOLL_CTL_ADD, wake_fd, &event) != 0)
		return -errno;
	plx_bench_measure(epoll_calls);
	return 0;
}

static int
bench_kqueue(void)
{
	struct kevent change;

	set_fd = real_kqueue();
	idle_fd = real_kqueue();
	if (set_fd < 0 || idle_fd < 0)
		return -errno;
	EV_SET(&change, ready_fd, EVFILT_READ, EV_ADD, 0, 0, NULL);
	if (real_kevent(set_fd, &change, 1, NULL, 0, NULL) != 0)
		return -errno;
	EV_SET(&change, 1, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, NULL);
	if (real_kevent(idle_fd, &change, 1, NULL, 0, NULL) != 0)
		return -errno;
	plx_bench_measure(kqueue_calls);
	return 0;
}

int
plx_bench_kqueue(void)
{
	int ends[2];

	/* The cast that POSIX has for dlsym. */
	*(void **)&real_kqueue = dlsym(RTLD_DEFAULT, "kqueue");
	*(void **)&real_kevent = dlsym(RTLD_DEFAULT, "kevent");
	other_fd = eventfd(0, EFD_CLOEXEC);
	if (other_fd < 0 || pipe2(ends, O_CLOEXEC) != 0 ||
	    write(ends[1], "x", 1) != 1)
		return -errno;
	ready_fd = ends[0];
	/* The process ends next: what was opened goes with it. */
	if (real_kqueue != NULL && real_kevent != NULL)
		return bench_kqueue();
	return bench_epoll();
}
