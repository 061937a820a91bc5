/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * path.c - timeouts of the calls as spans, see path.h.
 */
#include "shim/path.h"

#include "core/deadline.h"

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
