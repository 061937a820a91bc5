/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scratch.c - see scratch.h.
 */
#include "shim/scratch.h"

#include <errno.h>
#include <string.h>

#include "core/proc.h"
#include "core/sys.h"
#include "shim/active.h"

struct scratch
scratch_take(void *stack, size_t stack_bytes, size_t len_bytes)
{
	if (len_bytes <= stack_bytes)
		return (struct scratch){ .p = stack };
	return (struct scratch){
		.p = plx_sys_map(len_bytes),
		.mapped_bytes = len_bytes,
	};
}

void
scratch_give(void *scratch)
{
	struct scratch *s = scratch;

	if (s->mapped_bytes != 0 && s->p != NULL)
		plx_sys_unmap(s->p, s->mapped_bytes);
	s->p = NULL;
}

int
user_store(void *to, const void *from, size_t len_bytes)
{
	int r = -EPERM;

	if (len_bytes == 0)
		return 0;
	if (!plx_sandboxed())
		r = plx_sys_store(plx_proc_owner_pid(), to, from, len_bytes);
	if (r == 0 || r == -EFAULT)
		return r;
	memcpy(to, from, len_bytes);
	return 0;
}
