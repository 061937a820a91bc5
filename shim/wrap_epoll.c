/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_epoll.c - the epoll family.
 *
 * The program's event is read only after the kernel has read it: before that
 * its pointer may be anything. Authority: epoll_ctl(2), epoll_wait(2).
 */
#include "shim/calls.h"

#include "core/check.h"
#include "shim/active.h"
#include "shim/errno.h"
#include "shim/face.h"
#include "shim/hooks.h"
#include "shim/masks.h"
#include "shim/path.h"
#include "shim/real.h"

long
plx_path_epoll_create(struct plx_make *m, int flags)
{
	struct plx_record rec;
	long ret;

	if (plx_active_is(PLX_ACTIVE_ENGINE))
		m->make = m->call.api == PLX_API_epoll_create
		    ? face_epoll_create
		    : face_epoll_create1;
	ret = m->make(m->arg);
	if (!plx_seen(m->call) || ret < 0)
		return ret;
	rec = plx_rec_fd(PLX_OP_SET_CREATE, m->call, (int)ret);
	rec.set = (int)ret;
	rec.ret = (int)ret;
	if ((flags & EPOLL_CLOEXEC) != 0)
		rec.n |= PLX_OPEN_CLOEXEC;
	plx_emit_after(&rec);
	return ret;
}

static enum plx_op
ctl_op(int op)
{
	switch (op) {
	case EPOLL_CTL_ADD:
		return PLX_OP_ATTACH;
	case EPOLL_CTL_MOD:
		return PLX_OP_MODIFY;
	case EPOLL_CTL_DEL:
		return PLX_OP_DETACH;
	default:
		return PLX_OP_CTL_OTHER;
	}
}

static void
ctl_hook(struct plx_make *m, int epfd, int fd)
{
	plx_hook_publish(epfd);
	plx_hook_publish(fd);
	/* The kernel then says what it says of a number that is not open. */
	if (plx_hook_private(epfd))
		m->arg[0] = -1;
	if (plx_hook_private(fd))
		m->arg[2] = -1;
}

long
plx_path_epoll_ctl(struct plx_make *m, int epfd, int op, int fd,
    const struct epoll_event *event)
{
	bool listening = plx_seen(m->call);
	struct plx_record rec;
	long ret;
	int r;

	if (plx_active_is(PLX_ACTIVE_NUMBERS)) {
		ctl_hook(m, epfd, fd);
		face_epoll_take(m, epfd);
	}
	if (!listening)
		return m->make(m->arg);
	rec = plx_rec_fd(ctl_op(op), m->call, fd);
	rec.set = epfd;
	rec.extra = (uint16_t)op;
	r = plx_emit_before(&rec);
	if (r < 0)
		return plx_ret(r);
	ret = m->make(m->arg);
	rec.ret = plx_result(ret);
	/* Any other answer comes after the kernel has read the event. */
	if (op != EPOLL_CTL_DEL && event != NULL && rec.ret != -EFAULT) {
		rec.want = plx_mask_from_epoll(event->events);
		rec.data = event->data.u64;
	}
	plx_emit_after(&rec);
	return ret;
}

/* Returns how many are left for the program: level strict drops ghosts. */
static int
delivered_emit(struct plx_call call, int epfd, struct epoll_event *events,
    int n)
{
	struct plx_record rec = plx_rec(PLX_OP_DELIVER, call);
	int kept = 0;
	int i;

	rec.set = epfd;
	rec.ret = n;
	rec.n = (uint32_t)n;
	for (i = 0; i < n; i++) {
		rec.want = plx_mask_from_epoll(events[i].events);
		rec.have = rec.want;
		rec.data = events[i].data.u64;
		plx_emit_after(&rec);
		if (checks_veto() && checks_filter_event(epfd, rec.data))
			continue;
		if (kept != i)
			events[kept] = events[i];
		kept++;
	}
	return kept;
}

long
plx_path_epoll_wait(struct plx_make *m, int epfd, struct epoll_event *events,
    int events_max, int64_t timeout_ns)
{
	bool listening = plx_seen(m->call);
	struct plx_waiting waiting = { m, timeout_ns };
	struct plx_record rec;
	long ret;

	if (plx_active_is(PLX_ACTIVE_NUMBERS)) {
		if (plx_hook_private(epfd))
			m->arg[0] = -1;
		face_epoll_take(m, epfd);
	}
	if (!listening)
		return plx_path_wait(m, timeout_ns);
	rec = plx_rec_fd(PLX_OP_WAIT_ENTER, m->call, epfd);
	rec.set = epfd;
	rec.n = events_max < 0 ? 0 : (uint32_t)events_max;
	rec.timeout_ns = timeout_ns;
	rec.address = (uint64_t)(uintptr_t)events;
	ret = plx_seen_wait(&rec, plx_path_waits,
	    (const long *)(const void *)&waiting);
	if (ret > 0)
		ret = delivered_emit(m->call, epfd, events, (int)ret);
	plx_seen_waited(&rec, ret);
	return ret;
}

static long
make_create(const long *arg)
{
	return plx_real.epoll_create((int)arg[0]);
}

static long
make_create1(const long *arg)
{
	return plx_real.epoll_create1((int)arg[0]);
}

static long
make_ctl(const long *arg)
{
	return plx_real.epoll_ctl((int)arg[0], (int)arg[1], (int)arg[2],
	    (struct epoll_event *)arg[3]);
}

static long
make_wait(const long *arg)
{
	return plx_real.epoll_wait((int)arg[0], (struct epoll_event *)arg[1],
	    (int)arg[2], (int)arg[3]);
}

static long
make_pwait(const long *arg)
{
	return plx_real.epoll_pwait((int)arg[0], (struct epoll_event *)arg[1],
	    (int)arg[2], (int)arg[3], (const sigset_t *)arg[4]);
}

static long
make_pwait2(const long *arg)
{
	return plx_real.epoll_pwait2((int)arg[0], (struct epoll_event *)arg[1],
	    (int)arg[2], (const struct timespec *)arg[3],
	    (const sigset_t *)arg[4]);
}

int
plx_w_epoll_create(int size)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.epoll_create(size);
	m = PLX_MAKE(epoll_create, make_create, size);
	return (int)plx_path_epoll_create(&m, 0);
}

int
plx_w_epoll_create1(int flags)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.epoll_create1(flags);
	m = PLX_MAKE(epoll_create1, make_create1, flags);
	return (int)plx_path_epoll_create(&m, flags);
}

int
plx_w_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.epoll_ctl(epfd, op, fd, event);
	m = PLX_MAKE(epoll_ctl, make_ctl, epfd, op, fd, (long)event);
	return (int)plx_path_epoll_ctl(&m, epfd, op, fd, event);
}

int
plx_w_epoll_wait(int epfd, struct epoll_event *events, int events_max,
    int timeout_ms)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.epoll_wait(epfd, events, events_max,
		    timeout_ms);
	m = PLX_MAKE(epoll_wait, make_wait, epfd, (long)events, events_max,
	    timeout_ms);
	return (int)plx_path_epoll_wait(&m, epfd, events, events_max,
	    plx_path_ns_of_ms(timeout_ms));
}

int
plx_w_epoll_pwait(int epfd, struct epoll_event *events, int events_max,
    int timeout_ms, const sigset_t *mask)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.epoll_pwait(epfd, events, events_max,
		    timeout_ms, mask);
	m = PLX_MAKE(epoll_pwait, make_pwait, epfd, (long)events, events_max,
	    timeout_ms, (long)mask);
	return (int)plx_path_epoll_wait(&m, epfd, events, events_max,
	    plx_path_ns_of_ms(timeout_ms));
}

/* Here the kernel, not libc, reads the timeout: a bad pointer is EFAULT. */
static int64_t
pwait2_span_ns(const struct timespec *timeout)
{
	if (timeout != NULL && !plx_seen_readable(timeout, sizeof(*timeout)))
		return 0;
	return plx_path_ns_of_timespec(timeout);
}

int
plx_w_epoll_pwait2(int epfd, struct epoll_event *events, int events_max,
    const struct timespec *timeout, const sigset_t *mask)
{
	struct plx_make m;

	if (!plx_active())
		return plx_real.epoll_pwait2(epfd, events, events_max, timeout,
		    mask);
	m = PLX_MAKE(epoll_pwait2, make_pwait2, epfd, (long)events, events_max,
	    (long)timeout, (long)mask);
	return (int)plx_path_epoll_wait(&m, epfd, events, events_max,
	    pwait2_span_ns(timeout));
}

#define PLX_CALLS_EPOLL
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"
