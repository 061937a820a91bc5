/* SPDX-License-Identifier: BSD-2-Clause */
/* The calls, for a program that has them only through another library. */
#include "tests/conformance/kqueue/through.h"

int
kqueue(void)
{
	return through_kqueue();
}

int
kqueue1(int flags)
{
	return through_kqueue1(flags);
}

int
kqueuex(unsigned int flags)
{
	return through_kqueuex(flags);
}

int
kevent(int kq, const struct kevent *changelist, int nchanges,
    struct kevent *eventlist, int nevents, const struct timespec *timeout)
{
	return through_kevent(kq, changelist, nchanges, eventlist, nevents,
	    timeout);
}
