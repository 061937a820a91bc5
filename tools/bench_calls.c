/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_calls.c - the measured side of `pollux bench passthrough`. It calls libc by its
 * ordinary names, as any program does, so a preloaded object is measured.
 */
#include "tools/bench.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <unistd.h>

static int ready_fd; /* readable for ever */
static int set_fd;   /* watches it */

static void
call_poll(void)
{
	struct pollfd p = { .fd = ready_fd, .events = POLLIN };

	(void)poll(&p, 1, 0);
}

static void
call_select(void)
{
	struct timeval none = { 0, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(ready_fd, &set);
	(void)select(ready_fd + 1, &set, NULL, NULL, &none);
}

static void
call_epoll_wait(void)
{
	struct epoll_event event;

	(void)epoll_wait(set_fd, &event, 1, 0);
}

static void
call_epoll_ctl(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	(void)epoll_ctl(set_fd, EPOLL_CTL_MOD, ready_fd, &event);
}

static void
call_dup_close(void)
{
	(void)close(dup(ready_fd));
}

static const struct plx_bench_call calls[] = {
	{ "poll", call_poll },
	{ "select", call_select },
	{ "epoll_wait", call_epoll_wait },
	{ "epoll_ctl", call_epoll_ctl },
	{ "dup+close", call_dup_close },
	{ NULL, NULL },
};

int
plx_bench_passthrough(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	ready_fd = eventfd(1, EFD_CLOEXEC);
	set_fd = epoll_create1(EPOLL_CLOEXEC);
	if (ready_fd < 0 || set_fd < 0 ||
	    epoll_ctl(set_fd, EPOLL_CTL_ADD, ready_fd, &event) != 0)
		return -errno;
	plx_bench_measure(calls);
	close(ready_fd);
	close(set_fd);
	return 0;
}
