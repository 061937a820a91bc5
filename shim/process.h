/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.h - changes of the whole process, by libc's function or syscall(2).
 */
#ifndef PLX_SHIM_PROCESS_H
#define PLX_SHIM_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * plx_sandbox_enter - a filter of system calls is about to be installed: from
 * here on only the program's own calls are made. Returns true if so, and false
 * in a vfork child, whose sandbox is not its parent's.
 * plx_sandbox_made - the installation returned ret; undone if it failed.
 */
bool plx_sandbox_enter(void);
void plx_sandbox_made(long ret);

/*
 * plx_process_unseen - something escaped us: bits of enum plx_unseen. Not said
 * of the parent by its vfork child.
 */
void plx_process_unseen(uint32_t bits);

/* plx_unshare_made - unshare(flags) returned ret. */
void plx_unshare_made(long flags, long ret);

#endif
