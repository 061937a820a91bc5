/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iset.h - the readiness engine as faces see it: interest sets.
 *
 * One interest set is one kernel epoll instance, and that instance's number is
 * the number that the program holds (design.md 3.3). A face is a policy row
 * plus translators; this header has no constant of any face.
 *
 * Results are >= 0 or -Exxx; errno is never touched; out parameters are written
 * on success only. Everything is thread-safe. Register and wait take the set's
 * lock (rank 10) and drop it before they sleep; the iset_fd_* functions take no
 * lock and are async-signal-safe. A signal handler that interrupted its own
 * thread inside the same set gets its changes queued (register) or -EINTR
 * (wait).
 */
#ifndef PLX_CORE_ISET_H
#define PLX_CORE_ISET_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/deadline.h"
#include "core/mask.h"
#include "core/policy.h"

struct iset;

enum plx_filter {
	FILTER_READ,  /* ident = fd: data, connections, end of file */
	FILTER_WRITE, /* ident = fd: room to write */
	FILTER_FD,    /* ident = fd: raw mask, for faces that speak in masks */
	FILTER_TIMER, /* ident = anything */
	FILTER_USER,  /* ident = anything */
	FILTER_PROC,  /* ident = pid */
	FILTER_PROCDESC, /* ident = pidfd */
	FILTER_SIGNAL,   /* ident = signal number */
	FILTER_VNODE,    /* ident = fd: what happens to its file */
	FILTER_EXCEPT,   /* ident = fd: urgent data */
	FILTER_EMPTY,    /* ident = fd: a socket has sent everything */
	FILTER_MAX,
};

/* What a registration asks; ADD may be joined by the others. */
enum iset_op {
	ISET_ADD = 1u << 0,
	ISET_DELETE = 1u << 1,
	ISET_ENABLE = 1u << 2,
	ISET_DISABLE = 1u << 3,
	ISET_FORCE_ONESHOT = 1u << 4, /* fire once now, then be gone */
	ISET_KEEP_UDATA = 1u << 5,
	ISET_MODIFY = 1u << 6, /* must exist, takes the new values */
	/* No bit at all: touch an existing interest (kevent with flags 0). */
};

/* How an interest fires; kept for its life, given at the first ADD. */
enum knote_flag {
	KN_CLEAR = 1u << 0,    /* edge: once per activation */
	KN_ONESHOT = 1u << 1,  /* gone after one delivery */
	KN_DISPATCH = 1u << 2, /* disabled after one delivery */
	KN_RECEIPT = 1u << 3,  /* opaque to core, handed back */
	/* Private to core. */
	KN_LINKED = 1u << 8,  /* physically on the ready list */
	KN_LANE = 1u << 9,    /* registered in the second epoll */
	KN_SOFT = 1u << 10,   /* the kernel does not show its readiness */
	KN_EXT = 1u << 11,    /* has an entry in the ext side table */
	KN_FIRED = 1u << 12,  /* user: triggered; timer: expired */
	KN_FORCED = 1u << 13, /* deliver once, true or not */
	KN_QUIET = 1u << 14,  /* the kernel says ready, we know better */
	KN_EDGED = 1u << 15,  /* level, in a registration of edges */
	KN_FACE_FLAGS = 0xfu,
};

/* Options of a filter, in spec->fopts. */
enum filter_option {
	FOPT_LOWAT = 1u << 0,     /* data = bytes needed */
	FOPT_FILE_POLL = 1u << 1, /* regular files are always ready */
	FOPT_ABSOLUTE = 1u << 2,  /* timer: data is wall-clock ns */
	FOPT_TRIGGER = 1u << 3,   /* user: fire */
};

/*
 * What of a process, in spec->user_bits and in a delivery's. Not the low bits:
 * those of an fd filter's knote are enum filter_option.
 */
enum proc_note {
	PROC_EXIT = 1u << 8, /* data: as of wait(2) */
	PROC_FORK = 1u << 9,
	PROC_EXEC = 1u << 10,
	PROC_TRACK = 1u << 11,    /* its children too */
	PROC_TRACKERR = 1u << 12, /* out only: a child was missed */
	PROC_CHILD = 1u << 13,    /* out only: a tracked child; data: parent */
	PROC_NOTES = 0xfu << 8,
	PROC_ANY_STATUS = 1u << 14, /* EXIT: fine if nobody tells the status */
};

/*
 * What can happen to a file; spec->user_bits and delivery->user_bits of
 * FILTER_VNODE. One operation may be several of them.
 */
enum vnode_note {
	VN_DELETE = 1u << 0, /* its last name went */
	VN_WRITE = 1u << 1,  /* directory: an entry came, went, moved */
	VN_EXTEND = 1u << 2,
	VN_ATTRIB = 1u << 3,
	VN_LINK = 1u << 4, /* its count of links; directory: a subdirectory */
	VN_RENAME = 1u << 5,
	VN_REVOKE = 1u << 6, /* unmounted: the end */
	VN_OPEN = 1u << 7,
	VN_CLOSE = 1u << 8, /* by who could not write */
	VN_CLOSE_WRITE = 1u << 9,
	VN_READ = 1u << 10,
	VN_TRUNCATE = 1u << 11, /* became shorter */
	VN_ALL = 0xfffu,
};

/* user_bits of a FILTER_EXCEPT: wanted (it must be), and what is there. */
#define EXCEPT_URGENT UINT32_C(1)

/* How the 24 user bits change. */
enum user_combine {
	USER_NOP,
	USER_AND,
	USER_OR,
	USER_COPY
};

struct iset_spec {
	uint64_t ident;
	enum plx_filter filter;
	uint32_t op;    /* enum iset_op */
	uint32_t flags; /* enum knote_flag, the face part */
	uint32_t fopts; /* enum filter_option */
	plx_mask want;  /* FILTER_FD: readiness bits and PLX_EDGE, _ONESHOT */
	enum user_combine combine;
	uint32_t user_bits;
	int64_t data; /* lowat bytes; timer: span or wall clock, ns; user */
	uint64_t udata;
	uint64_t ext[4];
	/*
	 * May be NULL. Set, on success only, when an ADD put other user data in
	 * the place of an existing interest's.
	 */
	struct iset_replaced *ret_replaced;
};

struct iset_replaced {
	bool yes;
	uint64_t udata; /* what was there */
};

/*
 * What a wait hands to a face. 64 bytes, so that a face may keep it in its own
 * result buffer until it is translated.
 */
struct delivery {
	uint64_t ident;
	int64_t data;
	uint64_t udata;
	uint64_t ext[4];
	uint32_t user_bits; /* the filter's; READ, WRITE: an error or 0 */
	uint16_t have;      /* fd filters: what was observed, readiness bits */
	uint8_t filter;     /* enum plx_filter */
	uint8_t flags : 4;  /* sticky face flags */
	uint8_t kind : 3;   /* private to core */
	uint8_t eof : 1;
};
_Static_assert(sizeof(struct delivery) == 64, "fits in a face's own entry");

/*
 * iset_create - a new set, close-on-exec or not. Returns its number (>= 0), or
 * -EMFILE, -ENFILE, -ENOMEM. The number belongs to the program.
 */
int iset_create(enum plx_face face, bool cloexec);

/*
 * iset_get - the set behind a number, with a reference, if it is a set of that
 * face in this process; else NULL. iset_put gives the reference back.
 */
struct iset *iset_get(int fd, enum plx_face face);
void iset_put(struct iset *set);

/*
 * iset_register - apply one change.
 * Returns 0; -EBADF (fd filter, descriptor not open), -ENOENT (no such
 * interest), -EEXIST (policy), -EINVAL (filter cannot watch this object, bad
 * value), -EPERM (object has no readiness, FILTER_FD;
 * a process whose status nobody would tell), -ELOOP (sets in sets),
 * -ENOMEM, -ENOSPC, -EMFILE, -ESRCH (no such process), -ENOTSUP (signals, where
 * dispositions go past us). On failure the set is unchanged. Does not block.
 */
int iset_register(struct iset *set, const struct iset_spec *spec);

struct iset_wait {
	/*
	 * Called under the set's lock for each event, in order, i from 0. It
	 * only stores: no call back into the engine, nothing that blocks. It
	 * may write to `scratch`, whose content is used up by then.
	 */
	void (*emit)(void *context, int i, const struct delivery *d);
	void *context;
	int out_max; /* > 0: most events of one call */
	/*
	 * Room for the kernel's own events: the program's result buffer (so
	 * that a bad pointer is the kernel's -EFAULT), at least
	 * out_max * ISET_SCRATCH_BYTES; some more lets the set's own
	 * descriptors come beside a full answer.
	 */
	void *scratch;
	size_t scratch_bytes;
	plx_deadline deadline;
	const sigset_t *mask; /* in force while asleep, or NULL */
};
#define ISET_SCRATCH_BYTES 12

/*
 * iset_wait - collect and deliver up to out_max events, sleeping until the
 * deadline for the first. Cancellation point while it sleeps.
 * Returns the count; 0 only when the deadline passed; -EINTR (a handler ran),
 * -EBADF (the set was closed), -EFAULT (scratch not writable).
 */
int iset_wait(struct iset *set, const struct iset_wait *wait);

/*
 * iset_wait_cancelled - this thread was cancelled while it slept in iset_wait:
 * it is a sleeper no more. The reference is still the caller's.
 */
void iset_wait_cancelled(struct iset *set);

/*
 * delivery_measure - fill in byte counts, end of file and error of a READ or
 * WRITE delivery (others are left alone). Asks the kernel, takes no lock; call
 * it after iset_wait returned, on a copy of what emit was given.
 */
void delivery_measure(struct delivery *d);

/*
 * iset_pending_fd - how many events a zero-timeout wait on the set behind the
 * number would return now (at most PENDING_MAX are counted); -EBADF if none.
 */
int iset_pending_fd(int fd);

/* --- what the shim tells the engine; see also fdtab.h's rule for closers --- */

/*
 * iset_fd_closing - the number is about to be closed or replaced. Call before
 * the real call, for FD_ISET and FD_WATCHED numbers; drops interests and, with
 * the last number of a set, the set. Lock-free.
 */
void iset_fd_closing(int fd);

/* iset_fd_dup - new_fd is a dup of old_fd (after the real call). */
void iset_fd_dup(int old_fd, int new_fd);

/*
 * iset_publish - somebody else may look at the number from now on: flush what
 * was deferred, mirror what is pending. Call before the real call that lets
 * others see it (poll, select, epoll_ctl, dup, fork, sendmsg ...).
 */
void iset_publish(int fd);

/* iset_publish_all - the same for every set, e.g. before fork. */
void iset_publish_all(void);

/*
 * iset_fork_prepare - a fork is about to happen: a set that both processes
 * would share goes back to the kernel, with the program's own data in it, and
 * its numbers become plain. Not possible for a set in which a member outlived
 * its number; then only the parent may go on using it. Returns how many sets
 * were given back.
 */
int iset_fork_prepare(void);

/*
 * iset_give_back - the same for one set, on demand (what the engine cannot do
 * is asked of it). 0, or -EBUSY as said above.
 */
int iset_give_back(int fd);

/* iset_fork_child - close what is not inherited, forget the parent's rest. */
void iset_fork_child(void);

/* iset_data_exact - false: byte counts are not asked, data is 1. Default true. */
void iset_data_exact(bool exact);

#endif
