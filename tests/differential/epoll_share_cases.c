/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Epoll sets across fork, exec, vfork and SCM_RIGHTS.
 * Authority: epoll(7) questions and answers, fork(2), unix(7); checklist 118,
 * 120, 134, 135.
 */
#include "tests/differential/diff.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int pipe_fd[2];
static int set;

static void
make_set(uint32_t mask)
{
	set = diff_epoll();
	diff_pipe(pipe_fd);
	diff_add(set, pipe_fd[0], mask, 0xfeed);
}

CASE(d120_child_removes_what_the_parent_added)
{
	pid_t pid;

	make_set(EPOLLIN);
	diff_put(pipe_fd[1], 1);
	diff_wait0(set, 4);
	pid = diff_fork();
	if (pid == 0) {
		diff_wait0(set, 4);
		CALL(epoll_ctl(set, EPOLL_CTL_DEL, pipe_fd[0], NULL));
		_exit(0);
	}
	diff_reap(pid);
	diff_wait0(set, 4);
	CALL(epoll_ctl(set, EPOLL_CTL_DEL, pipe_fd[0], NULL));
}

CASE(d120_child_adds_for_the_parent)
{
	int event = (int)QUIET(eventfd(1, 0));
	pid_t pid;

	make_set(EPOLLIN);
	pid = diff_fork();
	if (pid == 0) {
		diff_add(set, event, EPOLLIN, 0xc0ffee);
		_exit(0);
	}
	diff_reap(pid);
	diff_wait0(set, 4);
	CALL(epoll_ctl(set, EPOLL_CTL_DEL, event, NULL));
	diff_wait0(set, 4);
}

CASE(d120_child_closes_what_the_parent_watches)
{
	pid_t pid;

	make_set(EPOLLIN);
	diff_put(pipe_fd[1], 1);
	pid = diff_fork();
	if (pid == 0) {
		CALL(close(pipe_fd[0]));
		diff_wait0(set, 4);
		CALL(close(set));
		_exit(0);
	}
	diff_reap(pid);
	diff_wait0(set, 4);
}

CASE(d120_parent_closes_what_the_child_holds)
{
	int go[2];
	pid_t pid;

	make_set(EPOLLIN);
	diff_put(pipe_fd[1], 1);
	diff_pipe(go);
	pid = diff_fork();
	if (pid == 0) {
		struct pollfd one = { .fd = go[0], .events = POLLIN };

		(void)poll(&one, 1, -1);
		_exit(0);
	}
	CALL(close(pipe_fd[0]));
	diff_wait0(set, 4);
	diff_put(go[1], 1);
	diff_reap(pid);
	diff_wait0(set, 4);
}

CASE(d120_edge_taken_by_the_child_is_taken)
{
	pid_t pid;

	make_set(EPOLLIN | EPOLLET);
	diff_put(pipe_fd[1], 1);
	pid = diff_fork();
	if (pid == 0) {
		diff_wait0(set, 4);
		diff_wait0(set, 4);
		_exit(0);
	}
	diff_reap(pid);
	diff_wait0(set, 4);
	diff_put(pipe_fd[1], 1);
	diff_wait0(set, 4);
}

CASE(d120_oneshot_taken_by_the_child_is_taken)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 2 };
	pid_t pid;

	make_set(EPOLLIN | EPOLLONESHOT);
	diff_put(pipe_fd[1], 1);
	pid = diff_fork();
	if (pid == 0) {
		diff_wait0(set, 4);
		_exit(0);
	}
	diff_reap(pid);
	diff_wait0(set, 4);
	CALL(epoll_ctl(set, EPOLL_CTL_MOD, pipe_fd[0], &event));
	diff_wait0(set, 4);
}

CASE(child_has_sets_of_its_own)
{
	pid_t pid;

	make_set(EPOLLIN);
	pid = diff_fork();
	if (pid == 0) {
		struct epoll_event one;

		QUIET(close(set));
		set = diff_epoll();
		diff_say("set %d", set);
		diff_add(set, pipe_fd[0], EPOLLIN, 0xc41d);
		CALL(epoll_wait(set, &one, 1, -1));
		diff_wait0(set, 4);
		_exit(0);
	}
	diff_until_waiting(pid, pid);
	diff_put(pipe_fd[1], 1);
	diff_reap(pid);
	diff_wait0(set, 4);
}

static void *
wait_forever(void *arg)
{
	struct epoll_event mine[4];
	long n;

	(void)arg;
	diff_fill_events(mine, 4);
	n = CALL(epoll_wait(set, mine, 4, -1));
	diff_say_events(mine, n, 4);
	return NULL;
}

CASE(d135_fork_while_another_thread_waits)
{
	struct diff_thread thread;
	pid_t pid;

	make_set(EPOLLIN);
	diff_thread_start(&thread, wait_forever, NULL, 0);
	diff_until_waiting(getpid(), thread.tid);
	pid = diff_fork();
	if (pid == 0) {
		int own = diff_epoll();
		int event = eventfd(1, 0);

		diff_add(own, event, EPOLLIN, 7);
		diff_wait0(own, 4);
		diff_wait0(set, 4);
		CALL(close(set));
		_exit(0);
	}
	diff_reap(pid);
	diff_put(pipe_fd[1], 1);
	(void)diff_thread_join(&thread);
}

CASE(d135_child_of_a_child)
{
	pid_t pid;

	make_set(EPOLLIN);
	diff_put(pipe_fd[1], 1);
	pid = diff_fork();
	if (pid == 0) {
		pid = diff_fork();
		if (pid == 0) {
			int own = diff_epoll();

			diff_add(own, pipe_fd[0], EPOLLIN, 3);
			diff_wait0(own, 4);
			_exit(5);
		}
		diff_reap(pid);
		_exit(6);
	}
	diff_reap(pid);
	diff_wait0(set, 4);
}

CASE(d134_vfork_child_changes_its_own_descriptors_only)
{
	int status;
	pid_t pid;

	make_set(EPOLLIN);
	diff_put(pipe_fd[1], 1);
	pid = vfork();
	if (pid == 0) {
		(void)close(pipe_fd[0]);
		(void)dup2(0, pipe_fd[1]);
		(void)close(set);
		_exit(7);
	}
	QUIET(waitpid(pid, &status, 0));
	diff_say("status %#x", status);
	diff_wait0(set, 4);
	CALL(epoll_ctl(set, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	diff_wait0(set, 4);
}

/* Runs in a new program: the set is 3, the pipe 4 and 5. */
CASE(part_inherited_set)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 0xe8ec };

	diff_wait0(3, 4);
	CALL(epoll_ctl(3, EPOLL_CTL_MOD, 4, &event));
	diff_wait0(3, 4);
	CALL(epoll_ctl(3, EPOLL_CTL_DEL, 4, NULL));
	CALL(epoll_ctl(3, EPOLL_CTL_ADD, 4, &event));
	diff_wait0(3, 4);
	CALL(dup(0));
}

CASE(exec_keeps_a_set_that_is_not_close_on_exec)
{
	make_set(EPOLLIN);
	diff_put(pipe_fd[1], 1);
	QUIET(fcntl(set, F_SETFD, 0));
	diff_again("part_inherited_set");
}

CASE(exec_closes_a_set_that_is_close_on_exec)
{
	make_set(EPOLLIN);
	diff_put(pipe_fd[1], 1);
	diff_again("part_inherited_set");
}

CASE(exec_in_a_child_that_shares_the_set)
{
	pid_t pid;

	make_set(EPOLLIN | EPOLLET);
	diff_put(pipe_fd[1], 1);
	QUIET(fcntl(set, F_SETFD, 0));
	pid = diff_fork();
	if (pid == 0)
		diff_again("part_inherited_set");
	diff_reap(pid);
	diff_wait0(set, 4);
}

CASE(d118_registered_descriptor_in_flight_stays)
{
	int socket[2];
	int again;

	make_set(EPOLLIN);
	diff_unix_pair(socket);
	diff_put(pipe_fd[1], 1);
	diff_send_fd(socket[0], pipe_fd[0]);
	CALL(close(pipe_fd[0]));
	diff_wait0(set, 4);
	again = diff_receive_fd(socket[1]);
	diff_say("came back as %d", again);
	diff_wait0(set, 4);
	CALL(epoll_ctl(set, EPOLL_CTL_DEL, again, NULL));
	CALL(close(again));
	diff_wait0(set, 4);
}

CASE(set_sent_over_a_socket_is_the_same_set)
{
	int socket[2];
	int twin;

	make_set(EPOLLIN);
	diff_unix_pair(socket);
	diff_put(pipe_fd[1], 1);
	diff_send_fd(socket[0], set);
	twin = diff_receive_fd(socket[1]);
	diff_say("set came as %d", twin);
	diff_wait0(twin, 4);
	CALL(epoll_ctl(twin, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	diff_wait0(set, 4);
	CALL(close(set));
	diff_add(twin, pipe_fd[0], EPOLLIN, 2);
	diff_wait0(twin, 4);
}

CASE(set_sent_to_a_child_is_shared)
{
	int socket[2];
	pid_t pid;

	diff_unix_pair(socket);
	pid = diff_fork();
	if (pid == 0) {
		int got = diff_receive_fd(socket[1]);

		diff_wait0(got, 4);
		QUIET(write(socket[1], "x", 1));
		_exit(0);
	}
	make_set(EPOLLIN | EPOLLONESHOT);
	diff_put(pipe_fd[1], 1);
	diff_send_fd(socket[0], set);
	diff_take(socket[0], 1);
	diff_reap(pid);
	diff_wait0(set, 4);
}

CASE(duplicated_set_is_the_same_set)
{
	int twin;

	make_set(EPOLLIN);
	CALL(twin = dup(set));
	diff_put(pipe_fd[1], 1);
	diff_wait0(twin, 4);
	CALL(close(set));
	diff_wait0(twin, 4);
	CALL(epoll_ctl(twin, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	diff_wait0(twin, 4);
	CALL(dup2(twin, 40));
	CALL(fcntl(40, F_DUPFD, 50));
	diff_add(50, pipe_fd[0], EPOLLIN | EPOLLET, 5);
	CALL(close(twin));
	diff_wait0(40, 4);
	diff_wait0(50, 4);
}

CASE(set_replaced_by_dup2_is_gone)
{
	int other = diff_epoll();

	make_set(EPOLLIN);
	diff_put(pipe_fd[1], 1);
	CALL(dup2(other, set));
	diff_wait0(set, 4);
	diff_add(set, pipe_fd[0], EPOLLIN, 2);
	diff_wait0(other, 4);
	CALL(dup2(pipe_fd[0], set));
	diff_wait0(set, 4);
	diff_wait0(other, 4);
	CALL(close(other));
	CALL(close(set));
	diff_wait0(set, 4);
}

CASE(number_of_a_set_used_again_by_another_set)
{
	for (int i = 0; i < 3; i++) {
		make_set(EPOLLIN);
		diff_say("set %d pipe %d %d", set, pipe_fd[0], pipe_fd[1]);
		diff_wait0(set, 4);
		diff_put(pipe_fd[1], 1);
		diff_wait0(set, 4);
		CALL(close(set));
		CALL(close(pipe_fd[0]));
		CALL(close(pipe_fd[1]));
	}
}

CASE(d120_exclusive_registration_is_shared)
{
	pid_t pid;

	make_set(EPOLLIN | EPOLLEXCLUSIVE);
	diff_put(pipe_fd[1], 1);
	diff_wait0(set, 4);
	pid = diff_fork();
	if (pid == 0) {
		diff_wait0(set, 4);
		_exit(0);
	}
	diff_reap(pid);
	diff_wait0(set, 4);
	CALL(epoll_ctl(set, EPOLL_CTL_DEL, pipe_fd[0], NULL));
	diff_wait0(set, 4);
}

CASE(set_closed_by_close_range_is_gone)
{
	make_set(EPOLLIN);
	diff_put(pipe_fd[1], 1);
	CALL(close_range((unsigned)set, (unsigned)set, 0));
	diff_wait0(set, 4);
	CALL(dup(pipe_fd[0]));
	diff_wait0(set, 4);
	CALL(close_range((unsigned)set, (unsigned)set, 0));
	CALL(epoll_create1(0));
	diff_wait0(set, 4);
	diff_add(set, pipe_fd[0], EPOLLIN, 2);
	diff_wait0(set, 4);
}
