/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_poll.c - poll, ppoll and their fortified forms.
 *
 * Authority: poll(2); glibc's fortified forms compare the length and go on.
 */
#include "shim/calls.h"

#include <limits.h>

#include "core/sys.h"
#include "shim/active.h"
#include "shim/errno.h"
#include "shim/face.h"
#include "shim/hooks.h"
#include "shim/masks.h"
#include "shim/path.h"
#include "shim/private.h"
#include "shim/real.h"

/* What a member says beyond "ready": it is broken, or not open. */
#define TROUBLE (POLLERR | POLLHUP | POLLNVAL)

static void
poll_members_emit(struct plx_call call, const struct pollfd *fds, nfds_t n,
    int ret)
{
	nfds_t i;

	for (i = 0; i < n; i++) {
		struct plx_record rec;

		if ((fds[i].revents & TROUBLE) == 0 || fds[i].fd < 0)
			continue;
		rec = plx_rec_fd(PLX_OP_MEMBER, call, fds[i].fd);
		rec.want = plx_mask_from_poll(fds[i].events);
		rec.have = plx_mask_from_poll(fds[i].revents);
		rec.ret = ret;
		rec.n = (uint32_t)n;
		rec.address = (uint64_t)(uintptr_t)fds;
		plx_emit_after(&rec);
	}
}

/*
 * A private number is among the members. It is not open for the program, so
 * the call answers at once; everything but its answer is the kernel's.
 */
static long
poll_hiding(struct pollfd *fds, nfds_t n)
{
	int ready = 0;
	nfds_t i;
	int r = plx_sys_poll_peek(fds, (unsigned)n);

	if (r < 0)
		return plx_ret(r);
	for (i = 0; i < n; i++) {
		if (plx_hook_private(fds[i].fd))
			fds[i].revents = POLLNVAL;
		ready += fds[i].revents != 0;
	}
	return ready;
}

/*
 * The same after the call, which has ended at once: the record's descriptor is
 * always ready. Only it is hidden, so nothing had to be looked at before.
 */
static long
poll_hide(struct pollfd *fds, nfds_t n, long ret)
{
	const int lowest = private_fd_lowest();
	nfds_t i;

	if (ret < 0 || lowest == INT_MAX)
		return ret;
	for (i = 0; i < n; i++) {
		if (fds[i].fd < lowest || !plx_hook_private(fds[i].fd))
			continue;
		ret += fds[i].revents == 0;
		fds[i].revents = POLLNVAL;
	}
	return ret;
}

long
plx_path_poll(struct plx_make *m, struct pollfd *fds, nfds_t n,
    int64_t timeout_ns)
{
	bool listening = plx_seen(m->call);
	bool hiding = plx_active_is(PLX_ACTIVE_TRACKED) &&
	    plx_hook_poll(fds, n);
	struct plx_waiting waiting = { m, timeout_ns };
	struct plx_record rec;
	long ret;

	/* The kernel takes no more bits of the count. */
	n = (unsigned int)n;
	if (hiding)
		return poll_hiding(fds, n);
	if (!listening)
		return poll_hide(fds, n, plx_path_wait(m, timeout_ns));
	rec = plx_rec(PLX_OP_WAIT_ENTER, m->call);
	rec.n = (uint32_t)n;
	rec.timeout_ns = timeout_ns;
	rec.address = (uint64_t)(uintptr_t)fds;
	ret = poll_hide(fds, n,
	    plx_seen_wait(&rec, plx_path_waits,
		(const long *)(const void *)&waiting));
	if (ret > 0)
		poll_members_emit(m->call, fds, n, (int)ret);
	plx_seen_waited(&rec, ret);
	return ret;
}

static long
make_poll(const long *arg)
{
	return plx_real.poll((struct pollfd *)arg[0], (nfds_t)arg[1],
	    (int)arg[2]);
}

static long
make_ppoll(const long *arg)
{
	return plx_real.ppoll((struct pollfd *)arg[0], (nfds_t)arg[1],
	    (const struct timespec *)arg[2], (const sigset_t *)arg[3]);
}

static long
make_poll_chk(const long *arg)
{
	return plx_real.__poll_chk((struct pollfd *)arg[0], (nfds_t)arg[1],
	    (int)arg[2],
	    PLX_MUTATE(poll_chk_checks_nothing, (size_t)arg[3], SIZE_MAX));
}

static long
make_ppoll_chk(const long *arg)
{
	return plx_real.__ppoll_chk((struct pollfd *)arg[0], (nfds_t)arg[1],
	    (const struct timespec *)arg[2], (const sigset_t *)arg[3],
	    (size_t)arg[4]);
}

/* truth=engine: the engine answers. */
static bool
engine(void)
{
	return plx_active_is(PLX_ACTIVE_ENGINE);
}

int
plx_w_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.poll(fds, n, timeout_ms);
	m = PLX_MAKE(poll, engine() ? face_poll : make_poll, (long)fds, (long)n,
	    timeout_ms);
	return (int)plx_path_poll(&m, fds, n, plx_path_ns_of_ms(timeout_ms));
}

int
plx_w_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.ppoll(fds, n, timeout, mask);
	m = PLX_MAKE(ppoll, engine() ? face_ppoll : make_ppoll, (long)fds,
	    (long)n, (long)timeout, (long)mask);
	return (int)plx_path_poll(&m, fds, n, plx_path_ns_of_timespec(timeout));
}

/* The length is checked by libc's form, which aborts: none of our business. */
int
plx_w___poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms,
    size_t room_bytes)
{
	struct plx_make m;

	if (!plx_active() ||
	    PLX_MUTATE(poll_chk_checks_nothing, room_bytes / sizeof(*fds) < n,
		false))
		return plx_real.__poll_chk(fds, n, timeout_ms, room_bytes);
	m = PLX_MAKE(poll, engine() ? face_poll : make_poll_chk, (long)fds,
	    (long)n, timeout_ms, (long)room_bytes);
	return (int)plx_path_poll(&m, fds, n, plx_path_ns_of_ms(timeout_ms));
}

int
plx_w___ppoll_chk(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask, size_t room_bytes)
{
	struct plx_make m;

	if (!plx_active() || room_bytes / sizeof(*fds) < n)
		return plx_real.__ppoll_chk(fds, n, timeout, mask, room_bytes);
	m = PLX_MAKE(ppoll, engine() ? face_ppoll : make_ppoll_chk, (long)fds,
	    (long)n, (long)timeout, (long)mask, (long)room_bytes);
	return (int)plx_path_poll(&m, fds, n, plx_path_ns_of_timespec(timeout));
}

#define PLX_CALLS_POLL
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"
