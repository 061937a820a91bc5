/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_proc.c - processes by pid, and by a pidfd that the program holds.
 *
 * A watch is a pid's knote and its item in the set's kernel epoll: the process's
 * shared pidfd, present only while the knote is enabled and asks for the end.
 * When the end shows, the item goes, the status is taken down, and from there
 * on the knote is one whose readiness only we know.
 *
 * Authority: FreeBSD kqueue(2) EVFILT_PROC, EVFILT_PROCDESC; filt_proc*.
 */
#include <errno.h>
#include <limits.h>

#include "core/bug.h"
#include "core/filter.h"
#include "core/process.h"
#include "core/sys.h"

struct proc_watch {
	uint32_t link;    /* arena link when free */
	uint32_t set;     /* [I] index, 0: not in use */
	uint32_t knote;   /* [I] */
	uint32_t process; /* [s] see process.h */
	uint32_t cookie;  /* [s] generation of this object */
	uint32_t seen;    /* [s] enum proc_note, not yet delivered */
	int32_t status;   /* [s] as of wait(2) */
	uint16_t armed;   /* [s] 1: an item in the kernel's set */
	uint16_t ended;   /* [s] 1: seen, or cannot be asked for any more */
};

static struct plx_arena watches = PLX_ARENA(struct proc_watch, 6);

static struct proc_watch *
watch_at(uint32_t index)
{
	return arena_at(&watches, index);
}

static uint32_t
watch_of(const struct knote *kn)
{
	PLX_ASSERT(kn->filter == FILTER_PROC);
	return (uint32_t)kn->data;
}

static uint64_t
watch_cookie(uint32_t w_index)
{
	return COOKIE_PROC_BIT |
	    (uint64_t)(watch_at(w_index)->cookie & SOURCE_COOKIE_MASK) << 32 |
	    w_index;
}

static int
epfd_of(const struct iset *set)
{
	/* relaxed: a number; a change of it is a close, checked after. */
	return atomic_load_explicit(&set->epfd, memory_order_relaxed);
}

/* A process's number had to move: the registrations follow it. */
static void
watches_moved(int old_fd, int new_fd)
{
	const uint32_t used = atomic_load_explicit(&watches.used,
	    memory_order_relaxed);

	for (uint32_t i = 1; i <= used; i++) {
		struct proc_watch *w = watch_at(i);
		const struct iset *set;

		if (w == NULL || w->set == 0 || w->armed == 0 ||
		    process_fd(w->process) != old_fd)
			continue;
		set = arena_at(&plx_isets, w->set);
		(void)backend_del(epfd_of(set), old_fd);
		if (new_fd >= 0)
			(void)backend_add(epfd_of(set), new_fd, PLX_IN,
			    watch_cookie(i));
	}
}

/* --- the item in the kernel's set --- */

static bool
watch_wanted(const struct proc_watch *w)
{
	const struct knote *kn = knote_at(w->knote);

	return (kn->bits & PROC_EXIT) != 0 && w->ended == 0 &&
	    (kn->state == KNOTE_IDLE || kn->state == KNOTE_QUEUED);
}

static void
watch_disarm(struct iset *set, struct proc_watch *w)
{
	/* A set without a number is closed, and its number may be another's. */
	if (w->armed != 0 &&
	    atomic_load_explicit(&set->life, memory_order_acquire) == ISET_LIVE)
		(void)backend_del(epfd_of(set), process_fd(w->process));
	w->armed = 0;
}

static int
watch_sync(struct iset *set, uint32_t w_index)
{
	struct proc_watch *w = watch_at(w_index);
	const bool wanted = watch_wanted(w);
	int r = 0;

	if (!wanted)
		watch_disarm(set, w);
	if (!wanted || w->armed != 0)
		return 0;
	r = backend_add(epfd_of(set), process_fd(w->process), PLX_IN,
	    watch_cookie(w_index));
	if (r >= 0)
		w->armed = 1;
	return r;
}

/* --- registration --- */

/* May these notes be asked of this process? */
static int
notes_check(uint32_t process, uint32_t notes)
{
	const int fd = process_fd(process);

	if ((notes & PROC_EXIT) == 0)
		return process_gone(fd) ? -ESRCH : 0;
	return (notes & PROC_ANY_STATUS) != 0 ? 0 : process_promise(fd);
}

static int
proc_check(const struct iset_spec *spec)
{
	if (spec->ident == 0 || spec->ident > INT_MAX)
		return -ESRCH;
	return 0;
}

static int
proc_attach(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);
	const uint32_t w_index = arena_take(&watches);
	struct proc_watch *w = watch_at(w_index);
	uint32_t process = 0;
	int r;

	if (w == NULL)
		return -ENOMEM;
	r = process_get((int)spec->ident, &process, watches_moved);
	if (r >= 0)
		r = notes_check(process, spec->user_bits);
	if (r >= 0) {
		*w = (struct proc_watch){
			.set = set->index,
			.knote = kn_index,
			.process = process,
			.cookie = w->cookie + 1,
		};
		kn->data = w_index;
		kn->bits = spec->user_bits;
		kn->flags |= KN_CLEAR;
		r = watch_sync(set, w_index);
	}
	if (r < 0) {
		if (process != 0)
			process_put(process);
		w->set = 0;
		arena_give(&watches, w_index);
	}
	return r;
}

static void
proc_detach(struct iset *set, uint32_t kn_index)
{
	const uint32_t w_index = watch_of(knote_at(kn_index));
	struct proc_watch *w = watch_at(w_index);

	watch_disarm(set, w);
	w->set = 0;
	w->cookie++;
	process_put(w->process);
	arena_give(&watches, w_index);
}

/*
 * Nothing was asked of it and it has ended: BSD dropped the knote then, and
 * this is a registration of whoever has the pid now.
 */
static int
watch_renew(struct proc_watch *w, uint64_t ident)
{
	uint32_t process;
	int r;

	if (!process_gone(process_fd(w->process)))
		return 0;
	r = process_get((int)ident, &process, watches_moved);
	if (r < 0)
		return r;
	process_put(w->process);
	w->process = process;
	w->ended = 0;
	return 0;
}

static bool
proc_true(const struct iset *set, struct knote *kn)
{
	(void)set;
	return (watch_at(watch_of(kn))->seen & kn->bits) != 0;
}

static int
proc_change(struct iset *set, uint32_t kn_index, const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);
	const uint32_t w_index = watch_of(kn);
	struct proc_watch *w = watch_at(w_index);
	const uint32_t before = kn->bits;
	int r = 0;

	if ((before & PROC_NOTES) == 0 && (spec->user_bits & PROC_NOTES) != 0)
		r = watch_renew(w, kn->ident);
	if (r >= 0 && (spec->user_bits & ~before & PROC_NOTES) != 0)
		r = notes_check(w->process, spec->user_bits);
	if (r < 0)
		return r;
	kn->bits = spec->user_bits;
	r = watch_sync(set, w_index);
	if (r < 0) {
		kn->bits = before;
		return r;
	}
	if (kn->state == KNOTE_QUEUED && !proc_true(set, kn) &&
	    (kn->flags & KN_FORCED) == 0)
		knote_step(set, kn_index, KNOTE_STALE);
	else if (kn->state == KNOTE_IDLE && proc_true(set, kn))
		knote_step(set, kn_index, KNOTE_ACTIVATE);
	return 0;
}

static void
proc_enable(struct iset *set, uint32_t kn_index)
{
	(void)watch_sync(set, watch_of(knote_at(kn_index)));
	if (knote_at(kn_index)->state == KNOTE_IDLE &&
	    proc_true(set, knote_at(kn_index)))
		knote_step(set, kn_index, KNOTE_ACTIVATE);
}

static void
proc_disable(struct iset *set, uint32_t kn_index)
{
	watch_disarm(set, watch_at(watch_of(knote_at(kn_index))));
}

/* --- events --- */

void
proc_collect(struct iset *set, uint64_t cookie)
{
	const uint32_t w_index = (uint32_t)cookie;
	struct proc_watch *w = watch_at(w_index);

	/* An event that was on its way when the watch went. */
	if (w == NULL || w->set != set->index ||
	    watch_cookie(w_index) != cookie || w->armed == 0)
		return;
	w->status = 0;
	(void)process_status(process_fd(w->process), &w->status);
	watch_disarm(set, w);
	w->ended = 1;
	w->seen |= PROC_EXIT;
	knote_at(w->knote)->flags |= KN_ONESHOT;
	knote_step(set, w->knote, KNOTE_ACTIVATE);
}

static void
proc_fill(const struct knote *kn, struct delivery *d)
{
	const struct proc_watch *w = watch_at(watch_of(kn));

	d->ident = kn->ident;
	d->user_bits = w->seen & kn->bits;
	if ((d->user_bits & PROC_EXIT) != 0) {
		d->data = w->status;
		d->eof = 1;
	}
}

static void
proc_clear(struct knote *kn)
{
	watch_at(watch_of(kn))->seen = 0;
}

const struct filter_ops filter_proc = {
	.name = "proc",
	.check = proc_check,
	.attach = proc_attach,
	.change = proc_change,
	.detach = proc_detach,
	.enable = proc_enable,
	.disable = proc_disable,
	.is_true = proc_true,
	.fill = proc_fill,
	.clear = proc_clear,
};

/* --- a pidfd of the program's --- */

static int
procdesc_check(const struct iset_spec *spec)
{
	int r = file_usable(spec->ident, FILTER_READ);

	if (r < 0)
		return r;
	if (!process_is_pidfd((int)spec->ident))
		return -EINVAL;
	if ((spec->user_bits & (PROC_EXIT | PROC_ANY_STATUS)) == PROC_EXIT)
		r = process_promise((int)spec->ident);
	return r;
}

static int
procdesc_attach(struct iset *set, uint32_t kn_index,
    const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);

	/* Its one event is the end. */
	kn->flags |= KN_CLEAR | KN_ONESHOT;
	kn->bits = spec->user_bits;
	return source_arm_first(set, kn->source, kn_index);
}

static int
procdesc_change(struct iset *set, uint32_t kn_index,
    const struct iset_spec *spec)
{
	struct knote *kn = knote_at(kn_index);
	const uint32_t before = kn->bits;
	int r = 0;

	if ((spec->user_bits & ~before & PROC_NOTES) != 0)
		r = procdesc_check(spec);
	if (r < 0)
		return r;
	kn->bits = spec->user_bits;
	if (kn->state == KNOTE_QUEUED && (kn->bits & PROC_EXIT) == 0 &&
	    (kn->flags & KN_FORCED) == 0)
		knote_step(set, kn_index, KNOTE_STALE);
	r = source_sync(set, kn->source, true);
	if (r < 0)
		kn->bits = before;
	return r;
}

static bool
procdesc_polls(const struct knote *kn)
{
	return (kn->bits & PROC_EXIT) != 0;
}

static bool
procdesc_true(const struct iset *set, struct knote *kn)
{
	(void)set;
	return procdesc_polls(kn) &&
	    process_gone((int)source_at(kn->source)->fd);
}

static void
procdesc_fill(const struct knote *kn, struct delivery *d)
{
	const int fd = (int)source_at(kn->source)->fd;
	int status = 0;

	d->ident = (uint64_t)fd;
	if (!procdesc_polls(kn) || !process_gone(fd))
		return; /* forced */
	(void)process_status(fd, &status);
	d->user_bits = PROC_EXIT;
	d->data = status;
	d->eof = 1;
}

const struct filter_ops filter_procdesc = {
	.name = "procdesc",
	.fd = true,
	.want = PLX_IN,
	.sees = PLX_IN | PLX_HUP,
	.polls = procdesc_polls,
	.check = procdesc_check,
	.attach = procdesc_attach,
	.change = procdesc_change,
	.is_true = procdesc_true,
	.fill = procdesc_fill,
};
