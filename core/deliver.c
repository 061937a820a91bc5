/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deliver.c - from the kernel's events to the ready list, and from there to
 * the caller. Under the set's lock.
 *
 * A pass is bounded by the length of the list at its start, so one call never
 * returns a knote twice and what is still true goes to the tail (rotation). An
 * observation made in this very pass is trusted; an older one is sampled again,
 * as BSD runs the filter again at delivery.
 */
#include <string.h>

#include "core/bug.h"
#include "core/filter.h"
#include "core/mutant.h"
#include "core/sys.h"

#define LANE_EVENTS 32
#define LANE_ROUNDS 64

static void
source_activate(struct iset *set, struct source *src, unsigned int lane,
    plx_mask observed)
{
	const uint32_t stamp = (set->pass << KNOTE_PASS_SHIFT) |
	    (observed & PLX_READINESS);

	if ((src->armed[lane] & ARMED_ONESHOT) != 0)
		src->armed[lane] |= ARMED_OFF;
	for (uint32_t at = src->klist; at != 0; at = knote_at(at)->chain) {
		struct knote *kn = knote_at(at);
		const bool mine = ((kn->flags & KN_LANE) != 0) == (lane != 0);

		/* A disabled one is asked again when it is enabled. */
		if (!mine || filter_sees(kn, observed) == 0 ||
		    (kn->state != KNOTE_IDLE && kn->state != KNOTE_QUEUED))
			continue;
		kn->have = stamp;
		knote_step(set, at, KNOTE_ACTIVATE);
	}
}

/* An event whose source is gone: the file lives on, the number does not. */
static void
stranger(struct iset *set)
{
	set->strangers++;
}

static void
lane_collect(struct iset *set)
{
	/* 16 bytes is the largest struct epoll_event of any machine. */
	char events[LANE_EVENTS * 16];
	const int fd = atomic_load_explicit(&set->lane_fd,
	    memory_order_relaxed);

	for (int round = 0; round < LANE_ROUNDS; round++) {
		const int n = plx_sys_epoll_peek(fd,
		    (struct epoll_event *)(void *)events, LANE_EVENTS);

		for (int i = 0; i < n; i++) {
			uint64_t cookie;
			const plx_mask observed = backend_observed(events, i,
			    &cookie);
			const uint32_t src_index = (uint32_t)cookie;

			if (source_cookie(src_index, 1) == cookie &&
			    !source_gone(set, src_index))
				source_activate(set, source_at(src_index), 1,
				    observed);
			else
				stranger(set);
		}
		if (n < LANE_EVENTS)
			return;
	}
}

static void
own_event(struct iset *set, uint64_t cookie)
{
	switch (cookie) {
	case COOKIE_LANE:
		lane_collect(set);
		break;
	case COOKIE_TIMER:
		timers_run(set);
		break;
	case COOKIE_SIGNAL:
		signals_detect();
		break;
	case COOKIE_NOTIFY:
		/* Drained before the next turn, without our lock. */
	case COOKIE_WAKE:
	default:
		/* Shown for what is on the list already, or a kick. */
		break;
	}
	if (PLX_UNLIKELY(signals_due(set)))
		signals_settle(set);
}

void
iset_collect(struct iset *set, const void *events, int n)
{
	for (int i = 0; i < n; i++) {
		uint64_t cookie;
		const plx_mask observed = backend_observed(events, i, &cookie);
		const uint32_t src_index = (uint32_t)cookie;

		if (src_index == 0) {
			own_event(set, cookie);
		} else if ((cookie & COOKIE_PROC_BIT) != 0) {
			proc_collect(set, cookie);
		} else if (source_at(src_index) != NULL &&
		    source_cookie(src_index, 0) == cookie &&
		    !source_gone(set, src_index)) {
			set->strangers = 0;
			source_activate(set, source_at(src_index), 0, observed);
		} else {
			stranger(set);
		}
	}
}

/* Events of this pass were asked about when they came. */
static bool
descriptor_gone(struct iset *set, const struct knote *kn)
{
	return knote_is_fd(kn) &&
	    kn->have >> KNOTE_PASS_SHIFT != (set->pass & 0xffffu) &&
	    source_gone(set, kn->source);
}

static bool
knote_true(const struct iset *set, struct knote *kn)
{
	if ((kn->flags & KN_FORCED) != 0)
		return true;
	return knote_ops(kn)->is_true(set, kn);
}

/* --- hand it over --- */

static void
delivery_fill(uint32_t kn_index, struct delivery *d)
{
	const struct knote *kn = knote_at(kn_index);

	*d = (struct delivery){
		.filter = kn->filter,
		.flags = kn->flags & 0xfu, /* KN_FACE_FLAGS */
		.udata = kn->udata,
	};
	if ((kn->flags & KN_EXT) != 0)
		ext_load(kn_index, d->ext);
	knote_ops(kn)->fill(kn, d);
}

static void
knote_idle(struct iset *set, uint32_t kn_index)
{
	const struct filter_ops *ops = knote_ops(knote_at(kn_index));

	if (ops->idle != NULL)
		ops->idle(set, kn_index);
}

static void
delivered(struct iset *set, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);
	const struct filter_ops *ops = knote_ops(kn);
	const bool edge = (kn->flags & KN_CLEAR) != 0 ||
	    (kn->filter == FILTER_FD && (kn->bits & PLX_EDGE) != 0);
	const bool dispatch = PLX_MUTATE(oneshot_stays_armed,
	    (kn->flags & KN_DISPATCH) != 0, false);

	if ((kn->flags & KN_ONESHOT) != 0) {
		knote_remove(set, kn_index);
		return;
	}
	if (edge && ops->clear != NULL)
		ops->clear(kn);
	if (dispatch) {
		if (ops->disable != NULL)
			ops->disable(set, kn_index);
		knote_step(set, kn_index, KNOTE_DELIVERED_DISABLE);
		if (ops->fd)
			(void)source_sync(set, kn->source, 0);
		return;
	}
	if (edge || knote_kernel_keeps(kn)) {
		knote_step(set, kn_index, KNOTE_DELIVERED_IDLE);
		knote_idle(set, kn_index);
	} else {
		knote_step(set, kn_index, KNOTE_DELIVERED_AGAIN);
	}
}

/*
 * The kernel goes on saying "ready" of a level knote that is not (a socket that
 * never was connected is writable to it): listen to changes only, until true.
 */
static void
knote_quiet(struct iset *set, uint32_t kn_index, bool quiet)
{
	struct knote *kn = knote_at(kn_index);

	if (quiet == ((kn->flags & KN_QUIET) != 0))
		return;
	if (quiet && (!knote_kernel_keeps(kn) || !source_may_quiet(kn)))
		return;
	kn->flags ^= KN_QUIET;
	(void)source_sync(set, kn->source, kn_index);
}

int
iset_deliver(struct iset *set, const struct iset_wait *w)
{
	uint32_t left = PLX_MUTATE(deliver_forgets_the_last, set->ready.n,
	    set->ready.n > 1 ? set->ready.n - 1 : set->ready.n);
	int n = 0;

	for (; left > 0 && n < w->out_max; left--) {
		const uint32_t kn_index = ready_pop(set);
		struct knote *kn = knote_at(kn_index);
		struct delivery d;

		PLX_ASSERT(kn_index != 0);
		if (kn->state == KNOTE_DEAD) {
			knote_free(kn_index);
			continue;
		}
		if (kn->state != KNOTE_QUEUED || descriptor_gone(set, kn))
			continue;
		if (!knote_true(set, kn)) {
			knote_step(set, kn_index, KNOTE_STALE);
			knote_quiet(set, kn_index, true);
			knote_idle(set, kn_index);
			continue;
		}
		knote_quiet(set, kn_index, false);
		delivery_fill(kn_index, &d);
		w->emit(w->context, n, &d);
		n++;
		delivered(set, kn_index);
	}
	return n;
}

int
ready_count_true(struct iset *set)
{
	uint32_t at = set->ready.head;
	int n = 0;

	while (at != 0 && at != READY_END) {
		struct knote *kn = knote_at(at);

		if (kn->state == KNOTE_QUEUED && knote_true(set, kn))
			n++;
		at = kn->ready_next;
	}
	return n;
}
