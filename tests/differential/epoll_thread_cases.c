/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Many threads on one epoll set. Who gets what depends on the scheduler; the
 * totals do not: nothing is lost, nothing comes twice.
 * Authority: epoll(7) on EPOLLONESHOT and threads.
 */
#include "tests/differential/diff.h"

#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS  4
#define MEMBERS  16
#define ROUNDS   200
#define STOP     UINT64_MAX
#define PIPE_END 0xffffffffu

static int set;
static int stop_fd;
static int member[MEMBERS];
static _Atomic unsigned long taken[MEMBERS];
static _Atomic unsigned long total;

static void
totals_clear(void)
{
	for (int i = 0; i < MEMBERS; i++)
		atomic_store(&taken[i], 0);
	atomic_store(&total, 0);
}

static void
totals_say(void)
{
	unsigned long each = atomic_load(&taken[0]);
	int same = 1;

	for (int i = 1; i < MEMBERS; i++)
		same &= atomic_load(&taken[i]) == each;
	diff_say("total %lu, %s", atomic_load(&total),
	    same ? "the same for each" : "not the same for each");
}

static void
set_make(uint32_t mask, int flags)
{
	set = diff_epoll();
	stop_fd = (int)QUIET(eventfd(0, 0));
	diff_add(set, stop_fd, EPOLLIN, STOP);
	for (unsigned i = 0; i < MEMBERS; i++) {
		member[i] = (int)QUIET(eventfd(0, EFD_NONBLOCK | flags));
		diff_add(set, member[i], mask, i);
	}
	totals_clear();
}

static void
threads_start(struct diff_thread *thread, void *(*run)(void *))
{
	for (int i = 0; i < THREADS; i++)
		diff_thread_start(&thread[i], run, NULL, 0);
}

/* Waits until `n` were taken, then lets all of them go. */
static void
threads_finish(struct diff_thread *thread, unsigned long n)
{
	while (atomic_load(&total) < n)
		(void)sched_yield();
	QUIET(eventfd_write(stop_fd, 1));
	for (int i = 0; i < THREADS; i++)
		(void)diff_thread_join(&thread[i]);
}

static void
count(uint64_t which, uint64_t n)
{
	atomic_fetch_add(&taken[which], n);
	atomic_fetch_add(&total, n);
}

/* One from the semaphore, then the interest is armed again. */
static void *
oneshot_worker(void *arg)
{
	struct epoll_event event;

	(void)arg;
	for (;;) {
		uint64_t value;
		long n = epoll_wait(set, &event, 1, -1);

		if (n != 1 || event.data.u64 == STOP)
			return NULL;
		if (read(member[event.data.u64], &value, 8) == 8)
			count(event.data.u64, 1);
		event.events = EPOLLIN | EPOLLONESHOT;
		(void)epoll_ctl(set, EPOLL_CTL_MOD, member[event.data.u64],
		    &event);
	}
}

CASE(oneshot_work_is_done_once)
{
	struct diff_thread thread[THREADS];

	set_make(EPOLLIN | EPOLLONESHOT, EFD_SEMAPHORE);
	threads_start(thread, oneshot_worker);
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < MEMBERS; i++)
			QUIET(eventfd_write(member[i], 1));
	threads_finish(thread, ROUNDS * MEMBERS);
	totals_say();
}

/* All that is there: an edge is told once. */
static void *
edge_worker(void *arg)
{
	struct epoll_event event[3];

	(void)arg;
	for (;;) {
		long n = epoll_wait(set, event, 3, -1);

		for (long i = 0; i < n; i++) {
			uint64_t value = 0;

			if (event[i].data.u64 == STOP)
				return NULL;
			while (read(member[event[i].data.u64], &value, 8) == 8)
				count(event[i].data.u64, value);
		}
	}
}

CASE(no_edge_is_lost_among_threads)
{
	struct diff_thread thread[THREADS];

	set_make(EPOLLIN | EPOLLET, 0);
	threads_start(thread, edge_worker);
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < MEMBERS; i++)
			QUIET(eventfd_write(member[i], 1));
	threads_finish(thread, ROUNDS * MEMBERS);
	totals_say();
}

/*
 * Descriptors that come and go: the main thread makes a pipe, registers its
 * read end, writes and closes the write end; a worker reads and closes.
 */
static void *
churn_worker(void *arg)
{
	struct epoll_event event;

	(void)arg;
	for (;;) {
		char byte;
		int fd;

		if (epoll_wait(set, &event, 1, -1) != 1 ||
		    event.data.u64 == STOP)
			return NULL;
		fd = (int)(event.data.u64 & PIPE_END);
		if (read(fd, &byte, 1) == 1)
			count((unsigned char)byte % MEMBERS, 1);
		(void)close(fd);
	}
}

CASE(descriptors_come_and_go_among_threads)
{
	struct diff_thread thread[THREADS];

	set_make(EPOLLIN, 0);
	threads_start(thread, churn_worker);
	for (int round = 0; round < ROUNDS * MEMBERS; round++) {
		char byte = (char)(round % MEMBERS);
		int fd[2];

		diff_pipe(fd);
		QUIET(write(fd[1], &byte, 1));
		diff_add(set, fd[0], EPOLLIN | EPOLLONESHOT,
		    (uint64_t)round << 32 | (unsigned)fd[0]);
		QUIET(close(fd[1]));
	}
	threads_finish(thread, ROUNDS * MEMBERS);
	totals_say();
	CALL(dup(0));
}

CASE(children_are_born_while_threads_wait)
{
	struct diff_thread thread[THREADS];

	set_make(EPOLLIN | EPOLLONESHOT, EFD_SEMAPHORE);
	threads_start(thread, oneshot_worker);
	for (int round = 0; round < 10; round++) {
		pid_t pid = diff_fork();

		if (pid == 0) {
			int own = diff_epoll();

			diff_add(own, member[0], EPOLLIN, 1);
			_exit(epoll_wait(own, &(struct epoll_event){ 0 }, 1,
				  0) < 0);
		}
		diff_reap(pid);
		for (int i = 0; i < MEMBERS; i++)
			QUIET(eventfd_write(member[i], 1));
	}
	threads_finish(thread, 10 * MEMBERS);
	totals_say();
}

/* Sets are made, used and closed by all threads at once. */
static void *
short_sets(void *arg)
{
	(void)arg;
	for (int round = 0; round < ROUNDS; round++) {
		struct epoll_event event = { .events = EPOLLIN };
		int own = epoll_create1(EPOLL_CLOEXEC);
		int fd = eventfd(1, 0);

		event.data.u64 = (uint64_t)own;
		if (epoll_ctl(own, EPOLL_CTL_ADD, fd, &event) == 0 &&
		    epoll_wait(own, &event, 1, -1) == 1 &&
		    event.data.u64 == (uint64_t)own)
			count(0, 1);
		(void)close(own);
		(void)close(fd);
	}
	return NULL;
}

CASE(sets_come_and_go_among_threads)
{
	struct diff_thread thread[THREADS];

	totals_clear();
	threads_start(thread, short_sets);
	for (int i = 0; i < THREADS; i++)
		(void)diff_thread_join(&thread[i]);
	diff_say("total %lu", atomic_load(&total));
	CALL(dup(0));
}

static _Atomic int polling_ends;

static void *
polls_and_selects(void *arg)
{
	unsigned long bad = 0;

	(void)arg;
	while (atomic_load(&polling_ends) == 0) {
		struct pollfd one = { .fd = set, .events = POLLIN };
		struct timeval zero = { 0, 0 };
		struct bits in;
		int r = poll(&one, 1, 0);

		bits_clear(&in);
		bits_add(&in, set);
		bad += r < 0 || (r == 1) != (one.revents == POLLIN);
		r = select(set + 1, bits_fds(&in), NULL, NULL, &zero);
		bad += r < 0 || r > 1;
	}
	return (void *)bad;
}

CASE(others_poll_a_set_that_threads_use)
{
	struct diff_thread thread[THREADS];
	struct diff_thread watcher;

	set_make(EPOLLIN | EPOLLET, 0);
	diff_thread_start(&watcher, polls_and_selects, NULL, 0);
	threads_start(thread, edge_worker);
	for (int round = 0; round < ROUNDS; round++)
		for (int i = 0; i < MEMBERS; i++)
			QUIET(eventfd_write(member[i], 1));
	threads_finish(thread, ROUNDS * MEMBERS);
	atomic_store(&polling_ends, 1);
	diff_say("bad answers: %ld", (long)diff_thread_join(&watcher));
	totals_say();
}
