/* SPDX-License-Identifier: BSD-2-Clause */
/* A child tidies up the set it inherited: its parent goes deaf. */
#include "tests/checks/programs/prog.h"

FRAME static void
child_tidies(int epfd, int fd)
{
	/* Its own copy of the number, but the parent's set. */
	if (!FIXED)
		EXPECT(ctl(epfd, EPOLL_CTL_DEL, fd, 0, 0) == 0);
	close(fd);
	_exit(0);
}

int
main(void)
{
	int epfd = epoll_create1(0);
	struct epoll_event event;
	int fds[2];
	int status;
	pid_t pid;

	open_ready_pair(fds);
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 5) == 0);
	EXPECT(wait_once(epfd, &event) == 1);
	pid = fork();
	EXPECT(pid >= 0);
	if (pid == 0)
		child_tidies(epfd, fds[0]);
	EXPECT(waitpid(pid, &status, 0) == pid && status == 0);
	EXPECT(kernel_lists(epfd, fds[0]) == FIXED);
	EXPECT(wait_once(epfd, &event) == FIXED);
	return 0;
}
