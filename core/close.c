/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * close.c - descriptors come and go, sets are dup'ed, seen by others, forked.
 *
 * A close is not told what it may break, happens in signal handlers, and must
 * be done before the number can mean something else: so it takes no lock. It
 * takes the source out of each set's index (an exchange: exactly one wins), has
 * the kernel forget it, and leaves it on the set's closed list; whoever has the
 * lock next buries it.
 *
 * Authority: FreeBSD kqueue(2) on close; close(2); fork(2).
 */
#include <errno.h>

#include "core/bug.h"
#include "core/fdtab.h"
#include "core/iset.h"
#include "core/iset_impl.h"
#include "core/notify.h"
#include "core/sys.h"

static uint32_t
sets_used(void)
{
	/* relaxed: a bound; a set made meanwhile cannot watch this number. */
	return atomic_load_explicit(&plx_isets.used, memory_order_relaxed);
}

static struct iset *
set_live(uint32_t index)
{
	struct iset *set = arena_at(&plx_isets, index);

	/* acquire: pairs with the release that made it live. */
	if (set == NULL ||
	    atomic_load_explicit(&set->life, memory_order_acquire) != ISET_LIVE)
		return NULL;
	return set;
}

static void
closed_push(struct iset *set, uint32_t src_index)
{
	struct source *src = source_at(src_index);
	uint32_t head = atomic_load_explicit(&set->closed,
	    memory_order_relaxed);

	do {
		atomic_store_explicit(&src->closed_next, head,
		    memory_order_relaxed);
		/* release: pairs with the acquire in sources_reap_closed. */
	} while (!atomic_compare_exchange_weak_explicit(&set->closed, &head,
	    src_index, memory_order_release, memory_order_relaxed));
}

static void
watched_closing(struct iset *set, int fd)
{
	_Atomic uint32_t *slot = fd_index_slot(set, fd);
	const int lane = atomic_load_explicit(&set->lane_fd,
	    memory_order_relaxed);
	uint32_t src_index;

	if (slot == NULL ||
	    atomic_load_explicit(slot, memory_order_relaxed) == 0)
		return;
	/* acq_rel: decides who disposes of the source. */
	src_index = atomic_exchange_explicit(slot, 0, memory_order_acq_rel);
	if (src_index == 0)
		return;
	if (set->policy->closed == POLICY_CLOSED_REMOVED) {
		(void)backend_del(atomic_load_explicit(&set->epfd,
				      memory_order_relaxed),
		    fd);
		if (lane >= 0)
			(void)backend_del(lane, fd);
	}
	closed_push(set, src_index);
}

/* Another number of the set, for the kernel calls to go on with. */
static void
name_change(struct iset *set, int closing_fd)
{
	int fd = -1;

	for (;;) {
		struct fd_entry entry;

		fd = fdtab_next(fd + 1, FDTAB_FDS_MAX - 1);
		if (fd < 0)
			return;
		entry = fdtab_get(fd);
		if (fd != closing_fd && entry.kind == FD_ISET &&
		    entry.object == set->index) {
			atomic_store_explicit(&set->epfd, fd,
			    memory_order_relaxed);
			return;
		}
	}
}

static void
set_closing(uint32_t index, int fd)
{
	struct iset *set = set_live(index);
	uint32_t live = ISET_LIVE;

	if (set == NULL)
		return;
	/* acq_rel: the last name ends the set. */
	if (atomic_fetch_sub_explicit(&set->names, 1, memory_order_acq_rel) >
	    1) {
		if (atomic_load_explicit(&set->epfd, memory_order_relaxed) ==
		    fd)
			name_change(set, fd);
		return;
	}
	/* acq_rel: whoever says so gives the set's own reference back. */
	if (!atomic_compare_exchange_strong_explicit(&set->life, &live,
		ISET_DYING, memory_order_acq_rel, memory_order_relaxed))
		return;
	if (set->policy->closed == POLICY_CLOSED_REMOVED &&
	    atomic_load_explicit(&set->waiters, memory_order_seq_cst) != 0)
		mirror_wake_all(set);
	iset_put(set);
}

void
iset_fd_closing(int fd)
{
	const struct fd_entry entry = fdtab_forget(fd);

	if ((entry.flags & FD_WATCHED) != 0) {
		const uint32_t sets = sets_used();

		for (uint32_t i = 1; i <= sets; i++) {
			struct iset *set = set_live(i);

			if (set != NULL)
				watched_closing(set, fd);
		}
	}
	if (entry.kind == FD_ISET)
		set_closing(entry.object, fd);
}

void
iset_fd_dup(int old_fd, int new_fd)
{
	const struct fd_entry entry = fdtab_get(old_fd);
	struct iset *set;

	if (entry.kind != FD_ISET || old_fd == new_fd)
		return;
	set = set_live(entry.object);
	if (set == NULL)
		return;
	/* acq_rel: before the number can be closed by anybody. */
	(void)atomic_fetch_add_explicit(&set->names, 1, memory_order_acq_rel);
	if (fdtab_publish(new_fd, FD_ISET, entry.object) < 0)
		(void)atomic_fetch_sub_explicit(&set->names, 1,
		    memory_order_acq_rel);
}

static void
set_publish(struct iset *set)
{
	/* relaxed: the lock below orders it for the settling. */
	if (atomic_exchange_explicit(&set->seen, 1, memory_order_relaxed) != 0)
		return;
	if (!iset_lock(set))
		return; /* our own critical section settles at its end */
	if (set->dirty_n > 0)
		sources_flush(set);
	timers_run(set);
	iset_unlock(set);
}

void
iset_publish(int fd)
{
	struct iset *set = iset_get_any(fd);

	if (set == NULL)
		return;
	set_publish(set);
	iset_put(set);
}

void
iset_publish_all(void)
{
	const uint32_t sets = sets_used();

	for (uint32_t i = 1; i <= sets; i++) {
		struct iset *set = iset_get_index(i);

		if (set == NULL)
			continue;
		set_publish(set);
		iset_put(set);
	}
}

/* --- the child of a fork --- */

static void
numbers_close(void)
{
	int fd = fdtab_next(0, FDTAB_FDS_MAX - 1);

	for (; fd >= 0; fd = fdtab_next(fd + 1, FDTAB_FDS_MAX - 1)) {
		const struct fd_entry entry = fdtab_get(fd);
		struct iset *set;

		if (entry.kind != FD_ISET)
			continue;
		set = arena_at(&plx_isets, entry.object);
		if (set->policy->fork != POLICY_FORK_NOT_INHERITED)
			continue;
		(void)fdtab_forget(fd);
		(void)plx_sys_close(fd);
	}
}

/* The copy of a set that stays the parent's: memory back, no kernel word. */
static void
set_abandon(struct iset *set)
{
	plx_lock_reset(&set->lock);
	set->dirty_n = 0;
	atomic_store_explicit(&set->waiters, 0, memory_order_relaxed);
	atomic_store_explicit(&set->names, 0, memory_order_relaxed);
	atomic_store_explicit(&set->life, ISET_DYING, memory_order_relaxed);
	/* One reference, given back at once: the child has one thread. */
	atomic_store_explicit(&set->inside, 1, memory_order_relaxed);
	iset_put(set);
}

/* A set that goes on: the threads that were inside are not here. */
static void
set_alone(struct iset *set)
{
	plx_lock_reset(&set->lock);
	/* relaxed: the child has one thread. */
	atomic_store_explicit(&set->waiters, 0, memory_order_relaxed);
	atomic_store_explicit(&set->inside, 1, memory_order_relaxed);
}

void
iset_fork_child(void)
{
	const uint32_t sets = sets_used();

	sets_fork_child();
	signals_fork_child();
	deep_fork_child();
	notify_fork_child();
	numbers_close();
	for (uint32_t i = 1; i <= sets; i++) {
		struct iset *set = set_live(i);

		notify_forget(i);
		if (set == NULL)
			continue;
		if (set->policy->fork == POLICY_FORK_NOT_INHERITED)
			set_abandon(set);
		else
			set_alone(set);
	}
	mirror_unprepare();
}
