/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A library of somebody else's that uses kqueue inside: the program that links
 * with it knows nothing of libpollux. Contracts are those of <sys/event.h>.
 */
#ifndef PLX_TESTS_KQUEUE_THROUGH_H
#define PLX_TESTS_KQUEUE_THROUGH_H

#include <sys/event.h>

int through_kqueue(void);
int through_kqueue1(int flags);
int through_kqueuex(unsigned int flags);
int through_kevent(int kq, const struct kevent *changelist, int nchanges,
    struct kevent *eventlist, int nevents, const struct timespec *timeout);

#endif
