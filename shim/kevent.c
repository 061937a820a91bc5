/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kevent.c - see kevent.h. Bits are looked up in tables; no readiness here.
 *
 * Authority: FreeBSD kqueue(2), sys/kern/kern_event.c; where systems differ,
 * <sys/event.h> says which one rules.
 */
#include "shim/kevent.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#define TIMER_UNITS \
	(NOTE_SECONDS | NOTE_MSECONDS | NOTE_USECONDS | NOTE_NSECONDS)
#define FD_NOTES (NOTE_LOWAT | NOTE_FILE_POLL)

/* --- a change going in --- */

/* FreeBSD's filter to the engine's; FILTER_MAX for what is refused. */
static enum plx_filter
filter_of(short filter)
{
	switch (filter) {
	case EVFILT_READ:
		return FILTER_READ;
	case EVFILT_WRITE:
		return FILTER_WRITE;
	case EVFILT_TIMER:
		return FILTER_TIMER;
	case EVFILT_USER:
		return FILTER_USER;
	case EVFILT_VNODE:
		return FILTER_VNODE;
	case EVFILT_EXCEPT:
		return FILTER_EXCEPT;
	case EVFILT_EMPTY:
		return FILTER_EMPTY;
	case EVFILT_PROC:
		return FILTER_PROC;
	case EVFILT_PROCDESC:
		return FILTER_PROCDESC;
	case EVFILT_SIGNAL:
		return FILTER_SIGNAL;
	default:
		return FILTER_MAX;
	}
}

static short
filter_name(enum plx_filter filter)
{
	static const short name[FILTER_MAX] = {
		[FILTER_READ] = EVFILT_READ,
		[FILTER_WRITE] = EVFILT_WRITE,
		[FILTER_TIMER] = EVFILT_TIMER,
		[FILTER_USER] = EVFILT_USER,
		[FILTER_VNODE] = EVFILT_VNODE,
		[FILTER_EXCEPT] = EVFILT_EXCEPT,
		[FILTER_EMPTY] = EVFILT_EMPTY,
		[FILTER_PROC] = EVFILT_PROC,
		[FILTER_PROCDESC] = EVFILT_PROCDESC,
		[FILTER_SIGNAL] = EVFILT_SIGNAL,
	};

	return name[filter];
}

struct flag_pair {
	unsigned int face;
	unsigned int core;
};

static const struct flag_pair op_pairs[] = {
	{ EV_ADD, ISET_ADD },
	{ EV_DELETE, ISET_DELETE },
	{ EV_ENABLE, ISET_ENABLE },
	{ EV_DISABLE, ISET_DISABLE },
	{ EV_FORCEONESHOT, ISET_FORCE_ONESHOT },
	{ EV_KEEPUDATA, ISET_KEEP_UDATA },
};

static const struct flag_pair sticky_pairs[] = {
	{ EV_CLEAR, KN_CLEAR },
	{ EV_ONESHOT, KN_ONESHOT },
	{ EV_DISPATCH, KN_DISPATCH },
	{ EV_RECEIPT, KN_RECEIPT },
};

static const struct flag_pair proc_pairs[] = {
	{ NOTE_EXIT, PROC_EXIT },
	{ NOTE_FORK, PROC_FORK },
	{ NOTE_EXEC, PROC_EXEC },
	{ NOTE_TRACK, PROC_TRACK },
	{ NOTE_TRACKERR, PROC_TRACKERR },
	{ NOTE_CHILD, PROC_CHILD },
	{ NOTE_ANYSTATUS, PROC_ANY_STATUS },
};
#define PROC_EVENTS (NOTE_FORK | NOTE_EXEC | NOTE_TRACK)
#define PROC_IN     (NOTE_EXIT | NOTE_EXITSTATUS | NOTE_ANYSTATUS)

static const struct flag_pair vnode_pairs[] = {
	{ NOTE_DELETE, VN_DELETE },
	{ NOTE_WRITE, VN_WRITE },
	{ NOTE_EXTEND, VN_EXTEND },
	{ NOTE_ATTRIB, VN_ATTRIB },
	{ NOTE_LINK, VN_LINK },
	{ NOTE_RENAME, VN_RENAME },
	{ NOTE_REVOKE, VN_REVOKE },
	{ NOTE_OPEN, VN_OPEN },
	{ NOTE_CLOSE, VN_CLOSE },
	{ NOTE_CLOSE_WRITE, VN_CLOSE_WRITE },
	{ NOTE_READ, VN_READ },
	{ NOTE_TRUNCATE, VN_TRUNCATE },
};

static const struct flag_pair except_pairs[] = {
	{ NOTE_OOB, EXCEPT_URGENT },
};

#define PAIRS_N(pairs) (sizeof(pairs) / sizeof((pairs)[0]))

static uint32_t
pairs_in(const struct flag_pair *pairs, size_t n, unsigned int face)
{
	uint32_t core = 0;

	for (size_t i = 0; i < n; i++) {
		if ((face & pairs[i].face) != 0)
			core |= pairs[i].core;
	}
	return core;
}

static unsigned int
pairs_out(const struct flag_pair *pairs, size_t n, uint32_t core)
{
	unsigned int face = 0;

	for (size_t i = 0; i < n; i++) {
		if ((core & pairs[i].core) != 0)
			face |= pairs[i].face;
	}
	return face;
}

/* Nanoseconds of one unit, or 0 when two units are asked at once. */
static int64_t
timer_unit_ns(unsigned int units)
{
	switch (units) {
	case NOTE_SECONDS:
		return PLX_NS_PER_S;
	case 0:
	case NOTE_MSECONDS:
		return PLX_NS_PER_MS;
	case NOTE_USECONDS:
		return 1000;
	case NOTE_NSECONDS:
		return 1;
	default:
		return 0;
	}
}

static int
timer_in(const struct kevent *change, struct iset_spec *spec)
{
	const int64_t unit = timer_unit_ns(change->fflags & TIMER_UNITS);
	const bool absolute = (change->fflags & NOTE_ABSTIME) != 0;
	int64_t count = change->data;

	/* What only an ADD gives is not looked at in other changes. */
	if ((change->flags & EV_ADD) == 0)
		return 0;
	if (unit == 0 || count < 0 ||
	    (change->fflags & ~(unsigned int)(TIMER_UNITS | NOTE_ABSTIME)) != 0)
		return -EINVAL;
	/* FreeBSD: a period of nothing is one unit. */
	if (count == 0 && !absolute && (change->flags & EV_ONESHOT) == 0)
		count = 1;
	if (__builtin_mul_overflow(count, unit, &spec->data))
		spec->data = INT64_MAX;
	if (absolute)
		spec->fopts |= FOPT_ABSOLUTE;
	return 0;
}

static enum user_combine
user_combine_of(unsigned int fflags)
{
	switch (fflags & NOTE_FFCTRLMASK) {
	case NOTE_FFAND:
		return USER_AND;
	case NOTE_FFOR:
		return USER_OR;
	case NOTE_FFCOPY:
		return USER_COPY;
	default:
		return USER_NOP;
	}
}

static int
user_in(const struct kevent *change, struct iset_spec *spec)
{
	spec->data = change->data;
	spec->user_bits = change->fflags & NOTE_FFLAGSMASK;
	spec->combine = user_combine_of(change->fflags);
	if ((change->fflags & NOTE_TRIGGER) != 0)
		spec->fopts |= FOPT_TRIGGER;
	return 0;
}

/* It fires, or ADD fails: notes that nothing here can deliver. */
static int
proc_in(const struct kevent *change, struct iset_spec *spec)
{
	const unsigned int events = change->filter == EVFILT_PROC ? PROC_EVENTS
								  : NOTE_FORK;

	if ((change->flags & EV_ADD) != 0 &&
	    (change->fflags & ~(PROC_IN | events)) != 0)
		return -EINVAL;
	/* Nobody would tell us of these. */
	if ((change->flags & EV_DELETE) == 0 && (change->fflags & events) != 0)
		return -EPERM;
	spec->user_bits = pairs_in(proc_pairs, PAIRS_N(proc_pairs),
	    change->fflags & PROC_IN);
	return 0;
}

static int
fd_in(const struct kevent *change, struct iset_spec *spec)
{
	/* It fires, or ADD fails: notes that nothing here can deliver. */
	if ((change->flags & EV_ADD) != 0 &&
	    (change->fflags & ~(unsigned int)FD_NOTES) != 0)
		return -EINVAL;
	if ((change->fflags & NOTE_LOWAT) != 0) {
		spec->fopts |= FOPT_LOWAT;
		spec->data = change->data;
	}
	if ((change->fflags & NOTE_FILE_POLL) != 0)
		spec->fopts |= FOPT_FILE_POLL;
	return 0;
}

/* Notes that are names in a table; an unknown one is refused at ADD. */
static int
notes_in(const struct flag_pair *pairs, size_t n, const struct kevent *change,
    struct iset_spec *spec)
{
	spec->user_bits = pairs_in(pairs, n, change->fflags);
	if ((change->flags & EV_ADD) != 0 &&
	    pairs_out(pairs, n, spec->user_bits) != change->fflags)
		return -EINVAL;
	return 0;
}

/* The part that each filter has to itself. */
static int
filter_in(const struct kevent *change, struct iset_spec *spec)
{
	switch (change->filter) {
	case EVFILT_TIMER:
		return timer_in(change, spec);
	case EVFILT_USER:
		return user_in(change, spec);
	case EVFILT_PROC:
	case EVFILT_PROCDESC:
		return proc_in(change, spec);
	case EVFILT_VNODE:
		return notes_in(vnode_pairs, PAIRS_N(vnode_pairs), change,
		    spec);
	case EVFILT_EXCEPT:
		return notes_in(except_pairs, PAIRS_N(except_pairs), change,
		    spec);
	case EVFILT_EMPTY:
	case EVFILT_SIGNAL:
		/* They have none. */
		return notes_in(NULL, 0, change, spec);
	default:
		return fd_in(change, spec);
	}
}

int
plx_kevent_in(const struct kevent *change, struct iset_spec *spec)
{
	const unsigned int flags = change->flags & ~(unsigned int)EV_SYSFLAGS;
	const unsigned int both = EV_ENABLE | EV_DISABLE;

	*spec = (struct iset_spec){
		.ident = change->ident,
		.filter = filter_of(change->filter),
		.op = pairs_in(op_pairs, PAIRS_N(op_pairs), flags),
		.flags = pairs_in(sticky_pairs, PAIRS_N(sticky_pairs), flags),
		.udata = (uintptr_t)change->udata,
	};
	memcpy(spec->ext, change->ext, sizeof(spec->ext));
	if (change->filter == EVFILT_AIO || change->filter == EVFILT_LIO)
		return -EPERM;
	if (spec->filter == FILTER_MAX || (flags & both) == both ||
	    ((flags & EV_ADD) != 0 && (flags & EV_KEEPUDATA) != 0))
		return -EINVAL;
	return filter_in(change, spec);
}

/* --- a delivery coming out --- */

static unsigned int
notes_out(const struct delivery *d)
{
	switch (d->filter) {
	case FILTER_PROC:
	case FILTER_PROCDESC:
		return pairs_out(proc_pairs, PAIRS_N(proc_pairs), d->user_bits);
	case FILTER_VNODE:
		return pairs_out(vnode_pairs, PAIRS_N(vnode_pairs),
		    d->user_bits);
	case FILTER_EXCEPT:
		return pairs_out(except_pairs, PAIRS_N(except_pairs),
		    d->user_bits);
	default:
		return d->user_bits;
	}
}

void
plx_kevent_out(struct kevent *event)
{
	struct delivery d;
	unsigned int flags;

	memcpy(&d, event, sizeof(d));
	delivery_measure(&d);
	flags = pairs_out(sticky_pairs, PAIRS_N(sticky_pairs), d.flags);
	if (d.eof != 0)
		flags |= EV_EOF;
	*event = (struct kevent){
		.ident = d.ident,
		.filter = filter_name((enum plx_filter)d.filter),
		.flags = (unsigned short)flags,
		.fflags = notes_out(&d),
		.data = d.data,
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): the program's */
		.udata = (void *)(uintptr_t)d.udata,
	};
	memcpy(event->ext, d.ext, sizeof(d.ext));
}
