/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scratch.c - see scratch.h.
 */
#include "shim/scratch.h"

#include "core/sys.h"

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
