/* SPDX-License-Identifier: BSD-2-Clause */
/* The number was closed and is another descriptor now, which nobody added. */
#include "tests/checks/programs/prog.h"

FRAME static int
change(int epfd, int fd)
{
	int r = ctl(epfd, EPOLL_CTL_MOD, fd, EPOLLIN, 1);

	EXPECT(r == (FIXED ? 0 : -ENOENT));
	return r;
}

int
main(void)
{
	int epfd = epoll_create1(0);
	struct epoll_event event;
	int fds[2];
	int again[2];

	open_ready_pair(fds);
	EXPECT(ctl(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 1) == 0);
	close(fds[0]);
	open_ready_pair(again);
	EXPECT(again[0] == fds[0]);
	if (FIXED)
		EXPECT(ctl(epfd, EPOLL_CTL_ADD, again[0], EPOLLIN, 1) == 0);
	change(epfd, again[0]);
	EXPECT(kernel_lists(epfd, again[0]) == FIXED);
	EXPECT(wait_once(epfd, &event) == FIXED);
	return 0;
}
