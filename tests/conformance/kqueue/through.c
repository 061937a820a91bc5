/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/conformance/kqueue/through.h"

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int
through_kqueue(void)
{
	return kqueue();
}

EXPORTED int
through_kqueue1(int flags)
{
	return kqueue1(flags);
}

EXPORTED int
through_kqueuex(unsigned int flags)
{
	return kqueuex(flags);
}

EXPORTED int
through_kevent(int kq, const struct kevent *changelist, int nchanges,
    struct kevent *eventlist, int nevents, const struct timespec *timeout)
{
	return kevent(kq, changelist, nchanges, eventlist, nevents, timeout);
}
