/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * face_kqueue.c - kqueue(2) over the engine: one policy row and two
 * translators (a change going in, a delivery coming out), plus the order in
 * which FreeBSD's kern_kevent does things. No readiness logic here.
 *
 * Authority: FreeBSD kqueue(2), sys/kern/kern_event.c; where systems differ,
 * <sys/event.h> says which one rules.
 */
#include <sys/event.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "core/iset.h"
#include "core/proc.h"
#include "core/record.h"
#include "core/sys.h"
#include "shim/active.h"
#include "shim/errno.h"
#include "shim/setwait.h"

#define EXPORT __attribute__((visibility("default")))

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
	case EVFILT_PROC:
		return FILTER_PROC;
	case EVFILT_PROCDESC:
		return FILTER_PROCDESC;
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
		[FILTER_PROC] = EVFILT_PROC,
		[FILTER_PROCDESC] = EVFILT_PROCDESC,
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

static int
change_in(const struct kevent *change, struct iset_spec *spec)
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
	if (spec->filter == FILTER_TIMER)
		return timer_in(change, spec);
	if (spec->filter == FILTER_USER)
		return user_in(change, spec);
	if (spec->filter == FILTER_PROC || spec->filter == FILTER_PROCDESC)
		return proc_in(change, spec);
	return fd_in(change, spec);
}

static void
change_record(int kq, const struct kevent *change, int r)
{
	struct plx_record rec = {
		.op = PLX_OP_KQ_MISSING,
		.api = PLX_API_kevent,
		.set = kq,
		.fd = change->ident <= INT_MAX ? (int)change->ident : -1,
		.other = change->filter,
		.ret = r,
		.data = (uintptr_t)change->udata,
		.extra = change->flags,
	};

	plx_emit_after(&rec);
}

static int
change_apply(int kq, struct iset *set, const struct kevent *change)
{
	struct iset_spec spec;
	int r;

	r = change_in(change, &spec);
	if (r < 0)
		return r;
	r = iset_register(set, &spec);
	if (r == -ENOENT && plx_listening())
		change_record(kq, change, r);
	return r;
}

/* --- a delivery coming out --- */

/* Under the set's lock: keep it in the program's own entry for now. */
static void
event_keep(void *context, int i, const struct delivery *d)
{
	memcpy((char *)context + (size_t)i * sizeof(*d), d, sizeof(*d));
}

_Static_assert(sizeof(struct delivery) <= sizeof(struct kevent),
    "a delivery waits in the place of its event");

static void
event_out(struct kevent *event)
{
	struct delivery d;
	unsigned int flags;

	memcpy(&d, event, sizeof(d));
	delivery_measure(&d);
	flags = pairs_out(sticky_pairs, PAIRS_N(sticky_pairs), d.flags);
	if (d.eof != 0)
		flags |= EV_EOF;
	if (d.filter == FILTER_PROC || d.filter == FILTER_PROCDESC)
		d.user_bits = pairs_out(proc_pairs, PAIRS_N(proc_pairs),
		    d.user_bits);
	*event = (struct kevent){
		.ident = d.ident,
		.filter = filter_name((enum plx_filter)d.filter),
		.flags = (unsigned short)flags,
		.fflags = d.user_bits,
		.data = d.data,
		/* NOLINTNEXTLINE(performance-no-int-to-ptr): the program's */
		.udata = (void *)(uintptr_t)d.udata,
	};
	memcpy(event->ext, d.ext, sizeof(d.ext));
}

/* --- the calls --- */

static int
timeout_in(const struct timespec *timeout, plx_deadline *ret_deadline)
{
	if (timeout == NULL) {
		*ret_deadline = DEADLINE_NEVER;
		return 0;
	}
	if (timeout->tv_sec < 0 || timeout->tv_nsec < 0 ||
	    timeout->tv_nsec >= PLX_NS_PER_S)
		return -EINVAL;
	if (timeout->tv_sec > INT32_MAX)
		*ret_deadline = DEADLINE_NEVER;
	else if (timeout->tv_sec == 0 && timeout->tv_nsec == 0)
		*ret_deadline = DEADLINE_NOW;
	else
		*ret_deadline = deadline_after(plx_sys_now_ns(),
		    deadline_span_ns(timeout->tv_sec, timeout->tv_nsec));
	return 0;
}

static int
events_collect(struct iset *set, struct kevent *events, int n,
    const struct timespec *timeout)
{
	struct iset_wait wait = {
		.emit = event_keep,
		.context = events,
		.out_max = n,
		.scratch = events,
		.scratch_bytes = (size_t)n * sizeof(*events),
	};
	int r;

	r = timeout_in(timeout, &wait.deadline);
	if (r < 0)
		return r;
	r = plx_set_wait(set, &wait);
	for (int i = 0; i < r; i++)
		event_out(&events[i]);
	return r;
}

struct answers {
	struct kevent *event;
	int n;
	int max;
};

/* Returns 0, or 1 to stop with the result in *ret_result. */
static int
change_answer(struct answers *a, const struct kevent *change, int r,
    int *ret_result)
{
	if (r >= 0 && (change->flags & EV_RECEIPT) == 0)
		return 0;
	if (a->n == a->max) {
		*ret_result = r < 0 ? r : 0;
		return 1;
	}
	a->event[a->n] = *change;
	a->event[a->n].flags = EV_ERROR;
	a->event[a->n].data = -r;
	a->n++;
	return 0;
}

static int
kevent_in_set(int kq, struct iset *set, const struct kevent *changes,
    int changes_n, struct kevent *events, int events_n,
    const struct timespec *timeout)
{
	struct answers answers = { .event = events, .max = events_n };
	int result = 0;

	for (int i = 0; i < changes_n; i++) {
		/* A copy: the answer may be written over the change. */
		const struct kevent change = changes[i];
		int r;

		/* FreeBSD: no filter, no change, not even a receipt. */
		if (change.filter == 0)
			continue;
		r = change_apply(kq, set, &change);
		if (change_answer(&answers, &change, r, &result) != 0)
			return result;
	}
	if (answers.n > 0)
		return answers.n;
	if (events_n == 0)
		return 0;
	return events_collect(set, events, events_n, timeout);
}

/* Blind: the number of a set may have been closed, and nobody told us. */
static struct iset *
queue_get(int kq)
{
	struct iset *set = iset_get(kq, PLX_FACE_KQUEUE);

	if (set == NULL || plx_proc_presence() != PLX_PRESENCE_BLIND ||
	    plx_sys_fcntl(kq, F_GETFD, 0) >= 0)
		return set;
	iset_fd_closing(kq);
	iset_put(set);
	return NULL;
}

static int
kevent_checked(int kq, const struct kevent *changes, int changes_n,
    struct kevent *events, int events_n, const struct timespec *timeout)
{
	struct iset *set;
	int r;

	plx_shim_enter();
	set = queue_get(kq);
	if (set == NULL)
		return -EBADF;
	if (changes_n < 0 || events_n < 0)
		r = -EINVAL;
	else if ((changes_n > 0 && changes == NULL) ||
	    (events_n > 0 && events == NULL))
		r = -EFAULT;
	else
		r = kevent_in_set(kq, set, changes, changes_n, events, events_n,
		    timeout);
	iset_put(set);
	return r;
}

EXPORT int
kevent(int kq, const struct kevent *changelist, int nchanges,
    struct kevent *eventlist, int nevents, const struct timespec *timeout)
{
	const bool hold = nchanges > 0 && nevents > 0;
	int cancel_state = 0;
	int r;

	plx_count(PLX_API_kevent);
	/* A cancelled call made no change, or had none to make. */
	if (nevents > 0)
		pthread_testcancel();
	if (hold)
		(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE,
		    &cancel_state);
	r = kevent_checked(kq, changelist, nchanges, eventlist, nevents,
	    timeout);
	if (hold)
		(void)pthread_setcancelstate(cancel_state, &cancel_state);
	return (int)plx_ret(r);
}

static int
kqueue_make(void)
{
	int fd;

	plx_count(PLX_API_kqueue);
	plx_shim_track();
	fd = iset_create(PLX_FACE_KQUEUE, true);
	if (fd >= 0 && plx_listening()) {
		struct plx_record rec = {
			.op = PLX_OP_FD_OPEN,
			.api = PLX_API_kqueue,
			.set = -1,
			.fd = fd,
			.other = -1,
			.extra = PLX_WHAT_KQUEUE,
			.ret = fd,
		};

		plx_emit_after(&rec);
	}
	return (int)plx_ret(fd);
}

EXPORT int
kqueue(void)
{
	return kqueue_make();
}

EXPORT int
kqueue1(int flags)
{
	/* Always close-on-exec; O_NONBLOCK has no meaning for kevent. */
	if ((flags & ~(O_CLOEXEC | O_NONBLOCK)) != 0)
		return (int)plx_ret(-EINVAL);
	return kqueue_make();
}

EXPORT int
kqueuex(unsigned int flags)
{
	if ((flags & ~(unsigned int)KQUEUE_CLOEXEC) != 0)
		return (int)plx_ret(-EINVAL);
	return kqueue_make();
}
