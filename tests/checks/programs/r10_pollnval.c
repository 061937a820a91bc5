/* SPDX-License-Identifier: BSD-2-Clause */
/* A closed descriptor stays in the array of poll, which returns at once. */
#include "tests/checks/programs/prog.h"

FRAME static int
drop(int fd)
{
	int r = close(fd);

	EXPECT(r == 0);
	return r;
}

FRAME static int
loop(struct pollfd *members, nfds_t n)
{
	int woken = 0;
	int i;

	for (i = 0; i < 100; i++)
		woken += poll(members, n, 0) > 0;
	return woken;
}

int
main(void)
{
	struct pollfd members[2];
	int fds[2];

	EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
	members[0] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	members[1] = (struct pollfd){ .fd = dup(fds[1]), .events = POLLIN };
	EXPECT(loop(members, 2) == 0);
	drop(members[1].fd);
	if (FIXED)
		members[1].fd = -1;
	EXPECT(loop(members, 2) == (FIXED ? 0 : 100));
	EXPECT(FIXED || (members[1].revents & POLLNVAL) != 0);
	return 0;
}
