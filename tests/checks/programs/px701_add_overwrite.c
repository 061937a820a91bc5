/* SPDX-License-Identifier: BSD-2-Clause */
/* Two parts of a program add the same event; the first one goes deaf. */
#include "tests/checks/programs/kq.h"
#include "tests/checks/programs/prog.h"

static int parts[2];

FRAME static void
first_owner(int kq, int fd)
{
	struct kevent change;

	EV_SET(&change, fd, EVFILT_READ, EV_ADD, 0, 0, &parts[0]);
	EXPECT(kq_change(kq, &change) == 0);
	/* Adding it once more is how flags are changed: no mistake. */
	EXPECT(kq_change(kq, &change) == 0);
}

FRAME static void
second_owner(int kq, int fd)
{
	struct kevent change;

	EV_SET(&change, fd, EVFILT_READ, EV_ADD, 0, 0, &parts[FIXED ? 0 : 1]);
	EXPECT(kq_change(kq, &change) == 0);
}

int
main(void)
{
	int kq = kq_open();
	int pair[2];

	EXPECT(kq >= 0);
	open_ready_pair(pair);
	first_owner(kq, pair[0]);
	second_owner(kq, pair[0]);
	EXPECT(kernel_lists(kq, pair[0]) == 1);
	return 0;
}
