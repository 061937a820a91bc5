/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kq.h - kqueue for programs that are not linked with it: they are preloaded.
 */
#ifndef PLX_TESTS_CHECKS_KQ_H
#define PLX_TESTS_CHECKS_KQ_H

#include <dlfcn.h>
#include <sys/event.h>

static inline int
kq_open(void)
{
	int (*make)(void);

	/* The cast that POSIX has for dlsym. */
	*(void **)&make = dlsym(RTLD_DEFAULT, "kqueue");
	return make == NULL ? -1 : make();
}

static inline int
kq_change(int kq, const struct kevent *change)
{
	int (*call)(int, const struct kevent *, int, struct kevent *, int,
	    const struct timespec *);

	*(void **)&call = dlsym(RTLD_DEFAULT, "kevent");
	return call == NULL ? -1 : call(kq, change, 1, NULL, 0, NULL);
}

#endif
