/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A shared object that polls, waits and closes before main: in its constructor
 * and, earlier still, while its relocations are being made (a resolver). Says
 * on stderr what failed.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

int early_answer(void);

static int
forty_two(void)
{
	return 42;
}

/* No call to the outside: nothing may be bound yet. Used by the constructor. */
__attribute__((used)) static int (*early_resolve(void))(void)
{
	return forty_two;
}

int early_answer(void) __attribute__((ifunc("early_resolve")));

static void
fail(const char *what)
{
	if (write(STDERR_FILENO, what, strlen(what)) < 0)
		_exit(91);
	_exit(90);
}

__attribute__((constructor)) static void
early_start(void)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd one = { .events = POLLIN };
	int set = epoll_create1(EPOLL_CLOEXEC);
	int ends[2];

	if (early_answer() != 42 || set < 0 || pipe(ends) != 0)
		fail("early: no set, no pipe\n");
	if (epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &event) != 0 ||
	    write(ends[1], "x", 1) != 1 || epoll_wait(set, &event, 1, -1) != 1)
		fail("early: no event\n");
	one.fd = ends[0];
	if (poll(&one, 1, -1) != 1 || syscall(SYS_close, ends[0]) != 0 ||
	    close(ends[1]) != 0 || close(set) != 0)
		fail("early: poll or close\n");
	/* Whether the environment is there is what other libraries ask. */
	if (getenv("EARLY") == NULL)
		fail("early: no environment\n");
}
