/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An ordinary program that uses the calls that matter most, for binding.sh to
 * look at from outside.
 */
#include <sys/epoll.h>
#include <sys/select.h>

#include <poll.h>
#include <stddef.h>
#include <unistd.h>

int
main(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct timeval now = { 0 };
	struct pollfd pollfd = { .events = POLLIN };
	int set = epoll_create1(EPOLL_CLOEXEC);
	int fds[2];

	if (set < 0 || pipe(fds) != 0 || dup2(fds[0], fds[1]) != fds[1])
		return 1;
	pollfd.fd = fds[0];
	if (epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event) != 0)
		return 1;
	if (epoll_wait(set, &event, 1, 0) < 0 || poll(&pollfd, 1, 0) < 0)
		return 1;
	if (select(0, NULL, NULL, NULL, &now) != 0)
		return 1;
	return close(set);
}
