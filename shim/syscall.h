/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * syscall.h - what the assembly of syscall(2) calls.
 */
#ifndef PLX_SHIM_SYSCALL_H
#define PLX_SHIM_SYSCALL_H

/*
 * plx_syscall_wanted - non-zero if calls with this number go through
 * plx_syscall_seen; else counts the call, if anybody counts. Touches no errno.
 */
int plx_syscall_wanted(long nr);

/* plx_syscall_seen - makes the call, with libc's convention for the result. */
long plx_syscall_seen(long nr, long a, long b, long c, long d, long e, long f);

#endif
