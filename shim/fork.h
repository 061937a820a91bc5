/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork.h - the child of a fork takes over the copy of our tables.
 */
#ifndef PLX_SHIM_FORK_H
#define PLX_SHIM_FORK_H

/*
 * plx_fork_child - new owner, locks free, private descriptors closed, a slot of
 * its own in the report, listeners told. Called by the wrappers of fork in the
 * child, and by any wrapper or face that finds itself in a child that no
 * wrapper saw (plx_shim_enter). Async-signal-safe; no-op if it is done already.
 */
void plx_fork_child(void);

/* plx_fork_prepare - before the real call: sets are published. */
void plx_fork_prepare(void);

/*
 * plx_fork_watch - where libc's fork goes past us (blind), have it call the two
 * above from now on. Once; it allocates, so not from a signal handler.
 */
void plx_fork_watch(void);

/* plx_vfork_note - called by assembly before the jump to the real vfork. */
void plx_vfork_note(const void *caller);

#endif
