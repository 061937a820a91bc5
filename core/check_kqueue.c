/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_kqueue.c - misuse of our own sets, where nothing is guessed.
 */
#include "core/check_priv.h"

#include <stddef.h>

/* PX701: EV_ADD replaces silently; only another udata is a second owner. */
void
check_kq_replaced(const struct plx_record *rec)
{
	struct plx_finding finding;

	if (rec->data == rec->address)
		return;
	check_begin(&finding, rec, 701, 'W');
	finding.other = rec->other;
	(void)check_report(&finding, PLX_CERTAIN, NULL);
}

/* PX702: variant 1: never there; 2: it went by itself (oneshot, close). */
void
check_kq_missing(const struct plx_record *rec)
{
	struct plx_finding finding;

	check_begin(&finding, rec, 702, 'W');
	finding.other = rec->other;
	finding.variant = rec->extra != 0 ? 2 : 1;
	(void)check_report(&finding, PLX_CERTAIN, NULL);
}
