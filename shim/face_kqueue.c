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
#include "shim/kevent.h"
#include "shim/setwait.h"

#define EXPORT __attribute__((visibility("default")))

static void
change_record(int kq, const struct kevent *change, enum plx_op op,
    uint64_t old_udata, int r)
{
	struct plx_record rec = {
		.op = op,
		.api = PLX_API_kevent,
		.set = kq,
		.fd = change->ident <= INT_MAX ? (int)change->ident : -1,
		.other = change->filter,
		.ret = r,
		.data = (uintptr_t)change->udata,
		.address = old_udata,
	};

	plx_emit_after(&rec);
}

static int
change_apply(int kq, struct iset *set, const struct kevent *change)
{
	struct iset_replaced replaced = { .yes = false };
	struct iset_spec spec;
	int r;

	r = plx_kevent_in(change, &spec);
	if (r < 0)
		return r;
	/* A new source would make calls that the sandbox does not know. */
	if ((spec.filter == FILTER_PROC || spec.filter == FILTER_PROCDESC ||
		spec.filter == FILTER_SIGNAL) &&
	    (spec.op & ISET_ADD) != 0 && plx_sandboxed())
		return -EPERM;
	spec.ret_replaced = &replaced;
	r = iset_register(set, &spec);
	if (!plx_listening())
		return r;
	if (r == -ENOENT)
		change_record(kq, change, PLX_OP_KQ_MISSING, 0, r);
	else if (replaced.yes)
		change_record(kq, change, PLX_OP_KQ_REPLACE, replaced.udata, r);
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
		plx_kevent_out(&events[i]);
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
