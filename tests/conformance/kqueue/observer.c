/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/conformance/kqueue/observer.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/conformance/kqueue/fixture.h"

static pid_t child;
static int ask[2], answer[2];

bool
poll_sees(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents == POLLIN;
}

bool
select_sees(int fd)
{
	struct timeval zero = { 0, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, &set, NULL, NULL, &zero) == 1;
}

bool
epoll_sees(int fd)
{
	struct epoll_event e = { .events = EPOLLIN };
	int set = epoll_create1(EPOLL_CLOEXEC);
	bool seen = epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) == 0 &&
	    epoll_wait(set, &e, 1, 0) == 1 && e.events == EPOLLIN;

	close(set);
	return seen;
}

/* In the child: 1 or 0 for each number that comes, -1 where it has none. */
static void
serve(pid_t parent)
{
	int process = (int)syscall(SYS_pidfd_open, parent, 0);
	int fd;

	while (read(ask[0], &fd, sizeof(fd)) == sizeof(fd)) {
		int borrowed = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
		int seen = borrowed < 0 ? -1 : poll_sees(borrowed);

		close(borrowed);
		if (write(answer[1], &seen, sizeof(seen)) != sizeof(seen))
			break;
	}
	_exit(0);
}

static int
observe(int fd)
{
	int seen = -1;

	ck_assert_int_eq(write(ask[1], &fd, sizeof(fd)), sizeof(fd));
	ck_assert_int_eq(read(answer[0], &seen, sizeof(seen)), sizeof(seen));
	return seen;
}

bool
observer_start(void)
{
	pid_t self = getpid();

	/* Where only ancestors may: let anyone. */
	(void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	make_pipe(ask);
	make_pipe(answer);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		serve(self);
	if (observe(ask[0]) >= 0)
		return true;
	skip("pidfd_getfd is not permitted here");
	observer_stop();
	return false;
}

void
observer_stop(void)
{
	if (child <= 0)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	child = 0;
}

bool
observer_sees(int fd)
{
	int seen;

	if (child == 0)
		return poll_sees(fd);
	seen = observe(fd);

	ck_assert_int_ge(seen, 0);
	return seen == 1;
}
