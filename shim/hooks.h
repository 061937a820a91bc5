/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hooks.h - what the wrappers ask and tell about descriptor numbers.
 *
 * Only asked when a bit of PLX_ACTIVE_NUMBERS is on. Everything is lock-free and
 * async-signal-safe. In a process that shares our memory without being us (a
 * vfork child) every question is answered "a plain descriptor": its table of
 * descriptors is its own, and ours must not be written. In a sandbox nobody
 * asks who we are, as that is a system call: there are no vfork children there.
 */
#ifndef PLX_SHIM_HOOKS_H
#define PLX_SHIM_HOOKS_H

#include <stdbool.h>

#include "shim/types.h"

/* plx_hook_private - true if the number is ours, and not for the program. */
bool plx_hook_private(int fd);

/*
 * plx_hook_kept - true if the number is ours and a close must leave it alone:
 * private, or, in a vfork child, private and inherited over exec (its table is
 * a copy of ours, and the program that it will run needs it).
 */
bool plx_hook_kept(int fd);

/* plx_hook_known - true if the number means anything to us. */
bool plx_hook_known(int fd);

/*
 * plx_hook_closing - the number is about to be closed or replaced: the engine
 * drops what it knows, the entry becomes plain. Before the real call.
 */
void plx_hook_closing(int fd);

/* plx_hook_dup - new_fd is a duplicate of old_fd. After the real call. */
void plx_hook_dup(int old_fd, int new_fd);

/* plx_hook_publish - somebody may look at the number from now on. Before. */
void plx_hook_publish(int fd);

/* plx_hook_pass - the number is about to be sent to another process. */
void plx_hook_pass(int fd);

/*
 * plx_hook_fork_prepare - before a fork: every set may be looked at from now
 * on, and those that would be shared go back to the kernel.
 */
void plx_hook_fork_prepare(void);

/*
 * plx_hook_poll, plx_hook_select - publish every set among the members, before
 * the real call. Return true if a private number is among them.
 */
bool plx_hook_poll(const struct pollfd *fds, nfds_t n);
bool plx_hook_select(int n, fd_set *const sets[3]);

#endif
