/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * face_poll.c - poll and ppoll over the engine: an array becomes interests that
 * live for the call, their answers become revents.
 *
 * Authority: poll(2), fs/select.c. What the kernel would refuse is left to it.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "core/mutant.h"
#include "core/transient.h"
#include "shim/errno.h"
#include "shim/face.h"
#include "shim/masks.h"
#include "shim/real.h"
#include "shim/scratch.h"
#include "shim/seen.h"

/* Members that need no mapping: 28 bytes each on the stack. */
#define STACK_MEMBERS 32
/* More than any process may have open; the kernel says EINVAL. */
#define MEMBERS_MAX (1u << 20)

struct poll_member {
	struct transient interest;
	struct pollfd raw;
};

int
face_timeout_ns(const struct timespec *timeout, int64_t *ret_ns)
{
	if (timeout == NULL) {
		*ret_ns = -1;
		return 0;
	}
	if (!plx_seen_readable(timeout, sizeof(*timeout)))
		return -EFAULT;
	if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
	    timeout->tv_nsec >= 1000000000)
		return -EINVAL;
	*ret_ns = plx_path_ns_of_timespec(timeout);
	return 0;
}

/* The kernel writes all revents, with zeros when a signal came first. */
static int
answers_store(struct pollfd *fds, const struct transient *v, uint32_t n,
    struct pollfd *raw, int ret)
{
	int r;

	for (uint32_t i = 0; i < n; i++) {
		raw[i] = fds[i];
		raw[i].revents = plx_mask_to_poll(ret < 0
			? 0
			: PLX_MUTATE(poll_forgets_not_open, v[i].have,
			      v[i].have & ~PLX_NVAL));
	}
	r = user_store(fds, raw, n * sizeof(*raw));
	return r < 0 ? r : ret;
}

static int
poll_asked(struct pollfd *fds, uint32_t n, void *room, int64_t timeout_ns,
    const sigset_t *mask)
{
	struct transient *v = room;
	struct pollfd *raw = (void *)(v + n);
	uint32_t closed;
	int r;

	for (uint32_t i = 0; i < n; i++)
		v[i] = (struct transient){ .fd = fds[i].fd,
			.want = plx_mask_from_poll(fds[i].events) };
	r = transient_wait(plx_policy_of(PLX_FACE_POLL), v, n, raw, timeout_ns,
	    mask, &closed);
	if (r >= 0 || r == -EINTR)
		return answers_store(fds, v, n, raw, r);
	return r;
}

static int
poll_by_engine(struct pollfd *fds, uint32_t n, int64_t timeout_ns,
    const sigset_t *mask)
{
	struct poll_member stack[STACK_MEMBERS];
	struct scratch room = scratch_take(stack, sizeof(stack),
	    n * sizeof(struct poll_member));
	int r = -ENOMEM;

	if (room.p == NULL)
		return r;
	pthread_cleanup_push(scratch_give, &room);
	r = poll_asked(fds, n, room.p, timeout_ns, mask);
	pthread_cleanup_pop(1);
	return r;
}

/* A pointer the kernel would refuse, or more members than it takes. */
static bool
poll_is_kernels(const struct pollfd *fds, nfds_t n)
{
	return n > MEMBERS_MAX ||
	    (n > 0 && !plx_seen_readable(fds, n * sizeof(*fds)));
}

long
face_poll(const long *arg)
{
	struct pollfd *fds = (struct pollfd *)arg[0];
	const nfds_t n = (nfds_t)arg[1];

	if (poll_is_kernels(fds, n))
		return plx_real.poll(fds, n, (int)arg[2]);
	return plx_ret(poll_by_engine(fds, (uint32_t)n,
	    plx_path_ns_of_ms((int)arg[2]), NULL));
}

long
face_ppoll(const long *arg)
{
	struct pollfd *fds = (struct pollfd *)arg[0];
	const nfds_t n = (nfds_t)arg[1];
	const struct timespec *timeout = (const struct timespec *)arg[2];
	int64_t timeout_ns;

	if (face_timeout_ns(timeout, &timeout_ns) < 0 ||
	    poll_is_kernels(fds, n))
		return plx_real.ppoll(fds, n, timeout,
		    (const sigset_t *)arg[3]);
	return plx_ret(poll_by_engine(fds, (uint32_t)n, timeout_ns,
	    (const sigset_t *)arg[3]));
}
