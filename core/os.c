/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os.c - the embedder's table, see os.h. Before it is filled the calls refuse.
 */
#include "core/os.h"

#include <errno.h>
#include <stddef.h>

#include "core/sys.h"

static int
no_epoll_wait(int epfd, struct epoll_event *ret_events, int events_max,
    int64_t timeout_ns, const sigset_t *mask)
{
	(void)epfd;
	(void)ret_events;
	(void)events_max;
	(void)timeout_ns;
	(void)mask;
	return -ENOSYS;
}

static int
no_poll(struct pollfd *fds, unsigned int fds_n, int64_t timeout_ns,
    const sigset_t *mask)
{
	(void)fds;
	(void)fds_n;
	(void)timeout_ns;
	(void)mask;
	return -ENOSYS;
}

static int
keep_fd(int fd, void (*moved)(int old_fd, int new_fd))
{
	(void)moved;
	return fd;
}

static void
close_fd(int fd)
{
	(void)plx_sys_close(fd);
}

/* Weak: an embedder may fill it at run time or bring a definition. */
__attribute__((weak)) struct plx_os plx_os = {
	.epoll_wait = no_epoll_wait,
	.poll = no_poll,
	.fd_hide = keep_fd,
	.fd_drop = close_fd,
};
