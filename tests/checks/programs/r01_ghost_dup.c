/* SPDX-License-Identifier: BSD-2-Clause */
/* A registered number is closed while a duplicate keeps its file: a ghost. */
#include "tests/checks/programs/prog.h"

FRAME static int
watch(int epfd, int fd)
{
	int r = ctl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, 77);

	EXPECT(r == 0);
	return r;
}

FRAME static int
drop(int fd)
{
	int r = close(fd);

	EXPECT(r == 0);
	return r;
}

FRAME static int
forget(int epfd, int fd)
{
	int r = ctl(epfd, EPOLL_CTL_DEL, fd, 0, 0);

	EXPECT(r == (FIXED ? 0 : -EBADF));
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
	int other;

	open_ready_pair(fds);
	other = dup(fds[0]);
	EXPECT(other >= 0);
	watch(epfd, fds[0]);
	if (FIXED)
		forget(epfd, fds[0]);
	drop(fds[0]);
	EXPECT(kernel_lists(epfd, fds[0]) == !FIXED);
	loop(epfd);
	if (!FIXED)
		forget(epfd, fds[0]);
	close(other);
	return 0;
}
