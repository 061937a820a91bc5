/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Epoll on every kind of file that can be polled: timers, signals, processes,
 * inotify, connecting sockets, urgent data, datagrams, full pipes.
 * Authority: epoll(7), timerfd_create(2), signalfd(2), pidfd_open(2),
 * inotify(7), tcp(7).
 */
#include "tests/differential/diff.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

static struct epoll_event events[8];

/* A wait for something that comes soon, written out. */
static void
wait_long(int set)
{
	long n;

	diff_fill_events(events, 8);
	n = CALL(epoll_wait(set, events, 8, DIFF_LONG_MS));
	diff_say_events(events, n, 8);
}

static void
modify(int set, int fd, uint32_t mask)
{
	struct epoll_event event = { .events = mask, .data.u64 = mask };

	CALL(epoll_ctl(set, EPOLL_CTL_MOD, fd, &event));
}

static void
timer_set(int fd, long ns, int flags)
{
	struct itimerspec when = { .it_value.tv_nsec = ns };

	QUIET(timerfd_settime(fd, flags, &when, NULL));
}

CASE(timer_level)
{
	int set = diff_epoll();
	int fd = (int)QUIET(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));

	diff_add(set, fd, EPOLLIN | EPOLLOUT, 1);
	diff_wait0(set, 8);
	timer_set(fd, 1, 0);
	wait_long(set);
	diff_wait0(set, 8);
	diff_take(fd, 8);
	diff_wait0(set, 8);
	timer_set(fd, 1, TFD_TIMER_ABSTIME);
	wait_long(set);
	timer_set(fd, 0, 0);
	diff_wait0(set, 8);
}

CASE(timer_edge_and_oneshot)
{
	int set = diff_epoll();
	int fd = (int)QUIET(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));

	diff_add(set, fd, EPOLLIN | EPOLLET, 1);
	for (int i = 0; i < 2; i++) {
		timer_set(fd, 1, 0);
		wait_long(set);
		diff_wait0(set, 8);
	}
	modify(set, fd, EPOLLIN | EPOLLONESHOT);
	wait_long(set);
	timer_set(fd, 1, 0);
	diff_wait0(set, 8);
}

CASE(eventfd_counter_and_semaphore)
{
	int set = diff_epoll();
	int fd = (int)QUIET(eventfd(0, EFD_NONBLOCK));
	int semaphore = (int)QUIET(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE));

	diff_add(set, fd, EPOLLIN | EPOLLOUT, 1);
	diff_add(set, semaphore, EPOLLIN | EPOLLET, 2);
	diff_wait0(set, 8);
	QUIET(eventfd_write(fd, 0xfffffffffffffffe));
	diff_wait0(set, 8);
	diff_take(semaphore, 8);
	diff_wait0(set, 8);
	diff_take(fd, 8);
	diff_wait0(set, 8);
	modify(set, semaphore, EPOLLIN | EPOLLET);
	diff_wait0(set, 8);
}

CASE(signal_descriptor)
{
	int set = diff_epoll();
	sigset_t mask;
	int fd;

	diff_block(SIGUSR1);
	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGUSR1);
	fd = (int)QUIET(signalfd(-1, &mask, SFD_NONBLOCK));
	diff_add(set, fd, EPOLLIN, 1);
	diff_wait0(set, 8);
	QUIET(raise(SIGUSR1));
	diff_wait0(set, 8);
	diff_take(fd, sizeof(struct signalfd_siginfo));
	diff_wait0(set, 8);
	modify(set, fd, EPOLLIN | EPOLLET);
	QUIET(raise(SIGUSR1));
	diff_wait0(set, 8);
	diff_wait0(set, 8);
}

CASE(process_descriptor)
{
	int set = diff_epoll();
	int go[2];
	pid_t pid;
	int fd;

	diff_pipe(go);
	pid = diff_fork();
	if (pid == 0) {
		char byte;

		_exit((int)read(go[0], &byte, 1));
	}
	fd = (int)QUIET(syscall(SYS_pidfd_open, pid, 0));
	diff_add(set, fd, EPOLLIN, 1);
	diff_wait0(set, 8);
	diff_put(go[1], 1);
	wait_long(set);
	diff_reap(pid);
	diff_wait0(set, 8);
}

CASE(inotify_descriptor)
{
	char path[] = "/tmp/diff-XXXXXX";
	int set = diff_epoll();
	int file = (int)QUIET(mkstemp(path));
	int fd = (int)QUIET(inotify_init1(IN_NONBLOCK));

	QUIET(inotify_add_watch(fd, path, IN_MODIFY | IN_ATTRIB));
	diff_add(set, fd, EPOLLIN, 1);
	diff_wait0(set, 8);
	QUIET(write(file, "x", 1));
	diff_wait0(set, 8);
	diff_take(fd, 4096);
	diff_wait0(set, 8);
	QUIET(unlink(path));
	diff_wait0(set, 8);
}

CASE(connecting_socket_becomes_writable)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);
	int set = diff_epoll();
	int listener = diff_tcp_listen();
	int fd = (int)QUIET(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));

	QUIET(getsockname(listener, (struct sockaddr *)&address, &bytes));
	diff_add(set, fd, EPOLLOUT | EPOLLET, 1);
	wait_long(set);
	CALL(connect(fd, (struct sockaddr *)&address, bytes));
	wait_long(set);
	diff_add(set, listener, EPOLLIN, 2);
	wait_long(set);
	CALL(accept4(listener, NULL, NULL, SOCK_NONBLOCK));
	diff_wait0(set, 8);
}

CASE(refused_connection_keeps_its_error)
{
	struct sockaddr_storage address;
	socklen_t bytes = sizeof(address);
	int set = diff_epoll();
	int listener = diff_tcp_listen();
	int fd = (int)QUIET(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
	int error = 0;

	QUIET(getsockname(listener, (struct sockaddr *)&address, &bytes));
	QUIET(close(listener));
	(void)connect(fd, (struct sockaddr *)&address, bytes);
	diff_add(set, fd, EPOLLOUT, 1);
	wait_long(set);
	bytes = sizeof(error);
	QUIET(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes));
	diff_say("SO_ERROR %s", strerrorname_np(error));
	diff_wait0(set, 8);
}

static void
urgent(uint32_t mode, int in_line)
{
	int set = diff_epoll();
	int fd[2];

	diff_tcp_pair(fd);
	if (in_line)
		QUIET(setsockopt(fd[0], SOL_SOCKET, SO_OOBINLINE, &in_line,
		    sizeof(in_line)));
	diff_add(set, fd[0], EPOLLPRI | mode, 1);
	diff_wait0(set, 8);
	QUIET(send(fd[1], "u", 1, MSG_OOB));
	wait_long(set);
	diff_wait0(set, 8);
	modify(set, fd[0], EPOLLIN | EPOLLPRI | mode);
	diff_wait0(set, 8);
	diff_wait0(set, 8);
}

CASE(urgent_data_level)
{
	urgent(0, 0);
}

CASE(urgent_data_edge)
{
	urgent(EPOLLET, 0);
}

CASE(urgent_data_in_line)
{
	urgent(0, 1);
	urgent(EPOLLET, 1);
}

CASE(datagrams_one_by_one)
{
	int set = diff_epoll();
	int fd[2];

	QUIET(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd));
	diff_add(set, fd[0], EPOLLIN | EPOLLOUT | EPOLLET, 1);
	diff_wait0(set, 8);
	diff_put(fd[1], 3);
	diff_put(fd[1], 0);
	diff_wait0(set, 8);
	diff_take(fd[0], 10);
	diff_wait0(set, 8);
	modify(set, fd[0], EPOLLIN);
	diff_wait0(set, 8);
	diff_take(fd[0], 10);
	diff_wait0(set, 8);
	QUIET(close(fd[1]));
	diff_wait0(set, 8);
}

CASE(pipe_filled_and_drained)
{
	int set = diff_epoll();
	int fd[2];

	QUIET(pipe2(fd, O_NONBLOCK));
	diff_add(set, fd[1], EPOLLOUT | EPOLLET, 1);
	diff_wait0(set, 8);
	diff_put(fd[1], 65536);
	diff_wait0(set, 8);
	diff_take(fd[0], 1);
	diff_wait0(set, 8);
	diff_take(fd[0], 4095);
	diff_wait0(set, 8);
	diff_take(fd[0], 65536);
	diff_wait0(set, 8);
	modify(set, fd[1], EPOLLOUT);
	diff_wait0(set, 8);
	QUIET(close(fd[0]));
	diff_wait0(set, 8);
}

CASE(both_ends_of_a_pipe_in_one_set)
{
	int set = diff_epoll();
	int fd[2];

	diff_pipe(fd);
	diff_add(set, fd[0], EPOLLIN | EPOLLOUT, 1);
	diff_add(set, fd[1], EPOLLIN | EPOLLOUT, 2);
	diff_wait0(set, 8);
	diff_put(fd[1], 65536);
	diff_wait0(set, 8);
	QUIET(close(fd[1]));
	diff_wait0(set, 8);
	diff_take(fd[0], 65536);
	diff_wait0(set, 8);
}

CASE(socket_shut_down_step_by_step)
{
	int set = diff_epoll();
	int fd[2];

	diff_unix_pair(fd);
	diff_add(set, fd[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP, 1);
	diff_add(set, fd[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 2);
	diff_wait0(set, 8);
	QUIET(shutdown(fd[0], SHUT_RD));
	diff_wait0(set, 8);
	QUIET(shutdown(fd[0], SHUT_WR));
	diff_wait0(set, 8);
	QUIET(shutdown(fd[1], SHUT_RDWR));
	diff_wait0(set, 8);
	diff_wait0(set, 8);
}
