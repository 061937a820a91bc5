/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll_wait and its variants: what is reported, when, and in which order.
 * Authority: epoll(7), epoll_wait(2), fs/eventpoll.c; checklist 111-117,
 * 122-124.
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
#include <unistd.h>

static struct epoll_event events[64];
static int pipe_fd[2];

static void
modify(int epfd, int fd, uint32_t mask, uint64_t data)
{
	struct epoll_event event = { .events = mask, .data.u64 = data };

	CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, fd, &event));
}

CASE(d111_limits_of_maxevents)
{
	static const int counts[] = { 0, -1, INT_MIN, 1 << 30, INT_MAX,
		INT_MAX / 12, INT_MAX / 12 + 1, 1 };
	int epfd = diff_epoll();
	struct epoll_event *room = diff_opaque(events);

	diff_pipe(pipe_fd);
	for (size_t i = 0; i < 8; i++) {
		diff_say("maxevents %d", counts[i]);
		CALL(epoll_wait(epfd, room, counts[i], 0));
		CALL(epoll_wait(-1, room, counts[i], 0));
		CALL(epoll_wait(99, room, counts[i], 0));
		CALL(epoll_wait(pipe_fd[0], room, counts[i], 0));
		CALL(epoll_pwait(epfd, room, counts[i], 0, NULL));
		CALL(epoll_pwait2(epfd, room, counts[i],
		    &(struct timespec){ 0, 0 }, NULL));
	}
}

CASE(d112_bad_buffer_loses_no_event)
{
	int epfd = diff_epoll();

	diff_pipe(pipe_fd);
	diff_add(epfd, pipe_fd[0], EPOLLIN, 1);
	CALL(epoll_wait(epfd, NULL, 1, 0));
	CALL(epoll_wait(epfd, DIFF_BAD, 1, 1));
	CALL(epoll_wait(epfd, diff_opaque((const void *)-64), 1, 0));
	diff_put(pipe_fd[1], 1);
	CALL(epoll_wait(epfd, NULL, 1, 0));
	CALL(epoll_wait(epfd, DIFF_BAD, 1, -1));
	CALL(epoll_wait(epfd, diff_opaque((const void *)-64), 1, 0));
	diff_wait0(epfd, 1);
	modify(epfd, pipe_fd[0], EPOLLIN | EPOLLET, 2);
	CALL(epoll_wait(epfd, DIFF_BAD, 1, 0));
	diff_wait0(epfd, 1);
	diff_wait0(epfd, 1);
	modify(epfd, pipe_fd[0], EPOLLIN | EPOLLONESHOT, 3);
	CALL(epoll_wait(epfd, DIFF_BAD, 1, 0));
	diff_wait0(epfd, 1);
	diff_wait0(epfd, 1);
}

CASE(d112_buffer_that_ends_in_a_hole)
{
	char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct epoll_event *last = (void *)(map + 4096 - 2 * sizeof(*last));
	int epfd = diff_epoll();

	QUIET(mprotect(map + 4096, 4096, PROT_NONE));
	for (uint64_t i = 0; i < 4; i++)
		diff_add(epfd, (int)QUIET(eventfd(1, 0)), EPOLLIN, i);
	for (int i = 0; i < 3; i++) {
		long n = CALL(epoll_wait(epfd, last, 4, 0));

		diff_say_events(last, n, 2);
	}
	QUIET(mprotect(map, 4096, PROT_READ));
	CALL(epoll_wait(epfd, last, 2, 0));
	diff_wait0(epfd, 8);
}

CASE(d113_level_events_rotate)
{
	int epfd = diff_epoll();
	int fd[5];

	for (int i = 0; i < 5; i++) {
		fd[i] = (int)QUIET(eventfd(1, EFD_NONBLOCK));
		diff_add(epfd, fd[i], EPOLLIN, (uint64_t)i);
	}
	for (int i = 0; i < 7; i++)
		diff_wait0(epfd, 1);
	for (int i = 0; i < 5; i++)
		diff_wait0(epfd, 3);
	diff_take(fd[2], 8);
	for (int i = 0; i < 4; i++)
		diff_wait0(epfd, 2);
	QUIET(eventfd_write(fd[2], 1));
	for (int i = 0; i < 6; i++)
		diff_wait0(epfd, 2);
	diff_wait0(epfd, 64);
}

CASE(d113_order_is_the_order_of_becoming_ready)
{
	static const int order[] = { 3, 0, 4, 2, 1 };
	int epfd = diff_epoll();
	int fd[5];

	for (int i = 0; i < 5; i++) {
		fd[i] = (int)QUIET(eventfd(0, EFD_NONBLOCK));
		diff_add(epfd, fd[i], EPOLLIN, (uint64_t)i);
	}
	for (int i = 0; i < 5; i++)
		QUIET(eventfd_write(fd[order[i]], 1));
	diff_wait0(epfd, 8);
	diff_wait0(epfd, 8);
	for (int i = 0; i < 5; i++)
		diff_take(fd[i], 8);
	for (int i = 4; i >= 0; i--)
		QUIET(eventfd_write(fd[order[i]], 1));
	diff_wait0(epfd, 8);
	modify(epfd, fd[0], EPOLLIN, 100);
	diff_wait0(epfd, 8);
}

CASE(d114_edge_is_reported_once_for_each_wake_up)
{
	int epfd = diff_epoll();

	diff_pipe(pipe_fd);
	diff_add(epfd, pipe_fd[0], EPOLLIN | EPOLLET, 1);
	diff_wait0(epfd, 4);
	diff_put(pipe_fd[1], 1);
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
	diff_put(pipe_fd[1], 1);
	diff_put(pipe_fd[1], 1);
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
	diff_take(pipe_fd[0], 1);
	diff_wait0(epfd, 4);
	modify(epfd, pipe_fd[0], EPOLLIN | EPOLLET, 2);
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
	diff_take(pipe_fd[0], 10);
	modify(epfd, pipe_fd[0], EPOLLIN | EPOLLET, 3);
	diff_wait0(epfd, 4);
	CALL(close(pipe_fd[1]));
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
}

CASE(d114_edge_of_a_socket_in_both_directions)
{
	int epfd = diff_epoll();
	int fd[2];

	diff_unix_pair(fd);
	diff_add(epfd, fd[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 1);
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
	diff_put(fd[1], 1);
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
	diff_put(fd[0], 5);
	diff_wait0(epfd, 4);
	diff_take(fd[1], 5);
	diff_wait0(epfd, 4);
	QUIET(shutdown(fd[1], SHUT_WR));
	diff_wait0(epfd, 4);
	CALL(close(fd[1]));
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
}

CASE(d114_event_that_went_away_is_dropped)
{
	int epfd = diff_epoll();

	diff_pipe(pipe_fd);
	diff_add(epfd, pipe_fd[0], EPOLLIN | EPOLLET, 1);
	diff_put(pipe_fd[1], 1);
	diff_take(pipe_fd[0], 1);
	diff_wait0(epfd, 4);
	diff_put(pipe_fd[1], 1);
	diff_wait0(epfd, 4);
	modify(epfd, pipe_fd[0], EPOLLIN, 2);
	diff_wait0(epfd, 4);
	diff_take(pipe_fd[0], 1);
	diff_wait0(epfd, 4);
}

CASE(d115_oneshot_is_silent_until_modified)
{
	struct epoll_event again = { .events = EPOLLIN, .data.u64 = 9 };
	int epfd = diff_epoll();

	diff_pipe(pipe_fd);
	diff_add(epfd, pipe_fd[0], EPOLLIN | EPOLLONESHOT, 1);
	diff_put(pipe_fd[1], 1);
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
	diff_put(pipe_fd[1], 1);
	diff_wait0(epfd, 4);
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], &again));
	CALL(close(pipe_fd[1]));
	diff_wait0(epfd, 4);
	modify(epfd, pipe_fd[0], EPOLLIN | EPOLLONESHOT, 2);
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
	modify(epfd, pipe_fd[0], EPOLLONESHOT, 3);
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
	modify(epfd, pipe_fd[0], EPOLLIN | EPOLLET | EPOLLONESHOT, 4);
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, pipe_fd[0], NULL));
}

CASE(d116_no_events_still_reports_errors_and_hang_ups)
{
	int epfd = diff_epoll();
	int other[2];

	diff_pipe(pipe_fd);
	diff_pipe(other);
	diff_add(epfd, pipe_fd[0], 0, 1);
	diff_add(epfd, other[1], 0, 2);
	diff_put(pipe_fd[1], 1);
	diff_wait0(epfd, 4);
	CALL(close(pipe_fd[1]));
	CALL(close(other[0]));
	diff_wait0(epfd, 4);
	diff_wait0(epfd, 4);
}

CASE(d116_every_mask_of_a_socket)
{
	static const uint32_t masks[] = { 0, EPOLLIN, EPOLLPRI, EPOLLOUT,
		EPOLLRDNORM, EPOLLRDBAND, EPOLLWRNORM, EPOLLWRBAND, EPOLLMSG,
		EPOLLERR, EPOLLHUP, EPOLLRDHUP, EPOLLWAKEUP, 0x0fffffff };
	int epfd = diff_epoll();
	int fd[2];

	diff_unix_pair(fd);
	diff_put(fd[1], 1);
	diff_add(epfd, fd[0], 0, 0);
	for (int closed = 0; closed < 2; closed++) {
		for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
			diff_say("mask %#x", masks[i]);
			modify(epfd, fd[0], masks[i], i);
			diff_wait0(epfd, 4);
		}
		CALL(close(fd[1]));
	}
}

CASE(d117_half_closed_tcp_is_in_and_rdhup)
{
	int epfd = diff_epoll();
	int fd[2];

	diff_tcp_pair(fd);
	diff_add(epfd, fd[0], EPOLLRDHUP, 1);
	QUIET(shutdown(fd[1], SHUT_WR));
	CALL(epoll_wait(epfd, events, 4, DIFF_LONG_MS));
	diff_say_events(events, 1, 1);
	modify(epfd, fd[0], EPOLLIN | EPOLLRDHUP, 2);
	diff_wait0(epfd, 4);
	modify(epfd, fd[0], 0, 3);
	diff_wait0(epfd, 4);
	QUIET(shutdown(fd[0], SHUT_WR));
	CALL(epoll_wait(epfd, events, 4, DIFF_LONG_MS));
	diff_say_events(events, 1, 1);
}

CASE(d117_fresh_tcp_socket_is_out_and_hup)
{
	int epfd = diff_epoll();

	diff_add(epfd, (int)QUIET(socket(AF_INET, SOCK_STREAM, 0)),
	    EPOLLIN | EPOLLOUT, 1);
	diff_add(epfd, diff_tcp_listen(), EPOLLIN | EPOLLOUT, 2);
	diff_wait0(epfd, 4);
}

CASE(d122_timeouts_are_never_early)
{
	struct timespec times[] = { { 0, 1 }, { 0, 200000 }, { 0, 2000000 } };
	struct timespec bad[] = { { 0, -1 }, { -1, 0 }, { 0, 1000000000 } };
	int epfd = diff_epoll();

	for (int ms = 1; ms <= 8; ms *= 2) {
		int64_t start = diff_now_us();

		CALL(epoll_wait(epfd, events, 4, ms));
		diff_say_elapsed(start, ms * 1000);
	}
	for (int i = 0; i < 3; i++) {
		int64_t start = diff_now_us();

		CALL(epoll_pwait2(epfd, events, 4, &times[i], NULL));
		diff_say_elapsed(start, times[i].tv_nsec / 1000);
		diff_say_timespec(&times[i]);
		CALL(epoll_pwait2(epfd, events, 4, &bad[i], NULL));
		CALL(epoll_pwait2(-1, events, 0, &bad[i], NULL));
	}
	CALL(syscall(SYS_epoll_pwait2, epfd, events, 4, 8, 0, 8));
}

CASE(d122_pwait2_without_time_is_infinite)
{
	int epfd = diff_epoll();

	diff_add(epfd, (int)QUIET(eventfd(1, 0)), EPOLLIN, 1);
	CALL(epoll_pwait2(epfd, events, 4, NULL, NULL));
	diff_say_events(events, 1, 1);
}

CASE(d123_data_is_bit_exact)
{
	static const uint64_t data[] = { 0, UINT64_MAX, 0x8000000000000000,
		0x0123456789abcdef, 0xffffffff00000000 };
	int epfd = diff_epoll();

	diff_say("size %zu, data at %zu", sizeof(struct epoll_event),
	    offsetof(struct epoll_event, data));
	for (int i = 0; i < 5; i++)
		diff_add(epfd, (int)QUIET(eventfd(1, 0)), EPOLLIN, data[i]);
	diff_wait0(epfd, 8);
}

/* What select, poll and epoll say about the set. */
static void
ask_all(int outer, int epfd)
{
	struct pollfd one = { .fd = epfd, .events = 0x7fff };
	struct timeval zero = { 0, 0 };
	struct bits in;
	struct bits out;

	bits_clear(&in);
	bits_clear(&out);
	bits_add(&in, epfd);
	bits_add(&out, epfd);
	CALL(poll(&one, 1, 0));
	diff_say_pollfds(&one, 1);
	CALL(select(epfd + 1, bits_fds(&in), bits_fds(&out), NULL, &zero));
	diff_say_bits("in", &in);
	diff_say_bits("out", &out);
	diff_wait0(outer, 4);
}

CASE(d124_a_set_is_readable_exactly_when_it_has_events)
{
	int outer = diff_epoll();
	int epfd = diff_epoll();

	diff_pipe(pipe_fd);
	diff_add(outer, epfd, EPOLLIN | EPOLLOUT, 1);
	ask_all(outer, epfd);
	diff_add(epfd, pipe_fd[0], EPOLLIN, 2);
	ask_all(outer, epfd);
	diff_put(pipe_fd[1], 1);
	ask_all(outer, epfd);
	diff_wait0(epfd, 4);
	ask_all(outer, epfd);
	diff_take(pipe_fd[0], 1);
	ask_all(outer, epfd);
	modify(epfd, pipe_fd[0], EPOLLIN | EPOLLONESHOT, 3);
	diff_put(pipe_fd[1], 1);
	ask_all(outer, epfd);
	diff_wait0(epfd, 4);
	ask_all(outer, epfd);
	modify(epfd, pipe_fd[0], EPOLLIN | EPOLLET, 3);
	ask_all(outer, epfd);
	diff_wait0(epfd, 4);
	ask_all(outer, epfd);
	CALL(close(pipe_fd[0]));
	ask_all(outer, epfd);
}

CASE(d124_nested_edge_sets)
{
	int outer = diff_epoll();
	int inner = diff_epoll();

	diff_pipe(pipe_fd);
	diff_add(outer, inner, EPOLLIN | EPOLLET, 1);
	diff_add(inner, pipe_fd[0], EPOLLIN | EPOLLET, 2);
	diff_put(pipe_fd[1], 1);
	diff_wait0(outer, 4);
	diff_wait0(outer, 4);
	diff_put(pipe_fd[1], 1);
	diff_wait0(outer, 4);
	diff_wait0(inner, 4);
	diff_wait0(inner, 4);
	diff_wait0(outer, 4);
	diff_put(pipe_fd[1], 1);
	diff_wait0(outer, 4);
	CALL(close(inner));
	diff_wait0(outer, 4);
}

CASE(d124_five_levels_deep)
{
	int set[6];

	diff_pipe(pipe_fd);
	set[0] = diff_epoll();
	diff_add(set[0], pipe_fd[0], EPOLLIN, 0);
	for (int i = 1; i < 5; i++) {
		set[i] = diff_epoll();
		diff_add(set[i], set[i - 1], EPOLLIN, (uint64_t)i);
	}
	diff_wait0(set[4], 4);
	diff_put(pipe_fd[1], 1);
	for (int i = 4; i >= 0; i--)
		diff_wait0(set[i], 4);
	diff_take(pipe_fd[0], 1);
	for (int i = 4; i >= 0; i--)
		diff_wait0(set[i], 4);
}

CASE(thousand_descriptors_in_one_wait)
{
	static struct epoll_event many[1024];
	int epfd;
	long n;

	QUIET(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 2048, 2048 }));
	epfd = diff_epoll();
	for (uint64_t i = 0; i < 1000; i++)
		diff_add(epfd, (int)QUIET(eventfd(i % 3 != 0, 0)), EPOLLIN, i);
	diff_fill_events(many, 1024);
	n = CALL(epoll_wait(epfd, many, 1024, 0));
	diff_say_events(many, n, 1024);
	diff_fill_events(many, 1024);
	n = CALL(epoll_wait(epfd, many, 100, 0));
	diff_say_events(many, n, 1024);
	n = CALL(epoll_wait(epfd, many, 700, 0));
	diff_say_events(many, n, 1024);
}
