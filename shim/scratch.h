/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scratch.h - memory for one call: the caller's stack when it is little, a
 * mapping when it is much. Never malloc. Async-signal-safe.
 */
#ifndef PLX_SHIM_SCRATCH_H
#define PLX_SHIM_SCRATCH_H

#include <stddef.h>

struct scratch {
	void *p;
	size_t mapped_bytes; /* 0: on the stack, nothing to give back */
};

/*
 * scratch_take - len_bytes, from `stack` (stack_bytes) if they fit. p is NULL
 * when there is no memory. scratch_give takes a struct scratch *; it has the
 * type that pthread_cleanup_push wants.
 */
struct scratch scratch_take(void *stack, size_t stack_bytes, size_t len_bytes);
void scratch_give(void *scratch);

/*
 * user_store - write a result where the program wants it. Returns 0, or
 * -EFAULT as the kernel would; where the kernel's help is not to be had (a
 * sandbox, a vfork child) the write is made directly.
 */
int user_store(void *to, const void *from, size_t len_bytes);

#endif
