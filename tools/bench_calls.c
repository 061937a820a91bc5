/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench_calls.c - the measured side of `pollux bench`. It calls libc by its
 * ordinary names, as any program does, so a preloaded object is measured.
 */
#include "tools/bench.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

/* Short, so that most are not interrupted; the median forgets the others. */
#define BATCH_CALLS 100u
#define MIDDLE      100u
#define BATCHES     (2 * MIDDLE + 1)

struct bench {
	int fd;   /* readable for ever */
	int epfd; /* watches fd */
};

static void
call_poll(const struct bench *bench)
{
	struct pollfd p = { .fd = bench->fd, .events = POLLIN };

	(void)poll(&p, 1, 0);
}

static void
call_select(const struct bench *bench)
{
	struct timeval none = { 0, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(bench->fd, &set);
	(void)select(bench->fd + 1, &set, NULL, NULL, &none);
}

static void
call_epoll_wait(const struct bench *bench)
{
	struct epoll_event event;

	(void)epoll_wait(bench->epfd, &event, 1, 0);
}

static void
call_epoll_ctl(const struct bench *bench)
{
	struct epoll_event event = { .events = EPOLLIN };

	(void)epoll_ctl(bench->epfd, EPOLL_CTL_MOD, bench->fd, &event);
}

static void
call_dup_close(const struct bench *bench)
{
	(void)close(dup(bench->fd));
}

static const struct {
	const char *name;
	void (*call)(const struct bench *bench);
} calls[] = {
	{ "poll", call_poll },
	{ "select", call_select },
	{ "epoll_wait", call_epoll_wait },
	{ "epoll_ctl", call_epoll_ctl },
	{ "dup+close", call_dup_close },
};

_Static_assert(sizeof(calls) / sizeof(calls[0]) <= PLX_BENCH_CALLS_MAX,
    "the reader has room for all");

static int64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a;
	const int64_t *y = b;

	return (*x > *y) - (*x < *y);
}

static double
measure(void (*call)(const struct bench *bench), const struct bench *bench)
{
	int64_t batch_ns[BATCHES];

	for (unsigned i = 0; i < BATCHES; i++) {
		int64_t start_ns = now_ns();

		for (unsigned n = 0; n < BATCH_CALLS; n++)
			call(bench);
		batch_ns[i] = now_ns() - start_ns;
	}
	qsort(batch_ns, BATCHES, sizeof(batch_ns[0]), compare);
	return (double)batch_ns[MIDDLE] / BATCH_CALLS;
}

int
plx_bench_calls(const char *name)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct bench bench;

	if (strcmp(name, "passthrough") != 0)
		return -EINVAL;
	bench.fd = eventfd(1, EFD_CLOEXEC);
	bench.epfd = epoll_create1(EPOLL_CLOEXEC);
	if (bench.fd < 0 || bench.epfd < 0 ||
	    epoll_ctl(bench.epfd, EPOLL_CTL_ADD, bench.fd, &event) != 0)
		return -errno;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		printf("%s %.1f\n", calls[i].name,
		    measure(calls[i].call, &bench));
	close(bench.fd);
	close(bench.epfd);
	return 0;
}
