/* SPDX-License-Identifier: BSD-2-Clause */
/* Two parts of a program add the same descriptor; the second is not heard. */
#include "tests/checks/programs/prog.h"

FRAME static int
first_owner(int epfd, int fd)
{
	int r = ctl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 1);

	EXPECT(r == 0);
	return r;
}

FRAME static int
second_owner(int epfd, int fd)
{
	int r = ctl(epfd, FIXED ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, EPOLLIN,
	    2);

	EXPECT(r == (FIXED ? 0 : -EEXIST));
	return r;
}

int
main(void)
{
	int epfd = epoll_create1(0);
	struct epoll_event event;
	int fds[2];

	open_ready_pair(fds);
	first_owner(epfd, fds[0]);
	second_owner(epfd, fds[0]);
	EXPECT(kernel_lists(epfd, fds[0]) == 1);
	EXPECT(wait_once(epfd, &event) == 1);
	EXPECT(event.data.u64 == 1 + FIXED);
	return 0;
}
