/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stub_shaped.c - the stubs whose system call looks different from libc's
 * function, or is not there on every architecture. See stub.h.
 */
#include "shim/stub.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

#include "core/sys.h"
#include "shim/errno.h"

/* What the kernel takes for the size of a signal set. */
#define SIGSET_BYTES 8

#define NS_PER_US 1000
#define NS_PER_MS 1000000
#define MS_PER_S  1000

static struct timespec
ms_to_timespec(int ms)
{
	return (struct timespec){
		.tv_sec = ms / MS_PER_S,
		.tv_nsec = (long)(ms % MS_PER_S) * NS_PER_MS,
	};
}

int
plx_stub_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	struct timespec left = { 0 };

	/* The kernel writes what is left; libc's function does not. */
	if (timeout != NULL)
		left = *timeout;
	return (int)plx_ret(plx_sys(SYS_ppoll, (long)fds, (long)n,
	    timeout == NULL ? 0 : (long)&left, (long)mask, SIGSET_BYTES, 0));
}

int
plx_stub_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct timespec timeout = ms_to_timespec(timeout_ms);

	return plx_stub_ppoll(fds, n, timeout_ms < 0 ? NULL : &timeout, NULL);
}

int
plx_stub_pselect(int n, fd_set *in, fd_set *out, fd_set *ex,
    const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec left = { 0 };
	const struct {
		const sigset_t *mask;
		size_t bytes;
	} with_size = { mask, SIGSET_BYTES };

	if (timeout != NULL)
		left = *timeout;
	return (int)plx_ret(plx_sys(SYS_pselect6, n, (long)in, (long)out,
	    (long)ex, timeout == NULL ? 0 : (long)&left, (long)&with_size));
}

int
plx_stub_select(int n, fd_set *in, fd_set *out, fd_set *ex,
    struct timeval *timeout)
{
	struct timespec left = { 0 };
	long r;

	if (timeout != NULL) {
		left.tv_sec = timeout->tv_sec;
		left.tv_nsec = timeout->tv_usec * NS_PER_US;
	}
	r = plx_sys(SYS_pselect6, n, (long)in, (long)out, (long)ex,
	    timeout == NULL ? 0 : (long)&left, 0);
	/* On Linux select writes what is left; libc's is built like this. */
	if (timeout != NULL && r != -EINVAL) {
		timeout->tv_sec = left.tv_sec;
		timeout->tv_usec = left.tv_nsec / NS_PER_US;
	}
	return (int)plx_ret(r);
}

int
plx_stub_epoll_create(int size)
{
	if (size <= 0)
		return (int)plx_ret(-EINVAL);
	return (int)plx_ret(plx_sys_epoll_create1(0));
}

int
plx_stub_epoll_pwait(int epfd, struct epoll_event *events, int events_max,
    int timeout_ms, const sigset_t *mask)
{
	return (int)plx_ret(plx_sys(SYS_epoll_pwait, epfd, (long)events,
	    events_max, timeout_ms, (long)mask, SIGSET_BYTES));
}

int
plx_stub_epoll_wait(int epfd, struct epoll_event *events, int events_max,
    int timeout_ms)
{
	return plx_stub_epoll_pwait(epfd, events, events_max, timeout_ms, NULL);
}

int
plx_stub_epoll_pwait2(int epfd, struct epoll_event *events, int events_max,
    const struct timespec *timeout, const sigset_t *mask)
{
	return (int)plx_ret(plx_sys(SYS_epoll_pwait2, epfd, (long)events,
	    events_max, (long)timeout, (long)mask, SIGSET_BYTES));
}

int
plx_stub_dup2(int old_fd, int new_fd)
{
	int r;

	/* dup3 refuses equal numbers, dup2 checks and returns them. */
	if (old_fd == new_fd) {
		r = plx_sys_fcntl(old_fd, F_GETFD, 0);
		return (int)plx_ret(r < 0 ? r : new_fd);
	}
	return (int)plx_ret(plx_sys_dup3(old_fd, new_fd, 0));
}

pid_t
plx_stub_fork(void)
{
	return (pid_t)plx_ret(plx_sys(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0));
}

pid_t
plx_stub__Fork(void)
{
	return plx_stub_fork();
}

int
plx_stub_open(const char *path, int flags, long mode)
{
	return (int)plx_ret(
	    plx_sys(SYS_openat, AT_FDCWD, (long)path, flags, mode, 0, 0));
}

int
plx_stub_creat(const char *path, mode_t mode)
{
	return plx_stub_open(path, O_CREAT | O_WRONLY | O_TRUNC, (long)mode);
}

int
plx_stub_pipe(int fds[2])
{
	return (int)plx_ret(plx_sys(SYS_pipe2, (long)fds, 0, 0, 0, 0, 0));
}

int
plx_stub_eventfd(unsigned value, int flags)
{
	return (int)plx_ret(plx_sys_eventfd(value, flags));
}

int
plx_stub_signalfd(int fd, const sigset_t *mask, int flags)
{
	return (int)plx_ret(
	    plx_sys(SYS_signalfd4, fd, (long)mask, SIGSET_BYTES, flags, 0, 0));
}

int
plx_stub_inotify_init(void)
{
	return (int)plx_ret(plx_sys(SYS_inotify_init1, 0, 0, 0, 0, 0, 0));
}

long
plx_stub_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	return plx_ret(plx_sys(nr, a, b, c, d, e, f));
}

long
plx_stub_failed(long r)
{
	return plx_ret(r);
}

/* The kernel's structure; libc's has the mask elsewhere, and longer. */
struct stub_action {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

#if defined(__x86_64__)
/* Where a handler returns to: the kernel demands one here. */
#define STUB_RESTORER 0x04000000ul
void plx_stub_restore(void);
__asm__(".text\n"
	".type plx_stub_restore, @function\n"
	".hidden plx_stub_restore\n"
	".globl plx_stub_restore\n"
	"plx_stub_restore:\n"
	"	mov $15, %eax\n" /* rt_sigreturn */
	"	syscall\n"
	".size plx_stub_restore, . - plx_stub_restore\n");
#else
#define STUB_RESTORER    0ul
#define plx_stub_restore NULL
#endif

/* Sanitizers set handlers before any constructor runs. */
int
plx_stub_sigaction(int sig, const struct sigaction *action,
    struct sigaction *ret_old)
{
	struct stub_action new = { .flags = STUB_RESTORER };
	struct stub_action old = { 0 };
	long r;

	if (action != NULL) {
		new.handler = action->sa_handler;
		new.flags |= (unsigned int)action->sa_flags;
		new.restorer = plx_stub_restore;
		memcpy(&new.mask, &action->sa_mask, sizeof(new.mask));
	}
	r = plx_sys(SYS_rt_sigaction, sig, action != NULL ? (long)&new : 0,
	    (long)&old, SIGSET_BYTES, 0, 0);
	if (r == 0 && ret_old != NULL) {
		memset(ret_old, 0, sizeof(*ret_old));
		ret_old->sa_handler = old.handler;
		ret_old->sa_flags = (int)old.flags & ~(int)STUB_RESTORER;
		memcpy(&ret_old->sa_mask, &old.mask, sizeof(old.mask));
	}
	return (int)plx_ret(r);
}
