/* SPDX-License-Identifier: BSD-2-Clause */
/* An event is deleted that was never added: the wrong filter, a slip. */
#include "tests/checks/programs/kq.h"
#include "tests/checks/programs/prog.h"

FRAME static void
forget(int kq, int fd)
{
	struct kevent change;
	int r;

	EV_SET(&change, fd, FIXED ? EVFILT_READ : EVFILT_WRITE, EV_DELETE, 0, 0,
	    NULL);
	r = kq_change(kq, &change);
	EXPECT(FIXED ? r == 0 : r == -1 && errno == ENOENT);
}

int
main(void)
{
	int kq = kq_open();
	struct kevent change;
	int pair[2];

	EXPECT(kq >= 0);
	open_ready_pair(pair);
	EV_SET(&change, pair[0], EVFILT_READ, EV_ADD, 0, 0, NULL);
	EXPECT(kq_change(kq, &change) == 0);
	forget(kq, pair[0]);
	return 0;
}
