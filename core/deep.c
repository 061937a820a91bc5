/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deep.c - sets in sets, deeper than the kernel nests.
 *
 * The kernel takes five levels and a limited number of paths. A link that it
 * refuses is kept by us alone ("deep"), and from then on every set with sets
 * in it is looked through: is anything ready below, along enabled links? A
 * wait sleeps on its own epoll descriptor and on those of all the sets below.
 * What others see of such a number ends where the kernel's nesting ends: a
 * documented limit.
 *
 * Locks: deep_lock (rank 5) makes links one at a time, so that no two make a
 * cycle together. A walk holds at most one set's lock beside that of the set it
 * was started from, and only downwards.
 *
 * Limits: DEEP_SETS_MAX sets below one (-ELOOP beyond). A structure that
 * changes under a sleeper is noticed within DEEP_NAP_NS.
 */
#include <errno.h>
#include <poll.h>

#include "core/bug.h"
#include "core/fdtab.h"
#include "core/iset_impl.h"
#include "core/os.h"
#include "core/sys.h"

#define DEEP_SETS_MAX 768
#define DEEP_NAP_NS   (50 * PLX_NS_PER_MS)
#define DEEP_REST_NS  (10 * PLX_NS_PER_MS)

static struct plx_lock deep_lock;
static _Atomic uint32_t deep_links;

/* A power of two, well above DEEP_SETS_MAX. */
#define WALK_SLOTS      2048
#define WALK_SLOTS_BITS 11
_Static_assert(WALK_SLOTS == 1 << WALK_SLOTS_BITS, "the hash takes its bits");

struct walk {
	uint32_t set[DEEP_SETS_MAX];
	uint16_t slot[WALK_SLOTS]; /* by hash: place in set[] + 1, 0: free */
	uint32_t n;
	bool full;
};

bool
deep_any(void)
{
	/* relaxed: a hint; the link's maker wakes nobody by it. */
	return atomic_load_explicit(&deep_links, memory_order_relaxed) != 0;
}

void
deep_link_gone(void)
{
	(void)atomic_fetch_sub_explicit(&deep_links, 1, memory_order_relaxed);
}

void
deep_fork_child(void)
{
	plx_lock_reset(&deep_lock);
}

static void
walk_add(struct walk *walk, uint32_t index)
{
	uint32_t at = index * UINT32_C(2654435761) >> (32 - WALK_SLOTS_BITS);

	while (walk->slot[at] != 0) {
		if (walk->set[walk->slot[at] - 1] == index)
			return;
		at = (at + 1) % WALK_SLOTS;
	}
	if (walk->n == DEEP_SETS_MAX) {
		walk->full = true;
		return;
	}
	walk->set[walk->n++] = index;
	walk->slot[at] = (uint16_t)walk->n;
}

static uint32_t
set_behind(uint32_t fd)
{
	const struct fd_entry entry = fdtab_get((int)fd);

	return entry.kind == FD_ISET ? entry.object : 0;
}

/*
 * The next source that is a set, or NULL. `left`, sets_n in the beginning, ends
 * the search early: what else is watched can be much.
 */
static const struct source *
child_next(struct iset *set, int *fd, uint32_t *left)
{
	while (*left > 0) {
		const uint32_t at = fd_index_next(set, fd);
		const struct source *src = source_at(at);

		if (at == 0)
			return NULL;
		if (src->nested != 0) {
			--*left;
			return src;
		}
	}
	return NULL;
}

static bool
link_enabled(const struct source *src)
{
	for (uint32_t at = src->klist; at != 0; at = knote_at(at)->chain) {
		const struct knote *kn = knote_at(at);

		if (kn->state == KNOTE_IDLE || kn->state == KNOTE_QUEUED)
			return true;
	}
	return false;
}

/* The sets directly inside, under the set's lock. */
static void
children_add(struct iset *set, struct walk *walk, bool enabled_only)
{
	const struct source *src;
	uint32_t left = set->sets_n;
	int fd = -1;

	while ((src = child_next(set, &fd, &left)) != NULL) {
		const uint32_t index = set_behind(src->fd);

		if (index != 0 && (!enabled_only || link_enabled(src)))
			walk_add(walk, index);
	}
}

/*
 * What a set below said the last time it was looked at is no news: take it off
 * the list, and out of what the set shows. A wait on that set looks again.
 */
static void
hearsay_drop(struct iset *set)
{
	const struct source *src;
	uint32_t left = set->sets_n;
	int fd = -1;

	while ((src = child_next(set, &fd, &left)) != NULL) {
		for (uint32_t k = src->klist; k != 0; k = knote_at(k)->chain) {
			if (knote_at(k)->state == KNOTE_QUEUED)
				knote_step(set, k, KNOTE_STALE);
		}
	}
	mirror_settle(set);
}

/* Anything that is not itself a set below: our own list, or the kernel's. */
static bool
ready_itself(struct iset *set)
{
	const int epfd = atomic_load_explicit(&set->epfd, memory_order_relaxed);

	timers_run(set);
	hearsay_drop(set);
	return set->soft_n > 0 || backend_sample(epfd, PLX_IN) != 0;
}

bool
deep_ready(int fd)
{
	struct walk walk = { .n = 0 };
	const uint32_t first = set_behind((uint32_t)fd);

	if (first == 0)
		return false;
	walk_add(&walk, first);
	for (uint32_t i = 0; i < walk.n; i++) {
		struct iset *set = arena_at(&plx_isets, walk.set[i]);
		bool ready;

		if (!iset_lock(set))
			continue; /* the set that asks: no cycle, no answer */
		ready = ready_itself(set);
		if (!ready)
			children_add(set, &walk, true);
		iset_unlock(set);
		if (ready)
			return true;
	}
	return false;
}

void
deep_look(struct iset *set)
{
	const struct source *src;
	uint32_t left = set->sets_n;
	int fd = -1;

	while ((src = child_next(set, &fd, &left)) != NULL) {
		const bool ready = deep_ready((int)src->fd);

		for (uint32_t k = src->klist; k != 0; k = knote_at(k)->chain) {
			struct knote *kn = knote_at(k);

			/* An edge is told once until it was not ready. */
			if (!ready)
				kn->bits &= ~KNOTE_TOLD;
			else if (kn->state == KNOTE_IDLE &&
			    (kn->bits & KNOTE_TOLD) == 0)
				knote_step(set, k, KNOTE_ACTIVATE);
		}
	}
}

static uint32_t
epfds_below(struct iset *set, struct pollfd *fds)
{
	struct walk walk = { .n = 0 };
	uint32_t n = 0;

	walk_add(&walk, set->index);
	for (uint32_t i = 0; i < walk.n; i++) {
		struct iset *below = arena_at(&plx_isets, walk.set[i]);

		if (!iset_lock(below))
			continue;
		children_add(below, &walk, true);
		fds[n++] = backend_readable(
		    atomic_load_explicit(&below->epfd, memory_order_relaxed));
		iset_unlock(below);
	}
	return n;
}

int
deep_sleep(struct iset *set, int64_t sleep_ns, const sigset_t *mask)
{
	struct pollfd fds[DEEP_SETS_MAX];
	uint32_t n;
	int64_t nap = DEEP_NAP_NS;
	int r;

	if (sleep_ns == 0)
		return 0;
	n = epfds_below(set, fds);
	/* Ready, and yet nothing to deliver (an edge that was told): rest. */
	if (plx_sys_poll_peek(fds, n) > 0) {
		n = 0;
		nap = DEEP_REST_NS;
	}
	if (sleep_ns > 0 && sleep_ns < nap)
		nap = sleep_ns;
	r = plx_os.poll(fds, n, nap, mask);
	return r < 0 ? r : 0;
}

/* Would the link close a cycle, or is there too much below? */
static int
link_check(const struct iset *outer, int fd)
{
	struct walk walk = { .n = 0 };

	walk_add(&walk, set_behind((uint32_t)fd));
	for (uint32_t i = 0; i < walk.n; i++) {
		struct iset *set = arena_at(&plx_isets, walk.set[i]);

		if (set == outer)
			return -ELOOP;
		if (!iset_lock(set))
			return -EAGAIN;
		children_add(set, &walk, false);
		iset_unlock(set);
	}
	return walk.full ? -ELOOP : 0;
}

int
deep_register(struct iset *set, const struct iset_spec *spec,
    int (*locked)(struct iset *set, const struct iset_spec *spec))
{
	int r;

	if (set_behind((uint32_t)spec->ident) == set->index)
		return -EINVAL;
	/* From a handler above another link being made: not now. */
	if (plx_lock_take(&deep_lock) < 0)
		return -EAGAIN;
	r = link_check(set, (int)spec->ident);
	/* From a handler above the set's own section: at its end. */
	if (r == 0 && !iset_lock(set)) {
		r = pending_push(set, spec);
	} else if (r == 0) {
		r = locked(set, spec);
		/* Too deep, or too many paths: then by ourselves. */
		if (r == -ELOOP || r == -EINVAL) {
			set->deep_arm = 1;
			r = locked(set, spec);
			set->deep_arm = 0;
		}
		iset_unlock(set);
	}
	plx_lock_drop(&deep_lock);
	return r;
}

void
deep_link_made(void)
{
	(void)atomic_fetch_add_explicit(&deep_links, 1, memory_order_relaxed);
}
