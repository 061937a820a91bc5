/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path.h - the slow paths: a call that came in, the call that goes on, and
 * what is noted around it.
 *
 * The same path serves libc's function and syscall(2): only `make` differs, and
 * it makes the very call that came in (same number, same pointers). A path may
 * change an argument where a descriptor of ours must not be seen; then the
 * kernel answers as if the number were not open.
 *
 * All return what the program gets, with errno set as it expects. All are
 * thread-safe, async-signal-safe, take no lock, allocate nothing. A path blocks,
 * and is a cancellation point, where `make` is.
 */
#ifndef PLX_SHIM_PATH_H
#define PLX_SHIM_PATH_H

#include <stdint.h>

#include "core/mutant.h"
#include "shim/seen.h"
#include "shim/types.h"

#define PLX_ARGS_MAX 7

struct plx_make {
	struct plx_call call;
	long (*make)(const long *arg);
	long arg[PLX_ARGS_MAX]; /* the call's own; the last: its number */
};

#define PLX_MAKE(api_name, function, ...)                               \
	PLX_MUTATE_MAKE(((struct plx_make){ .call = PLX_CALL(api_name), \
	    .make = (function),                                         \
	    .arg = { __VA_ARGS__ } }))

/*
 * plx_path_wait - make a waiting call, again if it was interrupted only by a
 * signal that the program ignores. Its time is what was left. timeout_ns: -1
 * for ever. plx_path_waits is the same for plx_seen_wait.
 */
struct plx_waiting {
	struct plx_make *m;
	int64_t timeout_ns;
};
long plx_path_wait(struct plx_make *m, int64_t timeout_ns);
long plx_path_waits(const long *waiting);

/* timeout_ns: -1 for ever. The sets of select are arguments 1, 2 and 3. */
long plx_path_poll(struct plx_make *m, struct pollfd *fds, nfds_t n,
    int64_t timeout_ns);
long plx_path_select(struct plx_make *m, int n, int64_t timeout_ns);

/* The epoll descriptor is argument 0; of epoll_ctl, fd is argument 2. */
long plx_path_epoll_create(struct plx_make *m, int flags);
long plx_path_epoll_ctl(struct plx_make *m, int epfd, int op, int fd,
    const struct epoll_event *event);
long plx_path_epoll_wait(struct plx_make *m, int epfd,
    struct epoll_event *events, int events_max, int64_t timeout_ns);

/* Descriptors are argument 0, a new number is argument 1. */
long plx_path_close(struct plx_make *m, int fd);
long plx_path_dup(struct plx_make *m, int fd);
long plx_path_dup_over(struct plx_make *m, int old_fd, int new_fd);
long plx_path_fcntl(struct plx_make *m, int fd, int cmd, long arg);
long plx_path_close_range(struct plx_make *m, unsigned first, unsigned last,
    int flags);

/* Spans as records have them; NULL waits for ever. Negative ones are 0. */
int64_t plx_path_ns_of_ms(int timeout_ms);
int64_t plx_path_ns_of_timespec(const struct timespec *timeout);
int64_t plx_path_ns_of_timeval(const struct timeval *timeout);

#endif
