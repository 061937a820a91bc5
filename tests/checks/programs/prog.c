/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prog.c - see prog.h.
 */
#include "tests/checks/programs/prog.h"

int
kernel_lists(int epfd, int fd)
{
	char path[64];
	char line[256];
	FILE *info;
	int found = 0;
	int tfd;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epfd);
	info = fopen(path, "re");
	EXPECT(info != NULL);
	while (fgets(line, sizeof(line), info) != NULL)
		if (sscanf(line, "tfd: %d", &tfd) == 1 && tfd == fd)
			found++;
	fclose(info);
	return found;
}

FRAME void
open_ready_pair(int ret_fds[2])
{
	EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ret_fds) == 0);
	EXPECT(write(ret_fds[1], "x", 1) == 1);
}

FRAME int
ctl(int epfd, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event event = { .events = events, .data.u64 = data };
	int r = epoll_ctl(epfd, op, fd, &event);

	return r == 0 ? 0 : -errno;
}

FRAME int
wait_once(int epfd, struct epoll_event *ret_event)
{
	int n = epoll_wait(epfd, ret_event, 1, 0);

	EXPECT(n >= 0);
	return n;
}
