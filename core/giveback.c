/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * giveback.c - a set of raw masks goes back to the kernel.
 *
 * Two processes cannot share an engine set: the cookies in the kernel mean
 * something in one of them only. So before a fork, and before a set is sent to
 * another process, each item gets the program's own data and the set's numbers
 * become plain. An edge that was told already may be
 * told once more: EPOLL_CTL_MOD re-arms.
 *
 * Authority: fork(2), epoll(7) on sharing; rulings on truth=engine.
 */
#include <errno.h>

#include "core/bug.h"
#include "core/fdtab.h"
#include "core/iset.h"
#include "core/iset_impl.h"
#include "core/mutant.h"

static void
item_give(struct iset *set, uint32_t src_index)
{
	struct source *src = source_at(src_index);
	const struct knote *kn = knote_at(src->klist);
	const int epfd = atomic_load_explicit(&set->epfd, memory_order_relaxed);
	const uint16_t armed = src->armed[0];
	uint64_t data;

	/* A fired oneshot is silent until the program modifies it. */
	if (kn == NULL || (armed & ARMED_OFF) != 0)
		return;
	data = PLX_MUTATE(goes_back_without_its_data, kn->udata, 0);
	if ((armed & ARMED_EXCLUSIVE) == 0) {
		(void)backend_mod(epfd, (int)src->fd, armed, data);
		return;
	}
	/* Of an exclusive one the kernel changes nothing: anew, then. */
	(void)backend_del(epfd, (int)src->fd);
	(void)backend_add(epfd, (int)src->fd, armed, data);
}

/* The numbers are the kernel's from here on. */
static void
numbers_give(const struct iset *set)
{
	int fd = fdtab_next(0, FDTAB_FDS_MAX - 1);

	for (; fd >= 0; fd = fdtab_next(fd + 1, FDTAB_FDS_MAX - 1)) {
		const struct fd_entry entry = fdtab_get(fd);

		if (entry.kind == FD_ISET && entry.object == set->index)
			(void)fdtab_forget(fd);
	}
}

static int
set_give(struct iset *set)
{
	uint32_t live = ISET_LIVE;
	bool ended = false;
	int r = 0;

	if (!iset_lock(set))
		return -EBUSY;
	if (set->orphan_head != 0)
		orphans_audit(set);
	if (set->orphan_head != 0) {
		r = -EBUSY;
	} else {
		sources_flush(set);
		fd_index_each(set, item_give);
		numbers_give(set);
		/* release: pairs with the sleepers' acquire. */
		atomic_store_explicit(&set->given, 1, memory_order_release);
		/* relaxed: the lock orders it; the last one inside ends it. */
		atomic_store_explicit(&set->names, 0, memory_order_relaxed);
		ended = atomic_compare_exchange_strong_explicit(&set->life,
		    &live, ISET_DYING, memory_order_acq_rel,
		    memory_order_relaxed);
	}
	iset_unlock(set);
	/* The set's own reference; the caller has another. */
	if (ended)
		iset_put(set);
	return r;
}

static bool
shared_by_fork(const struct iset *set)
{
	return set != NULL && set->policy->fork == POLICY_FORK_SHARED;
}

int
iset_give_back(int fd)
{
	struct iset *set = iset_get_any(fd);
	int r = 0;

	if (set == NULL)
		return 0;
	if (shared_by_fork(set))
		r = set_give(set);
	iset_put(set);
	return r;
}

int
iset_fork_prepare(void)
{
	int given = 0;
	int fd = fdtab_next(0, FDTAB_FDS_MAX - 1);

	for (; fd >= 0; fd = fdtab_next(fd + 1, FDTAB_FDS_MAX - 1)) {
		const struct fd_entry entry = fdtab_get(fd);

		if (entry.kind != FD_ISET ||
		    !shared_by_fork(arena_at(&plx_isets, entry.object)))
			continue;
		if (iset_give_back(fd) == 0)
			given++;
	}
	return given;
}
