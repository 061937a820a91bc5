/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc.c - process identity, see proc.h.
 */
#include "core/proc.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "core/lock.h"
#include "core/sys.h"

#define MARK_BYTES 4096
#define MARK_OURS  UINT32_C(0x504c5831)

/* Reads zero in the child of a fork: MADV_WIPEONFORK. NULL: not available. */
static _Atomic uint32_t *fork_mark;
static _Atomic int owner_pid;
static _Atomic uint32_t generation;
static enum plx_presence presence_now;

int
plx_proc_init(enum plx_presence presence)
{
	void *page;

	presence_now = presence;
	/* relaxed: the constructor runs before any other thread of ours. */
	atomic_store_explicit(&owner_pid, plx_sys_getpid(),
	    memory_order_relaxed);
	atomic_store_explicit(&generation, 1, memory_order_relaxed);
	page = plx_sys_map(MARK_BYTES);
	if (page == NULL)
		return -ENOMEM;
	if (plx_sys(SYS_madvise, (long)page, MARK_BYTES, MADV_WIPEONFORK, 0, 0,
		0) < 0) {
		plx_sys_unmap(page, MARK_BYTES);
		return -ENOMEM;
	}
	fork_mark = page;
	atomic_store_explicit(fork_mark, MARK_OURS, memory_order_relaxed);
	return 0;
}

enum plx_presence
plx_proc_presence(void)
{
	return presence_now;
}

int
plx_proc_owner_pid(void)
{
	/* relaxed: a number, nothing hangs on it. */
	return atomic_load_explicit(&owner_pid, memory_order_relaxed);
}

bool
plx_proc_is_owner(void)
{
	return plx_sys_getpid() == plx_proc_owner_pid();
}

bool
plx_proc_forked(void)
{
	if (fork_mark == NULL)
		return false;
	/* relaxed: written before the fork or by this very child. */
	return atomic_load_explicit(fork_mark, memory_order_relaxed) !=
	    MARK_OURS;
}

void
plx_proc_adopt(void)
{
	plx_tid_forget();
	/* relaxed: the child of a fork has one thread. */
	atomic_store_explicit(&owner_pid, plx_sys_getpid(),
	    memory_order_relaxed);
	(void)atomic_fetch_add_explicit(&generation, 1, memory_order_relaxed);
	if (fork_mark != NULL)
		atomic_store_explicit(fork_mark, MARK_OURS,
		    memory_order_relaxed);
}

uint32_t
plx_proc_generation(void)
{
	/* relaxed: see plx_proc_adopt. */
	return atomic_load_explicit(&generation, memory_order_relaxed);
}
