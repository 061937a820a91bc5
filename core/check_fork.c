/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_fork.c - a child that changes its parent's set (PX301).
 *
 * After fork both numbers name one set: what the child adds or removes, the
 * parent gets or loses. That is meant when the parent never uses the set again
 * (workers forked after its making), so what the child finds is information,
 * until the parent waits on the set after the fork: then it was wrong. The two
 * meet in the region (struct plx_shared_set).
 */
#include "core/check_priv.h"

#include <errno.h>
#include <stddef.h>

#include "core/report.h"
#include "core/sys.h"
#include "core/sysfile.h"

static struct plx_shared_set *
shared_of(const struct shadow_set *set)
{
	struct plx_region *region = report_region();

	if (region == NULL || set->shared == 0)
		return NULL;
	return &region->shared_set[set->shared - 1];
}

static bool
creator_waited(const struct shadow_set *set)
{
	struct plx_shared_set *shared = shared_of(set);

	/* relaxed: a count; its meaning does not hang on other memory. */
	return shared != NULL && shared->creator_pid == set->creator_pid &&
	    atomic_load_explicit(&shared->waits, memory_order_relaxed) !=
	    set->waits;
}

static int
edit_report(const struct plx_record *rec, const struct shadow_set *set,
    bool proved)
{
	struct shadow_fd *entry = shadow_fd_at(rec->fd);
	struct plx_finding finding;
	uint32_t i;

	check_begin(&finding, rec, 301, proved ? 'E' : 'I');
	check_about_fd(&finding, entry);
	if (rec->op != PLX_OP_ATTACH)
		check_about_reg(&finding,
		    shadow_set_find(rec->set, &i) == NULL
			? NULL
			: shadow_reg_find(i, rec->fd));
	finding.other = set->creator_pid;
	finding.variant = rec->op == PLX_OP_ATTACH ? 1
	    : rec->op == PLX_OP_MODIFY             ? 2
						   : 3;
	return check_report(&finding, proved ? PLX_CERTAIN : PLX_LIKELY, NULL);
}

static bool
is_parents(const struct shadow_set *set)
{
	return set->inherited && set->creator_pid != 0 &&
	    set->creator_pid != plx_sys_getpid() &&
	    plx_sys_process_alive(set->creator_pid);
}

int
check_edit_before(const struct plx_record *rec, const struct shadow_set *set)
{
	if (check_level() != PLX_LEVEL_STRICT || !is_parents(set) ||
	    !creator_waited(set) ||
	    check_confidence(PLX_CERTAIN, NULL) != PLX_CERTAIN)
		return 0;
	(void)edit_report(rec, set, true);
	return -EPERM;
}

void
check_edit_after(const struct plx_record *rec, const struct shadow_set *set)
{
	struct plx_shared_set *shared = shared_of(set);
	bool proved;
	int slot;

	if (!is_parents(set))
		return;
	if (shared != NULL)
		(void)atomic_fetch_add_explicit(&shared->edits, 1,
		    memory_order_relaxed);
	proved = creator_waited(set);
	slot = edit_report(rec, set, proved);
	/* Not when the history has holes: then likely is all it can be. */
	if (!proved && slot >= 0 && shared != NULL &&
	    check_confidence(PLX_CERTAIN, NULL) == PLX_CERTAIN)
		/* release: pairs with the acquire in check_creator_waits. */
		atomic_store_explicit(&shared->edited, (uint32_t)slot + 1,
		    memory_order_release);
}

bool
check_set_is_ours(const struct shadow_set *set)
{
	struct plx_shared_set *shared = shared_of(set);

	/* relaxed: an edit that comes later than this is no excuse. */
	return !set->inherited && !set->guessed && set->changing == 0 &&
	    (shared == NULL ||
		atomic_load_explicit(&shared->edits, memory_order_relaxed) ==
		    0);
}

void
check_creator_waits(struct shadow_set *set)
{
	struct plx_shared_set *shared = shared_of(set);
	uint32_t edited;

	if (shared == NULL || set->inherited)
		return;
	/* Our own count goes with the copy that a fork makes. */
	atomic_store_explicit(&shared->waits, ++set->waits,
	    memory_order_relaxed);
	if (atomic_load_explicit(&shared->edited, memory_order_relaxed) == 0)
		return;
	/* acquire: pairs with the release in check_edit_after. */
	edited = atomic_exchange_explicit(&shared->edited, 0,
	    memory_order_acquire);
	report_confirm((int)edited - 1, 'E');
}
