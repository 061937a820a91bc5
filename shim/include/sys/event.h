/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <sys/event.h>: kqueue(2) and kevent(2) on Linux.
 *
 * Numbers, names and the layout of struct kevent are those of FreeBSD 12 and
 * later. Names that only other systems have got numbers of their own, outside
 * FreeBSD's ranges; they are listed at the end. Use the names, never the
 * numbers: the other BSDs number them differently.
 *
 * A macro here says that the name is known, not that every pair of filter and
 * note can be delivered. What cannot be delivered is refused when it is
 * registered (see kevent below): an interest fires, or its EV_ADD fails.
 *
 * The header needs C99 or C++11 and no feature test macro.
 */
#ifndef POLLUX_SYS_EVENT_H
#define POLLUX_SYS_EVENT_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* time.h keeps it to itself under -std=c99; a pointer to it is enough here. */
struct timespec;

/*
 * One change to a queue, or one event from it.
 *
 * ident    what is watched: a descriptor, or a number of the program's own.
 * filter   how it is watched: one of EVFILT_*. (ident, filter) names an
 *          interest within one queue.
 * flags    EV_* actions and modes going in, modes and conditions coming out.
 * fflags   NOTE_* of the filter.
 * data     a value of the filter, in the filter's unit.
 * udata    the program's own; comes back as it is.
 * ext      [2] and [3] come back as they are. [0] and [1] do as well, with the
 *          filters that exist.
 */
struct kevent {
	uintptr_t ident;
	short filter;
	unsigned short flags;
	unsigned int fflags;
	int64_t data;
	void *udata;
	uint64_t ext[4];
};

#if defined(__cplusplus)
static_assert(sizeof(struct kevent) == 64, "struct kevent is 64 bytes");
#else
typedef char
    plx_struct_kevent_is_64_bytes[sizeof(struct kevent) == 64 ? 1 : -1];
#endif

/*
 * EV_SET - fill in *kevp.
 *
 * A statement, not an expression. Each argument is evaluated once, so that
 * EV_SET(&changes[n++], ...) works. ext[] becomes all zero.
 */
#define EV_SET(kevp_, ident_, filter_, flags_, fflags_, data_, udata_) \
	do {                                                           \
		struct kevent *plx_kevp_ = (kevp_);                    \
		plx_kevp_->ident = (uintptr_t)(ident_);                \
		plx_kevp_->filter = (short)(filter_);                  \
		plx_kevp_->flags = (unsigned short)(flags_);           \
		plx_kevp_->fflags = (unsigned int)(fflags_);           \
		plx_kevp_->data = (int64_t)(data_);                    \
		plx_kevp_->udata = (udata_);                           \
		plx_kevp_->ext[0] = 0;                                 \
		plx_kevp_->ext[1] = 0;                                 \
		plx_kevp_->ext[2] = 0;                                 \
		plx_kevp_->ext[3] = 0;                                 \
	} while (0)

/* clang-format off */
/* Filters. */
#define EVFILT_READ		(-1)
#define EVFILT_WRITE		(-2)
#define EVFILT_AIO		(-3)	/* by aio requests only, see kevent */
#define EVFILT_VNODE		(-4)
#define EVFILT_PROC		(-5)
#define EVFILT_SIGNAL		(-6)
#define EVFILT_TIMER		(-7)
#define EVFILT_PROCDESC		(-8)	/* ident: a pidfd */
#define EVFILT_FS		(-9)
#define EVFILT_LIO		(-10)	/* by lio_listio only, see kevent */
#define EVFILT_USER		(-11)
#define EVFILT_SENDFILE		(-12)	/* of the BSD kernel: always EINVAL */
#define EVFILT_EMPTY		(-13)
#define EVFILT_JAIL		(-14)	/* no such thing here: always EINVAL */
#define EVFILT_JAILDESC		(-15)	/* no such thing here: always EINVAL */
/* -16 and -17 are below, with the names that FreeBSD has not. */
#define EVFILT_SYSCOUNT		17

/* Actions: what a change does. */
#define EV_ADD			0x0001	/* register; changes one that exists */
#define EV_DELETE		0x0002
#define EV_ENABLE		0x0004
#define EV_DISABLE		0x0008
#define EV_FORCEONESHOT		0x0100	/* deliver now, once, true or not */
#define EV_KEEPUDATA		0x0200	/* leave udata alone; not with EV_ADD */

/* Modes, fixed when the interest is first added. */
#define EV_ONESHOT		0x0010	/* gone after one delivery */
#define EV_CLEAR		0x0020	/* state is reset after a delivery */
#define EV_RECEIPT		0x0040	/* answer the change with EV_ERROR */
#define EV_DISPATCH		0x0080	/* disabled after a delivery */

/* Out only; masked off what comes in, so an event may be used as a change. */
#define EV_SYSFLAGS		0xF000
#define EV_DROP			0x1000
#define EV_FLAG1		0x2000
#define EV_FLAG2		0x4000
#define EV_ERROR		0x4000	/* data is an errno, 0 for a receipt */
#define EV_EOF			0x8000

/* EVFILT_READ and EVFILT_WRITE. */
#define NOTE_LOWAT		0x0001	/* data going in: the low water mark */
#define NOTE_FILE_POLL		0x0002	/* READ of a file: always ready */

/* EVFILT_USER. */
#define NOTE_FFNOP		0x00000000	/* keep the stored fflags */
#define NOTE_FFAND		0x40000000	/* AND them */
#define NOTE_FFOR		0x80000000	/* OR them */
#define NOTE_FFCOPY		0xc0000000	/* replace them */
#define NOTE_FFCTRLMASK		0xc0000000
#define NOTE_FFLAGSMASK		0x00ffffff
#define NOTE_TRIGGER		0x01000000

/* EVFILT_TIMER: the unit of data, at most one; without one, milliseconds. */
#define NOTE_SECONDS		0x00000001
#define NOTE_MSECONDS		0x00000002
#define NOTE_USECONDS		0x00000004
#define NOTE_NSECONDS		0x00000008
#define NOTE_ABSTIME		0x00000010	/* data: since the Epoch */

/* EVFILT_VNODE. */
#define NOTE_DELETE		0x0001
#define NOTE_WRITE		0x0002
#define NOTE_EXTEND		0x0004
#define NOTE_ATTRIB		0x0008
#define NOTE_LINK		0x0010
#define NOTE_RENAME		0x0020
#define NOTE_REVOKE		0x0040
#define NOTE_OPEN		0x0080
#define NOTE_CLOSE		0x0100
#define NOTE_CLOSE_WRITE	0x0200
#define NOTE_READ		0x0400

/* EVFILT_PROC and EVFILT_PROCDESC. */
#define NOTE_EXIT		0x80000000	/* data: as of wait(2) */
#define NOTE_FORK		0x40000000
#define NOTE_EXEC		0x20000000
#define NOTE_REAP		0x10000000
#define NOTE_PDSIGCHLD		0x08000000
#define NOTE_PCTRLMASK		0xf0000000
#define NOTE_PDATAMASK		0x000fffff
#define NOTE_TRACK		0x00000001
#define NOTE_TRACKERR		0x00000002
#define NOTE_CHILD		0x00000004

/* EVFILT_JAIL and EVFILT_JAILDESC: names only. */
#define NOTE_JAIL_CHILD		0x80000000
#define NOTE_JAIL_SET		0x40000000
#define NOTE_JAIL_ATTACH	0x20000000
#define NOTE_JAIL_REMOVE	0x10000000
#define NOTE_JAIL_MULTI		0x08000000

/* EVFILT_FS; FreeBSD has them in <sys/mount.h>. */
#define VQ_NOTRESP		0x0001
#define VQ_NEEDAUTH		0x0002
#define VQ_LOWDISK		0x0004
#define VQ_MOUNT		0x0008
#define VQ_UNMOUNT		0x0010
#define VQ_DEAD			0x0020
#define VQ_ASSIST		0x0040
#define VQ_NOTRESPLOCK		0x0080

/*
 * Names that FreeBSD has not (any more), with numbers of our own.
 */
#define EVFILT_EXCEPT		(-16)	/* OpenBSD, macOS, DragonFly */
#define NOTE_OOB		0x00000004	/* EXCEPT: urgent data */
#define EVFILT_NETDEV		(-17)	/* FreeBSD 5 to 7; ident: interface */
#define NOTE_LINKUP		0x00000001	/* NETDEV */
#define NOTE_LINKDOWN		0x00000002
#define NOTE_LINKINV		0x00000004
#define NOTE_EOF		0x00000008	/* READ of a file: fire at its end */
#define NOTE_TRUNCATE		0x00001000	/* VNODE: became shorter */
#define NOTE_EXITSTATUS		0x04000000	/* PROC: accepted, data always is */
#define NOTE_ANYSTATUS		0x02000000	/* PROC: data may be unknown (0) */
#define NOTE_ABSOLUTE		NOTE_ABSTIME	/* macOS's name */

/* kqueuex. */
#define KQUEUE_CLOEXEC		0x00000001
#define KQUEUE_CPONFORK		0x00000002
/* clang-format on */

/*
 * kqueue - make an empty queue.
 *
 * Returns a descriptor, or -1 with errno:
 *   EMFILE, ENFILE  no descriptor left in this process, in the system
 *   ENOMEM          out of memory
 *
 * The descriptor is close-on-exec, always (on BSD it is not). It can be
 * polled, selected on, watched by epoll and by another queue: readable exactly
 * when a kevent with a zero timeout would return something. dup(2) shares the
 * queue. A child of fork(2) does not have it: the number is closed there.
 * read(2) and write(2) on it fail.
 *
 * May be called from any thread; not from a signal handler.
 */
int kqueue(void);

/*
 * kqueue1 - kqueue with flags of open(2).
 *
 * flags    0, O_CLOEXEC, O_NONBLOCK (no effect on kevent) or both.
 * Returns and fails as kqueue does, and with EINVAL for other flags.
 */
int kqueue1(int flags);

/*
 * kqueuex - kqueue with flags of its own.
 *
 * flags    0 or KQUEUE_CLOEXEC.
 * Returns and fails as kqueue does, and with EINVAL for other flags;
 * KQUEUE_CPONFORK is one of those: queues are not copied into children here.
 */
int kqueuex(unsigned int flags);

/*
 * kevent - change a queue, then collect events from it.
 *
 * kq          a descriptor of kqueue, kqueue1 or kqueuex, or a dup of one.
 * changelist  the changes, applied in order before anything is collected; may
 *             be the same memory as eventlist (same start, not just overlap).
 *             An entry whose filter is 0 is skipped.
 * nchanges    how many; 0 allows changelist to be NULL.
 * eventlist   room for what comes back.
 * nevents     how many fit; with 0 the call returns at once.
 * timeout     how long to wait: NULL for as long as it takes, {0, 0} not at
 *             all. Nanoseconds count; never shorter than asked. More than
 *             INT32_MAX seconds are forever.
 *
 * Returns the number of entries written to eventlist; 0 when the time was over
 * first. Nothing else makes it 0 when nevents is not.
 *
 * A change that fails, or has EV_RECEIPT, is answered in eventlist: the change
 * itself with flags EV_ERROR and data the errno, or 0. Then the call returns
 * these answers at once, and no events. When eventlist has no room left for
 * the answer to a failure the call returns -1 with that errno, and later
 * changes are not applied; when it has none for the answer to a success, 0.
 * Errors of a change:
 *   EBADF   ident is not an open descriptor (filters that watch one)
 *   EINVAL  no such filter; the filter cannot watch this object, or cannot
 *           deliver these fflags or data; EV_ENABLE with EV_DISABLE; EV_ADD
 *           with EV_KEEPUDATA; a queue that would watch itself
 *   ENOENT  no such interest, and no EV_ADD
 *   EPERM   EVFILT_AIO or EVFILT_LIO; a process that may not be watched
 *   ESRCH   no such process
 *   ENXIO   no such network interface
 *   ENOSPC  the system's limit of watched files is reached
 *   ENOTSUP the filter cannot work with the way this library is loaded
 *   ENOMEM  out of memory; the change did nothing
 * Errors of the call, -1 with errno:
 *   EBADF   kq is not a queue, or was closed during the wait
 *   EFAULT  memory that cannot be read or written
 *   EINVAL  nchanges or nevents is negative, or timeout is not a valid time
 *           (only looked at when nevents is not 0; the changes were applied)
 *   EINTR   a signal handler ran during the wait; never restarted, whatever
 *           SA_RESTART says; the changes were applied
 *
 * close(2) of a watched descriptor deletes its interests, even while a dup of
 * it is open, as far as the library sees the close.
 *
 * May be called from any number of threads on one queue; not from a signal
 * handler. A cancellation point when nevents is not 0; a cancelled call made no
 * change, or had none to make.
 */
int kevent(int kq, const struct kevent *changelist, int nchanges,
    struct kevent *eventlist, int nevents, const struct timespec *timeout);

#ifdef __cplusplus
}
#endif

#endif
