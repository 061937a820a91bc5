/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deadline.c - saturating time arithmetic, see deadline.h.
 */
#include "core/deadline.h"

#include "core/bug.h"

plx_deadline
deadline_after(int64_t now_ns, int64_t delta_ns)
{
	int64_t sum;

	if (__builtin_add_overflow(now_ns, delta_ns, &sum))
		return DEADLINE_NEVER;
	return sum;
}

int64_t
deadline_span_ns(int64_t s, int64_t ns)
{
	int64_t span;

	PLX_ASSERT(s >= 0);
	PLX_ASSERT(ns >= 0);
	if (__builtin_mul_overflow(s, PLX_NS_PER_S, &span) ||
	    __builtin_add_overflow(span, ns, &span))
		return INT64_MAX;
	return span;
}

int64_t
deadline_left_ns(plx_deadline deadline, int64_t now_ns)
{
	if (deadline == DEADLINE_NEVER)
		return -1;
	return deadline > now_ns ? deadline - now_ns : 0;
}
