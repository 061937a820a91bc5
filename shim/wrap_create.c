/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_create.c - descriptors without a name. One branch and a jump when
 * nobody listens.
 */
#include "shim/calls.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include "shim/active.h"
#include "shim/real.h"
#include "shim/seen.h"

/* plx_seen_open knows one spelling of close-on-exec and of non-blocking. */
_Static_assert(SOCK_CLOEXEC == O_CLOEXEC, "spelt alike");
_Static_assert(SOCK_NONBLOCK == O_NONBLOCK, "spelt alike");
_Static_assert(EFD_CLOEXEC == O_CLOEXEC, "spelt alike");
_Static_assert(EFD_NONBLOCK == O_NONBLOCK, "spelt alike");
_Static_assert(TFD_CLOEXEC == O_CLOEXEC, "spelt alike");
_Static_assert(TFD_NONBLOCK == O_NONBLOCK, "spelt alike");
_Static_assert(SFD_CLOEXEC == O_CLOEXEC, "spelt alike");
_Static_assert(SFD_NONBLOCK == O_NONBLOCK, "spelt alike");
_Static_assert(IN_CLOEXEC == O_CLOEXEC, "spelt alike");
_Static_assert(IN_NONBLOCK == O_NONBLOCK, "spelt alike");
_Static_assert(EPOLL_CLOEXEC == O_CLOEXEC, "spelt alike");

int
plx_w_socket(int family, int type, int protocol)
{
	if (!plx_active())
		return plx_real.socket(family, type, protocol);
	return plx_seen_open(PLX_CALL(socket), PLX_WHAT_SOCKET, type,
	    plx_real.socket(family, type, protocol));
}

int
plx_w_socketpair(int family, int type, int protocol, int fds[2])
{
	if (!plx_active())
		return plx_real.socketpair(family, type, protocol, fds);
	return plx_seen_open2(PLX_CALL(socketpair), PLX_WHAT_SOCKET, type, fds,
	    plx_real.socketpair(family, type, protocol, fds));
}

int
plx_w_accept(int fd, struct sockaddr *name, socklen_t *name_bytes)
{
	if (!plx_active())
		return plx_real.accept(fd, name, name_bytes);
	return plx_seen_open(PLX_CALL(accept), PLX_WHAT_ACCEPTED, 0,
	    plx_real.accept(fd, name, name_bytes));
}

int
plx_w_accept4(int fd, struct sockaddr *name, socklen_t *name_bytes, int flags)
{
	if (!plx_active())
		return plx_real.accept4(fd, name, name_bytes, flags);
	return plx_seen_open(PLX_CALL(accept), PLX_WHAT_ACCEPTED, flags,
	    plx_real.accept4(fd, name, name_bytes, flags));
}

int
plx_w_pipe(int fds[2])
{
	if (!plx_active())
		return plx_real.pipe(fds);
	return plx_seen_open2(PLX_CALL(pipe), PLX_WHAT_PIPE, 0, fds,
	    plx_real.pipe(fds));
}

int
plx_w_pipe2(int fds[2], int flags)
{
	if (!plx_active())
		return plx_real.pipe2(fds, flags);
	return plx_seen_open2(PLX_CALL(pipe), PLX_WHAT_PIPE, flags, fds,
	    plx_real.pipe2(fds, flags));
}

int
plx_w_eventfd(unsigned value, int flags)
{
	if (!plx_active())
		return plx_real.eventfd(value, flags);
	return plx_seen_open(PLX_CALL(eventfd), PLX_WHAT_EVENTFD, flags,
	    plx_real.eventfd(value, flags));
}

int
plx_w_timerfd_create(int clock, int flags)
{
	if (!plx_active())
		return plx_real.timerfd_create(clock, flags);
	return plx_seen_open(PLX_CALL(timerfd_create), PLX_WHAT_TIMERFD, flags,
	    plx_real.timerfd_create(clock, flags));
}

/* With a number the call changes that descriptor's mask: nothing is opened. */
int
plx_w_signalfd(int fd, const sigset_t *mask, int flags)
{
	if (!plx_active())
		return plx_real.signalfd(fd, mask, flags);
	if (fd >= 0) {
		(void)plx_seen(PLX_CALL(signalfd));
		return plx_real.signalfd(fd, mask, flags);
	}
	return plx_seen_open(PLX_CALL(signalfd), PLX_WHAT_SIGNALFD, flags,
	    plx_real.signalfd(fd, mask, flags));
}

int
plx_w_inotify_init(void)
{
	if (!plx_active())
		return plx_real.inotify_init();
	return plx_seen_open(PLX_CALL(inotify_init), PLX_WHAT_INOTIFY, 0,
	    plx_real.inotify_init());
}

int
plx_w_inotify_init1(int flags)
{
	if (!plx_active())
		return plx_real.inotify_init1(flags);
	return plx_seen_open(PLX_CALL(inotify_init), PLX_WHAT_INOTIFY, flags,
	    plx_real.inotify_init1(flags));
}

/* Always close-on-exec. */
int
plx_w_pidfd_open(pid_t pid, unsigned flags)
{
	if (!plx_active())
		return plx_real.pidfd_open(pid, flags);
	return plx_seen_open(PLX_CALL(pidfd_open), PLX_WHAT_PIDFD,
	    O_CLOEXEC | ((flags & O_NONBLOCK) != 0 ? O_NONBLOCK : 0),
	    plx_real.pidfd_open(pid, flags));
}

#define PLX_CALLS_CREATE
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"
