/* SPDX-License-Identifier: BSD-2-Clause */
/* A descriptor is removed that was never added. */
#include "tests/checks/programs/prog.h"

FRAME static int
forget(int epfd, int fd)
{
	int r = ctl(epfd, EPOLL_CTL_DEL, fd, 0, 0);

	EXPECT(r == (FIXED ? 0 : -ENOENT));
	return r;
}

int
main(void)
{
	int epfd = epoll_create1(0);
	int fds[2];

	open_ready_pair(fds);
	if (FIXED)
		EXPECT(ctl(epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 1) == 0);
	EXPECT(kernel_lists(epfd, fds[0]) == FIXED);
	forget(epfd, fds[0]);
	return 0;
}
