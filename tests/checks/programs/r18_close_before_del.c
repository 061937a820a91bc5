/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The wrong order: close, then DEL. Alone it fails with EBADF; but when another
 * thread gets the number in between, it removes that thread's registration.
 */
#include "tests/checks/programs/prog.h"

static int epfd;
static int old_fd;

FRAME static int
watch(int fd, uint64_t data)
{
	int r = ctl(epfd, EPOLL_CTL_ADD, fd, EPOLLIN, data);

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
forget(int fd)
{
	int r = ctl(epfd, EPOLL_CTL_DEL, fd, 0, 0);

	EXPECT(r == 0 || r == -EBADF);
	return r;
}

/* The next connection of another thread gets the lowest number. */
FRAME static int
stranger_connects(void)
{
	int fds[2];

	open_ready_pair(fds);
	EXPECT(FIXED || fds[0] == old_fd);
	watch(fds[0], 8);
	return fds[0];
}

static void *
stranger(void *unused)
{
	static int fd;

	(void)unused;
	fd = stranger_connects();
	return &fd;
}

int
main(void)
{
	struct epoll_event event;
	pthread_t thread;
	void *theirs;
	int fds[2];

	epfd = epoll_create1(0);
	open_ready_pair(fds);
	old_fd = fds[0];
	watch(old_fd, 7);
	EXPECT(wait_once(epfd, &event) == 1);
	if (FIXED)
		EXPECT(forget(old_fd) == 0);
	drop(old_fd);
	if (!FIXED)
		EXPECT(forget(old_fd) == -EBADF);
	EXPECT(pthread_create(&thread, NULL, stranger, NULL) == 0);
	EXPECT(pthread_join(thread, &theirs) == 0);
	if (!FIXED)
		EXPECT(forget(old_fd) == 0);
	EXPECT(kernel_lists(epfd, *(int *)theirs) == FIXED);
	return 0;
}
