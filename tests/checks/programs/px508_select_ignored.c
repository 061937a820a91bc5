/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A closed descriptor above the process's table of descriptors: select does
 * not say EBADF, it ignores the bit.
 */
#include "tests/checks/programs/prog.h"

/* Above any table that a few descriptors need, below FD_SETSIZE. */
#define HIGH 1000

FRAME static int
ask(int open_fd)
{
	struct timeval now = { 0, 0 };
	fd_set in;
	int n;

	FD_ZERO(&in);
	FD_SET(open_fd, &in);
	if (!FIXED)
		FD_SET(HIGH, &in);
	n = select(HIGH + 1, &in, NULL, NULL, &now);
	EXPECT(n == 1);
	/* Its bit is left as it was, as if it were ready. */
	EXPECT(FIXED || FD_ISSET(HIGH, &in));
	return n;
}

int
main(void)
{
	int fds[2];

	open_ready_pair(fds);
	EXPECT(fcntl(HIGH, F_GETFD) == -1);
	ask(fds[0]);
	return 0;
}
