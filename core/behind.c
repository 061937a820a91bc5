/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * behind.c - is a number still the file that was registered?
 *
 * Asked only where the program's close goes past us (blind), of interests that
 * end with their number. The kernel knows an item by (open file, number): a
 * second EPOLL_CTL_ADD is EEXIST exactly if both are what they were, and has no
 * effect then. Under the set's lock.
 */
#include <errno.h>

#include "core/iset_impl.h"
#include "core/proc.h"

static bool
same_file(const struct iset *set, uint32_t src_index)
{
	const struct source *src = source_at(src_index);
	const unsigned int lane = (src->armed[0] & ARMED_PRESENT) != 0 ? 0 : 1;
	/* relaxed: the numbers change under the lock, or by a close of ours. */
	const int epfd = atomic_load_explicit(lane == 0 ? &set->epfd
							: &set->lane_fd,
	    memory_order_relaxed);
	int r;

	/* What the kernel was not told of, it cannot tell apart. */
	if (src->kind != SOURCE_POLLED ||
	    (src->armed[lane] & ARMED_PRESENT) == 0)
		return true;
	r = backend_add(epfd, (int)src->fd, ARMED_EDGE | ARMED_ONESHOT,
	    source_cookie(src_index, lane));
	if (r >= 0)
		(void)backend_del(epfd, (int)src->fd);
	/* Short of memory is no answer: then nothing is taken away. */
	return r == -EEXIST || r == -ENOMEM || r == -ENOSPC;
}

bool
source_gone(struct iset *set, uint32_t src_index)
{
	if (plx_proc_presence() == PLX_PRESENCE_INTERPOSED ||
	    set->policy->closed != POLICY_CLOSED_REMOVED ||
	    same_file(set, src_index))
		return false;
	source_behind(set, src_index);
	return true;
}
