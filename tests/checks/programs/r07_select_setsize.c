/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A descriptor above FD_SETSIZE in select. The set is large enough, which Linux
 * allows and others do not.
 */
#include <sys/resource.h>

#include "tests/checks/programs/prog.h"

#define HIGH 1500

static void
set_bit(void *set, int fd)
{
	unsigned long *words = set;
	const int bits = 8 * (int)sizeof(*words);

	words[fd / bits] |= 1ul << (fd % bits);
}

FRAME static int
ask_select(int fd)
{
	struct timeval now = { 0, 0 };
	void *set = calloc(1, (size_t)(HIGH / 64 + 1) * 8);
	int n;

	memset(set, 0, (size_t)(HIGH / 64 + 1) * 8);
	set_bit(set, fd);
	n = select(fd + 1, set, NULL, NULL, &now);
	EXPECT(n == 1);
	return n;
}

FRAME static int
ask_poll(int fd)
{
	struct pollfd member = { .fd = fd, .events = POLLIN };
	int n = poll(&member, 1, 0);

	EXPECT(n == 1);
	return n;
}

int
main(void)
{
	struct rlimit limit;
	int fds[2];
	int high;

	EXPECT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	if (limit.rlim_cur <= HIGH) {
		limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
		EXPECT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	}
	open_ready_pair(fds);
	high = fcntl(fds[0], F_DUPFD, HIGH);
	EXPECT(high == HIGH);
	if (FIXED)
		ask_poll(high);
	else
		ask_select(high);
	return 0;
}
