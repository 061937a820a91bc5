/* SPDX-License-Identifier: BSD-2-Clause */
/* An exclusive registration cannot be changed, only removed and added. */
#include "tests/checks/programs/prog.h"

FRAME static int
watch(int epfd, int fd)
{
	int r = ctl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLEXCLUSIVE, 1);

	EXPECT(r == 0);
	return r;
}

FRAME static int
rearm(int epfd, int fd)
{
	int r;

	if (FIXED)
		EXPECT(ctl(epfd, EPOLL_CTL_DEL, fd, 0, 0) == 0);
	r = ctl(epfd, FIXED ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd,
	    EPOLLIN | EPOLLOUT, 1);
	EXPECT(r == (FIXED ? 0 : -EINVAL));
	return r;
}

int
main(void)
{
	int epfd = epoll_create1(0);
	struct epoll_event event;
	int fds[2];

	EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	watch(epfd, fds[0]);
	rearm(epfd, fds[0]);
	EXPECT(kernel_lists(epfd, fds[0]) == 1);
	/* Room to write is what the change asked for. */
	EXPECT(wait_once(epfd, &event) == FIXED);
	return 0;
}
