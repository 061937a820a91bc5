/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * epoll_create and epoll_ctl: errors and their order, and what stays when
 * descriptors are closed, duplicated and used again.
 * Authority: epoll(7), epoll_ctl(2), fs/eventpoll.c; checklist 101-110, 118,
 * 119, 127-129.
 */
#include "tests/differential/diff.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct epoll_event event;
static int pipe_fd[2];

static struct epoll_event *
wants(uint32_t events, uint64_t data)
{
	event.events = events;
	event.data.u64 = data;
	return &event;
}

CASE(d101_create_checks_its_argument)
{
	CALL(epoll_create(0));
	CALL(epoll_create(-1));
	CALL(epoll_create(INT_MIN));
	CALL(epoll_create1(1));
	CALL(epoll_create1(-1));
	CALL(epoll_create1(EPOLL_CLOEXEC | 1));
	CALL(epoll_create1(O_NONBLOCK));
	CALL(epoll_create(1));
	CALL(epoll_create(INT_MAX));
	CALL(epoll_create1(0));
	CALL(epoll_create1(EPOLL_CLOEXEC));
	for (int fd = 3; fd <= 6; fd++) {
		CALL(fcntl(fd, F_GETFD));
		CALL(fcntl(fd, F_GETFL));
	}
	CALL(syscall(SYS_epoll_create, 0));
	CALL(syscall(SYS_epoll_create, 1));
	CALL(syscall(SYS_epoll_create1, 5));
	CALL(syscall(SYS_epoll_create1, 0));
}

CASE(d102_adding_twice_is_eexist)
{
	int epfd = diff_epoll();

	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLIN, 1)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLIN, 2)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLOUT, 3)));
	diff_wait0(epfd, 8);
}

CASE(d103_missing_is_enoent)
{
	int epfd = diff_epoll();

	diff_pipe(pipe_fd);
	CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, pipe_fd[0], wants(EPOLLIN, 1)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, pipe_fd[0], wants(EPOLLIN, 1)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLIN, 1)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, pipe_fd[0], wants(EPOLLIN, 1)));
}

CASE(d104_event_pointer_is_read_unless_del)
{
	static const int ops[] = { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD,
		42, 0, -1 };
	int epfd = diff_epoll();

	diff_pipe(pipe_fd);
	for (size_t i = 0; i < 6; i++) {
		diff_say("op %d", ops[i]);
		CALL(epoll_ctl(epfd, ops[i], pipe_fd[0], NULL));
		CALL(epoll_ctl(epfd, ops[i], pipe_fd[0], DIFF_BAD));
		CALL(epoll_ctl(-1, ops[i], -1, NULL));
		CALL(epoll_ctl(epfd, ops[i], pipe_fd[0], wants(EPOLLIN, 5)));
	}
}

CASE(d105_order_of_errors)
{
	static const int ops[] = { EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD,
		42 };
	int epfd = diff_epoll();
	int file = diff_file();
	int path = (int)QUIET(open("/", O_PATH));
	int targets[] = { -1, 99, file, path, epfd, 0 };

	diff_pipe(pipe_fd);
	targets[5] = pipe_fd[0];
	for (size_t i = 0; i < 4; i++) {
		for (size_t k = 0; k < 6; k++) {
			int fd = targets[k];

			diff_say("op %d target %d", ops[i], fd);
			CALL(epoll_ctl(-1, ops[i], fd, wants(1, 0)));
			CALL(epoll_ctl(77, ops[i], fd, wants(1, 0)));
			CALL(epoll_ctl(pipe_fd[0], ops[i], fd, wants(1, 0)));
			CALL(epoll_ctl(file, ops[i], fd, wants(1, 0)));
			CALL(epoll_ctl(path, ops[i], fd, wants(1, 0)));
			CALL(epoll_ctl(epfd, ops[i], fd, wants(1, 0)));
		}
	}
}

CASE(d106_a_set_cannot_hold_itself)
{
	int epfd = diff_epoll();
	int twin = (int)QUIET(dup(epfd));

	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, epfd, wants(EPOLLIN, 1)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, epfd, wants(EPOLLIN, 1)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, epfd, NULL));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, twin, wants(EPOLLIN, 1)));
	CALL(epoll_ctl(twin, EPOLL_CTL_ADD, epfd, wants(EPOLLIN, 1)));
}

CASE(d107_files_that_cannot_be_polled_are_eperm)
{
	int epfd = diff_epoll();
	int fds[] = { diff_file(), (int)QUIET(open("/", O_RDONLY)),
		(int)QUIET(open("/dev/null", O_RDWR)),
		(int)QUIET(open("/dev/zero", O_RDWR)),
		(int)QUIET(open("/proc/self/stat", O_RDONLY)) };

	for (size_t i = 0; i < 5; i++) {
		CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, fds[i], wants(1, 1)));
		CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, fds[i], wants(1, 1)));
		CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, fds[i], NULL));
	}
}

CASE(d109_cycles_and_depth_are_eloop)
{
	int set[10];

	for (int i = 0; i < 10; i++)
		set[i] = diff_epoll();
	CALL(epoll_ctl(set[1], EPOLL_CTL_ADD, set[0], wants(EPOLLIN, 0)));
	CALL(epoll_ctl(set[0], EPOLL_CTL_ADD, set[1], wants(EPOLLIN, 0)));
	for (int i = 2; i < 8; i++)
		CALL(epoll_ctl(set[i], EPOLL_CTL_ADD, set[i - 1],
		    wants(EPOLLIN, (uint64_t)i)));
	CALL(epoll_ctl(set[0], EPOLL_CTL_ADD, set[4], wants(EPOLLIN, 0)));
	CALL(epoll_ctl(set[9], EPOLL_CTL_ADD, set[4], wants(EPOLLIN, 9)));
	CALL(epoll_ctl(set[9], EPOLL_CTL_ADD, set[5], wants(EPOLLIN, 9)));
	CALL(epoll_ctl(set[0], EPOLL_CTL_ADD, set[8], wants(EPOLLIN, 8)));
	CALL(epoll_ctl(set[4], EPOLL_CTL_DEL, set[3], NULL));
	CALL(epoll_ctl(set[8], EPOLL_CTL_ADD, set[5], wants(EPOLLIN, 9)));
}

CASE(d109_chain_built_from_the_top)
{
	int set[8];

	diff_pipe(pipe_fd);
	for (int i = 0; i < 8; i++)
		set[i] = diff_epoll();
	for (int i = 0; i < 7; i++)
		CALL(epoll_ctl(set[i], EPOLL_CTL_ADD, set[i + 1],
		    wants(EPOLLIN, (uint64_t)i)));
	CALL(epoll_ctl(set[4], EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLIN, 99)));
	CALL(epoll_ctl(set[7], EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLIN, 98)));
	diff_put(pipe_fd[1], 1);
	for (int i = 0; i < 8; i++)
		diff_wait0(set[i], 4);
}

CASE(d109_many_sets_of_one_descriptor)
{
	int made = 0;

	QUIET(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 2048, 2048 }));
	diff_pipe(pipe_fd);
	while (made < 600) {
		int inner = diff_epoll();

		diff_add(inner, pipe_fd[0], EPOLLIN, 0);
		event.events = EPOLLIN;
		if (epoll_ctl(diff_epoll(), EPOLL_CTL_ADD, inner, &event) != 0)
			break;
		made++;
	}
	diff_say("%d sets of sets: %s", made, strerrorname_np(errno));
}

CASE(d110_rules_of_exclusive)
{
	static const uint32_t with[] = { 0, EPOLLIN, EPOLLOUT, EPOLLERR,
		EPOLLHUP, EPOLLET, EPOLLWAKEUP, EPOLLONESHOT, EPOLLPRI,
		EPOLLRDHUP, EPOLLRDNORM, EPOLLIN | EPOLLOUT | EPOLLET };
	int epfd = diff_epoll();
	int inner = diff_epoll();

	diff_pipe(pipe_fd);
	for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
		uint32_t mask = with[i] | EPOLLEXCLUSIVE;

		diff_say("mask %#x", mask);
		CALL(
		    epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], wants(mask, 1)));
		CALL(
		    epoll_ctl(epfd, EPOLL_CTL_MOD, pipe_fd[0], wants(mask, 2)));
		CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, pipe_fd[0], wants(1, 3)));
		diff_put(pipe_fd[1], 1);
		diff_wait0(epfd, 4);
		diff_wait0(epfd, 4);
		CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	}
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, inner,
	    wants(EPOLLIN | EPOLLEXCLUSIVE, 4)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLIN, 5)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, pipe_fd[0],
	    wants(EPOLLIN | EPOLLEXCLUSIVE, 6)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, pipe_fd[0],
	    wants(EPOLLIN | EPOLLEXCLUSIVE, 6)));
}

CASE(d118_registration_lives_as_long_as_the_open_file)
{
	int epfd = diff_epoll();
	int twin;

	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	diff_add(epfd, pipe_fd[0], EPOLLIN, 0x1111);
	CALL(twin = dup(pipe_fd[0]));
	CALL(close(pipe_fd[0]));
	diff_wait0(epfd, 8);
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, pipe_fd[0], wants(EPOLLIN, 2)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, twin, NULL));
	diff_wait0(epfd, 8);
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, twin, wants(EPOLLIN, 0x2222)));
	diff_wait0(epfd, 8);
	CALL(close(twin));
	diff_wait0(epfd, 8);
}

CASE(d118_two_numbers_of_one_file_are_two_registrations)
{
	int epfd = diff_epoll();
	int twin;

	diff_pipe(pipe_fd);
	CALL(twin = dup(pipe_fd[0]));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLIN, 1)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, twin, wants(EPOLLIN, 2)));
	diff_put(pipe_fd[1], 1);
	diff_wait0(epfd, 8);
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	diff_wait0(epfd, 8);
}

CASE(d119_last_close_removes_and_the_number_is_free)
{
	int epfd = diff_epoll();
	int old;

	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	diff_add(epfd, pipe_fd[0], EPOLLIN, 1);
	old = pipe_fd[0];
	CALL(close(pipe_fd[0]));
	diff_wait0(epfd, 8);
	CALL(eventfd(5, 0));
	CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, old, wants(EPOLLIN, 2)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, old, NULL));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, old, wants(EPOLLIN, 3)));
	diff_wait0(epfd, 8);
}

CASE(d119_used_again_while_the_old_file_lives)
{
	int epfd = diff_epoll();
	int old;

	diff_pipe(pipe_fd);
	diff_put(pipe_fd[1], 1);
	old = pipe_fd[0];
	diff_add(epfd, old, EPOLLIN, 1);
	CALL(dup2(old, 20));
	CALL(close(old));
	CALL(eventfd(5, 0));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, old, wants(EPOLLIN, 2)));
	diff_wait0(epfd, 8);
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, old, NULL));
	diff_wait0(epfd, 8);
	CALL(dup2(20, old));
	CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, old, wants(EPOLLIN, 3)));
	diff_wait0(epfd, 8);
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, old, NULL));
	diff_wait0(epfd, 8);
}

CASE(d119_dup2_over_a_registered_number)
{
	int epfd = diff_epoll();
	int other[2];

	diff_pipe(pipe_fd);
	diff_pipe(other);
	diff_put(pipe_fd[1], 1);
	diff_add(epfd, pipe_fd[0], EPOLLIN, 1);
	CALL(dup2(other[0], pipe_fd[0]));
	diff_wait0(epfd, 8);
	CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, pipe_fd[0], wants(EPOLLIN, 2)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLIN, 2)));
	CALL(dup2(pipe_fd[0], pipe_fd[0]));
	diff_put(other[1], 1);
	diff_wait0(epfd, 8);
	CALL(dup3(0, pipe_fd[0], O_CLOEXEC));
	diff_wait0(epfd, 8);
}

CASE(d119_close_range_over_registered_numbers)
{
	int epfd = diff_epoll();
	int other[2];

	diff_pipe(pipe_fd);
	diff_pipe(other);
	diff_put(pipe_fd[1], 1);
	diff_put(other[1], 1);
	diff_add(epfd, pipe_fd[0], EPOLLIN, 1);
	diff_add(epfd, other[0], EPOLLIN, 2);
	diff_wait0(epfd, 8);
	CALL(close_range((unsigned)pipe_fd[0], (unsigned)pipe_fd[1], 0));
	CALL(fcntl(pipe_fd[0], F_GETFD));
	CALL(fcntl(pipe_fd[1], F_GETFD));
	CALL(fcntl(pipe_fd[1] + 1, F_GETFD));
	diff_wait0(epfd, 8);
	CALL(close_range((unsigned)other[0], 50, CLOSE_RANGE_CLOEXEC));
	diff_wait0(epfd, 8);
	CALL(fcntl(other[0], F_GETFD));
	CALL(close_range(5, 4, 0));
	closefrom(other[0]);
	diff_wait0(epfd, 8);
	CALL(dup(0));
}

CASE(d127_a_set_is_not_read_or_written)
{
	char byte = 0;
	int epfd = diff_epoll();
	int on = 1;

	CALL(read(epfd, &byte, 1));
	CALL(write(epfd, &byte, 1));
	CALL(lseek(epfd, 0, SEEK_SET));
	CALL(ioctl(epfd, FIONREAD, &on));
	CALL(ioctl(epfd, 0xd001, &on));
	CALL(ioctl(epfd, FIONBIO, &on));
	CALL(fcntl(epfd, F_GETFL));
	CALL(fcntl(epfd, F_SETFL, O_RDWR));
	CALL(fcntl(epfd, F_GETFL));
	CALL(fcntl(epfd, F_DUPFD, 30));
	CALL(fcntl(epfd, F_DUPFD_CLOEXEC, 30));
}

CASE(d128_full_table_is_emfile)
{
	int last = -1;

	for (int fd; (fd = epoll_create1(0)) >= 0;)
		last = fd;
	diff_say("last %d: %s", last, strerrorname_np(errno));
	CALL(close(last));
	CALL(epoll_create1(EPOLL_CLOEXEC));
	CALL(epoll_create(1));
}

/*
 * The lines of fdinfo that tell of registrations, by number: the kernel's own
 * order is that of addresses.
 */
static void
say_fdinfo(int epfd)
{
	char path[64];
	char text[4096];
	unsigned masks[16] = { 0 };
	char *rest = text;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epfd);
	fd = (int)QUIET(open(path, O_RDONLY | O_CLOEXEC));
	n = QUIET(read(fd, text, sizeof(text) - 1));
	QUIET(close(fd));
	text[n] = '\0';
	for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
		int target;
		unsigned events;

		if (sscanf(line, "tfd: %d events: %x", &target, &events) == 2)
			masks[target & 15] = events;
	}
	for (fd = 0; fd < 16; fd++)
		if (masks[fd] != 0)
			diff_say("  fdinfo: %d %#x", fd, masks[fd]);
}

CASE(d129_fdinfo_names_the_descriptors)
{
	int epfd = diff_epoll();

	diff_pipe(pipe_fd);
	say_fdinfo(epfd);
	diff_add(epfd, pipe_fd[0], EPOLLIN, 1);
	diff_add(epfd, pipe_fd[1], EPOLLOUT | EPOLLET, 2);
	say_fdinfo(epfd);
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	say_fdinfo(epfd);
	CALL(close(pipe_fd[1]));
	say_fdinfo(epfd);
}

CASE(raw_epoll_ctl_is_the_same)
{
	int epfd = diff_epoll();

	diff_pipe(pipe_fd);
	CALL(syscall(SYS_epoll_ctl, epfd, EPOLL_CTL_ADD, pipe_fd[0],
	    wants(EPOLLIN, 7)));
	CALL(syscall(SYS_epoll_ctl, epfd, EPOLL_CTL_ADD, pipe_fd[0],
	    wants(EPOLLIN, 8)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLIN, 9)));
	diff_put(pipe_fd[1], 1);
	diff_wait0(epfd, 4);
	CALL(syscall(SYS_close, pipe_fd[0]));
	diff_wait0(epfd, 4);
	CALL(eventfd(1, 0));
	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, pipe_fd[0], wants(EPOLLIN, 10)));
	diff_wait0(epfd, 4);
	CALL(syscall(SYS_epoll_ctl, epfd, EPOLL_CTL_DEL, pipe_fd[0], 0));
	diff_wait0(epfd, 4);
}

CASE(d108_path_descriptor_is_not_open)
{
	int epfd = diff_epoll();
	int path = (int)QUIET(open("/", O_PATH));

	CALL(epoll_ctl(epfd, EPOLL_CTL_ADD, path, wants(EPOLLIN, 1)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_MOD, path, wants(EPOLLIN, 1)));
	CALL(epoll_ctl(epfd, EPOLL_CTL_DEL, path, NULL));
	CALL(epoll_ctl(path, EPOLL_CTL_ADD, 0, wants(EPOLLIN, 1)));
	CALL(epoll_wait(path, &event, 1, 0));
}
