/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path.c - timeouts of the calls as spans, and waits that go on; see path.h.
 */
#include "shim/path.h"

#include <errno.h>

#include "core/deadline.h"
#include "core/signals.h"
#include "core/sys.h"

#define NS_PER_US INT64_C(1000)

int64_t
plx_path_ns_of_ms(int timeout_ms)
{
	return timeout_ms < 0 ? -1 : timeout_ms * PLX_NS_PER_MS;
}

/* Saturates; what the kernel will refuse counts as no time. */
static int64_t
span_ns(int64_t s, int64_t ns)
{
	if (s < 0 || ns < 0)
		return 0;
	if (__builtin_mul_overflow(s, PLX_NS_PER_S, &s) ||
	    __builtin_add_overflow(s, ns, &s))
		return INT64_MAX;
	return s;
}

int64_t
plx_path_ns_of_timespec(const struct timespec *timeout)
{
	return timeout == NULL ? -1
			       : span_ns(timeout->tv_sec, timeout->tv_nsec);
}

int64_t
plx_path_ns_of_timeval(const struct timeval *timeout)
{
	int64_t ns;

	if (timeout == NULL)
		return -1;
	if (__builtin_mul_overflow((int64_t)timeout->tv_usec, NS_PER_US, &ns))
		ns = INT64_MAX;
	return span_ns(timeout->tv_sec, ns);
}

/* What is left, where the call has its time; select's was updated by libc. */
static void
left_set(struct plx_make *m, int64_t left_ns, struct timespec *ts)
{
	const int64_t ms = (left_ns + PLX_NS_PER_MS - 1) / PLX_NS_PER_MS;
	const int at = m->call.api == PLX_API_poll ||
		m->call.api == PLX_API_ppoll
	    ? 2
	    : m->call.api == PLX_API_pselect ? 4
					     : 3;

	ts->tv_sec = left_ns / PLX_NS_PER_S;
	ts->tv_nsec = left_ns % PLX_NS_PER_S;
	if (m->call.api == PLX_API_poll || m->call.api == PLX_API_epoll_wait ||
	    m->call.api == PLX_API_epoll_pwait)
		m->arg[at] = (long)ms;
	else if (m->call.api != PLX_API_select)
		m->arg[at] = (long)ts;
}

long
plx_path_wait(struct plx_make *m, int64_t timeout_ns)
{
	const int saved = errno;
	struct timespec ts;
	plx_deadline until;
	uint64_t mark;
	long ret;

	if (!signal_any())
		return m->make(m->arg);
	mark = signal_mark();
	until = timeout_ns < 0 ? DEADLINE_NEVER
			       : deadline_after(plx_sys_now_ns(), timeout_ns);
	ret = m->make(m->arg);
	while (ret < 0 && errno == EINTR && signal_unnoticed(mark)) {
		if (timeout_ns >= 0)
			left_set(m, deadline_left_ns(until, plx_sys_now_ns()),
			    &ts);
		errno = saved;
		mark = signal_mark();
		ret = m->make(m->arg);
	}
	return ret;
}

long
plx_path_waits(const long *waiting)
{
	const struct plx_waiting *w = (const struct plx_waiting *)waiting;

	return plx_path_wait(w->m, w->timeout_ns);
}
