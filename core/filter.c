/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * filter.c - the table of filters.
 */
#include "core/filter.h"

#include "core/bug.h"

static const struct filter_ops *const filter_table[FILTER_MAX] = {
	[FILTER_READ] = &filter_read,
	[FILTER_WRITE] = &filter_write,
	[FILTER_FD] = &filter_mask,
	[FILTER_TIMER] = &filter_timer,
	[FILTER_USER] = &filter_user,
	[FILTER_PROC] = &filter_proc,
	[FILTER_PROCDESC] = &filter_procdesc,
	[FILTER_SIGNAL] = &filter_signal,
	[FILTER_VNODE] = &filter_vnode,
	[FILTER_EXCEPT] = &filter_except,
	[FILTER_EMPTY] = &filter_empty,
};

const struct filter_ops *
filter_ops_of(enum plx_filter filter)
{
	PLX_ASSERT((unsigned int)filter < FILTER_MAX);
	return filter_table[filter];
}

bool
filter_is_fd(enum plx_filter filter)
{
	return filter_ops_of(filter)->fd;
}
