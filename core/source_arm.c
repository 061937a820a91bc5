/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_arm.c - what the kernel is told about a source.
 *
 * Two plain level knotes share one kernel registration. A knote with a trigger
 * of its own (edge, oneshot, dispatch, lowat) beside another one gets its own
 * registration in a second epoll, the lane, which is nested in the set: so no
 * change of one knote ever re-fires the edge of the other.
 *
 * A first registration goes to the kernel at once, for its errors must come
 * back. What cannot fail (a smaller mask, a removal, a re-arm) is put on the
 * set's dirty list while the set is private and nobody waits, and flushed
 * before anybody can notice (spec: performance of toggles).
 *
 * Authority: epoll_ctl(2); FreeBSD kqueue(2) for what must not re-fire.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>

#include "core/bug.h"
#include "core/filter.h"
#include "core/os.h"
#include "core/sys.h"

/* The flag of epoll_create1 is O_CLOEXEC by definition. */
#define LANE_FLAGS O_CLOEXEC

plx_mask
knote_want(const struct knote *kn)
{
	return kn->filter == FILTER_FD ? kn->bits & ARMED_READINESS
				       : knote_ops(kn)->want;
}

plx_mask
filter_sees(const struct knote *kn, plx_mask observed)
{
	if (kn->filter != FILTER_FD)
		return observed & knote_ops(kn)->sees;
	return observed & (kn->bits | PLX_UNASKED) & PLX_READINESS;
}

/* A filter that does not poll its descriptor has no part in registrations. */
bool
knote_polls(const struct knote *kn)
{
	const struct filter_ops *ops = knote_ops(kn);

	return kn->filter == FILTER_FD ||
	    (ops->want != 0 && (ops->polls == NULL || ops->polls(kn)));
}

static bool
knote_enabled(const struct knote *kn)
{
	return kn->state == KNOTE_IDLE || kn->state == KNOTE_QUEUED;
}

static uint16_t
mask_trigger(plx_mask mask)
{
	uint16_t trigger = 0;

	if ((mask & PLX_EDGE) != 0)
		trigger |= ARMED_EDGE;
	/* Whom to wake is the kernel's business: it gets the bits as given. */
	if ((mask & PLX_EXCLUSIVE) != 0)
		trigger |= ARMED_EXCLUSIVE;
	if ((mask & PLX_WAKEUP) != 0)
		trigger |= ARMED_WAKEUP;
	return trigger;
}

uint16_t
armed_of_mask(plx_mask mask)
{
	const uint16_t oneshot = (mask & PLX_ONESHOT) != 0 ? ARMED_ONESHOT : 0;

	return (
	    uint16_t)((mask & ARMED_READINESS) | mask_trigger(mask) | oneshot);
}

static uint16_t
knote_trigger(const struct knote *kn)
{
	uint16_t trigger = kn->filter == FILTER_FD ? mask_trigger(kn->bits) : 0;

	if ((kn->flags & (KN_CLEAR | KN_QUIET | KN_EDGED)) != 0)
		trigger |= ARMED_EDGE;
	if (kn->filter != FILTER_FD && (kn->bits & FOPT_LOWAT) != 0)
		return ARMED_EDGE; /* each arrival is looked at, none ends it */
	if ((kn->flags & (KN_ONESHOT | KN_DISPATCH)) != 0)
		trigger |= ARMED_ONESHOT;
	return trigger;
}

static unsigned int
knote_lane(const struct knote *kn)
{
	return (kn->flags & KN_LANE) != 0 ? 1 : 0;
}

static uint16_t
lane_desired(const struct source *src, unsigned int lane)
{
	uint16_t desired = 0;
	unsigned int n = 0;

	for (uint32_t at = src->klist; at != 0; at = knote_at(at)->chain) {
		const struct knote *kn = knote_at(at);

		if (knote_lane(kn) != lane || !knote_enabled(kn) ||
		    !knote_polls(kn))
			continue;
		n++;
		desired |= (uint16_t)(knote_want(kn) | knote_trigger(kn));
	}
	/* One of several must not end the others: each ends by itself. */
	if (n > 1 && (desired & ARMED_ONESHOT) != 0)
		desired = (uint16_t)((desired & ~ARMED_ONESHOT) | ARMED_EDGE);
	/* Asking for nothing still reports errors: keep it distinct from 0. */
	return n > 0 ? desired | ARMED_PRESENT : 0;
}

static int
lane_epfd(const struct iset *set, unsigned int lane)
{
	/* relaxed: the lane is made under the lock; epfd by dup and close. */
	return lane == 0
	    ? atomic_load_explicit(&set->epfd, memory_order_relaxed)
	    : atomic_load_explicit(&set->lane_fd, memory_order_relaxed);
}

/* A private number of ours had to move: the registration follows it. */
static void
lane_moved(int old_fd, int new_fd)
{
	const uint32_t sets = atomic_load_explicit(&plx_isets.used,
	    memory_order_relaxed);

	for (uint32_t i = 1; i <= sets; i++) {
		struct iset *set = arena_at(&plx_isets, i);

		if (set == NULL || lane_epfd(set, 1) != old_fd)
			continue;
		(void)backend_del(lane_epfd(set, 0), old_fd);
		if (new_fd >= 0)
			(void)backend_add(lane_epfd(set, 0), new_fd, PLX_IN,
			    COOKIE_LANE);
		atomic_store_explicit(&set->lane_fd, new_fd,
		    memory_order_relaxed);
	}
}

static int
lane_make(struct iset *set)
{
	int fd;
	int r;

	if (lane_epfd(set, 1) >= 0)
		return 0;
	fd = plx_sys_epoll_create1(LANE_FLAGS);
	if (fd < 0)
		return fd;
	fd = plx_os.fd_hide(fd, lane_moved);
	if (fd < 0)
		return fd;
	r = backend_add(lane_epfd(set, 0), fd, PLX_IN, COOKIE_LANE);
	if (r < 0) {
		plx_os.fd_drop(fd);
		return r;
	}
	atomic_store_explicit(&set->lane_fd, fd, memory_order_relaxed);
	return 0;
}

/* A new cookie for the source; the other lane's item is told. */
static void
source_renew(struct iset *set, uint32_t src_index, unsigned int lane)
{
	struct source *src = source_at(src_index);
	const unsigned int other = 1 - lane;

	src->cookie++;
	if ((src->armed[other] & ARMED_PRESENT) != 0)
		(void)backend_mod(lane_epfd(set, other), (int)src->fd,
		    src->armed[other], source_cookie(src_index, other));
}

/* One lane brought to what its knotes want, now. */
static int
lane_apply(struct iset *set, uint32_t src_index, unsigned int lane,
    uint16_t desired)
{
	struct source *src = source_at(src_index);
	const int epfd = lane_epfd(set, lane);
	const uint64_t cookie = source_cookie(src_index, lane);
	const bool present = (src->armed[lane] & ARMED_PRESENT) != 0;
	int r = 0;

	if (desired == 0) {
		if (present && (src->armed[lane] & ARMED_OFF) == 0) {
			/* It may be gone with its file already. */
			(void)backend_del(epfd, (int)src->fd);
			src->armed[lane] = 0;
		}
		return 0;
	}
	if (present)
		r = backend_mod(epfd, (int)src->fd, desired, cookie);
	/* The number means another file now: there that is a new interest. */
	if (r == -ENOENT) {
		if (set->policy->closed != POLICY_CLOSED_REMOVED)
			return r;
		/* The old item may live on: it must not pass for this one. */
		source_renew(set, src_index, lane);
	}
	if (!present || r == -ENOENT)
		r = backend_add(epfd, (int)src->fd, desired,
		    source_cookie(src_index, lane));
	if (r >= 0)
		src->armed[lane] = desired;
	return r;
}

static bool
lane_differs(const struct source *src, unsigned int lane, uint16_t desired,
    bool force)
{
	const uint16_t armed = src->armed[lane];

	if (desired == 0)
		return (armed & ARMED_PRESENT) != 0 && (armed & ARMED_OFF) == 0;
	return force || armed != desired;
}

static void
source_defer(struct iset *set, uint32_t src_index)
{
	struct source *src = source_at(src_index);

	if (src->dirty != 0)
		return;
	if (set->dirty_n == DIRTY_MAX)
		sources_flush(set);
	src->dirty = 1;
	set->dirty[set->dirty_n++] = src_index;
}

int
source_sync(struct iset *set, uint32_t src_index, uint32_t changed)
{
	struct source *src = source_at(src_index);
	int ret = 0;

	if (src->kind != SOURCE_POLLED)
		return 0;
	for (unsigned int lane = 0; lane < 2; lane++) {
		const uint16_t desired = lane_desired(src, lane);
		/* Never the other lane: its edge would fire again. */
		const bool force = changed != 0 &&
		    knote_lane(knote_at(changed)) == lane;
		const bool can_fail = desired != 0 &&
		    (src->armed[lane] & ARMED_PRESENT) == 0;
		int r;

		if (!lane_differs(src, lane, desired, force && desired != 0))
			continue;
		if (!can_fail && iset_deferrable(set)) {
			if (force)
				src->armed[lane] |= ARMED_STALE;
			source_defer(set, src_index);
			continue;
		}
		r = lane_apply(set, src_index, lane, desired);
		if (r < 0)
			ret = r;
	}
	return ret;
}

void
sources_flush(struct iset *set)
{
	const uint32_t n = set->dirty_n;

	set->dirty_n = 0;
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t src_index = set->dirty[i];
		struct source *src = source_at(src_index);

		src->dirty = 0;
		for (unsigned int lane = 0; lane < 2; lane++) {
			const uint16_t desired = lane_desired(src, lane);

			/* On and off again since: nothing to say. */
			if (lane_differs(src, lane, desired, false))
				(void)lane_apply(set, src_index, lane, desired);
		}
		source_settle_empty(set, src_index);
	}
}

/* What the lanes hold beside this knote. */
struct lane_use {
	bool taken;
	bool edges; /* somebody there has a trigger */
};

static void
lanes_used(const struct source *src, uint32_t kn_index, struct lane_use use[2])
{
	for (uint32_t at = src->klist; at != 0; at = knote_at(at)->chain) {
		const struct knote *kn = knote_at(at);

		if (at == kn_index || !knote_polls(kn))
			continue;
		use[knote_lane(kn)].taken = true;
		if (knote_trigger(kn) != 0)
			use[knote_lane(kn)].edges = true;
	}
}

/*
 * A trigger has a registration to itself, those without one share. A third
 * interest that finds no place joins the edges: then an event of one of them may
 * fire the other once more, and a level among them is asked again by us.
 */
static unsigned int
lane_choose(const struct source *src, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);
	const bool edge = knote_trigger(kn) != 0;
	struct lane_use use[2] = { { false, false }, { false, false } };

	lanes_used(src, kn_index, use);
	for (unsigned int lane = 0; lane < 2; lane++) {
		if (!use[lane].taken || (!edge && !use[lane].edges))
			return lane;
	}
	if (!edge)
		kn->flags |= KN_EDGED;
	return use[0].edges ? 0 : 1;
}

bool
source_may_quiet(const struct knote *kn)
{
	uint32_t at = source_at(kn->source)->klist;

	if (kn->filter != FILTER_EXCEPT)
		return true;
	for (; at != 0; at = knote_at(at)->chain) {
		const struct knote *other = knote_at(at);

		if (other != kn && knote_polls(other) &&
		    knote_lane(other) == knote_lane(kn))
			return false;
	}
	return true;
}

int
source_arm_new(struct iset *set, uint32_t src_index, uint32_t kn_index)
{
	struct source *src = source_at(src_index);
	struct knote *kn = knote_at(kn_index);
	unsigned int lane;
	int r;

	if (src->kind != SOURCE_POLLED)
		return 0;
	lane = lane_choose(src, kn_index);
	if (lane != 0) {
		r = lane_make(set);
		if (r < 0)
			return r;
		kn->flags |= KN_LANE;
	}
	if (!knote_enabled(kn)) {
		/* Prove the descriptor, then be silent until it is enabled. */
		if ((src->armed[lane] & ARMED_PRESENT) != 0)
			return 0;
		r = backend_add(lane_epfd(set, lane), (int)src->fd,
		    ARMED_EDGE | ARMED_ONESHOT, source_cookie(src_index, lane));
		if (r >= 0)
			(void)backend_del(lane_epfd(set, lane), (int)src->fd);
		return r;
	}
	return lane_apply(set, src_index, lane, lane_desired(src, lane));
}

int
source_arm_first(struct iset *set, uint32_t src_index, uint32_t kn_index)
{
	struct source *src = source_at(src_index);
	int r;

	if (set->deep_arm != 0) {
		src->kind = SOURCE_SET;
		deep_link_made();
		return 0;
	}
	if (src->kind == SOURCE_FILE)
		return file_watch(set, src, kn_index);
	r = source_arm_new(set, src_index, kn_index);
	if (r != -EPERM || knote_at(kn_index)->filter == FILTER_FD)
		return r;
	if (file_kind((int)src->fd) != SOURCE_FILE) {
		src->kind = SOURCE_ALWAYS;
		return 0;
	}
	r = file_watch(set, src, kn_index);
	if (r >= 0) {
		src->kind = SOURCE_FILE;
		set->files_n++;
	}
	return r;
}
