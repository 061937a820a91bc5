/* SPDX-License-Identifier: BSD-2-Clause */
/* A closed descriptor in a set of select: EBADF, and which one it was. */
#include "tests/checks/programs/prog.h"

FRAME static int
drop(int fd)
{
	int r = close(fd);

	EXPECT(r == 0);
	return r;
}

FRAME static int
ask(int open_fd, int closed_fd)
{
	struct timeval now = { 0, 0 };
	fd_set in;
	int n;

	FD_ZERO(&in);
	FD_SET(open_fd, &in);
	if (!FIXED)
		FD_SET(closed_fd, &in);
	n = select((open_fd > closed_fd ? open_fd : closed_fd) + 1, &in, NULL,
	    NULL, &now);
	EXPECT(FIXED ? n == 1 : n == -1 && errno == EBADF);
	return n;
}

int
main(void)
{
	int fds[2];
	int gone;

	open_ready_pair(fds);
	gone = dup(fds[1]);
	EXPECT(gone >= 0);
	drop(gone);
	EXPECT(fcntl(gone, F_GETFD) == -1);
	ask(fds[0], gone);
	return 0;
}
