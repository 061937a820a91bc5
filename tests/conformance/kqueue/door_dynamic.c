/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls, for a program that is linked with nothing of ours: from the object
 * that KQ_DOOR_OBJECT names, by dlopen(3); or, without it, from whatever was
 * preloaded.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/event.h>

static void *
name_find(const char *name)
{
	static void *object;
	const char *path = getenv("KQ_DOOR_OBJECT");
	void *address;

	if (path != NULL && object == NULL)
		object = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
	address = dlsym(path != NULL ? object : RTLD_DEFAULT, name);
	if (address == NULL) {
		fprintf(stderr, "%s: not found: %s\n", name, dlerror());
		abort();
	}
	return address;
}

#define FOUND(name) (*(typeof(name) **)&(void *[]){ name_find(#name) }[0])

int
kqueue(void)
{
	return FOUND(kqueue)();
}

int
kqueue1(int flags)
{
	return FOUND(kqueue1)(flags);
}

int
kqueuex(unsigned int flags)
{
	return FOUND(kqueuex)(flags);
}

int
kevent(int kq, const struct kevent *changelist, int nchanges,
    struct kevent *eventlist, int nevents, const struct timespec *timeout)
{
	static typeof(kevent) *found;

	if (found == NULL)
		found = FOUND(kevent);
	return found(kq, changelist, nchanges, eventlist, nevents, timeout);
}
