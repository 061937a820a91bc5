/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_fd.c - what one set watches on one descriptor: the source and its
 * knotes. Under the set's lock, but for what closers do (iset_close.c).
 *
 * A source is disposed of by whoever takes it out of the fd index. Its cookie
 * changes then, so that an event already on its way finds nobody.
 */
#include <errno.h>
#include <fcntl.h>

#include "core/bug.h"
#include "core/fdtab.h"
#include "core/filter.h"
#include "core/sys.h"

uint64_t
source_cookie(uint32_t src_index, unsigned int lane)
{
	const struct source *src = source_at(src_index);

	return (lane != 0 ? COOKIE_LANE_BIT : 0) |
	    (uint64_t)(src->cookie & SOURCE_COOKIE_MASK) << 32 | src_index;
}

uint64_t
source_udata(uint64_t data)
{
	const uint32_t src_index = (uint32_t)data;
	const struct source *src = source_at(src_index);

	if (src == NULL || src->kind == SOURCE_FREE || src->klist == 0 ||
	    source_cookie(src_index, 0) != data)
		return data;
	return knote_at(src->klist)->udata;
}

static void
source_give(struct iset *set, uint32_t src_index)
{
	struct source *src = source_at(src_index);

	PLX_ASSERT(src->klist == 0);
	if (src->kind == SOURCE_FILE)
		set->files_n--;
	if (src->kind == SOURCE_SET)
		deep_link_gone();
	set->sets_n -= src->nested;
	src->kind = SOURCE_FREE;
	src->cookie++;
	arena_give(&plx_sources, src_index);
}

static void
knote_bury(struct iset *set, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);

	knote_step(set, kn_index, KNOTE_DROP);
	if ((kn->flags & KN_LINKED) == 0)
		knote_free(kn_index);
}

static void
knotes_bury(struct iset *set, struct source *src)
{
	while (src->klist != 0) {
		const uint32_t kn_index = src->klist;

		if (knote_ops(knote_at(kn_index))->detach != NULL)
			knote_ops(knote_at(kn_index))->detach(set, kn_index);
		src->klist = knote_at(kn_index)->chain;
		knote_bury(set, kn_index);
	}
}

/* The number is gone or the set dies; the kernel needs no word from us. */
void
source_forget(struct iset *set, uint32_t src_index)
{
	knotes_bury(set, source_at(src_index));
	source_give(set, src_index);
}

void
sources_reap_closed(struct iset *set)
{
	uint32_t at;

	/* relaxed peek; acquire in the exchange pairs with closers' release. */
	if (atomic_load_explicit(&set->closed, memory_order_relaxed) == 0)
		return;
	at = atomic_exchange_explicit(&set->closed, 0, memory_order_acquire);
	while (at != 0) {
		struct source *src = source_at(at);
		/* relaxed: the acquire above covers the links. */
		const uint32_t next = atomic_load_explicit(&src->closed_next,
		    memory_order_relaxed);

		if (set->policy->closed == POLICY_CLOSED_LIVES)
			orphan_keep(set, at);
		else
			source_forget(set, at);
		at = next;
	}
}

static int
source_make(struct iset *set, int fd, uint32_t *ret_source)
{
	const uint32_t src_index = arena_take(&plx_sources);
	struct source *src = source_at(src_index);
	int r;

	if (src == NULL)
		return -ENOMEM;
	r = fd_index_reserve(set, fd);
	if (r >= 0)
		r = fdtab_set_flag(fd, FD_WATCHED);
	if (r < 0) {
		arena_give(&plx_sources, src_index);
		return r;
	}
	*src = (struct source){
		.fd = (uint32_t)fd,
		.cookie = src->cookie + 1,
		.generation = fdtab_generation(fd) & 0xffffffu,
		.kind = SOURCE_POLLED,
		.nested = fdtab_kind(fd) == FD_ISET ? 1 : 0,
	};
	set->sets_n += src->nested;
	/* release: the source is complete before closers can find it. */
	atomic_store_explicit(fd_index_slot(set, fd), src_index,
	    memory_order_release);
	*ret_source = src_index;
	return 0;
}

int
source_take(struct iset *set, int fd, uint32_t *ret_source)
{
	const uint32_t src_index = fd_index_get(set, fd);

	if (src_index == 0)
		return source_make(set, fd, ret_source);
	*ret_source = src_index;
	return 0;
}

void
source_link(struct source *src, uint32_t kn_index)
{
	struct knote *kn = knote_at(kn_index);

	PLX_ASSERT(knote_is_fd(kn));
	kn->chain = src->klist;
	src->klist = kn_index;
}

uint32_t
source_find_knote(const struct source *src, enum plx_filter filter)
{
	uint32_t at = src->klist;

	while (at != 0 && knote_at(at)->filter != filter)
		at = knote_at(at)->chain;
	return at;
}

static void
source_unlink(struct source *src, uint32_t kn_index)
{
	uint32_t *link = &src->klist;

	while (*link != kn_index) {
		PLX_ASSERT(*link != 0);
		link = &knote_at(*link)->chain;
	}
	*link = knote_at(kn_index)->chain;
}

/* Nobody is interested any more and the kernel has nothing: let it go. */
void
source_settle_empty(struct iset *set, uint32_t src_index)
{
	struct source *src = source_at(src_index);
	_Atomic uint32_t *slot = fd_index_slot(set, (int)src->fd);
	uint32_t expected = src_index;

	if (src->klist != 0 || src->dirty != 0 || src->orphan != 0)
		return;
	if (((src->armed[0] | src->armed[1]) & ARMED_PRESENT) != 0)
		return;
	/* acq_rel: the exchange decides between us and a closer. */
	if (atomic_compare_exchange_strong_explicit(slot, &expected, 0,
		memory_order_acq_rel, memory_order_relaxed))
		source_give(set, src_index);
}

void
source_drop_knote(struct iset *set, uint32_t kn_index)
{
	const uint32_t src_index = knote_at(kn_index)->source;

	source_unlink(source_at(src_index), kn_index);
	knote_bury(set, kn_index);
	(void)source_sync(set, src_index, 0);
	source_settle_empty(set, src_index);
}

void
source_behind(struct iset *set, uint32_t src_index)
{
	struct source *src = source_at(src_index);
	_Atomic uint32_t *slot = fd_index_slot(set, (int)src->fd);
	uint32_t expected = src_index;

	/* acq_rel: a closer may be telling us of it just now. */
	if (!atomic_compare_exchange_strong_explicit(slot, &expected, 0,
		memory_order_acq_rel, memory_order_relaxed))
		return;
	if (set->policy->closed == POLICY_CLOSED_LIVES)
		orphan_keep(set, src_index);
	else
		source_forget(set, src_index);
}
