/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: bench_passthrough
 *
 * What a call costs through whatever is preloaded and what it costs in libc
 * itself, in one process and interleaved: rounds of short batches, first one
 * then the other, and of each the median. Prints one line a call:
 *
 *   NAME BARE_NS WRAPPED_NS DIFFERENCE_NS RATIO
 *
 * The difference is the median of the differences of neighbouring batches,
 * which is steadier than the difference of the medians.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#define BATCH_CALLS 200
#define ROUNDS      1001
/* No such descriptor: close is the system call and nothing else. */
#define CLOSED_FD 999

struct calls {
	int (*poll)(struct pollfd *fds, nfds_t n, int timeout_ms);
	int (*select)(int n, fd_set *in, fd_set *out, fd_set *ex,
	    struct timeval *timeout);
	int (*epoll_wait)(int epfd, struct epoll_event *events, int max,
	    int timeout_ms);
	int (*epoll_ctl)(int epfd, int op, int fd, struct epoll_event *event);
	int (*close)(int fd);
	int (*dup)(int fd);
	int (*fcntl)(int fd, int cmd, ...);
	int (*open)(const char *path, int flags, ...);
};

static struct calls wrapped = {
	.poll = poll,
	.select = select,
	.epoll_wait = epoll_wait,
	.epoll_ctl = epoll_ctl,
	.close = close,
	.dup = dup,
	.fcntl = fcntl,
	.open = open,
};
static struct calls bare;

static int ready_fd; /* readable for ever */
static int set_fd;   /* watches it */

static void
do_poll(const struct calls *c)
{
	struct pollfd one = { .fd = ready_fd, .events = POLLIN };

	(void)c->poll(&one, 1, 0);
}

static void
do_select(const struct calls *c)
{
	struct timeval now = { 0, 0 };
	fd_set in;

	FD_ZERO(&in);
	FD_SET(ready_fd, &in);
	(void)c->select(ready_fd + 1, &in, NULL, NULL, &now);
}

static void
do_epoll_wait(const struct calls *c)
{
	struct epoll_event event;

	(void)c->epoll_wait(set_fd, &event, 1, 0);
}

static void
do_epoll_ctl(const struct calls *c)
{
	struct epoll_event event = { .events = EPOLLIN };

	(void)c->epoll_ctl(set_fd, EPOLL_CTL_MOD, ready_fd, &event);
}

static void
do_close(const struct calls *c)
{
	(void)c->close(CLOSED_FD);
}

static void
do_dup_close(const struct calls *c)
{
	(void)c->close(c->dup(ready_fd));
}

static void
do_fcntl(const struct calls *c)
{
	(void)c->fcntl(ready_fd, F_GETFL);
}

static void
do_open(const struct calls *c)
{
	(void)c->open("", O_RDONLY);
}

static const struct {
	const char *name;
	void (*run)(const struct calls *c);
} benches[] = {
	{ "poll", do_poll },
	{ "select", do_select },
	{ "epoll_wait", do_epoll_wait },
	{ "epoll_ctl", do_epoll_ctl },
	{ "close", do_close },
	{ "dup+close", do_dup_close },
	{ "fcntl", do_fcntl },
	{ "open", do_open },
};

static int
bare_find(void)
{
	void *libc = dlopen("libc.so.6", RTLD_NOW);

	if (libc == NULL)
		return -1;
	*(void **)(void *)&bare.poll = dlsym(libc, "poll");
	*(void **)(void *)&bare.select = dlsym(libc, "select");
	*(void **)(void *)&bare.epoll_wait = dlsym(libc, "epoll_wait");
	*(void **)(void *)&bare.epoll_ctl = dlsym(libc, "epoll_ctl");
	*(void **)(void *)&bare.close = dlsym(libc, "close");
	*(void **)(void *)&bare.dup = dlsym(libc, "dup");
	*(void **)(void *)&bare.fcntl = dlsym(libc, "fcntl");
	*(void **)(void *)&bare.open = dlsym(libc, "open");
	return 0;
}

static double
batch_ns(void (*run)(const struct calls *c), const struct calls *c)
{
	struct timespec start;
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (int i = 0; i < BATCH_CALLS; i++)
		run(c);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return ((double)(end.tv_sec - start.tv_sec) * 1e9 +
		   (double)(end.tv_nsec - start.tv_nsec)) /
	    BATCH_CALLS;
}

static int
compare(const void *a, const void *b)
{
	const double x = *(const double *)a;
	const double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

static void
bench(const char *name, void (*run)(const struct calls *c))
{
	static double without[ROUNDS];
	static double with[ROUNDS];
	static double difference[ROUNDS];
	double middle;

	for (int i = 0; i < ROUNDS; i++) {
		/* Who goes first changes, so neither finds warmer caches. */
		if (i % 2 == 0)
			without[i] = batch_ns(run, &bare);
		with[i] = batch_ns(run, &wrapped);
		if (i % 2 != 0)
			without[i] = batch_ns(run, &bare);
		difference[i] = with[i] - without[i];
	}
	middle = median(without, ROUNDS);
	printf("%-10s %8.1f %8.1f %6.1f %6.3f\n", name, middle,
	    median(with, ROUNDS), median(difference, ROUNDS),
	    1 + median(difference, ROUNDS) / middle);
}

int
main(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	ready_fd = eventfd(1, EFD_CLOEXEC);
	set_fd = epoll_create1(EPOLL_CLOEXEC);
	if (bare_find() != 0 ||
	    epoll_ctl(set_fd, EPOLL_CTL_ADD, ready_fd, &event) != 0)
		return 1;
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
		bench(benches[i].name, benches[i].run);
	return 0;
}
