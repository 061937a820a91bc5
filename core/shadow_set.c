/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * shadow_set.c - interest sets, see shadow.h.
 */
#include "core/shadow.h"

#include <stddef.h>

#include "core/arena.h"
#include "core/bug.h"
#include "core/report.h"
#include "core/sys.h"

static struct plx_arena sets = PLX_ARENA(struct shadow_set, 6);
static uint32_t sets_high; /* largest index ever handed out */

struct shadow_set *
shadow_set_at(uint32_t set)
{
	return set == 0 ? NULL : arena_at(&sets, set);
}

static struct shadow_set *
set_must(uint32_t i)
{
	struct shadow_set *set = shadow_set_at(i);

	PLX_ASSERT(set != NULL);
	return set;
}

/* A place in the region where a child's edits meet our waits. */
static uint32_t
shared_claim(void)
{
	struct plx_region *region = report_region();
	uint32_t i;

	if (region == NULL)
		return 0;
	for (i = 0; i < PLX_SHARED_SETS_MAX; i++) {
		struct plx_shared_set *slot = &region->shared_set[i];
		uint32_t seen = PLX_SLOT_FREE;

		/* acquire: after whoever gave it back. */
		if (!atomic_compare_exchange_strong_explicit(&slot->state,
			&seen, PLX_SLOT_FULL, memory_order_acquire,
			memory_order_relaxed))
			continue;
		slot->creator_pid = plx_sys_getpid();
		atomic_store_explicit(&slot->edited, 0, memory_order_relaxed);
		atomic_store_explicit(&slot->waits, 0, memory_order_relaxed);
		atomic_store_explicit(&slot->edits, 0, memory_order_relaxed);
		return i + 1;
	}
	return 0;
}

static void
shared_release(const struct shadow_set *set)
{
	struct plx_region *region = report_region();

	if (region == NULL || set->shared == 0 || set->inherited)
		return;
	/* release: pairs with the acquire in shared_claim. */
	atomic_store_explicit(&region->shared_set[set->shared - 1].state,
	    PLX_SLOT_FREE, memory_order_release);
}

static struct shadow_set *
set_add(struct shadow_fd *entry)
{
	struct shadow_ofd *ofd = shadow_ofd_at(entry->ofd);
	const uint32_t i = ofd == NULL ? 0 : arena_take(&sets);
	struct shadow_set *set = shadow_set_at(i);

	if (set == NULL) {
		report_mark_unseen(PLX_UNSEEN_FULL);
		return NULL;
	}
	*set = (struct shadow_set){ .index = i, .ofd = entry->ofd };
	ofd->set = i;
	if (i > sets_high)
		sets_high = i;
	return set;
}

struct shadow_set *
shadow_set_made(int set_fd)
{
	struct shadow_fd *entry = shadow_fd_used(set_fd);
	struct shadow_set *set;

	if (entry == NULL)
		return NULL;
	set = set_add(entry);
	if (set == NULL)
		return NULL;
	set->creator_pid = plx_sys_getpid();
	set->shared = shared_claim();
	return set;
}

struct shadow_set *
shadow_set_find(int set_fd, uint32_t *ret_index)
{
	struct shadow_fd *entry = shadow_fd_used(set_fd);
	struct shadow_ofd *ofd;
	struct shadow_set *set;

	if (entry == NULL)
		return NULL;
	ofd = shadow_ofd_at(entry->ofd);
	if (ofd == NULL)
		return NULL;
	set = shadow_set_at(ofd->set);
	if (set == NULL) {
		set = set_add(entry);
		if (set == NULL)
			return NULL;
		set->guessed = true;
	}
	*ret_index = ofd->set;
	return set;
}

uint32_t
shadow_set_next(uint32_t after)
{
	uint32_t i;

	for (i = after + 1; i <= sets_high; i++)
		if (set_must(i)->ofd != 0)
			return i;
	return 0;
}

void
shadow_set_gone(uint32_t set)
{
	struct shadow_set *gone = set_must(set);

	while (gone->first_reg != 0)
		shadow_reg_drop(shadow_reg_at(gone->first_reg));
	shared_release(gone);
	gone->ofd = 0;
	arena_give(&sets, set);
}
