/* SPDX-License-Identifier: BSD-2-Clause */
/* The event of a closed descriptor, when its number is a new one's. */
#include "tests/checks/programs/prog.h"

FRAME static int
drop(int fd)
{
	int r = close(fd);

	EXPECT(r == 0);
	return r;
}

FRAME static int
loop(int epfd)
{
	struct epoll_event event;
	int n = wait_once(epfd, &event);

	EXPECT(n == !FIXED);
	return n;
}

int
main(void)
{
	int epfd = epoll_create1(0);
	int fds[2];
	int again[2];
	int other;

	open_ready_pair(fds);
	other = dup(fds[0]);
	EXPECT(other >= 0);
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 70) == 0);
	if (FIXED)
		EXPECT(ctl(epfd, EPOLL_CTL_DEL, fds[0], 0, 0) == 0);
	drop(fds[0]);
	EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, again) == 0);
	EXPECT(again[0] == fds[0]);
	EXPECT(kernel_lists(epfd, fds[0]) == !FIXED);
	loop(epfd);
	return 0;
}
