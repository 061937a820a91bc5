/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * face.h - epoll, poll and select answered by the engine (truth=engine).
 *
 * Each function takes the arguments of the call that came in, as struct
 * plx_make carries them, and returns what the program gets, errno set as it
 * expects: it stands in the place of the real call. What the engine leaves to
 * the kernel (wild pointers, sizes it does not take) goes to
 * libc's own function.
 *
 * Thread-safe; face_poll and face_select are async-signal-safe. The waits are
 * cancellation points and hold nothing while they sleep.
 */
#ifndef PLX_SHIM_FACE_H
#define PLX_SHIM_FACE_H

#include <stdbool.h>

#include "shim/path.h"

/* size, or flags of epoll_create1 */
long face_epoll_create(const long *arg);
long face_epoll_create1(const long *arg);
/* epfd, op, fd, event */
long face_epoll_ctl(const long *arg);
/* epfd, events, maxevents, timeout[, mask]; epoll_pwait2: a timespec */
long face_epoll_wait(const long *arg);
long face_epoll_pwait(const long *arg);
long face_epoll_pwait2(const long *arg);

/*
 * face_epoll_take - if epfd is a set of the engine's, the call is answered by
 * it: m->make becomes the function above that belongs to m->call.api.
 */
void face_epoll_take(struct plx_make *m, int epfd);

/* fds, n, timeout[, mask] */
long face_poll(const long *arg);
long face_ppoll(const long *arg);

/* n, read, write, except, timeout[, mask] */
long face_select(const long *arg);
long face_pselect(const long *arg);

/* face_timeout_ns - a timespec as ns, -1 for NULL; -EINVAL if it is none. */
int face_timeout_ns(const struct timespec *timeout, int64_t *ret_ns);

#endif
