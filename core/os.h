/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * os.h - the blocking calls that core borrows from whoever embeds it.
 *
 * A blocking call must be libc's own: it is a cancellation point, and a
 * debugger or another interposer expects to see it. shim fills the table with
 * libc's real functions before anything else runs; unit tests fill it with
 * fakes. Every function returns >= 0 or -Exxx (also -EINTR, never restarted)
 * and holds no lock of ours while it sleeps.
 */
#ifndef PLX_CORE_OS_H
#define PLX_CORE_OS_H

#include <signal.h>
#include <stdint.h>

struct epoll_event;
struct pollfd;

struct plx_os {
	/*
	 * Like epoll_pwait2(2). timeout_ns < 0 waits for ever; mask NULL leaves
	 * the signal mask alone, else it is in force for the sleep only.
	 */
	int (*epoll_wait)(int epfd, struct epoll_event *ret_events,
	    int events_max, int64_t timeout_ns, const sigset_t *mask);
	/* Like ppoll(2), with the same two rules. */
	int (*poll)(struct pollfd *fds, unsigned int fds_n, int64_t timeout_ns,
	    const sigset_t *mask);
	/*
	 * Move a descriptor of ours out of the program's sight: close-on-exec,
	 * a high number, FD_PRIVATE in the fd table. Takes fd, returns its new
	 * number or -Exxx (fd is closed then). When the program wants that
	 * number later, moved(old, new) is called with both still open, so that
	 * a registration can follow: DEL old, ADD new; new is -1 when there is
	 * no number left, and ours is lost.
	 */
	int (*fd_hide)(int fd, void (*moved)(int old_fd, int new_fd));
	/* Close a descriptor that was hidden; its number is plain again. */
	void (*fd_drop)(int fd);
	/*
	 * Have every delivery of the signal told by signal_arrived (signals.h)
	 * while the program sees, sets and gets its own disposition. 0,
	 * -EINVAL (cannot be caught), -ENOTSUP. NULL: not possible.
	 */
	int (*signal_watch)(int signal_number);
	/* The program's own disposition is the kernel's again. */
	void (*signal_unwatch)(int signal_number);
};

/* plx_os - set once by the embedder before the first wait, then immutable. */
extern struct plx_os plx_os;

#endif
