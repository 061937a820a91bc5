/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * private.h - the few descriptors that are ours and not for the program.
 *
 * They stand high (just below min(soft limit, 1024)), are close-on-exec, are
 * hidden by the wrappers (see hooks.h) and move away when the program asks for
 * their number. What cannot be intercepted may still destroy them: users take
 * EBADF as "make it again".
 *
 * Thread-safe; private_fd_move and private_fd_next are async-signal-safe too.
 * Not for a vfork child.
 */
#ifndef PLX_SHIM_PRIVATE_H
#define PLX_SHIM_PRIVATE_H

#include <stdbool.h>

#define PRIVATE_FDS_MAX 1024

/*
 * private_fd_adopt - move fd to a high number and hide it. fd is taken: closed
 * on success and on failure. moved(old, new) is called whenever the number
 * changes later, before the old one ceases to be ours; it may be NULL.
 * Returns the number, or -EMFILE, -EBADF, -ENOSPC (PRIVATE_FDS_MAX), -ENOMEM.
 */
int private_fd_adopt(int fd, void (*moved)(int old_fd, int new_fd));

/*
 * private_fd_keep - the same, but the descriptor is inherited over exec: it
 * keeps its number if that is high enough already.
 */
int private_fd_keep(int fd, void (*moved)(int old_fd, int new_fd));

/* private_fd_inherited - true for those. Reads only. */
bool private_fd_inherited(int fd);

/* private_fd_drop - close it; it is no longer private. */
void private_fd_drop(int fd);

/* private_fd_move - the program wants this number: ours goes elsewhere. */
void private_fd_move(int fd);

/* private_fd_next - the lowest private number >= from, or -1. */
int private_fd_next(int from);

/* private_fd_lowest - no number below this was ever private: one load. */
int private_fd_lowest(void);

/* private_fd_fork_child - close what must not be inherited by a fork. */
void private_fd_fork_child(void);

#endif
