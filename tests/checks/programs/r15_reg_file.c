/* SPDX-License-Identifier: BSD-2-Clause */
/* A regular file cannot be a member of a set; poll takes it. */
#include "tests/checks/programs/prog.h"

FRAME static int
watch(int epfd, int fd)
{
	int r = ctl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 1);

	EXPECT(r == -EPERM);
	return r;
}

FRAME static int
open_self(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	EXPECT(fd >= 0);
	return fd;
}

int
main(void)
{
	int epfd = epoll_create1(0);
	int fd = open_self();
	struct pollfd member = { .fd = fd, .events = POLLIN };

	if (FIXED)
		EXPECT(poll(&member, 1, 0) == 1);
	else
		watch(epfd, fd);
	EXPECT(kernel_lists(epfd, fd) == 0);
	return 0;
}
