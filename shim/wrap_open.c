/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrap_open.c - files by name. One branch and a jump when nobody listens.
 */
#include "shim/calls.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "shim/active.h"
#include "shim/real.h"
#include "shim/seen.h"

int
plx_w_open(const char *path, int flags, long mode)
{
	if (!plx_active())
		return plx_real.open(path, flags, mode);
	return plx_seen_open(PLX_CALL(open), PLX_WHAT_FILE, flags,
	    plx_real.open(path, flags, mode));
}

int
plx_w_openat(int dir_fd, const char *path, int flags, long mode)
{
	if (!plx_active())
		return plx_real.openat(dir_fd, path, flags, mode);
	return plx_seen_open(PLX_CALL(open), PLX_WHAT_FILE, flags,
	    plx_real.openat(dir_fd, path, flags, mode));
}

int
plx_w_creat(const char *path, mode_t mode)
{
	if (!plx_active())
		return plx_real.creat(path, mode);
	return plx_seen_open(PLX_CALL(open), PLX_WHAT_FILE, 0,
	    plx_real.creat(path, mode));
}

int
plx_w___open_2(const char *path, int flags)
{
	if (!plx_active())
		return plx_real.__open_2(path, flags);
	return plx_seen_open(PLX_CALL(open), PLX_WHAT_FILE, flags,
	    plx_real.__open_2(path, flags));
}

int
plx_w___open64_2(const char *path, int flags)
{
	if (!plx_active())
		return plx_real.__open64_2(path, flags);
	return plx_seen_open(PLX_CALL(open), PLX_WHAT_FILE, flags,
	    plx_real.__open64_2(path, flags));
}

int
plx_w___openat_2(int dir_fd, const char *path, int flags)
{
	if (!plx_active())
		return plx_real.__openat_2(dir_fd, path, flags);
	return plx_seen_open(PLX_CALL(open), PLX_WHAT_FILE, flags,
	    plx_real.__openat_2(dir_fd, path, flags));
}

int
plx_w___openat64_2(int dir_fd, const char *path, int flags)
{
	if (!plx_active())
		return plx_real.__openat64_2(dir_fd, path, flags);
	return plx_seen_open(PLX_CALL(open), PLX_WHAT_FILE, flags,
	    plx_real.__openat64_2(dir_fd, path, flags));
}

/* Its flag for close-on-exec is a bit of its own. */
int
plx_w_memfd_create(const char *name, unsigned flags)
{
	if (!plx_active())
		return plx_real.memfd_create(name, flags);
	return plx_seen_open(PLX_CALL(memfd_create), PLX_WHAT_MEMFD,
	    (flags & MFD_CLOEXEC) != 0 ? O_CLOEXEC : 0,
	    plx_real.memfd_create(name, flags));
}

#define PLX_CALLS_OPEN
#define PLX_ALIAS PLX_DEFINE_ALIAS
#include "shim/calls.def"
