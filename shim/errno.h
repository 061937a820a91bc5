/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * errno.h - the one border between core's results and libc's.
 *
 * Core and the records speak ">= 0 or -Exxx"; a program speaks "-1 and errno".
 * Success never touches errno.
 */
#ifndef PLX_SHIM_ERRNO_H
#define PLX_SHIM_ERRNO_H

#include <errno.h>

/* plx_ret - core's result as the program wants it. */
static inline long
plx_ret(long r)
{
	if (__builtin_expect(r < 0, 0)) {
		errno = (int)-r;
		return -1;
	}
	return r;
}

/* plx_result - what libc's function just returned, as core wants it. */
static inline int
plx_result(long ret)
{
	return ret < 0 ? -errno : (int)ret;
}

#endif
