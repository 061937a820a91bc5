/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * poll and ppoll: results, masks and arrays.
 * Authority: poll(2), POSIX poll(), fs/select.c; checklist 65-84.
 */
#include "tests/differential/diff.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL_EVENTS                                                           \
	(POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM | \
	    POLLWRBAND | POLLMSG | POLLRDHUP)
#define JUNK 0x5a5a

static struct pollfd fds[16];

/* Puts descriptor `fd` with `events` in place i; revents starts as junk. */
static void
place(size_t i, int fd, int events)
{
	fds[i].fd = fd;
	fds[i].events = (short)events;
	fds[i].revents = JUNK;
}

static void
poll_now(size_t count)
{
	CALL(poll(fds, count, 0));
	diff_say_pollfds(fds, count);
}

/* One descriptor, asked for each mask alone, for all and for none. */
static void
poll_masks(int fd)
{
	static const int masks[] = { ALL_EVENTS, 0, POLLIN, POLLPRI, POLLOUT,
		POLLRDNORM, POLLRDBAND, POLLWRNORM, POLLWRBAND, POLLMSG,
		POLLRDHUP, POLLERR | POLLHUP | POLLNVAL, 0xffff };

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		place(i, fd, masks[i]);
	poll_now(sizeof(masks) / sizeof(masks[0]));
}

CASE(d65_negative_descriptors_are_skipped)
{
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 1);
	place(0, -1, ALL_EVENTS);
	place(1, fd[0], POLLIN);
	place(2, INT_MIN, POLLIN);
	place(3, -100, 0);
	poll_now(4);
	poll_now(1);
}

CASE(d66_closed_descriptor_is_nval)
{
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 1);
	place(0, 50, POLLIN);
	place(1, 3000, 0);
	place(2, INT_MAX, ALL_EVENTS);
	place(3, fd[0], POLLIN);
	place(4, fd[1], POLLIN);
	poll_now(5);
	CALL(close(fd[0]));
	poll_now(5);
	CALL(poll(fds, 5, -1));
	diff_say_pollfds(fds, 5);
}

CASE(d67_path_descriptor_is_nval)
{
	int path = (int)QUIET(open("/", O_PATH));

	place(0, path, ALL_EVENTS);
	place(1, path, 0);
	poll_now(2);
}

CASE(d68_more_entries_than_the_limit_are_einval)
{
	struct rlimit limit = { 64, 64 };
	struct pollfd *many = calloc(200, sizeof(*many));

	for (int i = 0; i < 200; i++)
		many[i].fd = -1;
	for (int i = 0; i < 140; i++)
		QUIET(dup(0));
	QUIET(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(poll(many, 64, 0));
	CALL(poll(many, 65, 0));
	many[0].fd = 141;
	many[0].events = POLLIN;
	CALL(poll(many, 1, 0));
	diff_say_pollfds(many, 1);
	CALL(poll(DIFF_BAD, 65, 0));
	limit.rlim_cur = 0;
	QUIET(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(poll(many, 1, 0));
	CALL(poll(many, 0, 0));
}

CASE(d68_huge_counts)
{
	static volatile nfds_t counts[] = { INT_MAX, UINT_MAX,
		(nfds_t)UINT_MAX + 1, (nfds_t)UINT_MAX + 2, (nfds_t)-1 };
	struct timespec zero = { 0, 0 };

	for (int i = 0; i < 5; i++) {
		place(0, 0, POLLIN);
		CALL(poll(diff_opaque(fds), counts[i], 0));
		diff_say_pollfds(fds, 1);
		CALL(ppoll(diff_opaque(fds), counts[i], &zero, NULL));
	}
}

CASE(d69_null_array)
{
	struct timespec zero = { 0, 0 };

	CALL(poll(NULL, 0, 0));
	CALL(poll(NULL, 1, 0));
	CALL(poll(DIFF_BAD, 0, 0));
	CALL(poll(DIFF_BAD, 1, 0));
	CALL(poll(diff_opaque((const void *)-8), 1, 0));
	CALL(ppoll(NULL, 0, &zero, NULL));
	CALL(ppoll(NULL, 1, &zero, NULL));
}

CASE(d69_array_that_ends_in_a_hole_is_efault)
{
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct pollfd *last = (void *)(map + 4096 - 2 * sizeof(*last));

	QUIET(mprotect(map + 4096, 4096, PROT_NONE));
	last[0].events = POLLIN;
	last[1].events = POLLOUT;
	last[1].fd = 1;
	CALL(poll(last, 2, 0));
	CALL(poll(last, 3, 0));
	diff_say_pollfds(last, 2);
	QUIET(mprotect(map, 4096, PROT_READ));
	CALL(poll(last, 2, 0));
	CALL(poll(last, 0, 0));
}

CASE(d70_duplicates_are_answered_separately)
{
	int fd[2];

	diff_unix_pair(fd);
	diff_put(fd[1], 1);
	place(0, fd[0], POLLIN);
	place(1, fd[0], POLLOUT);
	place(2, fd[0], POLLIN | POLLRDNORM);
	place(3, fd[0], 0);
	place(4, fd[1], POLLIN);
	place(5, fd[0], POLLIN);
	poll_now(6);
}

CASE(d71_files_and_devices)
{
	poll_masks(diff_file());
	poll_masks((int)QUIET(open("/dev/null", O_RDWR)));
	poll_masks((int)QUIET(open("/dev/zero", O_RDONLY)));
	poll_masks((int)QUIET(open("/", O_RDONLY)));
}

CASE(d72_fresh_sockets)
{
	poll_masks((int)QUIET(socket(AF_INET, SOCK_STREAM, 0)));
	poll_masks((int)QUIET(socket(AF_INET, SOCK_DGRAM, 0)));
	poll_masks((int)QUIET(socket(AF_UNIX, SOCK_STREAM, 0)));
	poll_masks((int)QUIET(socket(AF_UNIX, SOCK_DGRAM, 0)));
}

CASE(d73_listening_socket)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);
	int fd = diff_tcp_listen();
	int peer = (int)QUIET(socket(AF_INET, SOCK_STREAM, 0));

	poll_masks(fd);
	QUIET(getsockname(fd, (struct sockaddr *)&address, &bytes));
	QUIET(connect(peer, (struct sockaddr *)&address, bytes));
	place(0, fd, POLLIN);
	CALL(poll(fds, 1, DIFF_LONG_MS));
	poll_masks(fd);
	poll_masks(peer);
}

/* Waits until `bits` of the TCP socket are there: loopback takes a moment. */
static void
await(int fd, int bits)
{
	struct pollfd one = { .fd = fd, .events = (short)bits };

	do {
		QUIET(poll(&one, 1, DIFF_LONG_MS));
	} while ((one.revents & bits) == 0);
}

CASE(d74_tcp_shutdown_by_steps)
{
	int fd[2];

	diff_tcp_pair(fd);
	poll_masks(fd[0]);
	diff_put(fd[1], 3);
	await(fd[0], POLLIN);
	poll_masks(fd[0]);
	QUIET(shutdown(fd[1], SHUT_WR));
	await(fd[0], POLLRDHUP);
	poll_masks(fd[0]);
	diff_take(fd[0], 10);
	poll_masks(fd[0]);
	QUIET(shutdown(fd[0], SHUT_WR));
	await(fd[1], POLLHUP);
	poll_masks(fd[0]);
	poll_masks(fd[1]);
}

CASE(d74_unix_shutdown_by_steps)
{
	int fd[2];

	diff_unix_pair(fd);
	poll_masks(fd[0]);
	QUIET(shutdown(fd[1], SHUT_WR));
	poll_masks(fd[0]);
	poll_masks(fd[1]);
	QUIET(shutdown(fd[0], SHUT_WR));
	poll_masks(fd[0]);
	CALL(close(fd[1]));
	poll_masks(fd[0]);
}

CASE(d74_refused_connection)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);
	int listener = diff_tcp_listen();
	int fd = (int)QUIET(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	int error = 0;

	QUIET(getsockname(listener, (struct sockaddr *)&address, &bytes));
	QUIET(close(listener));
	(void)connect(fd, (struct sockaddr *)&address, bytes);
	await(fd, POLLERR);
	poll_masks(fd);
	bytes = sizeof(error);
	QUIET(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes));
	diff_say("SO_ERROR %s", strerrorname_np(error));
	poll_masks(fd);
}

CASE(d74_urgent_data)
{
	int fd[2];

	diff_tcp_pair(fd);
	QUIET(send(fd[1], "u", 1, MSG_OOB));
	await(fd[0], POLLPRI);
	poll_masks(fd[0]);
}

CASE(d75_pipe_after_its_writer)
{
	int fd[2];

	diff_pipe(fd);
	poll_masks(fd[0]);
	diff_put(fd[1], 1);
	poll_masks(fd[0]);
	CALL(close(fd[1]));
	poll_masks(fd[0]);
	diff_take(fd[0], 1);
	poll_masks(fd[0]);
}

CASE(d76_pipe_without_its_reader)
{
	int fd[2];

	diff_pipe(fd);
	poll_masks(fd[1]);
	CALL(close(fd[0]));
	poll_masks(fd[1]);
}

CASE(d77_full_pipe_needs_a_free_page)
{
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 65536);
	poll_masks(fd[1]);
	diff_take(fd[0], 1);
	poll_masks(fd[1]);
	diff_take(fd[0], 4096);
	poll_masks(fd[1]);
}

CASE(d78_errors_and_hang_ups_need_not_be_asked_for)
{
	int fd[2];
	int other[2];

	diff_pipe(fd);
	diff_pipe(other);
	place(0, fd[0], 0);
	place(1, other[1], 0);
	place(2, 77, 0);
	poll_now(2);
	CALL(close(fd[1]));
	CALL(close(other[0]));
	poll_now(3);
}

CASE(d79_timeouts_are_never_early)
{
	int fd[2];

	diff_pipe(fd);
	for (int ms = 1; ms <= 16; ms *= 2) {
		int64_t start = diff_now_us();

		place(0, fd[0], POLLIN);
		CALL(poll(fds, 1, ms));
		diff_say_elapsed(start, ms * 1000);
	}
}

CASE(d81_ppoll_timespec_out_of_range_is_einval)
{
	struct timespec bad[] = { { 0, -1 }, { 0, 1000000000 }, { -1, 0 },
		{ LONG_MIN, 0 }, { 0, 999999999 }, { LONG_MAX, 999999999 } };

	for (size_t i = 0; i < 6; i++) {
		place(0, 1, POLLOUT);
		CALL(ppoll(fds, 1, &bad[i], NULL));
		diff_say_pollfds(fds, 1);
		diff_say_timespec(&bad[i]);
	}
	CALL(ppoll(DIFF_BAD, 1, &bad[0], NULL));
	CALL(ppoll(DIFF_BAD, 1, &bad[4], NULL));
}

CASE(d81_ppoll_leaves_the_timespec)
{
	struct timespec timeout = { 0, 3000000 };
	int64_t start = diff_now_us();
	int fd[2];

	diff_pipe(fd);
	place(0, fd[0], POLLIN);
	CALL(ppoll(fds, 1, &timeout, NULL));
	diff_say_timespec(&timeout);
	diff_say_elapsed(start, 3000);
	diff_say_pollfds(fds, 1);
	timeout.tv_sec = 5;
	diff_put(fd[1], 1);
	CALL(ppoll(fds, 1, &timeout, NULL));
	diff_say_timespec(&timeout);
	diff_say_pollfds(fds, 1);
}

CASE(d84_revents_are_zeroed_at_the_timeout)
{
	int fd[2];

	diff_pipe(fd);
	place(0, fd[0], POLLIN);
	place(1, -1, POLLIN);
	place(2, fd[1], POLLIN);
	CALL(poll(fds, 3, 1));
	diff_say_pollfds(fds, 3);
}

CASE(poll_other_kinds_of_files)
{
	struct itimerspec soon = { .it_value.tv_nsec = 1 };
	int event = (int)QUIET(eventfd(0, EFD_NONBLOCK));
	int timer = (int)QUIET(timerfd_create(CLOCK_MONOTONIC, 0));
	pid_t pid = diff_fork();
	int process;

	if (pid == 0)
		_exit(0);
	process = (int)QUIET(syscall(SYS_pidfd_open, pid, 0));
	poll_masks(event);
	QUIET(eventfd_write(event, 0xfffffffffffffffe));
	poll_masks(event);
	poll_masks(timer);
	QUIET(timerfd_settime(timer, 0, &soon, NULL));
	await(timer, POLLIN);
	poll_masks(timer);
	await(process, POLLIN);
	poll_masks(process);
	diff_reap(pid);
	poll_masks(process);
}

CASE(poll_two_hundred_entries_in_array_order)
{
	struct pollfd many[200];
	int fd[2];

	diff_pipe(fd);
	diff_put(fd[1], 1);
	for (int i = 0; i < 200; i++)
		many[i] = (struct pollfd){ .fd = i % 7 == 0 ? fd[0]
			    : i % 5 == 0                    ? fd[1]
			    : i % 3 == 0                    ? 500 + i
							    : -i,
			.events = POLLIN,
			.revents = JUNK };
	CALL(poll(many, 200, 0));
	diff_say_pollfds(many, 200);
}
