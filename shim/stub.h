/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stub.h - what plx_real points at before the constructor has run, and where
 * libc has no such function: raw system calls with libc's calling convention.
 *
 * Used by start-up code of other objects and by resolvers only, so they are no
 * cancellation points.
 */
#ifndef PLX_SHIM_STUB_H
#define PLX_SHIM_STUB_H

#include "shim/types.h"

#define PLX_CALLS_ALL
#define PLX_SHAPED(ret, name, params, api) ret plx_stub_##name params;
#include "shim/calls.def"
#undef PLX_CALLS_ALL

/* vfork: the only one that cannot be written in C; entry_*.S. */
pid_t plx_stub_vfork(void);
/* Its error exit: r is -Exxx. */
long plx_stub_failed(long r);

long plx_stub_syscall(long nr, long a, long b, long c, long d, long e, long f);

#endif
