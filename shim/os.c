/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os.c - the blocking calls of core (core/os.h) are libc's own.
 */
#include "shim/os.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "core/deadline.h"
#include "core/os.h"
#include "shim/errno.h"
#include "shim/private.h"
#include "shim/real.h"
#include "shim/signal.h"

#define MS_MAX INT32_MAX

/* epoll_pwait2 came with Linux 5.11 and glibc 2.35. */
static _Atomic bool pwait2_missing;

static struct timespec
span_of_ns(int64_t ns)
{
	return (struct timespec){
		.tv_sec = ns / PLX_NS_PER_S,
		.tv_nsec = ns % PLX_NS_PER_S,
	};
}

/* Never shorter than asked. */
static int
ms_of_ns(int64_t ns)
{
	if (ns < 0)
		return -1;
	if (ns >= (int64_t)MS_MAX * PLX_NS_PER_MS)
		return MS_MAX;
	return (int)((ns + PLX_NS_PER_MS - 1) / PLX_NS_PER_MS);
}

/* The result of a call in core's form, errno as it was before. */
static int
os_result(int ret, int saved)
{
	int r = plx_result(ret);

	errno = saved;
	return r;
}

static int
os_epoll_wait(int epfd, struct epoll_event *ret_events, int events_max,
    int64_t timeout_ns, const sigset_t *mask)
{
	struct timespec timeout = span_of_ns(timeout_ns < 0 ? 0 : timeout_ns);
	int saved = errno;
	int r;

	/* relaxed: found out once, by whoever asks first. */
	if (!atomic_load_explicit(&pwait2_missing, memory_order_relaxed)) {
		r = os_result(plx_real.epoll_pwait2(epfd, ret_events,
				  events_max, timeout_ns < 0 ? NULL : &timeout,
				  mask),
		    saved);
		if (r != -ENOSYS)
			return r;
		atomic_store_explicit(&pwait2_missing, true,
		    memory_order_relaxed);
	}
	return os_result(plx_real.epoll_pwait(epfd, ret_events, events_max,
			     ms_of_ns(timeout_ns), mask),
	    saved);
}

static int
os_poll(struct pollfd *fds, unsigned int fds_n, int64_t timeout_ns,
    const sigset_t *mask)
{
	struct timespec timeout = span_of_ns(timeout_ns < 0 ? 0 : timeout_ns);
	int saved = errno;

	return os_result(plx_real.ppoll(fds, fds_n,
			     timeout_ns < 0 ? NULL : &timeout, mask),
	    saved);
}

void
plx_os_fill(void)
{
	plx_os = (struct plx_os){
		.epoll_wait = os_epoll_wait,
		.poll = os_poll,
		.fd_hide = private_fd_adopt,
		.fd_drop = private_fd_drop,
		.signal_watch = plx_signal_watch,
		.signal_unwatch = plx_signal_unwatch,
	};
}
