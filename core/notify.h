/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * notify.h - what happens to files: one inotify descriptor for all sets.
 *
 * A mark is one knote's interest in the inode behind its descriptor; marks of
 * one inode share a watch, which also remembers how the inode looked (the
 * kernel's "attributes changed" may be a chmod, a link or an unlink). Watches
 * are made through /proc/self/fd/N: no file is opened, so fcntl locks stay, and
 * neither a rename nor an unlink matters.
 *
 * The descriptor is registered in the kernel epoll of each set that has marks.
 * Whoever waits on such a set drains it and hands out to the marks of all sets
 * (notify_pump). It is made for the first set with a mark, and given back with
 * the last such set. Because it is shared, a set that others look at may be
 * shown readable for a moment by changes that concern another set.
 *
 * Locks: pump (rank 5: taken without any set's lock) makes the drain and the
 * handing out one step; table (20: under a set's lock, with signals blocked, so
 * that no handler ever meets it held by its own thread) covers watches, marks
 * and the lists of what is posted. A mark is posted under the table lock alone
 * and taken by whoever has its set's lock next.
 *
 * Authority: inotify(7); FreeBSD kqueue(2) EVFILT_VNODE, sys/kern/vfs_subr.c.
 */
#ifndef PLX_CORE_NOTIFY_H
#define PLX_CORE_NOTIFY_H

#include "core/iset_impl.h"

/* Beside enum vnode_note in a mark: not the program's wishes. */
#define VN_EOF   UINT32_C(0x1000) /* nothing will come of it any more */
#define VN_LOOK  UINT32_C(0x2000) /* anything: READ or WRITE of a file */
#define VN_CHILD UINT32_C(0x4000) /* tell the watch of a directory in this */

/*
 * notify_add - a mark for this knote on the inode behind fd; its index goes to
 * kn->have. want: enum vnode_note or VN_LOOK. Under the set's lock.
 * Returns 0, or -EMFILE (instances), -ENOSPC (watches), -ENOMEM, -EBADF, what
 * else inotify_add_watch(2) says; nothing is taken then.
 */
int notify_add(struct iset *set, uint32_t kn_index, int fd, uint32_t want);

/* notify_change - other wishes: 0, or the same errors and unchanged. */
int notify_change(uint32_t mark_index, uint32_t want);

/* notify_remove - under its set's lock; a mark of before a fork is no more. */
void notify_remove(uint32_t mark_index);

/* notify_is - false: the number means another file than the mark's. */
bool notify_is(uint32_t mark_index, int fd);

/*
 * notify_pump - take notice of what happened until now, for all sets. No set's
 * lock may be held. In a handler above another pump nothing is done.
 */
void notify_pump(void);

/* notify_take - what was posted goes to the knotes. Under the set's lock. */
void notify_take(struct iset *set);

/* notify_fd - the descriptor, or -1. */
int notify_fd(void);

/* notify_set_end - the set has no marks any more and goes. */
void notify_set_end(struct iset *set);

/* notify_fork_child - nothing of it is ours; notify_forget: nor that set's. */
void notify_fork_child(void);
void notify_forget(uint32_t set_index);

/* filter_vnode.c: a mark was posted with these notes. */
void vnode_posted(struct iset *set, uint32_t kn_index, uint32_t notes);

#endif
