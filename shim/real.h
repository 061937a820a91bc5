/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * real.h - the next definition of every name in calls.def.
 *
 * The pointers are never NULL: they start as stubs that make the raw system
 * call (or fail with ENOSYS where there is none), and the constructor sets
 * them to the next object's definition. Written by the constructor only, read
 * everywhere without further ado.
 */
#ifndef PLX_SHIM_REAL_H
#define PLX_SHIM_REAL_H

#include <stdbool.h>

#include "shim/types.h"

struct plx_real {
#define PLX_CALLS_ALL
#define PLX_KERNEL(ret, name, params, api, nr) ret(*name) params;
#define PLX_SHAPED(ret, name, params, api)     ret(*name) params;
#define PLX_LIBC(ret, name, params, api)       ret(*name) params;
#include "shim/calls.def"
#undef PLX_CALLS_ALL
};

extern struct plx_real plx_real;

/* For the assembly, which has no structures. Cancellation: none. */
extern pid_t (*plx_real_vfork)(void);
extern long (
    *plx_real_syscall)(long nr, long a, long b, long c, long d, long e, long f);

/*
 * plx_real_resolve - find the next definitions. Once, from the constructor.
 * Not AS-safe (dlsym). Returns true if libc's names lead to us in this process
 * (interposed), false if they lead past us (blind).
 */
bool plx_real_resolve(void);

/* plx_real_is_ours - true if an address lies in this object's code. */
bool plx_real_is_ours(const void *address);

#endif
