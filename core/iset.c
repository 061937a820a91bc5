/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * iset.c - sets: making, finding, locking, ending them.
 *
 * A set lives while it has a number (names) or somebody inside. Objects are
 * type-stable: a stale pointer sees another life, never other memory.
 */
#include "core/iset.h"

#include <errno.h>
#include <fcntl.h>

#include "core/bug.h"
#include "core/fdtab.h"
#include "core/filter.h"
#include "core/notify.h"
#include "core/os.h"
#include "core/proc.h"
#include "core/sys.h"

struct plx_arena plx_isets = PLX_ARENA(struct iset, 4);
struct plx_arena plx_knotes = PLX_ARENA(struct knote, 10);
struct plx_arena plx_sources = PLX_ARENA(struct source, 10);
struct plx_arena plx_timers = PLX_ARENA(struct plx_timer, 10);

#define ORPHANS_MAX_FIRST 64

static bool
presence_deferrable(void)
{
	return plx_proc_presence() == PLX_PRESENCE_INTERPOSED;
}

/*
 * How many sets there are. The wake-up descriptor goes with the last one: a
 * process without a set has no descriptor of ours. The lock keeps a first set
 * from being made while the last one's wake-up is given back.
 */
static struct plx_lock sets_lock;
static uint32_t sets_n;

static int
sets_more(const struct plx_policy *policy)
{
	int r = 0;

	if (plx_lock_take(&sets_lock) < 0)
		return -EDEADLK;
	/* Faces that speak in raw masks never need to be woken by us. */
	if (policy->closed == POLICY_CLOSED_REMOVED)
		r = mirror_prepare();
	if (r >= 0)
		sets_n++;
	plx_lock_drop(&sets_lock);
	return r;
}

static void
sets_less(void)
{
	/* A handler inside the same few lines: leave it for the next. */
	if (plx_lock_take(&sets_lock) < 0)
		return;
	PLX_ASSERT(sets_n > 0);
	sets_n--;
	if (sets_n == 0)
		mirror_unprepare();
	plx_lock_drop(&sets_lock);
}

void
sets_fork_child(void)
{
	plx_lock_reset(&sets_lock);
}

static void
iset_reset(struct iset *set, uint32_t index, enum plx_face face, int fd)
{
	set->index = index;
	set->policy = plx_policy_of(face);
	set->face = face;
	set->pass = 0;
	set->soft_n = 0;
	set->orphans_n = 0;
	set->orphan_head = 0;
	set->orphans_max = ORPHANS_MAX_FIRST;
	set->files_n = 0;
	set->sets_n = 0;
	set->deep_arm = 0;
	set->wake_state = WAKE_ABSENT;
	set->kick = 0;
	set->watchers_n = 0;
	set->timer_epoch = 0;
	set->strangers = 0;
	set->signals_n = 0;
	set->timer_fd = -1;
	set->timer_armed_ns = 0;
	set->ready = (struct ready_list){ 0 };
	set->timers = (struct timer_heap){ 0 };
	set->hash = (struct knote_hash){ 0 };
	set->dirty_n = 0;
	plx_lock_reset(&set->lock);
	/* relaxed: published by the release of `life` below. */
	atomic_store_explicit(&set->epfd, fd, memory_order_relaxed);
	atomic_store_explicit(&set->lane_fd, -1, memory_order_relaxed);
	atomic_store_explicit(&set->closed, 0, memory_order_relaxed);
	atomic_store_explicit(&set->pending, 0, memory_order_relaxed);
	atomic_store_explicit(&set->signals, 0, memory_order_relaxed);
	atomic_store_explicit(&set->signals_due, 0, memory_order_relaxed);
	atomic_store_explicit(&set->names, 1, memory_order_relaxed);
	/* The first reference is the set's own, while it has a number. */
	atomic_store_explicit(&set->inside, 1, memory_order_relaxed);
	atomic_store_explicit(&set->waiters, 0, memory_order_relaxed);
	atomic_store_explicit(&set->given, 0, memory_order_relaxed);
	/* Where libc's close passes us by, nothing is private. */
	atomic_store_explicit(&set->seen, presence_deferrable() ? 0 : 1,
	    memory_order_relaxed);
	/* release: a complete set, for those who scan the arena. */
	atomic_store_explicit(&set->life, ISET_LIVE, memory_order_release);
}

static void
source_end(struct iset *set, uint32_t src_index)
{
	_Atomic uint32_t *slot = fd_index_slot(set,
	    (int)source_at(src_index)->fd);
	uint32_t expected = src_index;

	/* acq_rel: decides between us and a closer of that number. */
	if (atomic_compare_exchange_strong_explicit(slot, &expected, 0,
		memory_order_acq_rel, memory_order_relaxed))
		source_forget(set, src_index);
}

static void
private_close(int fd)
{
	if (fd >= 0)
		plx_os.fd_drop(fd);
}

static void
idents_end(struct iset *set)
{
	for (uint32_t i = 0; i < set->hash.size; i++) {
		uint32_t at = set->hash.bucket[i];

		while (at != 0) {
			struct knote *kn = knote_at(at);
			const uint32_t next = kn->chain;

			if (knote_ops(kn)->detach != NULL)
				knote_ops(kn)->detach(set, at);
			knote_step(set, at, KNOTE_DROP);
			if ((kn->flags & KN_LINKED) == 0)
				knote_free(at);
			at = next;
		}
	}
	if (set->hash.bucket != NULL)
		plx_sys_unmap(set->hash.bucket,
		    set->hash.size * sizeof(*set->hash.bucket));
}

/* Nobody has a number or is inside: everything goes. */
static void
iset_end(struct iset *set)
{
	uint32_t at;

	fd_index_each(set, source_end);
	sources_reap_closed(set);
	orphans_forget(set);
	idents_end(set);
	for (at = ready_pop(set); at != 0; at = ready_pop(set))
		knote_free(at);
	if (set->timers.slot != NULL)
		plx_sys_unmap(set->timers.slot,
		    set->timers.max * sizeof(*set->timers.slot));
	private_close(
	    atomic_load_explicit(&set->lane_fd, memory_order_relaxed));
	private_close(set->timer_fd);
	notify_set_end(set);
	arena_give(&plx_isets, set->index);
	sets_less();
}

int
iset_create(enum plx_face face, bool cloexec)
{
	const uint32_t index = arena_take(&plx_isets);
	struct iset *set = arena_at(&plx_isets, index);
	int fd;
	int r;

	if (set == NULL)
		return -ENOMEM;
	fd = plx_sys_epoll_create1(cloexec ? O_CLOEXEC : 0);
	if (fd < 0) {
		arena_give(&plx_isets, index);
		return fd;
	}
	r = sets_more(plx_policy_of(face));
	if (r < 0) {
		(void)plx_sys_close(fd);
		arena_give(&plx_isets, index);
		return r;
	}
	iset_reset(set, index, face, fd);
	r = fdtab_publish(fd, FD_ISET, index);
	if (r < 0) {
		(void)plx_sys_close(fd);
		iset_put(set);
		return r;
	}
	return fd;
}

/* One reference more, unless the last is gone: then it is no set any more. */
static bool
inside_enter(struct iset *set)
{
	uint32_t n = atomic_load_explicit(&set->inside, memory_order_relaxed);

	do {
		if (n == 0)
			return false;
		/* acquire: pairs with the release that made the set. */
	} while (!atomic_compare_exchange_weak_explicit(&set->inside, &n, n + 1,
	    memory_order_acquire, memory_order_relaxed));
	return true;
}

static struct iset *
set_enter(int fd)
{
	struct fd_entry entry;
	struct iset *set;

	entry = fdtab_get(fd);
	if (entry.kind != FD_ISET)
		return NULL;
	set = arena_at(&plx_isets, entry.object);
	PLX_ASSERT(set != NULL);
	if (!inside_enter(set))
		return NULL;
	if (atomic_load_explicit(&set->life, memory_order_acquire) !=
		ISET_LIVE ||
	    fdtab_generation(fd) != entry.generation) {
		iset_put(set);
		return NULL;
	}
	return set;
}

struct iset *
iset_get_index(uint32_t index)
{
	struct iset *set = arena_at(&plx_isets, index);

	if (set == NULL || !inside_enter(set))
		return NULL;
	if (atomic_load_explicit(&set->life, memory_order_acquire) == ISET_LIVE)
		return set;
	iset_put(set);
	return NULL;
}

struct iset *
iset_get_any(int fd)
{
	return set_enter(fd);
}

struct iset *
iset_get(int fd, enum plx_face face)
{
	struct iset *set = set_enter(fd);

	if (set == NULL || set->face == face)
		return set;
	iset_put(set);
	return NULL;
}

void
iset_put(struct iset *set)
{
	/* acq_rel: the last one out sees everything the others did. */
	if (atomic_fetch_sub_explicit(&set->inside, 1, memory_order_acq_rel) !=
	    1)
		return;
	/* Nobody can come in again. release: for those who scan the arena. */
	atomic_store_explicit(&set->life, ISET_FREE, memory_order_release);
	iset_end(set);
}

static void
posted_take(struct iset *set)
{
	/* acquire: pairs with the release in mark_post. */
	if (PLX_UNLIKELY(
		atomic_load_explicit(&set->posted, memory_order_acquire) != 0))
		notify_take(set);
}

bool
iset_lock(struct iset *set)
{
	if (plx_lock_take(&set->lock) < 0)
		return false;
	sources_reap_closed(set);
	posted_take(set);
	return true;
}

void
iset_unlock(struct iset *set)
{
	do {
		if (PLX_UNLIKELY(pending_any(set)))
			pending_apply(set, register_locked);
		if (PLX_UNLIKELY(signals_due(set)))
			signals_settle(set);
		posted_take(set);
		mirror_settle(set);
		plx_lock_drop(&set->lock);
		/* A handler may have come just before the lock was free. */
	} while (PLX_UNLIKELY(pending_any(set) || signals_due(set)) &&
	    plx_lock_take(&set->lock) == 0);
}

bool
iset_deferrable(const struct iset *set)
{
	/* Only where every close is seen and removes can nothing go wrong. */
	if (set->policy->closed != POLICY_CLOSED_REMOVED)
		return false;
	/* relaxed: both change under the lock or before they matter. */
	return atomic_load_explicit(&set->seen, memory_order_relaxed) == 0 &&
	    atomic_load_explicit(&set->waiters, memory_order_relaxed) == 0;
}
