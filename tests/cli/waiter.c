/* SPDX-License-Identifier: BSD-2-Clause */
/* Imports poll and epoll_wait, for `pollux doctor` to see. */
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>

int
main(void)
{
	struct epoll_event event;

	return poll(NULL, 0, 0) + epoll_wait(-1, &event, 1, 0) > 0;
}
