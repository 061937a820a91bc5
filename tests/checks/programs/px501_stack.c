/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An fd_set on the stack, and a first argument of select that is larger than it
 * has bits for: what lies above it is taken for descriptors. The timeout is
 * refused, so that the kernel writes nothing there and the program survives.
 */
#include "tests/checks/programs/prog.h"

#define TOO_MANY 4096

FRAME static int
ask(int fd, int n)
{
	struct timeval never = { -1, 0 };
	fd_set in;
	int r;

	FD_ZERO(&in);
	FD_SET(fd, &in);
	r = select(n, &in, NULL, NULL, &never);
	EXPECT(r == -1 && errno == EINVAL);
	return r;
}

int
main(void)
{
	int fds[2];

	open_ready_pair(fds);
	ask(fds[0], FIXED ? fds[0] + 1 : TOO_MANY);
	return 0;
}
